//! Adam and AdamW, and whatever else does not stay in the span of the examples: every step forms the whole
//! gradient. DP noise is drawn for every weight in every step.

use datasets::FeatureSet;
use pulp::Simd;

use crate::batches::Batches;
use crate::draws::Draws;
use crate::lanes::{Kernel, LANES, Lanes, dispatch};
use crate::matrix::Matrix;
use crate::products::{add, combine, dots};
use crate::top::Top;
use crate::{HeadShape, Optimiser, Recipe};

/// Adam's β₁, β₂ and ε.
const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

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

/// Adam's constants in one step.
struct Adam {
    divisor: f32,
    /// What of the weights is added to the gradient.
    weight_decay: f32,
    /// What of the weights is left before the step.
    left: f32,
    /// η / (1 − β₁ᵗ).
    rate: f32,
    /// 1 / (1 − β₂ᵗ).
    spread: f32,
}

impl Adam {
    fn new(recipe: &Recipe, step: usize, n: usize, divisor: f32) -> Self {
        let rate = recipe.rate_of(step, n);
        let (weight_decay, left) = match recipe.optimiser {
            Optimiser::Adamw => (0.0, 1.0 - rate * recipe.weight_decay),
            _ => (recipe.weight_decay, 1.0),
        };
        let power = |beta: f32| 1.0 - f64::from(beta).powi(step as i32 + 1);
        Self {
            divisor,
            weight_decay,
            left,
            rate: (f64::from(rate) / power(BETA_1)) as f32,
            spread: (1.0 / power(BETA_2)) as f32,
        }
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
        dispatch(AdamStep {
            adam: self,
            factor,
            weights: weights.as_mut_slice(),
            gradient: gradient.as_slice(),
            first: moments.first.as_mut_slice(),
            second: moments.second.as_mut_slice(),
        });
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

struct AdamStep<'a> {
    adam: &'a Adam,
    factor: f32,
    weights: &'a mut [f32],
    gradient: &'a [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

impl Kernel for AdamStep<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) {
        let splat = |value| lanes.splat(value);
        let (beta_1, rest_1) = (splat(BETA_1), splat(1.0 - BETA_1));
        let (beta_2, rest_2) = (splat(BETA_2), splat(1.0 - BETA_2));
        let (factor, decay) = (splat(self.factor), splat(self.adam.weight_decay));
        let (rate, spread) = (splat(-self.adam.rate), splat(self.adam.spread));
        let (epsilon, left) = (splat(EPSILON), splat(self.adam.left));
        let weights = self.weights.as_chunks_mut::<LANES>().0.iter_mut();
        let first = self.first.as_chunks_mut::<LANES>().0.iter_mut();
        let second = self.second.as_chunks_mut::<LANES>().0.iter_mut();
        let gradient = self.gradient.as_chunks::<LANES>().0;
        for (((weight, first), second), gradient) in weights.zip(first).zip(second).zip(gradient) {
            let w = lanes.load(weight);
            let g = lanes.mul_add(w, decay, lanes.mul(lanes.load(gradient), factor));
            let m = lanes.mul_add(lanes.load(first), beta_1, lanes.mul(g, rest_1));
            let square = lanes.mul(lanes.mul(g, g), rest_2);
            let v = lanes.mul_add(lanes.load(second), beta_2, square);
            let root = lanes.add(lanes.sqrt(lanes.mul(v, spread)), epsilon);
            lanes.store(m, first);
            lanes.store(v, second);
            let kept = lanes.mul(w, left);
            lanes.store(lanes.mul_add(lanes.div(m, root), rate, kept), weight);
        }
    }
}
