//! The Neyman-Pearson test on normals fitted to the scores (arXiv:2505.14323, section 5).

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::{EvaluationError, Scores};

/// Scores this close to the ends of (0, 4) are taken as the ends' neighbours, so that φ is finite.
const MARGIN: f64 = 1e-12;

/// φ(x) = log(x/4) − log(1 − x/4): the logit of an MSE as a share of its largest value, 4. For
/// reconstructions it is close to normal.
pub fn phi(mse: f64) -> f64 {
    let share = mse.clamp(MARGIN, 4.0 - MARGIN) / 4.0;
    share.ln() - (1.0 - share).ln()
}

/// Normals fitted to φ of the victims' scores (0) and of the null's (1); σ are population standard
/// deviations, the maximum-likelihood fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FittedNormals {
    /// Mean of φ over the victims.
    pub mu0: f64,
    /// Standard deviation of φ over the victims.
    pub sigma0: f64,
    /// Mean of φ over the null.
    pub mu1: f64,
    /// Standard deviation of φ over the null.
    pub sigma1: f64,
}

impl FittedNormals {
    /// Fits both sides.
    ///
    /// # Errors
    /// If a score is outside [0, 4] or a side has no spread.
    pub fn fit(scores: &Scores) -> Result<Self, EvaluationError> {
        for (side, units) in [("victims", scores.victims()), ("null", scores.null())] {
            let mut all = units.iter().flatten();
            if let Some(outside) = all.find(|score| !(0.0..=4.0).contains(*score)) {
                let why =
                    format!("a score of the {side} is {outside}, expected an MSE between 0 and 4");
                return Err(EvaluationError::NoFit { why });
            }
        }
        Self::fit_to(scores, phi)
    }

    /// Fits both sides of scores that are close to normal as they are, for [`FittedNormals::tpr_at`].
    ///
    /// # Errors
    /// If a side has no spread.
    pub fn fit_normal(scores: &Scores) -> Result<Self, EvaluationError> {
        Self::fit_to(scores, |score| score)
    }

    fn fit_to(scores: &Scores, of: impl Fn(f64) -> f64) -> Result<Self, EvaluationError> {
        let (mu0, sigma0) = moments("victims", scores.victims(), &of)?;
        let (mu1, sigma1) = moments("null", scores.null(), &of)?;
        Ok(Self {
            mu0,
            sigma0,
            mu1,
            sigma1,
        })
    }

    /// Log-likelihood ratio log p₀(φ(x)) − log p₁(φ(x)) of a score; large speaks for a victim.
    pub fn log_ratio(&self, score: f64) -> f64 {
        let phi = phi(score);
        let log_density = |mu: f64, sigma: f64| -0.5 * ((phi - mu) / sigma).powi(2) - sigma.ln();
        log_density(self.mu0, self.sigma0) - log_density(self.mu1, self.sigma1)
    }

    /// TPR of the one-sided test on φ at this FPR under the fit:
    /// Φ((μ₁ + σ₁ Φ⁻¹(f) − μ₀) / σ₀). A smooth curve to draw; it reads some points high against the
    /// sample, so it is not one to quote. 0 and 1 at FPRs of 0 and 1.
    pub fn tpr_at(&self, fpr: f64) -> f64 {
        if fpr <= 0.0 {
            return 0.0;
        }
        if fpr >= 1.0 {
            return 1.0;
        }
        let normal = Normal::standard();
        let cut = self.mu1 + self.sigma1 * normal.inverse_cdf(fpr);
        normal.cdf((cut - self.mu0) / self.sigma0)
    }
}

/// The fitted test and what it makes of each score.
#[derive(Debug, Clone, PartialEq)]
pub struct NeymanPearson {
    /// The fit.
    pub fitted: FittedNormals,
    /// Minus the log-likelihood ratio of each score: smaller speaks for a victim, so that
    /// [`roc`](crate::roc()) of it is the exact-threshold curve of the Neyman-Pearson test.
    pub statistics: Scores,
}

/// Fits normals to φ of both sides and scores everything by the likelihood ratio.
///
/// # Errors
/// As [`FittedNormals::fit`].
pub fn neyman_pearson(scores: &Scores) -> Result<NeymanPearson, EvaluationError> {
    let fitted = FittedNormals::fit(scores)?;
    let statistics = scores.map(|score| -fitted.log_ratio(score))?;
    Ok(NeymanPearson { fitted, statistics })
}

fn moments(
    side: &'static str,
    units: &[Vec<f64>],
    of: impl Fn(f64) -> f64,
) -> Result<(f64, f64), EvaluationError> {
    let all = || units.iter().flatten().map(|&score| of(score));
    let n = all().count() as f64;
    let mu = all().sum::<f64>() / n;
    let sigma = (all().map(|value| (value - mu).powi(2)).sum::<f64>() / n).sqrt();
    // Equal scores leave a spread of rounding errors, not of 0.
    if sigma <= 1e-12 * (1.0 + mu.abs()) {
        let why = format!("the scores of the {side} are all equal");
        return Err(EvaluationError::NoFit { why });
    }
    Ok((mu, sigma))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phi_is_the_logit_of_the_share_of_the_largest_error() {
        assert_eq!(phi(2.0), 0.0);
        assert!((phi(1.0) + phi(3.0)).abs() < 1e-15);
        assert!(phi(0.0).is_finite() && phi(4.0).is_finite());
    }

    #[test]
    fn equal_sides_give_the_diagonal() {
        let side: Vec<Vec<f64>> = (1..50).map(|i| vec![f64::from(i) * 0.01]).collect();
        let fitted = FittedNormals::fit(&Scores::new(side.clone(), side).unwrap()).unwrap();
        for fpr in [0.0, 0.001, 0.1, 0.5, 0.99, 1.0] {
            assert!((fitted.tpr_at(fpr) - fpr).abs() < 1e-9);
        }
    }

    #[test]
    fn what_has_no_fit_says_so() {
        let spread = vec![vec![0.1, 0.2]];
        let outside = Scores::new(vec![vec![-0.5]], spread.clone()).unwrap();
        assert!(
            neyman_pearson(&outside)
                .unwrap_err()
                .to_string()
                .contains("-0.5")
        );
        let flat = Scores::new(spread, vec![vec![0.3, 0.3]]).unwrap();
        assert!(
            neyman_pearson(&flat)
                .unwrap_err()
                .to_string()
                .contains("all equal")
        );
    }
}
