//! A threshold for every class, set on public data.
//!
//! Classes differ in how alike their images are: a reconstruction of some other "1" is nearer to a
//! given "1" than a good reconstruction of an "8" is to its own. The adversary knows which class it
//! reconstructs, so the statistic is the error relative to the class: z = (φ(MSE) − μ) / σ, with φ of
//! arXiv:2505.14323 and the null's mean and deviation of that class over public shadow heads. For one
//! class, as in the paper, this is the paper's test.

use attacks::{WhiteBox, World, score};
use evaluation::phi;

use super::findings::{Errors, Scored};
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
                for (sample, error) in samples.iter_mut().zip(unit) {
                    sample.push(phi(error.max(LEAST)));
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

    /// The scores that follow from the errors of victims and null, with those errors. Score number i
    /// of a unit is of target i modulo the number of targets; what is not a number is left out.
    pub fn scored(&self, victims: Vec<Vec<f64>>, null: Vec<Vec<f64>>) -> (Scored, Errors) {
        let (victims, victim_scores) = self.units(victims);
        let (null, null_scores) = self.units(null);
        let scores = Scored {
            victims: victim_scores,
            null: null_scores,
        };
        (scores, Errors { victims, null })
    }

    fn units(&self, errors: Vec<Vec<f64>>) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
        let mut kept = Vec::with_capacity(errors.len());
        let mut scores = Vec::with_capacity(errors.len());
        for unit in errors {
            let both: Vec<(f64, f64)> = unit
                .into_iter()
                .enumerate()
                .filter(|(_, error)| error.is_finite())
                .map(|(at, error)| {
                    let (mean, deviation) = self.laws[at % self.laws.len()];
                    (error, (phi(error.max(LEAST)) - mean) / deviation)
                })
                .collect();
            if !both.is_empty() {
                let (errors, z): (Vec<f64>, Vec<f64>) = both.into_iter().unzip();
                kept.push(errors);
                scores.push(z);
            }
        }
        (kept, scores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_relative_to_their_class_and_keep_their_order() {
        let calibration = Calibration {
            laws: vec![(phi(0.1), 1.0), (phi(0.4), 0.5)],
        };
        let null = vec![vec![0.1, 0.4, f64::NAN, 0.4], vec![f64::NAN]];
        let (scores, errors) = calibration.scored(vec![vec![0.05, 0.05]], null);
        assert_eq!(scores.null, vec![vec![0.0, 0.0, 0.0]]);
        assert_eq!(errors.null, vec![vec![0.1, 0.4, 0.4]]);
        assert!(scores.victims[0][1] < scores.victims[0][0] && scores.victims[0][0] < 0.0);
    }
}
