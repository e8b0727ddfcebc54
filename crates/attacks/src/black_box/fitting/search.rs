//! What is asked of a victim, and how its answers are put to the fit.

use super::super::{Boundaries, Point};
use crate::AttackError;

/// Every so many seeds one is left out of the fit.
const HELD_OUT: usize = 8;
/// Sharpness of a seed's label, in units of one over the logits' root mean square.
const SEED: f32 = 10.0;

/// A flip between two neighbouring points of a line.
pub(super) struct Flip {
    /// Label before and after.
    pub classes: [usize; 2],
    pub line: usize,
    /// The point before the flip; the point after is the next.
    pub step: usize,
}

/// The answers to all queries.
pub(super) struct Search {
    /// Labels of the seeds.
    pub labels: Vec<usize>,
    pub flips: Vec<Flip>,
    /// Queries asked.
    pub queries: u64,
}

impl Search {
    /// Asks about the seeds, then bisects lines whose ends differ until the `budget` is spent.
    pub fn new(
        boundaries: &Boundaries<'_>,
        budget: usize,
        label: impl Fn(&[f32]) -> usize,
    ) -> Result<Self, AttackError> {
        let labels: Vec<usize> = (0..boundaries.seeds())
            .map(|seed| label(boundaries.seed(seed)))
            .collect();
        let bisections = boundaries.steps().ilog2() as usize;
        let mut queries = labels.len();
        let mut flips = Vec::new();
        for line in 0..boundaries.lines() {
            let (a, b) = boundaries.ends(line);
            let (before, mut after) = (labels[a], labels[b]);
            if before == after {
                continue;
            }
            if queries + bisections > budget {
                break;
            }
            let (mut low, mut high) = (0, boundaries.steps());
            while high - low > 1 {
                let middle = (low + high) / 2;
                match label(&boundaries.features(&[Point { line, step: middle }])?) {
                    found if found == before => low = middle,
                    found => (high, after) = (middle, found),
                }
            }
            queries += bisections;
            flips.push(Flip {
                classes: [before, after],
                line,
                step: low,
            });
        }
        Ok(Self {
            labels,
            flips,
            queries: queries as u64,
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
    pub fn new(
        outputs: usize,
        boundaries: &Boundaries<'_>,
        search: &Search,
    ) -> Result<Self, AttackError> {
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
        for (seed, &label) in search.labels.iter().enumerate() {
            if !left_out(seed) {
                let point = boundaries.seed(seed).iter().copied();
                add(&mut { point }, [label; 2], SEED);
            }
        }
        for flip in &search.flips {
            let Flip { line, step, .. } = *flip;
            let sides = [step, step + 1].map(|step| Point { line, step });
            let sides = boundaries.features(&sides)?;
            let (low, high) = sides.split_at(boundaries.width());
            let point = low.iter().zip(high).map(|(low, high)| 0.5 * (low + high));
            add(&mut { point }, flip.classes, SEED);
        }
        answers.pinned = answers.sharpness.len() - search.flips.len();
        Ok(answers)
    }
}

/// Whether a seed is left out of the fit, to judge it by.
pub(super) fn left_out(seed: usize) -> bool {
    seed % HELD_OUT == HELD_OUT - 1
}
