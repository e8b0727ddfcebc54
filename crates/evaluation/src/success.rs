//! Success at a fixed threshold τ.

use crate::intervals::{Interval, cluster_proportion};
use crate::{EvaluationError, Scores};

/// How often scores are at most τ, a threshold fixed beforehand (for images, the error of a
/// nearest-neighbour guess).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Success {
    /// The threshold.
    pub tau: f64,
    /// Share of the victims' scores at most τ.
    pub tpr: Interval,
    /// Share of the null's scores at most τ.
    pub fpr: Interval,
}

/// Counts scores at most `tau` on both sides, with intervals over units at confidence `level`.
///
/// # Errors
/// If `tau` is not finite or `level` is not within (0, 1).
pub fn success_at(scores: &Scores, tau: f64, level: f64) -> Result<Success, EvaluationError> {
    if !tau.is_finite() {
        return Err(EvaluationError::OutOfRange {
            name: "success threshold",
            value: tau,
            expected: "a finite number",
        });
    }
    let count = |units: &[Vec<f64>]| {
        let clusters = units.iter().map(|unit| {
            let hits = unit.iter().filter(|&&score| score <= tau).count();
            (hits as u64, unit.len() as u64)
        });
        cluster_proportion(clusters, level)
    };
    Ok(Success {
        tau,
        tpr: count(scores.victims())?,
        fpr: count(scores.null())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_scores_at_most_tau() {
        let scores = Scores::new(
            vec![vec![0.1, 0.2], vec![0.3, 0.4]],
            vec![vec![0.5], vec![0.2], vec![0.7]],
        )
        .unwrap();
        let success = success_at(&scores, 0.2, 0.95).unwrap();
        assert_eq!(success.tpr.value, 0.5);
        assert_eq!(success.fpr.value, 1.0 / 3.0);
        assert_eq!((success.tpr.n, success.fpr.n), (2, 3));
        assert!(success_at(&scores, f64::NAN, 0.95).is_err());
        assert!(success_at(&scores, 0.2, 0.0).is_err());
    }
}
