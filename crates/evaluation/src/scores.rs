//! What an attack scored on victims and on null units.

use crate::subjects::Subject;
use crate::{EvaluationError, ranking::Entry};

/// The scores of an attack under both hypotheses, grouped by unit.
///
/// A unit of `victims` is one head with the scores of its classes; a unit of `null` is one draw of
/// the null hypothesis with its scores. Smaller means more success, as with an MSE. Units may differ
/// in their number of scores, but none is empty and every score is finite. Scores may say which
/// image they are about ([`Scores::about`]): intervals then take images as drawn, too.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    victims: Vec<Vec<f64>>,
    null: Vec<Vec<f64>>,
    about: Option<[Vec<Vec<Subject>>; 2]>,
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
        Ok(Self {
            victims,
            null,
            about: None,
        })
    }

    /// The same scores with the image that each is about, in their order.
    ///
    /// # Errors
    /// If a unit names more or fewer images than it has scores.
    pub fn about(
        mut self,
        victims: Vec<Vec<Subject>>,
        null: Vec<Vec<Subject>>,
    ) -> Result<Self, EvaluationError> {
        let sides = [
            ("victims", &self.victims, &victims),
            ("null", &self.null, &null),
        ];
        for (side, scores, images) in sides {
            let count = |units: &[Vec<Subject>], unit: usize| units.get(unit).map_or(0, Vec::len);
            for unit in 0..scores.len().max(images.len()) {
                let (scores, images) = (scores.get(unit).map_or(0, Vec::len), count(images, unit));
                if scores != images {
                    return Err(EvaluationError::Unnamed {
                        side,
                        unit,
                        scores,
                        images,
                    });
                }
            }
        }
        self.about = Some([victims, null]);
        Ok(self)
    }

    /// The victims' scores one by one.
    pub(crate) fn victim_entries(&self) -> impl Iterator<Item = Entry> {
        let about = self.about.as_ref().map(|[victims, _]| victims.as_slice());
        entries(&self.victims, about)
    }

    /// The null's scores one by one.
    pub(crate) fn null_entries(&self) -> impl Iterator<Item = Entry> {
        let about = self.about.as_ref().map(|[_, null]| null.as_slice());
        entries(&self.null, about)
    }

    /// Images that victims' scores are about; none where nobody said.
    pub(crate) fn images(&self) -> Option<usize> {
        let [victims, _] = self.about.as_ref()?;
        let mut images: Vec<&Subject> = victims.iter().flatten().collect();
        images.sort_unstable();
        images.dedup();
        Some(images.len())
    }

    /// The scores of each victim.
    pub fn victims(&self) -> &[Vec<f64>] {
        &self.victims
    }

    /// The scores of each null unit.
    pub fn null(&self) -> &[Vec<f64>] {
        &self.null
    }

    /// The first half of the victims and of the null units, and the second: to choose something by one
    /// and report it by the other. `None` where a side has a single unit.
    pub fn halves(&self) -> Option<[Self; 2]> {
        fn cut<T: Clone>(units: &[Vec<T>]) -> [Vec<Vec<T>>; 2] {
            let (first, second) = units.split_at(units.len() / 2);
            [first.to_vec(), second.to_vec()]
        }
        if self.victims.len() < 2 || self.null.len() < 2 {
            return None;
        }
        let ([victims, later_victims], [null, later_null]) = (cut(&self.victims), cut(&self.null));
        let about = self.about.as_ref().map(|sides| {
            let [[victims, later_victims], [null, later_null]] =
                sides.each_ref().map(|units| cut(units));
            [[victims, null], [later_victims, later_null]]
        });
        let [about, later_about] = match about {
            Some(halves) => halves.map(Some),
            None => [None, None],
        };
        Some([
            Self {
                victims,
                null,
                about,
            },
            Self {
                victims: later_victims,
                null: later_null,
                about: later_about,
            },
        ])
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
        let mapped = Self::new(apply(&self.victims), apply(&self.null))?;
        Ok(Self {
            about: self.about.clone(),
            ..mapped
        })
    }
}

fn entries(units: &[Vec<f64>], about: Option<&[Vec<Subject>]>) -> impl Iterator<Item = Entry> {
    units.iter().enumerate().flat_map(move |(unit, scores)| {
        scores.iter().enumerate().map(move |(at, &score)| Entry {
            score,
            unit: unit as u32,
            about: about.map(|units| units[unit][at]),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_whole_units_with_their_images() {
        let units = |from: u32, count: u32| -> Vec<Vec<f64>> {
            let score = |unit| vec![f64::from(from + unit); 2];
            (0..count).map(score).collect()
        };
        let images = |from: u32, count: u32| -> Vec<Vec<Subject>> {
            let image = |image| vec![Subject { class: 0, image }; 2];
            (from..from + count).map(image).collect()
        };
        let scores = Scores::new(units(0, 5), units(10, 4)).unwrap();
        let scores = scores.about(images(0, 5), images(10, 4)).unwrap();
        let halves = scores.halves().expect("two units a side");
        let part = |victims, null: [u32; 2]| {
            let [from, count]: [u32; 2] = victims;
            let part = Scores::new(units(from, count), units(null[0], null[1])).unwrap();
            let about = (images(from, count), images(null[0], null[1]));
            part.about(about.0, about.1).unwrap()
        };
        assert_eq!(halves, [part([0, 2], [10, 2]), part([2, 3], [12, 2])]);
        let single = Scores::new(units(0, 1), units(0, 9)).unwrap();
        assert_eq!(single.halves(), None);
    }

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
        let scores = Scores::new(good.clone(), good).unwrap();
        let image = Subject { class: 0, image: 1 };
        let named = |victims: usize, null: usize| {
            scores
                .clone()
                .about(vec![vec![image; victims]], vec![vec![image; null]])
        };
        assert_eq!(named(2, 2).unwrap().images(), Some(1));
        let error = named(2, 3).unwrap_err().to_string();
        assert!(
            error.contains("unit 0 of the null has 2 scores and names 3 images"),
            "{error}"
        );
        let none = scores.clone().about(vec![vec![image; 2]], vec![]);
        assert!(none.unwrap_err().to_string().contains("names 0 images"));
    }
}
