//! A 3 x 3 convolution as matrices, in double precision, and what its update says of its input.
//!
//! Maps are channels × positions, those of a batch's images side by side: their updates add up, as if
//! they were one wide image whose parts do not touch. With D the slopes of the loss with respect to the convolution's
//! output and x its input, the slope with respect to a weight is ∂L/∂V\[o, c, k\] = Σ_p D\[o, p\] x\[c, p + k\]:
//! linear in the input, with the same coefficients for every channel (arXiv:2010.07733 solves this
//! layer by layer).

use backbones::{Backbone, NamedTensors};
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatRef, Par, Side};

use crate::AttackError;

/// Places of a kernel.
const KERNEL: usize = 9;
/// The weight of the estimate against the equations, in units of their mean power: it decides only
/// where there are none.
const RIDGE: f64 = 1e-10;
/// Equations an unknown that must be there for an input to be solved for.
const EQUATIONS: usize = 2;

/// a · b on one thread.
pub(super) fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(a.nrows(), b.ncols());
    matmul(&mut out, Accum::Replace, a, b, 1.0, Par::Seq);
    out
}

/// `values` as a row-major matrix of `rows` rows.
pub(super) fn matrix(values: &[f32], rows: usize) -> Mat<f64> {
    let columns = values.len() / rows.max(1);
    Mat::from_fn(rows, columns, |i, j| f64::from(values[i * columns + j]))
}

/// One convolution of a backbone, with the size of the maps that it takes and gives (before pooling).
#[derive(Clone, Debug)]
pub(super) struct Convolution {
    /// Channels out × (channels in · 9).
    weight: Mat<f64>,
    /// (Channels out · 9) × channels in.
    backward: Mat<f64>,
    bias: Vec<f64>,
    /// Whether 2 x 2 max pooling follows.
    pub pooled: bool,
    pub height: usize,
    pub width: usize,
    /// Images whose maps stand side by side.
    images: usize,
}

impl Convolution {
    /// All convolutions of `backbone`, from the first one on, for so many images at once.
    pub fn all(backbone: &Backbone, images: usize) -> Result<Vec<Self>, AttackError> {
        let tensors: NamedTensors = backbone.tensors();
        let shape = backbone.input_shape();
        let (mut height, mut width) = (shape.height, shape.width);
        let mut all = Vec::new();
        for (layer, &pooled) in backbone.pools()?.iter().enumerate() {
            let tensor = |part: &str| {
                let name = format!("conv.{layer}.{part}");
                tensors.get(&name).ok_or_else(|| AttackError::Mismatch {
                    what: "a backbone of convolutions",
                    expected: format!("the tensor `{name}`"),
                    found: "none of that name".into(),
                })
            };
            let bias = tensor("bias")?;
            let weight = matrix(tensor("weight")?, bias.len());
            all.push(Self {
                backward: by_place(weight.as_ref()),
                weight,
                bias: bias.iter().map(|b| f64::from(*b)).collect(),
                pooled,
                height,
                width,
                images,
            });
            if pooled {
                (height, width) = (height / 2, width / 2);
            }
        }
        Ok(all)
    }

    /// Channels out.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Number of weights.
    pub fn weights(&self) -> usize {
        self.weight.nrows() * self.weight.ncols()
    }

    /// Positions of the maps of all images.
    pub fn positions(&self) -> usize {
        self.images * self.height * self.width
    }

    /// The positions of each 2 x 2 cell, image by image and row by row.
    pub fn cells(&self) -> Vec<[usize; 4]> {
        let (rows, columns) = (self.height / 2, self.width / 2);
        let of_image = |image: usize| {
            (0..rows * columns).map(move |cell| {
                let (row, column) = (2 * (cell / columns), 2 * (cell % columns));
                let first = (image * self.height + row) * self.width + column;
                [0, 1, self.width, self.width + 1].map(|away| first + away)
            })
        };
        (0..self.images).flat_map(of_image).collect()
    }

    /// Whether an update has equations enough for the input.
    pub fn solvable(&self) -> bool {
        KERNEL * self.outputs() >= EQUATIONS * self.positions()
    }

    /// The neighbourhoods of `input` (channels × positions): positions × (channels · 9).
    pub fn patches(&self, input: MatRef<'_, f64>) -> Mat<f64> {
        self.neighbours(input, 1)
    }

    /// The output before pooling, channels out × positions, of `patches`.
    pub fn output(&self, patches: MatRef<'_, f64>) -> Mat<f64> {
        let mut out = product(self.weight.as_ref(), patches.transpose());
        for (row, bias) in self.bias.iter().enumerate() {
            (0..out.ncols()).for_each(|p| out[(row, p)] += bias);
        }
        out
    }

    /// The loss's slopes with respect to the input, where those with respect to the output are
    /// `slopes`: channels in × positions.
    pub fn slopes_of_input(&self, slopes: MatRef<'_, f64>) -> Mat<f64> {
        let spread = self.neighbours(slopes, -1);
        product(self.backward.transpose(), spread.transpose())
    }

    /// The input, channels in × positions, not negative, that the weights' `update` (channels out ×
    /// (channels in · 9)) follows from at the output's `slopes`; and the share of the update that
    /// it leaves. Near `estimate` where the update does not tell. `None` where it says nothing.
    pub fn input(
        &self,
        update: MatRef<'_, f64>,
        slopes: MatRef<'_, f64>,
        estimate: MatRef<'_, f64>,
    ) -> Option<(Mat<f64>, f64)> {
        let spread = self.neighbours(slopes, -1);
        let update = by_place(update);
        let mut gram = product(spread.as_ref(), spread.transpose());
        let n = gram.nrows();
        let ridge = RIDGE * (0..n).map(|i| gram[(i, i)]).sum::<f64>() / n as f64;
        let mut right = product(spread.as_ref(), update.as_ref());
        for i in 0..n {
            gram[(i, i)] += ridge;
            (0..right.ncols()).for_each(|c| right[(i, c)] += ridge * estimate[(c, i)]);
        }
        let solution = gram.llt(Side::Lower).ok()?.solve(&right);
        let solution = Mat::from_fn(n, right.ncols(), |i, c| solution[(i, c)].max(0.0));
        let left = &update - product(spread.transpose(), solution.as_ref());
        let share = left.norm_l2() / update.norm_l2();
        let input = solution.transpose().to_owned();
        share.is_finite().then_some((input, share))
    }

    /// Entry (p, c · 9 + k) is the value of map c at the position k away from p, or as far away in
    /// the other direction where `sign` is -1; zero outside.
    fn neighbours(&self, maps: MatRef<'_, f64>, sign: isize) -> Mat<f64> {
        let (height, width) = (self.height as isize, self.width as isize);
        let mut out = Mat::zeros(self.positions(), maps.nrows() * KERNEL);
        for k in 0..KERNEL as isize {
            let (down, right) = (sign * (k / 3 - 1), sign * (k % 3 - 1));
            for p in 0..self.positions() as isize {
                let (image, p_in) = (p / (height * width), p % (height * width));
                let (i, j) = (p_in / width + down, p_in % width + right);
                if i < 0 || j < 0 || i >= height || j >= width {
                    continue;
                }
                let from = ((image * height + i) * width + j) as usize;
                for c in 0..maps.nrows() {
                    out[(p as usize, c * KERNEL + k as usize)] = maps[(c, from)];
                }
            }
        }
        out
    }
}

/// Channels out × (channels in · 9) as (channels out · 9) × channels in.
fn by_place(weights: MatRef<'_, f64>) -> Mat<f64> {
    let inputs = weights.ncols() / KERNEL;
    Mat::from_fn(weights.nrows() * KERNEL, inputs, |row, c| {
        weights[(row / KERNEL, c * KERNEL + row % KERNEL)]
    })
}
