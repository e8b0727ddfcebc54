//! What is asked of a victim, and how its answers are put to the fit.

use super::super::Boundaries;
use super::super::posterior::Flip;
use super::super::search::Search;
use super::super::walk::Walk;
use crate::AttackError;

/// Every so many seeds one is left out of the fit.
const HELD_OUT: usize = 8;
/// Sharpness of a seed's label, in units of one over the logits' root mean square.
const SEED: f32 = 10.0;

/// The answers to all queries.
pub(super) struct Asked {
    /// Labels of the seeds.
    pub labels: Vec<usize>,
    pub flips: Vec<Flip>,
    /// Queries asked.
    pub queries: u64,
}

impl Asked {
    /// Asks about the seeds, then bisects as many lines whose ends differ as the `budget` allows.
    pub fn new(
        boundaries: &Boundaries<'_>,
        budget: usize,
        label: impl Fn(&[f32]) -> usize,
    ) -> Result<Self, AttackError> {
        let search = Search { boundaries };
        let labels = search.seeds(&label);
        let left = budget - labels.len();
        let lines = left / boundaries.steps().ilog2() as usize;
        let mut walks: Vec<Walk> = search.walks(&labels).take(lines).collect();
        let spent = search.walk(&mut walks, left, label)?;
        Ok(Self {
            flips: walks.iter().map(|walk| search.flip(walk)).collect(),
            queries: (labels.len() + spent) as u64,
            labels,
        })
    }
}

/// Answers to fit.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    /// Features with a 1 behind, a row a question.
    pub points: Vec<f32>,
    /// Targets: a distribution over classes, or the probability of class 1 for a single logit.
    pub targets: Vec<f32>,
    /// Sharpness β in units of the law's size.
    pub sharpness: Vec<f32>,
    /// The first so many questions show the scale that is pinned.
    pub pinned: usize,
}

impl Answers {
    /// The seeds that are fitted, then the flips, for heads of so many `outputs`.
    pub fn new(outputs: usize, boundaries: &Boundaries<'_>, asked: &Asked) -> Self {
        let mut answers = Self {
            points: Vec::new(),
            targets: Vec::new(),
            sharpness: Vec::new(),
            pinned: 0,
        };
        let mut add = |point: &mut dyn Iterator<Item = f32>, classes: [usize; 2], sharpness| {
            answers.points.extend(point);
            answers.points.push(1.0);
            let from = answers.targets.len();
            answers.targets.resize(from + outputs, 0.0);
            for class in classes {
                match outputs {
                    1 => answers.targets[from] += 0.5 * class as f32,
                    _ => answers.targets[from + class] += 0.5,
                }
            }
            answers.sharpness.push(sharpness);
        };
        for (seed, &label) in asked.labels.iter().enumerate() {
            if !left_out(seed) {
                let point = boundaries.seed(seed).iter().copied();
                add(&mut { point }, [label; 2], SEED);
            }
        }
        for flip in &asked.flips {
            let point = flip.point[..boundaries.width()].iter();
            add(&mut point.map(|&x| x as f32), flip.classes, SEED);
        }
        answers.pinned = answers.sharpness.len() - asked.flips.len();
        answers
    }
}

/// Whether a seed is left out of the fit, to judge it by.
pub(super) fn left_out(seed: usize) -> bool {
    seed % HELD_OUT == HELD_OUT - 1
}
