//! Steps on the weights themselves: every one forms the whole gradient, and DP noise is drawn for every
//! weight. Adam and AdamW leave the span of the examples; and where examples are more than weights a row
//! (many shots along few directions), gradient descent costs less so than in their span.

use datasets::FeatureSet;
use layers::AdamStep;
use pulp::Simd;

use crate::batches::Batches;
use crate::draws::{Draws, Fresh};
use crate::lanes::{Kernel, Lanes, dispatch};
use crate::matrix::Matrix;
use crate::products::{add, combine, dots};
use crate::top::Top;
use crate::{HeadShape, Optimiser, Recipe};

/// Descent on fewer examples stays in their span: either way takes microseconds.
const FEW: usize = 64;

/// Scratch memory of direct training.
#[derive(Clone, Debug, Default)]
pub(crate) struct Direct {
    /// F̃, N × (d+1), or F̃ᵀ where that is the wider one: products run along rows.
    examples: Matrix,
    wide: bool,
    weights: Matrix,
    gradient: Matrix,
    /// The first layer's outputs, then the gradient there, rows × N.
    outputs: Matrix,
    noise: Matrix,
    top: Top,
    moments: [Moments; 2],
}

/// Adam's running means of a layer's gradients and of their squares; descent's velocity is the first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moments {
    first: Matrix,
    second: Matrix,
}

impl Direct {
    /// Whether gradient descent on `n` examples costs less here than in their span: a step takes 2 (d+1)
    /// products an example and row, where the span takes N, and one for each dimension of noise.
    pub fn suits(shape: &HeadShape, recipe: &Recipe, n: usize) -> bool {
        let width = shape.features + 1;
        let noise = recipe.dp.map_or(0, |_| n.min(width));
        n >= FEW && n + noise > 2 * width
    }

    /// Trains a head and writes its weights into `out`.
    pub fn train(
        &mut self,
        shape: &HeadShape,
        recipe: &Recipe,
        features: &FeatureSet,
        members: &[u32],
        draws: &mut impl Draws,
        out: &mut [f32],
    ) {
        self.prepare(shape, recipe, features, members, draws);
        let n = members.len();
        let mut batches = Batches::new(recipe, n);
        for step in 0..recipe.steps_on(n) {
            let divisor = batches.next(draws, self.top.batch_mut()) as f32;
            let sigma = recipe
                .dp
                .map_or(0.0, |dp| dp.noise_multiplier * dp.clip / divisor);
            if self.wide {
                combine(&mut self.outputs, 0.0, &self.weights, &self.examples);
            } else {
                dots(&mut self.outputs, &self.weights, &self.examples);
            }
            dispatch(Backward {
                top: &mut self.top,
                outputs: &mut self.outputs,
            });
            if self.wide {
                dots(&mut self.gradient, &self.outputs, &self.examples);
            } else {
                combine(&mut self.gradient, 0.0, &self.outputs, &self.examples);
            }
            let mut noise = recipe.dp.map(|_| (&mut self.noise, &mut *draws));
            let update = Update::new(recipe, step, n, divisor);
            let [first, second] = &mut self.moments;
            if let Some(hidden) = self.top.hidden_mut() {
                let (weights, gradient) = (&mut hidden.weights, &mut hidden.gradient);
                update.step(weights, gradient, second, sigma, &mut noise);
            }
            let (weights, gradient) = (&mut self.weights, &mut self.gradient);
            update.step(weights, gradient, first, sigma, &mut noise);
        }
        let (first, second) = out.split_at_mut(shape.first_len());
        self.weights.write(first);
        if let Some(hidden) = self.top.hidden_mut() {
            hidden.weights.write(second);
        }
    }

    fn prepare(
        &mut self,
        shape: &HeadShape,
        recipe: &Recipe,
        features: &FeatureSet,
        members: &[u32],
        draws: &mut impl Draws,
    ) {
        let (n, rows, cols) = (members.len(), shape.first_rows(), shape.features + 1);
        self.wide = n > cols;
        self.top.prepare(shape, recipe, features, members);
        if self.wide {
            self.examples.resize(cols, n);
            self.examples.row_mut(cols - 1)[..n].fill(1.0);
        } else {
            self.examples.resize(n, cols);
        }
        for (i, &member) in members.iter().enumerate() {
            let row = features.row(member as usize);
            if self.wide {
                for (j, &value) in row.iter().enumerate() {
                    self.examples.row_mut(j)[i] = value;
                }
            } else {
                self.examples.copy_row(i, row, 1.0);
            }
            if recipe.dp.is_some() {
                let square: f32 = row.iter().map(|x| x * x).sum();
                self.top.set_norm(i, 1.0 + square);
            }
        }
        self.weights.resize(rows, cols);
        self.gradient.resize(rows, cols);
        self.outputs.resize(rows, n);
        draws.initial(&mut self.weights);
        self.moments[0].reset(rows, cols);
        if let Some(hidden) = self.top.hidden_mut() {
            draws.initial(&mut hidden.weights);
            self.moments[1].reset(hidden.weights.rows(), hidden.weights.cols());
        }
    }
}

impl Moments {
    /// Forgets everything, for a layer of this size.
    pub fn reset(&mut self, rows: usize, cols: usize) {
        for matrix in [&mut self.first, &mut self.second] {
            matrix.resize(rows, cols);
            matrix.as_mut_slice().fill(0.0);
        }
    }
}

/// A step on layers whose gradients are summed over `divisor` examples.
pub(crate) struct Update {
    divisor: f32,
    kind: Kind,
}

enum Kind {
    Adam(AdamStep),
    Descent {
        rate: f32,
        momentum: f32,
        weight_decay: f32,
    },
}

impl Update {
    /// Number `step` of training on `n` examples.
    pub fn new(recipe: &Recipe, step: usize, n: usize, divisor: f32) -> Self {
        let (rate, weight_decay) = (recipe.rate_of(step, n), recipe.weight_decay);
        let adam = || AdamStep::new(step as u64, rate);
        let kind = match recipe.optimiser {
            Optimiser::Adam => Kind::Adam(adam().with_coupled_decay(weight_decay)),
            Optimiser::Adamw => Kind::Adam(adam().with_decoupled_decay(rate * weight_decay)),
            Optimiser::Sgd => Kind::Descent {
                rate,
                momentum: recipe.momentum,
                weight_decay,
            },
            Optimiser::LogisticRegression => unreachable!("it takes no steps"),
        };
        Self { divisor, kind }
    }

    /// Moves a layer's weights by its summed gradient.
    pub fn plainly(&self, weights: &mut Matrix, gradient: &mut Matrix, moments: &mut Moments) {
        self.step::<Fresh<'_>>(weights, gradient, moments, 0.0, &mut None);
    }

    /// Moves a layer's weights by its summed gradient, with noise of standard deviation `sigma`
    /// on the mean.
    fn step<D: Draws>(
        &self,
        weights: &mut Matrix,
        gradient: &mut Matrix,
        moments: &mut Moments,
        sigma: f32,
        noise: &mut Option<(&mut Matrix, &mut D)>,
    ) {
        let mut factor = 1.0 / self.divisor;
        if let Some((noise, draws)) = noise {
            noise.resize(weights.rows(), weights.cols());
            draws.noise(noise);
            add(gradient, factor, noise, sigma);
            factor = 1.0;
        }
        match self.kind {
            Kind::Adam(step) => {
                let means = layers::Moments {
                    mean: moments.first.as_mut_slice(),
                    square: moments.second.as_mut_slice(),
                };
                let step = step.with_factor(factor);
                step.apply(weights.as_mut_slice(), gradient.as_slice(), means);
            }
            Kind::Descent {
                rate,
                momentum,
                weight_decay,
            } => {
                let velocity = &mut moments.first;
                add(velocity, momentum, weights, weight_decay);
                add(velocity, 1.0, gradient, factor);
                add(weights, 1.0, velocity, -rate);
            }
        }
    }
}

/// [`Top::backward`] as a kernel.
pub(crate) struct Backward<'a> {
    pub top: &'a mut Top,
    pub outputs: &'a mut Matrix,
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) {
        self.top.backward(lanes, self.outputs);
    }
}
