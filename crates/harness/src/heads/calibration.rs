//! A threshold for every class, set on public data.
//!
//! Classes differ in how alike their images are: a reconstruction of some other "1" is nearer to a
//! given "1" than a good reconstruction of an "8" is to its own. The adversary knows which class it
//! reconstructs, so the statistic is the error relative to the class: z = (φ(MSE) − μ) / σ, with φ of
//! arXiv:2505.14323 and the null's mean and deviation of that class over public shadow heads. For one
//! class, as in the paper, this is the paper's test.

use attacks::{Units, WhiteBox, World, score};
use evaluation::{Subject, phi};

use super::findings::{About, Compared, Errors, Others, Scored};
use crate::error::HarnessError;

/// Public shadow heads that the null of each class is fitted to.
const HEADS: usize = 400;
/// Other heads' images that each of them is compared with.
const ROUNDS: usize = 5;
/// Errors nearer to nothing than this are not told apart.
const LEAST: f64 = 1e-12;

/// The null's law of every target.
pub struct Calibration {
    /// Mean and standard deviation of φ.
    laws: Vec<(f64, f64)>,
}

impl Calibration {
    /// Fits the laws to reconstructions of public shadow heads, compared with other heads' images.
    pub fn fit(world: &World<'_>, attack: &dyn WhiteBox) -> Result<Self, HarnessError> {
        let shadows = world.shadows(attacks::CALIBRATION)?;
        let mut heads = shadows.batch(HEADS);
        shadows.fill(0, &mut heads)?;
        let aim = attack.aim();
        let images = attack.reconstruct(world, &heads);
        let mut samples = vec![Vec::with_capacity(HEADS * ROUNDS); aim.targets()];
        for round in 1..=ROUNDS {
            let owners: Vec<usize> = (0..HEADS).map(|head| (head + round) % HEADS).collect();
            for unit in score(world, &images, aim, &heads, &owners) {
                for (sample, found) in samples.iter_mut().zip(unit) {
                    sample.push(phi(found.error.max(LEAST)));
                }
            }
        }
        let laws = samples
            .iter()
            .map(|sample| {
                let n = sample.len() as f64;
                let mean = sample.iter().sum::<f64>() / n;
                let variance = sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
                (mean, variance.sqrt().max(LEAST))
            })
            .collect();
        Ok(Self { laws })
    }

    /// One law for all targets: scores in the order of the errors themselves.
    pub fn none() -> Self {
        Self {
            laws: vec![(0.0, 1.0)],
        }
    }

    /// The scores that follow from the errors of victims and null, and of the victims' reconstructions
    /// against `others`' images where those are compared. Score number i of a unit is of target i modulo
    /// the number of targets; what is not a number is left out.
    pub fn compared(&self, victims: Units, null: Units, others: Option<Units>) -> Compared {
        let (victims, null) = (self.side(victims), self.side(null));
        let others = others.map(|units| self.side(units));
        Compared {
            scores: Scored {
                victims: victims.scores,
                null: null.scores,
            },
            errors: Errors {
                victims: victims.errors,
                null: null.errors,
            },
            about: About {
                victims: victims.about,
                null: null.about,
            },
            others: others.map(|side| Others {
                scores: side.scores,
                about: side.about,
                of: side.of,
            }),
        }
    }

    /// The score of an error of target number `target`.
    pub fn score(&self, target: usize, error: f64) -> f64 {
        let (mean, deviation) = self.laws[target % self.laws.len()];
        (phi(error.max(LEAST)) - mean) / deviation
    }

    fn side(&self, units: Units) -> Side {
        let mut side = Side::default();
        for (number, unit) in units.into_iter().enumerate() {
            let (mut errors, mut scores, mut about) = (Vec::new(), Vec::new(), Vec::new());
            for (at, found) in unit.into_iter().enumerate() {
                if found.error.is_finite() {
                    errors.push(found.error);
                    scores.push(self.score(at, found.error));
                    about.push(found.subject);
                }
            }
            if !errors.is_empty() {
                side.errors.push(errors);
                side.scores.push(scores);
                side.about.push(about);
                side.of.push(number as u32);
            }
        }
        side
    }
}

/// Units of one side that have a score.
#[derive(Default)]
struct Side {
    errors: Vec<Vec<f64>>,
    scores: Vec<Vec<f64>>,
    about: Vec<Vec<Subject>>,
    /// Which units they are.
    of: Vec<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use attacks::Nearest;

    #[test]
    fn scores_are_relative_to_their_class_and_keep_their_order() {
        let calibration = Calibration {
            laws: vec![(phi(0.1), 1.0), (phi(0.4), 0.5)],
        };
        let unit = |errors: &[f64]| -> Vec<Nearest> {
            let each = errors.iter().enumerate().map(|(at, &error)| Nearest {
                error,
                subject: Subject {
                    class: at as u32 % 2,
                    image: 10 + at as u32,
                },
            });
            each.collect()
        };
        let null = vec![unit(&[f64::NAN]), unit(&[0.1, 0.4, f64::NAN, 0.4])];
        let found = calibration.compared(vec![unit(&[0.05, 0.05])], null.clone(), Some(null));
        let Compared {
            scores,
            errors,
            about,
            others,
        } = found;
        assert_eq!(scores.null, vec![vec![0.0, 0.0, 0.0]]);
        assert_eq!(errors.null, vec![vec![0.1, 0.4, 0.4]]);
        assert!(scores.victims[0][1] < scores.victims[0][0] && scores.victims[0][0] < 0.0);
        let images =
            |units: &[Vec<Subject>]| units[0].iter().map(|it| it.image).collect::<Vec<_>>();
        assert_eq!(images(&about.null), [10, 11, 13]);
        assert_eq!(images(&about.victims), [10, 11]);
        // The list without a score is left out, and the other one is still known as the second.
        assert_eq!(
            others.map(|it| (it.of, it.scores.len())),
            Some((vec![1], 1))
        );
    }
}
