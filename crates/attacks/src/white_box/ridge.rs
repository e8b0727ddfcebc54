//! Ridge regression from second moments: memory does not grow with the number of samples.

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::prelude::*;
use faer::{Accum, Mat, MatRef, Par, Side};

/// Sums of products of inputs (with a constant appended) and targets.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    inputs: usize,
    /// Of inputs with inputs: the lower half.
    gram: Mat<f32>,
    /// Of inputs with targets.
    cross: Mat<f32>,
}

impl Moments {
    pub fn new(inputs: usize, targets: usize) -> Self {
        Self {
            inputs,
            gram: Mat::zeros(inputs + 1, inputs + 1),
            cross: Mat::zeros(inputs + 1, targets),
        }
    }

    /// Adds rows of `x` (n × (inputs + 1), the last entry of each row 1) and `y` (n × targets).
    pub fn add(&mut self, x: &[f32], y: &[f32]) {
        self.add_inputs(x);
        self.add_products(x, y);
    }

    /// Adds what rows of `x` tell without their targets.
    pub fn add_inputs(&mut self, x: &[f32]) {
        let x = rows(x, self.inputs + 1);
        triangular::matmul(
            &mut self.gram,
            BlockStructure::TriangularLower,
            Accum::Add,
            x.transpose(),
            BlockStructure::Rectangular,
            x,
            BlockStructure::Rectangular,
            1.0,
            Par::Seq,
        );
    }

    /// Adds the products of rows of `x` with those of `y`.
    pub fn add_products(&mut self, x: &[f32], y: &[f32]) {
        let (x, y) = (rows(x, self.inputs + 1), rows(y, self.cross.ncols()));
        matmul(&mut self.cross, Accum::Add, x.transpose(), y, 1.0, Par::Seq);
    }

    /// Adds another's sums.
    pub fn merge(&mut self, other: &Self) {
        self.gram += &other.gram;
        self.cross += &other.cross;
    }

    /// Sums of products of inputs with targets, (inputs + 1) × targets.
    pub fn products(&self) -> MatRef<'_, f32> {
        self.cross.as_ref()
    }

    /// The coefficients ((inputs + 1) × targets, the constant's last) that minimise the squared
    /// error plus `strength` times the mean input power times their squared norm; `None` where the
    /// system is singular in single precision. The constant is not penalised.
    pub fn solve(&self, strength: f32) -> Option<Linear> {
        self.solve_for(self.products(), strength, 0)
    }

    /// The same for targets whose products with the inputs are these, with the last `left_out`
    /// inputs left out: their coefficients are 0.
    pub fn solve_for(
        &self,
        products: MatRef<'_, f32>,
        strength: f32,
        left_out: usize,
    ) -> Option<Linear> {
        let (own, targets) = (self.inputs - left_out, products.ncols());
        // The constant's row lies behind those that are left out.
        let kept = |i: usize| if i < own { i } else { self.inputs };
        let lower = |i: usize, j: usize| match j <= i {
            true => self.gram[(kept(i), kept(j))],
            false => 0.0,
        };
        let mut gram = Mat::from_fn(own + 1, own + 1, lower);
        let power = (0..own).map(|i| gram[(i, i)]).sum::<f32>() / own as f32;
        for i in 0..own {
            gram[(i, i)] += strength * power;
        }
        let factor = gram.llt(Side::Lower).ok()?;
        drop(gram);
        let mut solution = Mat::from_fn(own + 1, targets, |i, j| products[(kept(i), j)]);
        factor.solve_in_place(&mut solution);
        let mut coefficients = vec![0.0; (self.inputs + 1) * targets];
        for i in 0..=own {
            let row = &mut coefficients[kept(i) * targets..][..targets];
            let values = row.iter_mut().enumerate();
            values.for_each(|(j, value)| *value = solution[(i, j)]);
        }
        let finite = coefficients.iter().all(|value| value.is_finite());
        finite.then_some(Linear {
            inputs: self.inputs,
            coefficients,
        })
    }
}

/// Rows of so many numbers.
pub(crate) fn rows(values: &[f32], width: usize) -> MatRef<'_, f32> {
    MatRef::from_row_major_slice(values, values.len() / width, width)
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
        let x = rows(x, self.inputs + 1);
        let b = rows(&self.coefficients, targets);
        let mut out = vec![0.0; n * targets];
        let y = faer::MatMut::from_row_major_slice_mut(&mut out, n, targets);
        matmul(y, Accum::Replace, x, b, 1.0, Par::Seq);
        out
    }
}
