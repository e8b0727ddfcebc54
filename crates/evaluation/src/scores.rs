//! What an attack scored on victims and on null units.

use crate::EvaluationError;

/// The scores of an attack under both hypotheses, grouped by unit.
///
/// A unit of `victims` is one head with the scores of its classes; a unit of `null` is one draw of
/// the null hypothesis with its scores. Smaller means more success, as with an MSE. Units may differ
/// in their number of scores, but none is empty and every score is finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    victims: Vec<Vec<f64>>,
    null: Vec<Vec<f64>>,
}

impl Scores {
    /// Checks and takes the scores.
    ///
    /// # Errors
    /// If a side or a unit is empty or a score is not finite.
    pub fn new(victims: Vec<Vec<f64>>, null: Vec<Vec<f64>>) -> Result<Self, EvaluationError> {
        for (side, units) in [("victims", &victims), ("null", &null)] {
            if units.is_empty() {
                return Err(EvaluationError::NoScores { side });
            }
            for (unit, scores) in units.iter().enumerate() {
                if scores.is_empty() {
                    return Err(EvaluationError::EmptyUnit { side, unit });
                }
                if let Some(entry) = scores.iter().position(|score| !score.is_finite()) {
                    return Err(EvaluationError::NotFinite {
                        side,
                        unit,
                        entry,
                        value: scores[entry],
                    });
                }
            }
        }
        Ok(Self { victims, null })
    }

    /// The scores of each victim.
    pub fn victims(&self) -> &[Vec<f64>] {
        &self.victims
    }

    /// The scores of each null unit.
    pub fn null(&self) -> &[Vec<f64>] {
        &self.null
    }

    /// The same scores seen through a function, for example a likelihood ratio.
    ///
    /// # Errors
    /// If the function leaves the finite numbers.
    pub fn map(&self, f: impl Fn(f64) -> f64) -> Result<Self, EvaluationError> {
        let apply = |units: &[Vec<f64>]| {
            let each = |unit: &Vec<f64>| unit.iter().map(|&score| f(score)).collect();
            units.iter().map(each).collect()
        };
        Self::new(apply(&self.victims), apply(&self.null))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_scored_is_refused_with_its_place() {
        let good = vec![vec![0.1, 0.2]];
        let cases = [
            (vec![], good.clone(), "the victims have none"),
            (good.clone(), vec![], "the null have none"),
            (
                vec![vec![0.1], vec![]],
                good.clone(),
                "unit 1 of the victims has no scores",
            ),
            (
                good.clone(),
                vec![vec![0.1, f64::NAN]],
                "unit 0 of the null, entry 1, is NaN",
            ),
            (
                vec![vec![f64::INFINITY]],
                good.clone(),
                "is inf, not a finite number",
            ),
        ];
        for (victims, null, message) in cases {
            let error = Scores::new(victims, null).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
        assert!(Scores::new(good.clone(), good).is_ok());
    }
}
