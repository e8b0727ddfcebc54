//! Coordinates that public features give.

use datasets::FeatureSet;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par, Side};

use super::discriminants::Discriminants;
use super::vectors::unit;
use crate::shape::setting;
use crate::{Head, HeadShape, TransferError};

/// Directions whose variance is below this share of the largest are not whitened further.
const FLOOR: f64 = 1e-6;

/// r orthonormal directions of feature space around a centre, along which public features are
/// uncorrelated, with their variance along each. No private features take part in it, and labels only in
/// a space [of discriminants](PublicSpace::of_discriminants).
#[derive(Debug, Clone, PartialEq)]
pub struct PublicSpace {
    width: usize,
    mean: Vec<f64>,
    /// r × d, row-major.
    basis: Vec<f64>,
    variance: Vec<f64>,
}

impl PublicSpace {
    /// The `rank` leading principal directions of the features at `rows`, largest variance first.
    ///
    /// # Errors
    /// [`TransferError::Setting`] for a rank that is 0, above the features' width or not below the
    /// number of rows; [`TransferError::Members`] for rows that do not exist or all are equal.
    pub fn leading(
        features: &FeatureSet,
        rows: &[usize],
        rank: usize,
    ) -> Result<Self, TransferError> {
        check_rank(rank, features.width().min(rows.len().saturating_sub(1)))?;
        Self::whole(features, rows)?.truncated(rank)
    }

    /// All principal directions that the features at `rows` have, largest variance first: what spaces
    /// of any rank are cut from without a second decomposition.
    ///
    /// # Errors
    /// [`TransferError::Setting`] for fewer than two rows, and as [`PublicSpace::leading`].
    pub fn whole(features: &FeatureSet, rows: &[usize]) -> Result<Self, TransferError> {
        let (n, d) = (rows.len(), features.width());
        let rank = d.min(n.saturating_sub(1));
        check_rank(rank, rank)?;
        let members = |reason: &str| TransferError::Members {
            count: n,
            reason: reason.into(),
        };
        if rows.iter().any(|&row| row >= features.len()) {
            return Err(members("one of the public examples does not exist"));
        }
        let mean = mean(features, rows);
        let centred = Mat::from_fn(n, d, |i, j| f64::from(features.row(rows[i])[j]) - mean[j]);
        let covariance = centred.transpose() * &centred;
        let eigen = covariance
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| members("their covariance has no eigenvectors in double precision"))?;
        // Ascending in faer.
        let column = |k: usize| d - 1 - k;
        let variance: Vec<f64> = (0..rank).map(|k| eigen.S()[column(k)] / n as f64).collect();
        if !(variance[0] > 0.0) {
            return Err(members("all public features are equal"));
        }
        let directions: MatRef<'_, f64> = eigen.U();
        let basis = (0..rank)
            .flat_map(|k| (0..d).map(move |j| directions[(j, column(k))]))
            .collect();
        let floor = FLOOR * variance[0];
        Ok(Self {
            width: d,
            mean,
            basis,
            variance: variance.into_iter().map(|v| v.max(floor)).collect(),
        })
    }

    /// The space of the `rank` best `discriminants`, around the mean of the features at `rows` and along
    /// their principal directions in it.
    ///
    /// # Errors
    /// [`TransferError::Setting`] for a rank that is 0 or above their number; as
    /// [`PublicSpace::whole`].
    pub fn of_discriminants(
        features: &FeatureSet,
        rows: &[usize],
        discriminants: &Discriminants,
        rank: usize,
    ) -> Result<Self, TransferError> {
        check_rank(rank, discriminants.count())?;
        let d = features.width();
        // Gram and Schmidt's, twice: once more than double precision asks for.
        let mut spanned: Vec<Vec<f64>> = Vec::with_capacity(rank);
        for direction in discriminants.leading(rank) {
            let mut direction = unit(direction.to_vec());
            for _ in 0..2 {
                for other in &spanned {
                    let share = dot(&direction, other);
                    for (value, other) in direction.iter_mut().zip(other) {
                        *value -= share * other;
                    }
                }
                direction = unit(direction);
            }
            spanned.push(direction);
        }
        let values = rows.iter().flat_map(|&row| {
            let row: Vec<f64> = features.row(row).iter().map(|&x| f64::from(x)).collect();
            let along = spanned.iter().map(move |it| dot(it, &row) as f32);
            along.collect::<Vec<f32>>()
        });
        let projected = FeatureSet::new(
            rank,
            values.collect(),
            rows.iter().map(|&row| features.labels()[row]).collect(),
            features.classes(),
        )
        .map_err(|error| TransferError::Members {
            count: rows.len(),
            reason: error.to_string(),
        })?;
        let inside = Self::leading(&projected, &(0..rows.len()).collect::<Vec<_>>(), rank)?;
        let mut basis = vec![0.0; rank * d];
        for (own, mix) in basis
            .chunks_exact_mut(d)
            .zip(inside.basis.chunks_exact(rank))
        {
            for (share, direction) in mix.iter().zip(&spanned) {
                for (value, x) in own.iter_mut().zip(direction) {
                    *value += share * x;
                }
            }
        }
        Ok(Self {
            width: d,
            mean: mean(features, rows),
            basis,
            variance: inside.variance,
        })
    }

    /// The `rank` leading of these directions.
    ///
    /// # Errors
    /// [`TransferError::Setting`] for a rank that is 0 or above this one's.
    pub fn truncated(&self, rank: usize) -> Result<Self, TransferError> {
        check_rank(rank, self.rank())?;
        Ok(Self {
            width: self.width,
            mean: self.mean.clone(),
            basis: self.basis[..rank * self.width].to_vec(),
            variance: self.variance[..rank].to_vec(),
        })
    }

    /// r.
    pub fn rank(&self) -> usize {
        self.variance.len()
    }

    /// Variance of the public features along each direction.
    pub fn variance(&self) -> &[f64] {
        &self.variance
    }

    /// The root mean square norm of public features here.
    pub(super) fn usual_norm(&self) -> f64 {
        self.variance.iter().sum::<f64>().sqrt()
    }

    /// What coordinates are multiplied with: one over their standard deviation where they are whitened.
    pub(super) fn scale(&self, whitened: bool) -> Vec<f64> {
        let each = self.variance.iter();
        each.map(|v| if whitened { 1.0 / v.sqrt() } else { 1.0 })
            .collect()
    }

    /// n times the public second moments, diagonal in these coordinates, and `ridge` times their mean.
    pub(super) fn moments(&self, n: usize, ridge: f64) -> Vec<f64> {
        let power: f64 = self.variance.iter().sum();
        let added = ridge * power / self.rank() as f64;
        let each = self.variance.iter();
        each.map(|v| n as f64 * (v + added)).collect()
    }

    /// The coordinates of one row of features.
    pub(super) fn coordinates(&self, row: &[f32]) -> Vec<f64> {
        self.coordinates_of([row].into_iter())
    }

    /// The coordinates of rows of features, r numbers a row. All at once: one by one they were a third
    /// of the time that heads of 64 shots along 64 directions took.
    pub(crate) fn coordinates_of<'f>(&self, rows: impl Iterator<Item = &'f [f32]>) -> Vec<f64> {
        let (d, r) = (self.width, self.rank());
        let mut centred = Vec::with_capacity(rows.size_hint().0 * d);
        for row in rows {
            let row = row.iter().zip(&self.mean);
            centred.extend(row.map(|(&f, m)| f64::from(f) - m));
        }
        let n = centred.len() / d;
        let mut out = vec![0.0; n * r];
        matmul(
            MatMut::from_row_major_slice_mut(&mut out, n, r),
            Accum::Replace,
            MatRef::from_row_major_slice(&centred, n, d),
            MatRef::from_row_major_slice(&self.basis, r, d).transpose(),
            1.0,
            Par::Seq,
        );
        out
    }

    /// The same of one row in single precision: what training sees of an example.
    pub fn lower(&self, row: &[f32]) -> Vec<f32> {
        let coordinates = self.coordinates(row).into_iter();
        coordinates.map(|it| it as f32).collect()
    }

    /// The weights on coordinates and their bias of a row's weights and bias on features: of them what
    /// examples can tell.
    pub fn lower_weights(&self, row: &[f32]) -> Vec<f32> {
        let slopes = self.slopes(row).into_iter();
        let lowered = slopes.chain([self.constant(row)]);
        lowered.map(|it| it as f32).collect()
    }

    /// The feature at these coordinates.
    pub fn feature(&self, coordinates: &[f64]) -> Vec<f32> {
        let from_mean = self.along(coordinates);
        let each = from_mean.iter().zip(&self.mean);
        each.map(|(value, m)| (value + m) as f32).collect()
    }

    /// The directions, each as often as its coordinate says.
    fn along(&self, coordinates: &[f64]) -> Vec<f64> {
        let mut sum = vec![0.0; self.width];
        for (x, direction) in coordinates.iter().zip(self.basis.chunks_exact(self.width)) {
            for (value, b) in sum.iter_mut().zip(direction) {
                *value += x * b;
            }
        }
        sum
    }

    /// The weights in the coordinates of a row's weights and bias, as [`PublicSpace::lift`] makes it.
    pub(crate) fn slopes(&self, row: &[f32]) -> Vec<f64> {
        let row: Vec<f64> = row[..self.width].iter().map(|&w| f64::from(w)).collect();
        let directions = self.basis.chunks_exact(self.width);
        directions.map(|it| dot(it, &row)).collect()
    }

    /// The bias there of a row's weights and bias.
    pub(crate) fn constant(&self, row: &[f32]) -> f64 {
        let centre = row.iter().zip(&self.mean);
        let centre: f64 = centre.map(|(&w, m)| f64::from(w) * m).sum();
        f64::from(row[self.width]) + centre
    }

    /// The head on features whose logits are `weights` (K × r) times the coordinates plus
    /// `biases`.
    pub(super) fn head(&self, weights: &[f64], biases: &[f64]) -> Result<Head, TransferError> {
        let (d, r) = (self.width, self.rank());
        let mut values = vec![0.0; biases.len() * (d + 1)];
        let rows = weights.chunks_exact(r).zip(biases);
        for ((row, &bias), out) in rows.zip(values.chunks_exact_mut(d + 1)) {
            self.lift(row, bias, out);
        }
        Head::new(HeadShape::linear(d, biases.len()), values)
    }

    /// Writes the d weights and the bias on features to `out` that are `weights` and `bias` on their
    /// coordinates.
    pub(crate) fn lift(&self, weights: &[f64], bias: f64, out: &mut [f32]) {
        let lifted = self.along(weights);
        let centre: f64 = lifted.iter().zip(&self.mean).map(|(w, m)| w * m).sum();
        for (out, w) in out.iter_mut().zip(&lifted) {
            *out = *w as f32;
        }
        out[self.width] = (bias - centre) as f32;
    }

    /// That the features are of this space.
    pub(crate) fn check(&self, features: &FeatureSet) -> Result<(), TransferError> {
        if features.width() == self.width {
            return Ok(());
        }
        Err(TransferError::Width {
            head: self.width,
            data: features.width(),
        })
    }
}

/// The mean of the features at `rows`.
fn mean(features: &FeatureSet, rows: &[usize]) -> Vec<f64> {
    let mut mean = vec![0.0; features.width()];
    for &row in rows {
        for (sum, &value) in mean.iter_mut().zip(features.row(row)) {
            *sum += f64::from(value) / rows.len() as f64;
        }
    }
    mean
}

fn check_rank(rank: usize, most: usize) -> Result<(), TransferError> {
    if (1..=most).contains(&rank) {
        return Ok(());
    }
    Err(setting(
        "rank of the public subspace",
        rank,
        "at least 1, at most the features' width, and below the number of public examples",
    ))
}

/// Lanes of the sum: wide enough for vector units, in a fixed order.
const LANES: usize = 16;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f64>() + rest
}
