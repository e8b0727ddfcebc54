//! Leading principal directions of a few rows of many columns.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, Side};

use crate::AttackError;
use crate::alone::alone;

/// A covariance as B Bᵀ + s² I: few directions, and the same variance in all others.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    /// Columns of B: principal directions times the standard deviation beyond s.
    pub directions: Mat<f64>,
    /// Variance s² in every dimension.
    pub rest: f64,
}

impl Principal {
    /// The covariance of `rows` (n × columns, centred) with `kept` directions; what they leave is
    /// spread over `dimensions`.
    pub fn of(rows: MatRef<'_, f64>, kept: usize, dimensions: usize) -> Result<Self, AttackError> {
        let n = rows.nrows();
        let mut gram = Mat::<f64>::zeros(n, n);
        // One thread: the same bits on any machine with any number of cores.
        matmul(
            &mut gram,
            Accum::Replace,
            rows,
            rows.transpose(),
            1.0 / n as f64,
            Par::Seq,
        );
        let eigen = alone(1, |_| gram.self_adjoint_eigen(Side::Lower))
            .pop()
            .unwrap_or(Err(faer::linalg::evd::EvdError::NoConvergence))
            .map_err(|_| AttackError::Singular {
                attack: "extraction prior",
                reason: "a covariance has no eigenvalues".into(),
            })?;
        // Eigenvalues ascend; the leading ones stand last.
        let values: Vec<f64> = (0..n).map(|i| eigen.S()[i].max(0.0)).collect();
        let kept = kept.min(n).min(dimensions.saturating_sub(1));
        let left: f64 = values[..n - kept].iter().sum();
        let rest = left / (dimensions - kept).max(1) as f64;
        // Directions are Xᵀ v / √(n λ); times √(λ − s²).
        let loads = Mat::from_fn(n, kept, |row, column| {
            let index = n - 1 - column;
            let own = (1.0 - rest / values[index].max(f64::MIN_POSITIVE)).max(0.0);
            eigen.U()[(row, index)] * (own / n as f64).sqrt()
        });
        let mut directions = Mat::<f64>::zeros(rows.ncols(), kept);
        matmul(
            &mut directions,
            Accum::Replace,
            rows.transpose(),
            &loads,
            1.0,
            Par::Seq,
        );
        Ok(Self { directions, rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_directions_and_the_rest() {
        // Variances 4, 1, .01, .01 along the axes, no two rows alike.
        let n = 400;
        let wave = |i: usize, k: usize| {
            let angle = std::f64::consts::TAU * (k + 1) as f64 * (i as f64 + 0.5) / n as f64;
            2.0_f64.sqrt() * angle.cos()
        };
        let spread = [2.0, 1.0, 0.1, 0.1];
        let rows = Mat::from_fn(n, 4, |i, j| spread[j] * wave(i, j));
        let law = Principal::of(rows.as_ref(), 2, 4).unwrap();
        assert!((law.rest - 0.01).abs() < 1e-9, "{}", law.rest);
        let covariance = &law.directions * law.directions.transpose();
        for i in 0..4 {
            for j in 0..4 {
                let own = if i == j {
                    spread[i].powi(2) - 0.01
                } else {
                    0.0
                };
                assert!((covariance[(i, j)] - own).abs() < 1e-9, "{i} {j}");
            }
        }
    }
}
