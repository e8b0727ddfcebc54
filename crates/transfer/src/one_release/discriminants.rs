//! Directions that tell labelled classes apart.

use datasets::FeatureSet;
use faer::{Mat, Side};

use crate::TransferError;

/// What is added to the classes' covariance, in units of its mean eigenvalue: features outnumber
/// examples where classes are small.
const SHRINKAGE: f64 = 0.01;

/// Fisher's linear discriminants of labelled features, what tells the classes apart best first: leading
/// eigenvectors of S_w^-½ S_b S_w^-½, multiplied by S_w^-½. There are as many as classes less one.
#[derive(Debug, Clone, PartialEq)]
pub struct Discriminants {
    width: usize,
    /// k × d, row-major.
    directions: Vec<f64>,
}

impl Discriminants {
    /// Those of the features at `rows`, by their labels.
    ///
    /// # Errors
    /// [`TransferError::Members`] for rows that do not exist, of one class alone, or all alike.
    pub fn fit(features: &FeatureSet, rows: &[usize]) -> Result<Self, TransferError> {
        let (n, d) = (rows.len(), features.width());
        let members = |reason: &str| TransferError::Members {
            count: n,
            reason: reason.into(),
        };
        if rows.iter().any(|&row| row >= features.len()) {
            return Err(members("one of the labelled examples does not exist"));
        }
        let mut counts = vec![0_usize; features.classes()];
        let mut means = vec![0.0; features.classes() * d];
        let mut mean = vec![0.0; d];
        for &row in rows {
            let class = features.labels()[row] as usize;
            counts[class] += 1;
            let of_class = means[class * d..].iter_mut();
            for ((own, all), &value) in of_class.zip(&mut mean).zip(features.row(row)) {
                *own += f64::from(value);
                *all += f64::from(value) / n as f64;
            }
        }
        let present = counts.iter().filter(|&&count| count > 0).count();
        if present < 2 {
            return Err(members("they are of one class: nothing to tell apart"));
        }
        for (sum, &count) in means.chunks_exact_mut(d).zip(&counts) {
            sum.iter_mut().for_each(|it| *it /= count.max(1) as f64);
        }
        let inner = Mat::from_fn(n, d, |i, j| {
            let class = features.labels()[rows[i]] as usize;
            f64::from(features.row(rows[i])[j]) - means[class * d + j]
        });
        let mut within = inner.transpose() * &inner;
        let added = SHRINKAGE * (0..d).map(|j| within[(j, j)]).sum::<f64>() / d as f64;
        for j in 0..d {
            within[(j, j)] += added;
        }
        let within = within
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| members("their covariance has no eigenvectors in double precision"))?;
        if !(within.S()[0] > 0.0) {
            return Err(members("every class's features are equal"));
        }
        let whitening = Mat::from_fn(d, d, |i, j| within.U()[(i, j)] / within.S()[j].sqrt());
        let between = Mat::from_fn(counts.len(), d, |class, j| {
            (means[class * d + j] - mean[j]) * (counts[class] as f64).sqrt()
        });
        let whitened = &between * &whitening;
        let scatter = (whitened.transpose() * &whitened)
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| members("their means have no directions in double precision"))?;
        let found = (present - 1).min(d);
        // Ascending in faer.
        let leading = Mat::from_fn(d, found, |i, k| scatter.U()[(i, d - 1 - k)]);
        let directions = whitening * leading;
        let rows = (0..found).flat_map(|k| (0..d).map(move |j| (j, k)));
        Ok(Self {
            width: d,
            directions: rows.map(|at| directions[at]).collect(),
        })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.directions.len() / self.width
    }

    /// The first `rank` of them, row by row.
    pub(super) fn leading(&self, rank: usize) -> Vec<&[f64]> {
        self.directions
            .chunks_exact(self.width)
            .take(rank)
            .collect()
    }
}
