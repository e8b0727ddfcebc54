//! Ridge regression from second moments: memory does not grow with the number of samples.

use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatRef, Par, Side};

/// Sums of products of inputs (with a constant appended) and targets.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    inputs: usize,
    gram: Mat<f32>,
    cross: Mat<f32>,
    count: usize,
}

impl Moments {
    pub fn new(inputs: usize, targets: usize) -> Self {
        Self {
            inputs,
            gram: Mat::zeros(inputs + 1, inputs + 1),
            cross: Mat::zeros(inputs + 1, targets),
            count: 0,
        }
    }

    /// Adds rows of `x` (n × (inputs + 1), the last entry of each row 1) and `y` (n × targets).
    pub fn add(&mut self, x: &[f32], y: &[f32]) {
        let n = x.len() / (self.inputs + 1);
        let x = MatRef::from_row_major_slice(x, n, self.inputs + 1);
        let y = MatRef::from_row_major_slice(y, n, self.cross.ncols());
        matmul(&mut self.gram, Accum::Add, x.transpose(), x, 1.0, Par::Seq);
        matmul(&mut self.cross, Accum::Add, x.transpose(), y, 1.0, Par::Seq);
        self.count += n;
    }

    /// Adds another's sums.
    pub fn merge(&mut self, other: &Self) {
        self.gram += &other.gram;
        self.cross += &other.cross;
        self.count += other.count;
    }

    /// The coefficients ((inputs + 1) × targets, the constant's last) that minimise the squared
    /// error plus `strength` times the mean input power times their squared norm; `None` where the
    /// system is singular in single precision. The constant is not penalised.
    pub fn solve(&self, strength: f32) -> Option<Linear> {
        self.solve_without(strength, 0)
    }

    /// The same with the last `left_out` inputs left out: their coefficients are 0.
    pub fn solve_without(&self, strength: f32, left_out: usize) -> Option<Linear> {
        if left_out == 0 {
            return self.solve_all(strength);
        }
        let own = self.inputs - left_out;
        // The constant's row lies behind those that are left out.
        let kept = |i: usize| if i < own { i } else { self.inputs };
        let targets = self.cross.ncols();
        let part = Self {
            inputs: own,
            gram: Mat::from_fn(own + 1, own + 1, |i, j| self.gram[(kept(i), kept(j))]),
            cross: Mat::from_fn(own + 1, targets, |i, j| self.cross[(kept(i), j)]),
            count: self.count,
        };
        let mut coefficients = part.solve_all(strength)?.coefficients;
        let constant = coefficients.split_off(own * targets);
        coefficients.resize(self.inputs * targets, 0.0);
        coefficients.extend(constant);
        Some(Linear::new(self.inputs, coefficients))
    }

    fn solve_all(&self, strength: f32) -> Option<Linear> {
        let mut gram = self.gram.clone();
        let power: f32 = (0..self.inputs).map(|i| gram[(i, i)]).sum::<f32>() / self.inputs as f32;
        for i in 0..self.inputs {
            gram[(i, i)] += strength * power;
        }
        let solution = gram.llt(Side::Lower).ok()?.solve(&self.cross);
        let targets = solution.ncols();
        let mut coefficients = vec![0.0; (self.inputs + 1) * targets];
        for (i, row) in coefficients.chunks_mut(targets).enumerate() {
            for (j, value) in row.iter_mut().enumerate() {
                *value = solution[(i, j)];
            }
        }
        let finite = coefficients.iter().all(|value| value.is_finite());
        finite.then_some(Linear {
            inputs: self.inputs,
            coefficients,
        })
    }
}

/// A fitted map: targets = (inputs, 1) · coefficients.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Linear {
    inputs: usize,
    coefficients: Vec<f32>,
}

impl Linear {
    pub fn new(inputs: usize, coefficients: Vec<f32>) -> Self {
        Self {
            inputs,
            coefficients,
        }
    }

    pub fn coefficients(&self) -> &[f32] {
        &self.coefficients
    }

    /// Targets of rows of `x` (n × (inputs + 1), the last entry of each row 1), row-major.
    pub fn apply(&self, x: &[f32]) -> Vec<f32> {
        let n = x.len() / (self.inputs + 1);
        let targets = self.coefficients.len() / (self.inputs + 1);
        let x = MatRef::from_row_major_slice(x, n, self.inputs + 1);
        let b = MatRef::from_row_major_slice(&self.coefficients, self.inputs + 1, targets);
        let mut out = vec![0.0; n * targets];
        let y = faer::MatMut::from_row_major_slice_mut(&mut out, n, targets);
        matmul(y, Accum::Replace, x, b, 1.0, Par::Seq);
        out
    }
}
