//! Extraction by hard labels: bisect lines between images until the label flips, take each flip as
//! an equation (w_a − w_b) · f̃ ≈ 0, and find the posterior mean of the head under the shadow
//! heads' law.
//!
//! The equations are homogeneous: alone they would only shrink the estimate. The component along
//! the mean head is therefore pinned to its prior value.

use faer::linalg::matmul::matmul;
use faer::prelude::Solve;
use faer::{Accum, Mat, MatRef, Par, Side};

use super::{Boundaries, Extracted, HeadPrior};
use crate::AttackError;
use crate::error::option;

/// How to extract by labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LabelOptions {
    /// Most label queries a victim.
    pub queries: usize,
}

/// Relative noise of the pinned component.
const PIN: f64 = 1e-4;
/// Smallest standard deviation of an equation's right-hand side, in logits.
const FLOOR: f64 = 1e-3;

/// Extraction by labels, ready for any number of victims.
#[derive(Clone, Copy)]
pub struct LabelExtraction<'a> {
    prior: &'a HeadPrior,
    boundaries: &'a Boundaries,
    options: LabelOptions,
}

/// A flip between two neighbouring points of a line.
struct Flip {
    /// Label before and after.
    classes: [usize; 2],
    line: usize,
    /// The point before the flip; the point after is the next.
    step: usize,
}

impl<'a> LabelExtraction<'a> {
    /// Extraction of heads that follow `prior`, by queries about `boundaries`.
    pub fn new(
        prior: &'a HeadPrior,
        boundaries: &'a Boundaries,
        options: LabelOptions,
    ) -> Result<Self, AttackError> {
        if prior.width != boundaries.width() + 1 {
            return Err(AttackError::Mismatch {
                what: "features of the query images",
                expected: (prior.width - 1).to_string(),
                found: boundaries.width().to_string(),
            });
        }
        if options.queries < boundaries.seeds() {
            return Err(option(
                "queries",
                options.queries,
                "at least the number of seed images",
            ));
        }
        Ok(Self {
            prior,
            boundaries,
            options,
        })
    }

    /// Extracts a head that is reached only through `label`, the class of an image with the given
    /// features.
    pub fn extract(&self, label: impl Fn(&[f32]) -> usize) -> Result<Extracted, AttackError> {
        let (flips, queries) = self.search(label);
        let weights = self.posterior(&flips)?;
        Ok(Extracted { weights, queries })
    }

    /// Asks about the seeds, then bisects lines whose ends differ until the budget is spent.
    fn search(&self, label: impl Fn(&[f32]) -> usize) -> (Vec<Flip>, u64) {
        let boundaries = self.boundaries;
        let seeds: Vec<usize> = (0..boundaries.seeds())
            .map(|seed| label(boundaries.seed(seed)))
            .collect();
        let bisections = boundaries.steps().ilog2() as usize;
        let mut queries = seeds.len();
        let mut flips = Vec::new();
        for line in 0..boundaries.lines() {
            let (a, b) = boundaries.ends(line);
            let (before, mut after) = (seeds[a], seeds[b]);
            if before == after {
                continue;
            }
            if queries + bisections > self.options.queries {
                break;
            }
            let (mut low, mut high) = (0, boundaries.steps());
            while high - low > 1 {
                let middle = (low + high) / 2;
                let found = label(boundaries.point(line, middle));
                if found == before {
                    low = middle;
                } else {
                    (high, after) = (middle, found);
                }
            }
            queries += bisections;
            flips.push(Flip {
                classes: [before, after],
                line,
                step: low,
            });
        }
        (flips, queries as u64)
    }

    /// The posterior mean given the flips, by one solve of the size of the equations.
    fn posterior(&self, flips: &[Flip]) -> Result<Vec<f32>, AttackError> {
        let prior = self.prior;
        let (classes, width) = (prior.classes, prior.width);
        let n = flips.len();
        let directions = prior.directions.ncols();
        // Points halfway between the two labels, and the noise that the step between them allows:
        // the margin is zero somewhere in it, uniformly.
        let mut points = vec![0.0_f64; n * width];
        let mut noise = vec![0.0; n + 1];
        for ((flip, point), noise) in flips.iter().zip(points.chunks_mut(width)).zip(&mut noise) {
            let low = self.boundaries.point(flip.line, flip.step);
            let high = self.boundaries.point(flip.line, flip.step + 1);
            let (a, b) = (
                prior.mean_row(flip.classes[0]),
                prior.mean_row(flip.classes[1]),
            );
            let mut change = 0.0;
            for at in 0..width - 1 {
                let (low, high) = (f64::from(low[at]), f64::from(high[at]));
                point[at] = 0.5 * (low + high);
                change += (a[at] - b[at]) * (high - low);
            }
            point[width - 1] = 1.0;
            *noise = (change.abs() / 12.0_f64.sqrt()).max(FLOOR);
        }
        let pin: Vec<f64> = prior.mean.clone();
        let pin_norm = pin
            .iter()
            .map(|w| w * w)
            .sum::<f64>()
            .sqrt()
            .max(f64::MIN_POSITIVE);
        noise[n] = PIN * pin_norm;

        // Rows of E B: each equation's view of the principal directions; the pin's last.
        let mut seen = Mat::<f64>::zeros(n + 1, directions);
        for class in 0..classes {
            let rows: Vec<(usize, f64)> = flips
                .iter()
                .enumerate()
                .filter_map(|(row, flip)| {
                    let at = flip.classes.iter().position(|&it| it == class)?;
                    Some((row, if at == 0 { 1.0 } else { -1.0 }))
                })
                .collect();
            let block = prior.directions.subrows(class * width, width);
            let mut own = vec![0.0; rows.len() * width];
            for ((row, sign), own) in rows.iter().zip(own.chunks_mut(width)) {
                let point = &points[row * width..(row + 1) * width];
                own.iter_mut()
                    .zip(point)
                    .for_each(|(own, x)| *own = sign * x);
            }
            let own = MatRef::from_row_major_slice(&own, rows.len(), width);
            let mut product = Mat::<f64>::zeros(rows.len(), directions);
            matmul(&mut product, Accum::Replace, own, block, 1.0, Par::Seq);
            for (from, (row, _)) in rows.iter().enumerate() {
                for column in 0..directions {
                    seen[(*row, column)] += product[(from, column)];
                }
            }
        }
        let pin = MatRef::from_row_major_slice(&pin, 1, classes * width);
        let mut pinned = Mat::<f64>::zeros(1, directions);
        matmul(
            &mut pinned,
            Accum::Replace,
            pin,
            &prior.directions,
            1.0 / pin_norm,
            Par::Seq,
        );
        for column in 0..directions {
            seen[(n, column)] = pinned[(0, column)];
        }

        // K = (E B)(E B)ᵀ + s² E Eᵀ + noise².
        let mut system = Mat::<f64>::zeros(n + 1, n + 1);
        matmul(
            &mut system,
            Accum::Replace,
            &seen,
            seen.transpose(),
            1.0,
            Par::Seq,
        );
        let x = MatRef::from_row_major_slice(&points, n, width);
        let mut inner = Mat::<f64>::zeros(n, n);
        matmul(&mut inner, Accum::Replace, x, x.transpose(), 1.0, Par::Seq);
        let rest = prior.rest * prior.rest;
        for i in 0..n {
            for j in 0..n {
                system[(i, j)] += rest * overlap(&flips[i], &flips[j]) * inner[(i, j)];
            }
            let along = self.along(&flips[i], &points[i * width..(i + 1) * width], |class| {
                prior.mean_row(class)
            }) / pin_norm;
            system[(n, i)] += rest * along;
            system[(i, n)] += rest * along;
        }
        system[(n, n)] += rest;
        for (i, noise) in noise.iter().enumerate() {
            system[(i, i)] += noise * noise;
        }
        // Right-hand side: what the mean head leaves of each equation; the pin's is zero.
        let mut right = Mat::<f64>::zeros(n + 1, 1);
        for (i, flip) in flips.iter().enumerate() {
            let point = &points[i * width..(i + 1) * width];
            right[(i, 0)] = -self.along(flip, point, |class| prior.mean_row(class));
        }
        let factor = system.llt(Side::Lower).map_err(|_| AttackError::Singular {
            attack: "label extraction",
            reason: format!("{n} boundary equations are not independent"),
        })?;
        let dual = factor.solve(&right);

        // w = μ + B (E B)ᵀ α + s² Eᵀ α.
        let mut along = Mat::<f64>::zeros(directions, 1);
        matmul(
            &mut along,
            Accum::Replace,
            seen.transpose(),
            &dual,
            1.0,
            Par::Seq,
        );
        let mut moved = Mat::<f64>::zeros(classes * width, 1);
        matmul(
            &mut moved,
            Accum::Replace,
            &prior.directions,
            &along,
            1.0,
            Par::Seq,
        );
        let mut head: Vec<f64> = prior
            .mean
            .iter()
            .enumerate()
            .map(|(at, mean)| mean + moved[(at, 0)] + rest * dual[(n, 0)] * mean / pin_norm)
            .collect();
        for (i, flip) in flips.iter().enumerate() {
            let step = rest * dual[(i, 0)];
            let point = &points[i * width..(i + 1) * width];
            for (class, sign) in [(flip.classes[0], step), (flip.classes[1], -step)] {
                let row = &mut head[class * width..(class + 1) * width];
                row.iter_mut().zip(point).for_each(|(w, x)| *w += sign * x);
            }
        }
        Ok(head.into_iter().map(|w| w as f32).collect())
    }

    /// (w_a − w_b) · x for the flip's classes and the given rows.
    fn along<'r>(&self, flip: &Flip, point: &[f64], row: impl Fn(usize) -> &'r [f64]) -> f64 {
        let (a, b) = (row(flip.classes[0]), row(flip.classes[1]));
        point
            .iter()
            .zip(a.iter().zip(b))
            .map(|(x, (a, b))| (a - b) * x)
            .sum()
    }
}

/// Inner product of two equations' class patterns e_a − e_b.
fn overlap(one: &Flip, other: &Flip) -> f64 {
    let mut sum = 0.0;
    for (class, sign) in [(one.classes[0], 1.0), (one.classes[1], -1.0)] {
        if other.classes[0] == class {
            sum += sign;
        }
        if other.classes[1] == class {
            sum -= sign;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use transfer::Head;

    use super::*;
    use crate::BoundaryOptions;
    use crate::testing::{data, world};

    #[test]
    fn flips_lie_between_neighbours_of_different_labels() {
        let data = data();
        let world = world(&data, 1);
        let prior = HeadPrior::fit(&world).unwrap();
        let lines = BoundaryOptions {
            seeds: 60,
            lines: 60,
            steps: 32,
        };
        let boundaries = Boundaries::prepare(&world, &data.backbone, &lines, |_| {}).unwrap();
        let options = LabelOptions { queries: 260 };
        let extraction = LabelExtraction::new(&prior, &boundaries, options).unwrap();
        let (weights, _) = world.victims().unwrap().head(0);
        let head = Head::new(world.shape, weights).unwrap();
        let label = |features: &[f32]| head.predict(features).unwrap()[0] as usize;
        let (flips, queries) = extraction.search(label);
        assert!(flips.len() > 10 && queries <= 260);
        assert_eq!(queries, 60 + 5 * flips.len() as u64);
        for flip in &flips {
            let low = boundaries.point(flip.line, flip.step);
            let high = boundaries.point(flip.line, flip.step + 1);
            assert_eq!([label(low), label(high)], flip.classes);
            // So the margin changes its sign within one step of the line.
            let margin = |features: &[f32]| {
                let logits = head.logits(features).unwrap();
                logits[flip.classes[0]] - logits[flip.classes[1]]
            };
            assert!(margin(low) >= 0.0 && margin(high) <= 0.0);
        }
    }
}
