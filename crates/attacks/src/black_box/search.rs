//! The search for flips on many lines of one victim, guided by an estimate of its head.

use super::Boundaries;
use super::boundary::Point;
use super::posterior::Flip;
use super::walk::Walk;
use crate::AttackError;

/// Walks that go on together, so that their images go through the backbone together. The budget
/// ends within one such group.
const TOGETHER: usize = 128;

/// Searches along the lines of `boundaries`.
pub(super) struct Search<'a> {
    pub boundaries: &'a Boundaries<'a>,
}

impl Search<'_> {
    /// The labels of all seeds, a query each.
    pub fn seeds(&self, label: impl Fn(&[f32]) -> usize) -> Vec<usize> {
        (0..self.boundaries.seeds())
            .map(|seed| label(self.boundaries.seed(seed)))
            .collect()
    }

    /// A walk on every line whose ends bear different labels.
    pub fn walks(&self, seeds: &[usize]) -> impl Iterator<Item = Walk> {
        let (boundaries, steps) = (self.boundaries, self.boundaries.steps());
        (0..boundaries.lines()).filter_map(move |line| {
            let (a, b) = boundaries.ends(line);
            let ends = [seeds[a], seeds[b]];
            (ends[0] != ends[1]).then(|| Walk::new(line, ends, steps))
        })
    }

    /// Walks until every flip is found or `budget` queries are spent; returns how many were. The
    /// interval of a walk that was cut short is wider, or still the whole line.
    pub fn walk(
        &self,
        walks: &mut [Walk],
        budget: usize,
        label: impl Fn(&[f32]) -> usize,
    ) -> Result<usize, AttackError> {
        let mut spent = 0;
        for walks in walks.chunks_mut(TOGETHER) {
            loop {
                let asked: Vec<(usize, Point)> = walks
                    .iter()
                    .enumerate()
                    .filter_map(|(index, walk)| {
                        let line = walk.line;
                        walk.next().map(|step| (index, Point { line, step }))
                    })
                    .take(budget - spent)
                    .collect();
                if asked.is_empty() {
                    break;
                }
                let points: Vec<Point> = asked.iter().map(|(_, point)| *point).collect();
                let features = self.boundaries.features(&points)?;
                let rows = features.chunks(self.boundaries.width());
                for ((index, _), row) in asked.iter().zip(rows) {
                    walks[*index].take(label(row), row);
                }
                spent += asked.len();
            }
        }
        Ok(spent)
    }

    /// The equation of a walk.
    pub fn flip(&self, walk: &Walk) -> Flip {
        let (a, b) = self.boundaries.ends(walk.line);
        let [low, high] = [(&walk.at_low, a), (&walk.at_high, b)]
            .map(|(asked, end)| asked.as_deref().unwrap_or(self.boundaries.seed(end)));
        Flip::new([walk.before, walk.after], low, high)
    }

    /// Tells every walk where `head` flips its label; returns the expected places in steps.
    pub fn expect(
        &self,
        walks: &mut [Walk],
        head: &[f64],
        stride: f64,
    ) -> Result<Vec<f64>, AttackError> {
        let (boundaries, every) = (self.boundaries, self.boundaries.every());
        let head: Vec<f32> = head.iter().map(|&w| w as f32).collect();
        let mut places = Vec::with_capacity(walks.len());
        for walk in walks.iter() {
            // The lead of the best other class over `before`, from point to point.
            let lead = |step: usize| -> f32 {
                let point = Point {
                    line: walk.line,
                    step,
                };
                let features = boundaries.shared(point).unwrap_or_default();
                self.lead(&head, walk.before, features)
            };
            let mut last = lead(0);
            let mut place = 0.5 * boundaries.steps() as f64;
            for step in (every..=boundaries.steps()).step_by(every) {
                let next = lead(step);
                if next > 0.0 {
                    let share = if last < 0.0 {
                        last / (last - next)
                    } else {
                        0.0
                    };
                    place = (step - every) as f64 + f64::from(share) * every as f64;
                    break;
                }
                last = next;
            }
            places.push(place);
        }
        if every > 1 {
            self.refine(walks, &head, &mut places)?;
        }
        for (walk, place) in walks.iter_mut().zip(&places) {
            walk.expect(place.round() as usize, stride.round() as usize);
        }
        Ok(places)
    }

    /// Features are not linear between shared points: looks at the place found, and goes on from
    /// there to the shared point on the flip's side. Costs no query.
    fn refine(&self, walks: &[Walk], head: &[f32], places: &mut [f64]) -> Result<(), AttackError> {
        let (steps, every) = (self.boundaries.steps(), self.boundaries.every());
        let points: Vec<Point> = walks
            .iter()
            .zip(places.iter())
            .map(|(walk, place)| Point {
                line: walk.line,
                step: (place.round() as usize).clamp(1, steps - 1),
            })
            .collect();
        let features = self.boundaries.features(&points)?;
        let rows = features.chunks(self.boundaries.width());
        for (((walk, place), point), features) in walks.iter().zip(places).zip(&points).zip(rows) {
            let middle = self.lead(head, walk.before, features);
            let step = if middle > 0.0 {
                (point.step - 1) / every * every
            } else {
                (point.step / every + 1) * every
            };
            let end = Point {
                line: walk.line,
                step,
            };
            let far = self.boundaries.shared(end).unwrap_or_default();
            let far = self.lead(head, walk.before, far);
            if (far > 0.0) != (middle > 0.0) {
                let share = f64::from(middle / (middle - far));
                *place = point.step as f64 + share * (step as f64 - point.step as f64);
            }
        }
        Ok(())
    }

    /// How far the best other class's logit lies above that of class `before`.
    fn lead(&self, head: &[f32], before: usize, features: &[f32]) -> f32 {
        let width = self.boundaries.width() + 1;
        let logit = |row: &[f32]| {
            let products = row.iter().zip(features).map(|(w, x)| w * x);
            products.sum::<f32>() + row[width - 1]
        };
        let mut logits: Vec<f32> = head.chunks(width).map(logit).collect();
        if logits.len() == 1 {
            logits.insert(0, 0.0);
        }
        let others = logits
            .iter()
            .enumerate()
            .filter(|(class, _)| *class != before);
        let best = others.map(|(_, &z)| z).fold(f32::NEG_INFINITY, f32::max);
        best - logits[before]
    }
}
