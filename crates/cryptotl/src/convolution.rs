//! The convolution and the pool, and their derivatives, on row-major batches.

use crate::dense::uniform;
use datasets::StreamKey;

/// One filter over a vector, zero-padded to the same length: y_i = Σ_t w_t x_(i+t−⌊k/2⌋) + b.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv1d {
    /// The filter, k weights (k odd).
    pub weight: Vec<f32>,
    /// The bias, one value.
    pub bias: Vec<f32>,
}

/// Means of neighbours: y_j = (x_(pj) + … + x_(pj+p−1)) / p.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AveragePool(pub usize);

impl Conv1d {
    /// A filter of odd length near the identity: 1 in the middle, a tenth of PyTorch's default
    /// around it. A wholly random filter loses frequencies of the input for good.
    pub(crate) fn random(kernel: usize, key: &StreamKey) -> Self {
        let mut weight = uniform(kernel, 100 * kernel, &key.child("weight"));
        weight[kernel / 2] += 1.0;
        Self {
            weight,
            bias: vec![0.0],
        }
    }

    /// The input that filter weight `t` reads for output `i`, if it is inside.
    pub(crate) fn source(&self, i: usize, t: usize, width: usize) -> Option<usize> {
        (i + t)
            .checked_sub(self.weight.len() / 2)
            .filter(|&at| at < width)
    }

    /// Rows of `width` to rows of `width`.
    pub fn forward(&self, x: &[f32], width: usize) -> Vec<f32> {
        let mut y = vec![self.bias[0]; x.len()];
        for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
            for (i, y) in y.iter_mut().enumerate() {
                for (t, w) in self.weight.iter().enumerate() {
                    if let Some(at) = self.source(i, t, width) {
                        *y += w * x[at];
                    }
                }
            }
        }
        y
    }

    /// Gradients of the weights from those of the output (the input needs none: it is first).
    pub(crate) fn backward(&self, x: &[f32], dy: &[f32], width: usize) -> Self {
        let mut gradient = Self {
            weight: vec![0.0; self.weight.len()],
            bias: vec![dy.iter().sum()],
        };
        for (dy, x) in dy.chunks_exact(width).zip(x.chunks_exact(width)) {
            for (i, dy) in dy.iter().enumerate() {
                for (t, w) in gradient.weight.iter_mut().enumerate() {
                    if let Some(at) = self.source(i, t, width) {
                        *w += dy * x[at];
                    }
                }
            }
        }
        gradient
    }
}

impl AveragePool {
    /// Means of neighbours; a remainder that fills no window is left out.
    pub fn forward(&self, x: &[f32], width: usize) -> Vec<f32> {
        let (pool, scale) = (self.0, 1.0 / self.0 as f32);
        x.chunks_exact(width)
            .flat_map(|x| x.chunks_exact(pool).map(|x| x.iter().sum::<f32>() * scale))
            .collect()
    }

    pub(crate) fn backward(&self, dy: &[f32], width: usize) -> Vec<f32> {
        let (pool, scale) = (self.0, 1.0 / self.0 as f32);
        let mut dx = vec![0.0; dy.len() / (width / pool) * width];
        for (dx, dy) in dx
            .chunks_exact_mut(width)
            .zip(dy.chunks_exact(width / pool))
        {
            for (dx, dy) in dx.chunks_exact_mut(pool).zip(dy) {
                dx.fill(dy * scale);
            }
        }
        dx
    }
}
