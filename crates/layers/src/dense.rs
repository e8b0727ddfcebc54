//! A fully connected layer: y = W x + b.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// y = W x + b, and its derivatives, on row-major batches. Products run on the calling thread, so
/// that sums have one order: callers run whole models or blocks of rows in parallel.
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

impl Dense {
    /// A layer of weights `W` and biases `b`.
    ///
    /// # Panics
    /// If their numbers are not `outputs · inputs` and `outputs`.
    pub fn new(inputs: usize, outputs: usize, weight: Vec<f32>, bias: Vec<f32>) -> Self {
        assert_eq!(weight.len(), outputs * inputs, "weights");
        assert_eq!(bias.len(), outputs, "biases");
        Self {
            inputs,
            outputs,
            weight,
            bias,
        }
    }

    /// y = x Wᵀ + b for all rows of `x` into the rows of `y`.
    pub fn forward(&self, x: &[f32], y: &mut [f32]) {
        for row in y.chunks_exact_mut(self.outputs) {
            row.copy_from_slice(&self.bias);
        }
        let rows = y.len() / self.outputs;
        product(
            MatMut::from_row_major_slice_mut(y, rows, self.outputs),
            Accum::Add,
            MatRef::from_row_major_slice(x, rows, self.inputs),
            self.matrix().transpose(),
        );
    }

    /// The gradient of the input from that of the output: dx = dy W.
    pub fn backward(&self, dy: &[f32], dx: &mut [f32]) {
        let rows = dy.len() / self.outputs;
        product(
            MatMut::from_row_major_slice_mut(dx, rows, self.inputs),
            Accum::Replace,
            MatRef::from_row_major_slice(dy, rows, self.outputs),
            self.matrix(),
        );
    }

    /// The gradient of weights `rows` (of W) from the batch's inputs and output gradients: dyᵀ x.
    pub fn weight_gradient(
        &self,
        x: &[f32],
        dy: &[f32],
        rows: std::ops::Range<usize>,
        gradient: &mut [f32],
    ) {
        let n = dy.len() / self.outputs;
        let dy = MatRef::from_row_major_slice(dy, n, self.outputs);
        product(
            MatMut::from_row_major_slice_mut(gradient, rows.len(), self.inputs),
            Accum::Replace,
            dy.subcols(rows.start, rows.len()).transpose(),
            MatRef::from_row_major_slice(x, n, self.inputs),
        );
    }

    /// The gradient of the biases: the sum of the rows of `dy`.
    pub fn bias_gradient(&self, dy: &[f32]) -> Vec<f32> {
        let mut sums = vec![0.0; self.outputs];
        for row in dy.chunks_exact(self.outputs) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
        sums
    }

    fn matrix(&self) -> MatRef<'_, f32> {
        MatRef::from_row_major_slice(&self.weight, self.outputs, self.inputs)
    }
}

fn product(out: MatMut<'_, f32>, accum: Accum, left: MatRef<'_, f32>, right: MatRef<'_, f32>) {
    matmul(out, accum, left, right, 1.0, Par::Seq);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_the_slopes() {
        let value = |i: usize| ((i * 7 % 11) as f32 - 5.0) / 4.0;
        let layer = Dense::new(
            3,
            2,
            (0..6).map(value).collect(),
            (6..8).map(value).collect(),
        );
        let x: Vec<f32> = (8..20).map(value).collect();
        let dy: Vec<f32> = (20..28).map(value).collect();
        // The loss Σ dy·y is linear in each argument: differences are exact but for rounding.
        let loss = |layer: &Dense, x: &[f32]| -> f32 {
            let mut y = vec![0.0; 8];
            layer.forward(x, &mut y);
            y.iter().zip(&dy).map(|(y, d)| y * d).sum()
        };
        let base = loss(&layer, &x);
        let mut dx = vec![0.0; 12];
        layer.backward(&dy, &mut dx);
        for (i, slope) in dx.iter().enumerate() {
            let mut moved = x.clone();
            moved[i] += 1.0;
            assert!((loss(&layer, &moved) - base - slope).abs() < 1e-4);
        }
        let mut dw = [0.0; 6];
        let (first, second) = dw.split_at_mut(3);
        layer.weight_gradient(&x, &dy, 0..1, first);
        layer.weight_gradient(&x, &dy, 1..2, second);
        for (i, slope) in dw.iter().enumerate() {
            let mut moved = layer.clone();
            moved.weight[i] += 1.0;
            assert!((loss(&moved, &x) - base - slope).abs() < 1e-4);
        }
        for (i, slope) in layer.bias_gradient(&dy).iter().enumerate() {
            let mut moved = layer.clone();
            moved.bias[i] += 1.0;
            assert!((loss(&moved, &x) - base - slope).abs() < 1e-4);
        }
    }
}
