//! Adam (Kingma, Ba 2015), with weight decay as in Adam or as in AdamW (Loshchilov, Hutter 2019).

use pulp::{Arch, Simd, WithSimd};

/// Decay of the mean of gradients, β₁.
const BETA_1: f32 = 0.9;
/// Decay of the mean of squared gradients, β₂.
const BETA_2: f32 = 0.999;

/// The constants of one step.
///
/// With g = factor·gradient + λw: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², and
/// w ← (1−ηλ′)w − η m̂ / (√v̂ + ε), where m̂ and v̂ are m and v over 1 − βᵗ.
///
/// Every operation is an exact one of IEEE 754 (fused multiply-adds among them), so the bits do not
/// depend on the processor.
#[derive(Clone, Copy, Debug)]
pub struct AdamStep {
    /// η / (1 − β₁ᵗ).
    rate: f32,
    /// 1 / (1 − β₂ᵗ).
    spread: f32,
    /// λ: what of the weights is added to the gradient.
    coupled: f32,
    /// 1 − ηλ′: what of the weights is left before the step.
    left: f32,
    factor: f32,
}

/// The running means of a block of weights: of gradients and of their squares.
#[derive(Debug)]
pub struct Moments<'a> {
    /// m.
    pub mean: &'a mut [f32],
    /// v.
    pub square: &'a mut [f32],
}

impl AdamStep {
    /// ε of the denominator.
    pub const EPSILON: f32 = 1e-8;

    /// Step number `step` (from 0) at learning rate η = `rate`, without weight decay.
    pub fn new(step: u64, rate: f32) -> Self {
        let corrected = |beta: f32| 1.0 - f64::from(beta).powf((step + 1) as f64);
        Self {
            rate: (f64::from(rate) / corrected(BETA_1)) as f32,
            spread: (1.0 / corrected(BETA_2)) as f32,
            coupled: 0.0,
            left: 1.0,
            factor: 1.0,
        }
    }

    /// Adds λ = `decay` times the weights to the gradient, as Adam does.
    #[must_use]
    pub fn with_coupled_decay(self, decay: f32) -> Self {
        Self {
            coupled: decay,
            ..self
        }
    }

    /// Shrinks the weights by `shrink` = ηλ′ before the step, as AdamW does.
    #[must_use]
    pub fn with_decoupled_decay(self, shrink: f32) -> Self {
        Self {
            left: 1.0 - shrink,
            ..self
        }
    }

    /// Takes `factor` times the gradient.
    #[must_use]
    pub fn with_factor(self, factor: f32) -> Self {
        Self { factor, ..self }
    }

    /// Moves `weights` against `gradient`. All slices have one length; what is longer is left as it
    /// is.
    pub fn apply(self, weights: &mut [f32], gradient: &[f32], moments: Moments<'_>) {
        Arch::new().dispatch(Apply {
            step: self,
            weights,
            gradient,
            moments,
        });
    }
}

struct Apply<'a> {
    step: AdamStep,
    weights: &'a mut [f32],
    gradient: &'a [f32],
    moments: Moments<'a>,
}

impl WithSimd for Apply<'_> {
    type Output = ();

    // A plain loop: the compiler makes vectors of it for each instruction set.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let step = self.step;
        let moments = self.moments.mean.iter_mut().zip(self.moments.square);
        for ((w, &g), (m, v)) in self.weights.iter_mut().zip(self.gradient).zip(moments) {
            let g = w.mul_add(step.coupled, g * step.factor);
            *m = m.mul_add(BETA_1, g * (1.0 - BETA_1));
            *v = v.mul_add(BETA_2, (g * g) * (1.0 - BETA_2));
            let root = (*v * step.spread).sqrt() + AdamStep::EPSILON;
            *w = (*m / root).mul_add(-step.rate, *w * step.left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same formulas in double precision.
    fn reference(step: i32, rate: f64, coupled: f64, shrink: f64, state: &mut [f64; 3], g: f64) {
        let [w, m, v] = state;
        let g = g + coupled * *w;
        *m = 0.9 * *m + 0.1 * g;
        *v = 0.999 * *v + 0.001 * g * g;
        let (mean, square) = (
            *m / (1.0 - 0.9f64.powi(step + 1)),
            *v / (1.0 - 0.999f64.powi(step + 1)),
        );
        *w = *w * (1.0 - shrink) - rate * mean / (square.sqrt() + 1e-8);
    }

    #[test]
    fn steps_follow_the_formulas() {
        for (coupled, shrink) in [(0.0, 0.0), (0.3, 0.0), (0.0, 0.01)] {
            // An odd length: whole vectors and a rest.
            let mut weights: Vec<f32> = (0..37).map(|i| (i as f32 * 0.7).sin()).collect();
            let (mut mean, mut square) = (vec![0.0; 37], vec![0.0; 37]);
            let mut exact: Vec<[f64; 3]> = weights.iter().map(|&w| [w.into(), 0.0, 0.0]).collect();
            for step in 0..50 {
                let gradient: Vec<f32> = weights.iter().map(|w| 2.0 * (w - 0.5)).collect();
                for (state, &g) in exact.iter_mut().zip(&gradient) {
                    reference(step, 0.02, coupled, shrink, state, g.into());
                }
                AdamStep::new(step as u64, 0.02)
                    .with_coupled_decay(coupled as f32)
                    .with_decoupled_decay(shrink as f32)
                    .with_factor(0.5)
                    .apply(
                        &mut weights,
                        &gradient.iter().map(|g| 2.0 * g).collect::<Vec<_>>(),
                        Moments {
                            mean: &mut mean,
                            square: &mut square,
                        },
                    );
            }
            for (w, [exact, ..]) in weights.iter().zip(&exact) {
                assert!((f64::from(*w) - exact).abs() < 1e-4, "{w} {exact}");
            }
        }
    }

    #[test]
    fn it_finds_a_minimum() {
        let mut w = [3.0f32, -2.0];
        let (mut mean, mut square) = ([0.0; 2], [0.0; 2]);
        for step in 0..500 {
            let gradient = [2.0 * (w[0] - 1.0), 8.0 * (w[1] + 0.5)];
            let moments = Moments {
                mean: &mut mean,
                square: &mut square,
            };
            AdamStep::new(step, 0.05).apply(&mut w, &gradient, moments);
        }
        assert!((w[0] - 1.0).abs() < 1e-2 && (w[1] + 0.5).abs() < 1e-2);
    }
}
