//! Adam on images: moves pixels and keeps them in [-1, 1].

/// The running means of one optimisation.
pub(crate) struct PixelAdam {
    mean: Vec<f32>,
    square: Vec<f32>,
    step: i32,
}

impl PixelAdam {
    pub fn new(pixels: usize) -> Self {
        Self {
            mean: vec![0.0; pixels],
            square: vec![0.0; pixels],
            step: 0,
        }
    }

    /// One step of size about `rate` against `gradient`.
    pub fn step(&mut self, pixels: &mut [f32], gradient: &[f32], rate: f32) {
        self.step += 1;
        let first = 1.0 - 0.9_f32.powi(self.step);
        let second = 1.0 - 0.999_f32.powi(self.step);
        let means = self.mean.iter_mut().zip(&mut self.square);
        for ((pixel, &slope), (mean, square)) in pixels.iter_mut().zip(gradient).zip(means) {
            *mean += 0.1 * (slope - *mean);
            *square += 0.001 * (slope * slope - *square);
            let step = rate * (*mean / first) / ((*square / second).sqrt() + 1e-12);
            *pixel = (*pixel - step).clamp(-1.0, 1.0);
        }
    }
}
