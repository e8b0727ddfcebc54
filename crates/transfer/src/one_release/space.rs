//! Coordinates that public features give.

use datasets::FeatureSet;
use faer::{Mat, MatRef, Side};

use crate::shape::setting;
use crate::{Head, HeadShape, TransferError};

/// Directions whose variance is below this share of the largest are not whitened further.
const FLOOR: f64 = 1e-6;

/// r orthonormal directions of feature space around a centre, with the variance of public features
/// along each. Neither private features nor anybody's labels take part in it.
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
        let mut mean = vec![0.0; d];
        for &row in rows {
            for (sum, &value) in mean.iter_mut().zip(features.row(row)) {
                *sum += f64::from(value) / n as f64;
            }
        }
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

    /// The coordinates of one row of features.
    pub(super) fn coordinates(&self, row: &[f32]) -> Vec<f64> {
        let row = row.iter().zip(&self.mean);
        let centred: Vec<f64> = row.map(|(&f, m)| f64::from(f) - m).collect();
        let directions = self.basis.chunks_exact(self.width);
        directions.map(|it| dot(it, &centred)).collect()
    }

    /// The head on features whose logits are `weights` (K × r) times the coordinates plus
    /// `biases`.
    pub(super) fn head(&self, weights: &[f64], biases: &[f64]) -> Result<Head, TransferError> {
        let (d, r) = (self.width, self.rank());
        let mut values = Vec::with_capacity(biases.len() * (d + 1));
        for (row, &bias) in weights.chunks_exact(r).zip(biases) {
            let mut lifted = vec![0.0; d];
            for (weight, direction) in row.iter().zip(self.basis.chunks_exact(d)) {
                for (value, b) in lifted.iter_mut().zip(direction) {
                    *value += weight * b;
                }
            }
            let centre: f64 = lifted.iter().zip(&self.mean).map(|(w, m)| w * m).sum();
            values.extend(lifted.iter().map(|&w| w as f32));
            values.push((bias - centre) as f32);
        }
        Head::new(HeadShape::linear(d, biases.len()), values)
    }

    /// That the features are of this space.
    pub(super) fn check(&self, features: &FeatureSet) -> Result<(), TransferError> {
        if features.width() == self.width {
            return Ok(());
        }
        Err(TransferError::Width {
            head: self.width,
            data: features.width(),
        })
    }
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
