//! Adam and gradient descent with momentum, both with decoupled weight decay, on any list of weight
//! slices.

use layers::{AdamStep, Moments};

/// Adam with the moments of every weight.
pub(crate) struct Adam {
    rate: f32,
    decay: f32,
    step: u64,
    moments: Vec<[Vec<f32>; 2]>,
}

impl Adam {
    pub(crate) fn new(rate: f32, decay: f32) -> Self {
        Self {
            rate,
            decay,
            step: 0,
            moments: Vec::new(),
        }
    }

    /// One step on several slices with their gradients (the same slices in every step).
    pub(crate) fn step<'a>(
        &mut self,
        slices: impl IntoIterator<Item = (&'a mut [f32], &'a [f32])>,
    ) {
        let step = AdamStep::new(self.step, self.rate).with_decoupled_decay(self.rate * self.decay);
        self.step += 1;
        for (at, (weights, gradients)) in slices.into_iter().enumerate() {
            if self.moments.len() == at {
                self.moments.push([0, 1].map(|_| vec![0.0; weights.len()]));
            }
            let [mean, square] = &mut self.moments[at];
            step.apply(weights, gradients, Moments { mean, square });
        }
    }
}

/// v ← .9 v + g, w ← w − η(v + λw).
pub(crate) struct Momentum {
    rate: f32,
    decay: f32,
    velocities: Vec<Vec<f32>>,
}

impl Momentum {
    pub(crate) fn new(rate: f32, decay: f32) -> Self {
        Self {
            rate,
            decay,
            velocities: Vec::new(),
        }
    }

    /// One step on several slices with their gradients (the same slices in every step).
    pub(crate) fn step<'a>(
        &mut self,
        slices: impl IntoIterator<Item = (&'a mut [f32], &'a [f32])>,
    ) {
        for (at, (weights, gradients)) in slices.into_iter().enumerate() {
            if self.velocities.len() == at {
                self.velocities.push(vec![0.0; weights.len()]);
            }
            for ((w, &g), v) in weights
                .iter_mut()
                .zip(gradients)
                .zip(&mut self.velocities[at])
            {
                *v = 0.9 * *v + g;
                *w -= self.rate * (*v + self.decay * *w);
            }
        }
    }
}

/// d/dz of the binary cross-entropy of logit `z` and label 0 or 1.
pub(crate) fn logistic_gradient(z: f32, label: u32) -> f32 {
    1.0 / (1.0 + (-z).exp()) - label as f32
}

/// Binary cross-entropy of logit `z` and label 0 or 1, stably.
pub(crate) fn logistic_loss(z: f32, label: u32) -> f32 {
    z.max(0.0) - z * label as f32 + (-z.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_find_a_minimum() {
        let (mut adam, mut momentum) = (Adam::new(0.05, 0.0), Momentum::new(0.02, 0.0));
        let (mut a, mut b) = ([3.0f32, -2.0], [3.0f32, -2.0]);
        let gradient = |w: &[f32; 2]| [2.0 * (w[0] - 1.0), 8.0 * (w[1] + 0.5)];
        for _ in 0..500 {
            let g = gradient(&a);
            adam.step([(&mut a[..], &g[..])]);
            let g = gradient(&b);
            momentum.step([(&mut b[..], &g[..])]);
        }
        for w in [a, b] {
            assert!((w[0] - 1.0).abs() < 1e-2 && (w[1] + 0.5).abs() < 1e-2);
        }
    }

    #[test]
    fn the_loss_has_its_gradient() {
        for (z, label) in [(0.3f32, 1), (-2.0, 0), (40.0, 1), (-40.0, 1)] {
            let quotient = (logistic_loss(z + 0.01, label) - logistic_loss(z - 0.01, label)) / 0.02;
            assert!((quotient - logistic_gradient(z, label)).abs() < 1e-3);
        }
    }
}
