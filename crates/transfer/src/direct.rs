//! Adam and AdamW, and whatever else does not stay in the span of the examples: every step forms the whole
//! gradient. DP noise is drawn for every weight in every step.

use datasets::FeatureSet;
use layers::AdamStep;
use pulp::Simd;

use crate::batches::Batches;
use crate::draws::Draws;
use crate::lanes::{Kernel, Lanes, dispatch};
use crate::matrix::Matrix;
use crate::products::{add, combine, dots};
use crate::top::Top;
use crate::{HeadShape, Optimiser, Recipe};

/// Scratch memory of direct training.
#[derive(Clone, Debug, Default)]
pub(crate) struct Direct {
    /// F̃, N × (d+1).
    examples: Matrix,
    weights: Matrix,
    gradient: Matrix,
    /// The first layer's outputs, then the gradient there, rows × N.
    outputs: Matrix,
    noise: Matrix,
    top: Top,
    moments: [Moments; 2],
}

/// Adam's running means of a layer's gradients and of their squares.
#[derive(Clone, Debug, Default)]
struct Moments {
    first: Matrix,
    second: Matrix,
}

impl Direct {
    /// Trains a head with Adam or AdamW and writes its weights into `out`.
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
            dots(&mut self.outputs, &self.weights, &self.examples);
            dispatch(Backward {
                top: &mut self.top,
                outputs: &mut self.outputs,
            });
            combine(&mut self.gradient, 0.0, &self.outputs, &self.examples);
            let mut noise = recipe.dp.map(|_| (&mut self.noise, &mut *draws));
            let adam = Adam::new(recipe, step, n, divisor);
            let [first, second] = &mut self.moments;
            if let Some(hidden) = self.top.hidden_mut() {
                let (weights, gradient) = (&mut hidden.weights, &mut hidden.gradient);
                adam.step(weights, gradient, second, sigma, &mut noise);
            }
            let (weights, gradient) = (&mut self.weights, &mut self.gradient);
            adam.step(weights, gradient, first, sigma, &mut noise);
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
        self.examples.resize(n, cols);
        for (i, &member) in members.iter().enumerate() {
            self.examples
                .copy_row(i, features.row(member as usize), 1.0);
        }
        self.weights.resize(rows, cols);
        self.gradient.resize(rows, cols);
        draws.initial(&mut self.weights);
        self.top.prepare(shape, recipe, features, members);
        if recipe.dp.is_some() {
            for i in 0..n {
                let row = self.examples.row(i);
                self.top.set_norm(i, row.iter().map(|x| x * x).sum());
            }
        }
        self.moments[0].reset(rows, cols);
        if let Some(hidden) = self.top.hidden_mut() {
            draws.initial(&mut hidden.weights);
            self.moments[1].reset(hidden.weights.rows(), hidden.weights.cols());
        }
    }
}

impl Moments {
    fn reset(&mut self, rows: usize, cols: usize) {
        for matrix in [&mut self.first, &mut self.second] {
            matrix.resize(rows, cols);
            matrix.as_mut_slice().fill(0.0);
        }
    }
}

/// A step of Adam on layers whose gradients are summed over `divisor` examples.
struct Adam {
    divisor: f32,
    step: AdamStep,
}

impl Adam {
    fn new(recipe: &Recipe, step: usize, n: usize, divisor: f32) -> Self {
        let (rate, decay) = (recipe.rate_of(step, n), recipe.weight_decay);
        let step = AdamStep::new(step as u64, rate);
        let step = match recipe.optimiser {
            Optimiser::Adamw => step.with_decoupled_decay(rate * decay),
            _ => step.with_coupled_decay(decay),
        };
        Self { divisor, step }
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
        let means = layers::Moments {
            mean: moments.first.as_mut_slice(),
            square: moments.second.as_mut_slice(),
        };
        let step = self.step.with_factor(factor);
        step.apply(weights.as_mut_slice(), gradient.as_slice(), means);
    }
}

struct Backward<'a> {
    top: &'a mut Top,
    outputs: &'a mut Matrix,
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) {
        self.top.backward(lanes, self.outputs);
    }
}
