//! Extraction of a head with a hidden layer by fitting: ask, then find the most probable head of the
//! same shape under the shadow heads' law (Carlini et al. 2020 and Rolnick and Körding 2020 read the
//! units of large networks off exact scores; hard labels of a few-shot head show no kink, so the
//! law must say what the answers do not).
//!
//! Questions are those of the linear extraction: seeds, then bisections of lines between seeds of
//! different labels. A seed's target is its label; a flip's is half and half between its two labels,
//! halfway between the two points. The fit is not convex: it starts from the shadow heads that agree
//! best with the seeds' labels, and the end that agrees best with seeds which were left out of the fit
//! is kept, of equals the more probable one.

mod answers;
mod form;
mod law;
mod objective;

#[cfg(test)]
mod tests;

use rayon::prelude::*;
use transfer::Head;

pub use law::HiddenLaw;

use self::answers::{Answers, Asked, left_out};
use self::objective::Objective;
use super::{Boundaries, Extracted};
use crate::AttackError;
use crate::white_box::inversion::lbfgs::Lbfgs;

/// Fits of one head.
const STARTS: usize = 3;
/// Sharpness of a flip in the two stages of a fit, in units of one over the logits' root mean
/// square: a fit that starts sharp stops at the first fold.
const FLIP: [f32; 2] = [10.0, 60.0];
/// Evaluations of a stage.
const EVALUATIONS: [usize; 2] = [60, 200];
/// Root mean square of the first step in the law's coordinates.
const FIRST: f64 = 0.02;

/// Extraction by labels of heads with a hidden layer, ready for any number of victims.
pub struct FittedExtraction<'a> {
    law: &'a HiddenLaw,
    boundaries: &'a Boundaries<'a>,
    /// Most queries a victim.
    queries: usize,
    /// Labels of the seeds by each of the law's shadow heads, head-major.
    known: Vec<u32>,
}

impl<'a> FittedExtraction<'a> {
    /// Extraction of heads that follow `law`, by at most so many queries a victim about `boundaries`.
    ///
    /// # Errors
    /// If the query images' features are not as wide as the heads, or the budget does not reach for
    /// the seeds.
    pub fn new(
        law: &'a HiddenLaw,
        boundaries: &'a Boundaries<'a>,
        queries: usize,
    ) -> Result<Self, AttackError> {
        boundaries.check(law.shape.features, queries)?;
        let seeds: Vec<f32> = (0..boundaries.seeds())
            .flat_map(|seed| boundaries.seed(seed))
            .copied()
            .collect();
        let known = law
            .heads
            .par_chunks(law.form.len())
            .map(|head| Head::new(law.shape, head.to_vec())?.predict(&seeds))
            .collect::<Result<Vec<_>, _>>()?
            .concat();
        Ok(Self {
            law,
            boundaries,
            queries,
            known,
        })
    }

    /// Extracts a head that is reached only through `label`, the class of an image with the given
    /// features. The copy is in the law's form.
    pub fn extract(&self, label: impl Fn(&[f32]) -> usize) -> Result<Extracted, AttackError> {
        let asked = Asked::new(self.boundaries, self.queries, label)?;
        Ok(Extracted {
            weights: self.fit(&asked)?,
            queries: asked.queries,
        })
    }

    fn fit(&self, asked: &Asked) -> Result<Vec<f32>, AttackError> {
        let law = self.law;
        let labels = &asked.labels;
        let mut answers = Answers::new(law.form.outputs, self.boundaries, asked);
        let held_out = labels
            .iter()
            .enumerate()
            .filter(|(seed, _)| left_out(*seed));
        let mut best: Option<(usize, f64, Vec<f32>)> = None;
        for start in self.starts(labels) {
            let mut z = start;
            let mut energy = f64::INFINITY;
            for (sharpness, evaluations) in FLIP.into_iter().zip(EVALUATIONS) {
                answers.sharpness[answers.pinned..].fill(sharpness);
                let objective = Objective {
                    law,
                    answers: &answers,
                };
                (energy, z) = minimise(&objective, z, evaluations);
            }
            let objective = Objective {
                law,
                answers: &answers,
            };
            let mut weights = objective.weights(&z);
            let Ok(head) = Head::new(law.shape, weights.clone()) else {
                continue;
            };
            let mut agree = 0;
            for (seed, &label) in held_out.clone() {
                let found = head.predict(self.boundaries.seed(seed))?;
                agree += usize::from(found[0] as usize == label);
            }
            let better = best.as_ref().is_none_or(|(most, least, _)| {
                agree > *most || (agree == *most && energy < *least)
            });
            if better {
                law.normal_form(&mut weights);
                best = Some((agree, energy, weights));
            }
        }
        // Without a finite end the law's mean is the best guess.
        Ok(best.map_or_else(|| law.mean.clone(), |(_, _, weights)| weights))
    }

    /// Where fits start: the shadow heads with the most seeds' labels right, in the law's
    /// coordinates.
    fn starts(&self, labels: &[usize]) -> Vec<Vec<f32>> {
        let law = self.law;
        let len = law.form.len();
        let mut order: Vec<(usize, usize)> = self
            .known
            .chunks(labels.len())
            .map(|known| {
                let pairs = known.iter().zip(labels);
                pairs.filter(|(a, b)| **a as usize == **b).count()
            })
            .enumerate()
            .map(|(head, right)| (right, head))
            .collect();
        order.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let coordinates = |head: &[f32]| {
            let mut z = vec![0.0; law.kept + len];
            let mut powers = vec![f32::MIN_POSITIVE; law.kept];
            let apart = head.iter().zip(&law.mean).map(|(w, mean)| w - mean);
            for (apart, row) in apart.zip(law.directions.chunks(law.kept)) {
                for ((z, power), b) in z.iter_mut().zip(&mut powers).zip(row) {
                    *z += apart * b;
                    *power += b * b;
                }
            }
            z.iter_mut().zip(&powers).for_each(|(z, power)| *z /= power);
            z
        };
        let best = order.iter().take(STARTS);
        best.map(|(_, head)| coordinates(&law.heads[head * len..(head + 1) * len]))
            .collect()
    }
}

/// The least value that so many evaluations find, and where.
fn minimise(objective: &Objective<'_>, start: Vec<f32>, evaluations: usize) -> (f64, Vec<f32>) {
    let (value, gradient) = objective.evaluate(&start);
    let mut least = value;
    let mut state = Lbfgs::new(start, value, gradient, FIRST);
    for _ in 0..evaluations {
        let (value, gradient) = objective.evaluate(&state.proposal());
        if value.is_finite() {
            least = least.min(value);
        }
        state.report(value, gradient);
    }
    (least, state.point().to_vec())
}
