//! Gradient descent in the span of the examples.
//!
//! A step W ← (1−ηλ) W − η D F̃ (D: the gradients at the first layer's outputs, rows × N; F̃ the
//! features with a 1 for the bias, N × (d+1)) moves W within the span of the examples, so
//! W_t = s_t W_0 + A_t F̃ and the layer's outputs are Z_t = s_t Z_0 + A_t G with G = F̃F̃ᵀ and
//! Z_0 = W_0F̃ᵀ: a step costs rows·N² instead of rows·N·d, and W is formed once.
//!
//! With momentum the velocity lies in the span too: V_t = v_t W_0 + B_t F̃ with v_t = μ v_(t−1) +
//! λ s_(t−1) and B_t = μ B_(t−1) + λ A_(t−1) + D_t / n, and s and A move by −η times v and B.
//!
//! DP-SGD's noise ξ_t (rows × (d+1), standard normal) reaches the outputs only as ξ_tF̃ᵀ = z_tLᵀ,
//! where G = LLᵀ and z_t holds ξ_t's coordinates in an orthonormal basis of the span: standard
//! normal too. So z_t is drawn in every step, and what all ξ_t together add orthogonally to the
//! examples is drawn once at the end. The final weights have exactly DP-SGD's distribution. Under
//! momentum noise enters the velocity, whose part in the span is kept beside that of the weights; what
//! a step's noise amounts to in the end is the same in every direction, so that the rest stays one draw.

use datasets::FeatureSet;
use pulp::Simd;

use crate::batches::Batches;
use crate::cholesky::Cholesky;
use crate::draws::Draws;
use crate::lanes::{Kernel, Lanes, dispatch};
use crate::matrix::Matrix;
use crate::products::{Combine, add, add_with, combine, dots, gram};
use crate::top::{Roll, Top};
use crate::{HeadShape, Recipe};

/// Scratch memory of training in the span.
#[derive(Clone, Debug, Default)]
pub(crate) struct Span {
    /// F̃, N × (d+1).
    examples: Matrix,
    /// G, N × N.
    gram: Matrix,
    /// W_0, in the end W.
    weights: Matrix,
    /// Z_0, rows × N.
    first_outputs: Matrix,
    /// Z_t, then D_t.
    outputs: Matrix,
    /// A_t, rows × N.
    coefficients: Matrix,
    /// B_t, rows × N, and the second layer's velocity, where there is momentum.
    velocities: [Matrix; 2],
    top: Top,
    noise: Noise,
}

/// Scratch memory of DP-SGD's noise.
#[derive(Clone, Debug, Default)]
struct Noise {
    cholesky: Cholesky,
    /// Lᵀ, r × N.
    factor: Matrix,
    /// z_t, rows × r.
    drawn: Matrix,
    /// Σ_t (1−ηλ)^(T−1−t) z_t times the noise's scale, rows × r; under momentum what noise has done to
    /// the weights.
    sum: Matrix,
    /// What it has done to the velocity, rows × r.
    velocity: Matrix,
    /// Noise of whole layers.
    whole: Matrix,
    /// The remainder's products with the examples, rows × N.
    products: Matrix,
}

impl Span {
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
        // s_t and v_t.
        let (mut scale, mut speed) = (1.0, 0.0);
        let (mut decay, mut sigma) = (1.0, 0.0);
        for step in 0..recipe.steps_on(n) {
            let divisor = batches.next(draws, self.top.batch_mut());
            let learning_rate = recipe.rate_of(step, n);
            let rate = learning_rate / divisor as f32;
            decay = 1.0 - learning_rate * recipe.weight_decay;
            // What the noise of a step is multiplied with before it is added to the weights.
            sigma = recipe
                .dp
                .map_or(0.0, |dp| -rate * dp.noise_multiplier * dp.clip);
            let roll = (recipe.momentum != 0.0).then_some(Roll {
                momentum: recipe.momentum,
                weight_decay: recipe.weight_decay,
                share: 1.0 / divisor as f32,
                rate: learning_rate,
            });
            let [velocity, second_velocity] = &mut self.velocities;
            dispatch(Step {
                outputs: &mut self.outputs,
                first_outputs: &self.first_outputs,
                coefficients: &mut self.coefficients,
                gram: &self.gram,
                noise: recipe.dp.map(|_| (&self.noise.sum, &self.noise.factor)),
                top: &mut self.top,
                scale,
                decay,
                rate,
                roll: roll.map(|roll| (roll, velocity)),
            });
            match roll {
                None => scale *= decay,
                Some(roll) => {
                    speed = roll.momentum * speed + roll.weight_decay * scale;
                    scale -= roll.rate * speed;
                }
            }
            if let Some(hidden) = self.top.hidden_mut() {
                match roll {
                    None => hidden.descend(decay, rate),
                    Some(roll) => hidden.roll(second_velocity, roll),
                }
                if recipe.dp.is_some() {
                    self.noise
                        .whole
                        .resize(hidden.weights.rows(), hidden.weights.cols());
                    draws.noise(&mut self.noise.whole);
                    add(&mut hidden.weights, 1.0, &self.noise.whole, sigma);
                    if let Some(roll) = roll {
                        add(second_velocity, 1.0, &self.noise.whole, -sigma / roll.rate);
                    }
                }
            }
            if recipe.dp.is_some() {
                draws.span_noise(self.noise.cholesky.pivots(), &mut self.noise.drawn);
                self.noise.step(roll, decay, sigma);
            }
        }
        if recipe.dp.is_some() {
            let remainder = match recipe.momentum {
                0.0 => remainder_scale(sigma, decay, recipe.steps),
                momentum => {
                    let pull = f64::from(recipe.learning_rate) * f64::from(recipe.weight_decay);
                    rolling_remainder_scale(sigma, momentum, pull, recipe.steps)
                }
            };
            self.add_noise(scale, remainder, draws);
            scale = 1.0;
        }
        combine(&mut self.weights, scale, &self.coefficients, &self.examples);
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
        let (n, rows) = (members.len(), shape.first_rows());
        self.examples.resize(n, shape.features + 1);
        for (i, &member) in members.iter().enumerate() {
            self.examples
                .copy_row(i, features.row(member as usize), 1.0);
        }
        self.weights.resize(rows, shape.features + 1);
        draws.initial(&mut self.weights);
        gram(&mut self.gram, &self.examples);
        dots(&mut self.first_outputs, &self.weights, &self.examples);
        self.outputs.resize(rows, n);
        self.coefficients.resize(rows, n);
        self.coefficients.as_mut_slice().fill(0.0);
        self.top.prepare(shape, recipe, features, members);
        let [velocity, second_velocity] = &mut self.velocities;
        velocity.resize(rows, n);
        velocity.as_mut_slice().fill(0.0);
        if let Some(hidden) = self.top.hidden_mut() {
            draws.initial(&mut hidden.weights);
            second_velocity.resize(hidden.weights.rows(), hidden.weights.cols());
            second_velocity.as_mut_slice().fill(0.0);
        }
        if recipe.dp.is_some() {
            for i in 0..n {
                self.top.set_norm(i, self.gram.row(i)[i]);
            }
            let noise = &mut self.noise;
            noise.cholesky.factorise(&self.gram);
            noise.cholesky.transpose(&mut noise.factor);
            noise.drawn.resize(rows, noise.cholesky.rank());
            noise.sum.resize(rows, noise.cholesky.rank());
            noise.sum.as_mut_slice().fill(0.0);
            noise.velocity.resize(rows, noise.cholesky.rank());
            noise.velocity.as_mut_slice().fill(0.0);
        }
    }

    /// Adds all noise to the weights and coefficients, and multiplies W_0 by `scale`.
    ///
    /// The basis of the span is Q = T⁻¹F̃_p (p: the pivots, T: their rows of L). The noise within it
    /// is sum·Q. The noise outside is τ(R − RQᵀQ) with a fresh R, and RQᵀQ = (RF̃_pᵀ)T⁻ᵀT⁻¹F̃_p.
    fn add_noise(&mut self, scale: f32, tau: f32, draws: &mut impl Draws) {
        let noise = &mut self.noise;
        noise.whole.resize(self.weights.rows(), self.weights.cols());
        draws.noise(&mut noise.whole);
        dots(&mut noise.products, &noise.whole, &self.examples);
        let pivots = noise.cholesky.pivots();
        let mut row = vec![0.0; pivots.len()];
        for k in 0..self.weights.rows() {
            let products = noise.products.row(k);
            for (value, &pivot) in row.iter_mut().zip(pivots) {
                *value = products[pivot].into();
            }
            noise.cholesky.solve_transposed(&mut row);
            for (value, &sum) in row.iter_mut().zip(noise.sum.row(k)) {
                *value = f64::from(sum) - f64::from(tau) * *value;
            }
            noise.cholesky.solve(&mut row);
            let coefficients = self.coefficients.row_mut(k);
            for (value, &pivot) in row.iter().zip(pivots) {
                coefficients[pivot] += *value as f32;
            }
        }
        add(&mut self.weights, scale, &noise.whole, tau);
    }
}

impl Noise {
    /// One step of what noise does within the span: `drawn` comes in at the scale `sigma`.
    fn step(&mut self, roll: Option<Roll>, decay: f32, sigma: f32) {
        let Some(roll) = roll else {
            add(&mut self.sum, decay, &self.drawn, sigma);
            return;
        };
        add(
            &mut self.velocity,
            roll.momentum,
            &self.sum,
            roll.weight_decay,
        );
        add(&mut self.velocity, 1.0, &self.drawn, -sigma / roll.rate);
        add(&mut self.sum, 1.0, &self.velocity, -roll.rate);
    }
}

/// The standard deviation, in any direction orthogonal to the examples, of
/// Σ_t decay^(T−1−t) sigma ξ_t.
fn remainder_scale(sigma: f32, decay: f32, steps: usize) -> f32 {
    let square = f64::from(decay) * f64::from(decay);
    let sum: f64 = (0..steps).rev().fold(0.0, |sum, _| sum * square + 1.0);
    (f64::from(sigma).abs() * sum.sqrt()) as f32
}

/// The same under momentum μ and a pull ηλ to zero: noise of scale 1 makes a velocity u and a weight r,
/// u ← μu − ηλr and r ← r + u from the next step on.
fn rolling_remainder_scale(sigma: f32, momentum: f32, pull: f64, steps: usize) -> f32 {
    let (mut velocity, mut weight, mut sum) = (1.0, 1.0, 0.0);
    for _ in 0..steps {
        sum += weight * weight;
        velocity = f64::from(momentum) * velocity - pull * weight;
        weight += velocity;
    }
    (f64::from(sigma).abs() * sum.sqrt()) as f32
}

/// One step of the first layer, and the second layer's gradient.
struct Step<'a> {
    outputs: &'a mut Matrix,
    first_outputs: &'a Matrix,
    coefficients: &'a mut Matrix,
    gram: &'a Matrix,
    noise: Option<(&'a Matrix, &'a Matrix)>,
    top: &'a mut Top,
    scale: f32,
    decay: f32,
    rate: f32,
    /// Momentum and the velocity, if any.
    roll: Option<(Roll, &'a mut Matrix)>,
}

impl Kernel for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) {
        let z = self.outputs;
        z.as_mut_slice()
            .copy_from_slice(self.first_outputs.as_slice());
        lanes.call(Combine {
            out: &mut *z,
            scale: self.scale,
            a: &*self.coefficients,
            f: self.gram,
        });
        if let Some((sum, factor)) = self.noise {
            lanes.call(Combine {
                out: &mut *z,
                scale: 1.0,
                a: sum,
                f: factor,
            });
        }
        self.top.backward(lanes, z);
        let Some((roll, velocity)) = self.roll else {
            add_with(lanes, self.coefficients, self.decay, z, -self.rate);
            return;
        };
        let (momentum, decay) = (roll.momentum, roll.weight_decay);
        add_with(lanes, velocity, momentum, self.coefficients, decay);
        add_with(lanes, velocity, 1.0, z, roll.share);
        add_with(lanes, self.coefficients, 1.0, velocity, -roll.rate);
    }
}
