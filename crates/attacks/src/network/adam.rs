//! Adam (Kingma and Ba 2015) with decoupled weight decay, in place.

/// Decay of the mean of gradients.
const BETA_1: f32 = 0.9;
/// Decay of the mean of squared gradients.
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// What one step of Adam needs besides its state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdamStep {
    rate: f32,
    correction: f32,
}

impl AdamStep {
    /// Step number `step` (from 0) at learning rate `rate`.
    pub fn new(step: u64, rate: f32) -> Self {
        let t = (step + 1) as f64;
        let first = 1.0 - f64::from(BETA_1).powf(t);
        let second = 1.0 - f64::from(BETA_2).powf(t);
        Self {
            rate: (f64::from(rate) / first) as f32,
            correction: (1.0 / second) as f32,
        }
    }

    /// Moves `weights` against `gradient`.
    pub fn apply(self, weights: &mut [f32], gradient: &[f32], state: &mut AdamState<'_>) {
        let means = state.mean.iter_mut().zip(state.square.iter_mut());
        for ((weight, &g), (mean, square)) in weights.iter_mut().zip(gradient).zip(means) {
            *mean += (1.0 - BETA_1) * (g - *mean);
            *square += (1.0 - BETA_2) * (g * g - *square);
            *weight -= self.rate * *mean / ((*square * self.correction).sqrt() + EPSILON);
        }
    }
}

/// The running means of a block of weights.
pub(crate) struct AdamState<'a> {
    pub mean: &'a mut [f32],
    pub square: &'a mut [f32],
}
