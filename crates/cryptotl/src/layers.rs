//! The layers and their derivatives, on row-major batches.

use crate::CryptoTlError;
use crate::error::shape_error;
use datasets::StreamKey;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rand::RngExt;

/// One filter over a vector, zero-padded to the same length: y_i = Σ_t w_t x_(i+t−⌊k/2⌋) + b.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv1d {
    /// The filter, k weights (k odd).
    pub weight: Vec<f32>,
    /// The bias, one value.
    pub bias: Vec<f32>,
}

/// y = W x + b.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Width of x.
    pub inputs: usize,
    /// Width of y.
    pub outputs: usize,
    /// W, `outputs` × `inputs`, row-major.
    pub weight: Vec<f32>,
    /// b, `outputs` values.
    pub bias: Vec<f32>,
}

/// Means of neighbours: y_j = (x_(pj) + … + x_(pj+p−1)) / p.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AveragePool(pub usize);

/// Weights uniform in ±1/√fan_in, PyTorch's default.
fn uniform(count: usize, fan_in: usize, key: &StreamKey) -> Vec<f32> {
    let bound = 1.0 / (fan_in as f32).sqrt();
    let mut rng = key.rng(0);
    (0..count)
        .map(|_| rng.random_range(-bound..bound))
        .collect()
}

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

impl Dense {
    /// PyTorch's default initial weights.
    pub(crate) fn random(inputs: usize, outputs: usize, key: &StreamKey) -> Self {
        Self {
            inputs,
            outputs,
            weight: uniform(inputs * outputs, inputs, &key.child("weight")),
            bias: uniform(outputs, inputs, &key.child("bias")),
        }
    }

    /// A layer from given weights.
    ///
    /// # Errors
    /// If the numbers of weights do not match the widths or one is not finite.
    pub fn new(
        inputs: usize,
        outputs: usize,
        weight: Vec<f32>,
        bias: Vec<f32>,
    ) -> Result<Self, CryptoTlError> {
        if weight.len() != inputs * outputs || bias.len() != outputs {
            return shape_error(
                "make a dense layer",
                format!(
                    "{outputs} x {inputs} weights and {outputs} biases are needed, not {} and {}",
                    weight.len(),
                    bias.len()
                ),
            );
        }
        if weight.iter().chain(&bias).any(|w| !w.is_finite()) {
            return shape_error("make a dense layer", "a weight is not finite");
        }
        Ok(Self {
            inputs,
            outputs,
            weight,
            bias,
        })
    }

    /// Rows of `inputs` to rows of `outputs`.
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        let rows = x.len() / self.inputs;
        let mut y: Vec<f32> = self.bias.repeat(rows);
        product(
            MatMut::from_row_major_slice_mut(&mut y, rows, self.outputs),
            Accum::Add,
            MatRef::from_row_major_slice(x, rows, self.inputs),
            self.matrix().transpose(),
        );
        y
    }

    /// Gradients of the input and of the weights from those of the output.
    pub(crate) fn backward(&self, x: &[f32], dy: &[f32]) -> (Vec<f32>, Self) {
        let rows = x.len() / self.inputs;
        let dy_matrix = MatRef::from_row_major_slice(dy, rows, self.outputs);
        let mut dx = vec![0.0; x.len()];
        product(
            MatMut::from_row_major_slice_mut(&mut dx, rows, self.inputs),
            Accum::Replace,
            dy_matrix,
            self.matrix(),
        );
        (dx, self.weight_gradient(x, dy))
    }

    /// Gradients of the weights alone.
    pub(crate) fn weight_gradient(&self, x: &[f32], dy: &[f32]) -> Self {
        let rows = x.len() / self.inputs;
        let mut gradient = Self {
            inputs: self.inputs,
            outputs: self.outputs,
            weight: vec![0.0; self.weight.len()],
            bias: vec![0.0; self.bias.len()],
        };
        product(
            MatMut::from_row_major_slice_mut(&mut gradient.weight, self.outputs, self.inputs),
            Accum::Replace,
            MatRef::from_row_major_slice(dy, rows, self.outputs).transpose(),
            MatRef::from_row_major_slice(x, rows, self.inputs),
        );
        for dy in dy.chunks_exact(self.outputs) {
            for (sum, dy) in gradient.bias.iter_mut().zip(dy) {
                *sum += dy;
            }
        }
        gradient
    }

    fn matrix(&self) -> MatRef<'_, f32> {
        MatRef::from_row_major_slice(&self.weight, self.outputs, self.inputs)
    }
}

/// One thread, so that sums have one order: callers run whole models in parallel.
fn product(out: MatMut<'_, f32>, accum: Accum, left: MatRef<'_, f32>, right: MatRef<'_, f32>) {
    matmul(out, accum, left, right, 1.0, Par::Seq);
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
