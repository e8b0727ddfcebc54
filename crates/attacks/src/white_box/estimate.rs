//! The features of a head's training examples, estimated coordinate by coordinate.
//!
//! After training, row k of a linear head is s w⁰_k + Σ_i A_ki f̃_i, and the columns of A sum to
//! zero. The deviations D_k = row_k − mean row therefore hold class k's mean feature f_k up to a
//! gain and up to one direction v that all classes share: a D_k ≈ f_k − v. Linear methods cannot
//! find v. But features after a ReLU are sparse and never negative: in most coordinates at least
//! one class has a zero, so v_i ≈ −a min_k D_ki. The estimate of f_ki is a linear function of D_ki
//! and of the sorted deviations of coordinate i, with coefficients for each coordinate fitted to
//! shadow heads by least squares: where a coordinate is seldom zero, or under noise, the fit falls
//! back on the linear estimate by itself.

use datasets::FeatureSet;
use faer::prelude::*;
use faer::{Mat, Side};
use rayon::prelude::*;

use crate::AttackError;
use crate::world::World;

/// Regressors a coordinate: own deviation, the three smallest, the largest, and a constant.
const REGRESSORS: usize = 6;

/// Most heads that the coefficients are fitted to.
pub(crate) const HEADS: usize = 2000;

/// Estimates every class's mean feature from a linear head.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FeatureEstimate {
    classes: usize,
    width: usize,
    /// width × [`REGRESSORS`].
    coefficients: Vec<f32>,
}

impl FeatureEstimate {
    /// Fits the coefficients to `heads` shadow heads of `world`.
    pub fn fit(world: &World<'_>, heads: usize) -> Result<Self, AttackError> {
        let shadows = world.shadows("estimate")?;
        let (classes, width) = (world.shape.classes, world.shape.features);
        let mut batch = shadows.batch(heads);
        shadows.fill(0, &mut batch)?;
        let mut deviations = vec![0.0; heads * classes * width];
        deviations
            .par_chunks_mut(classes * width)
            .enumerate()
            .for_each(|(head, out)| deviate(batch.head(head), classes, width, out));
        let coefficients = (0..width).into_par_iter().flat_map_iter(|coordinate| {
            let mut fit = Fit::default();
            let mut rows = vec![[0.0; REGRESSORS]; classes];
            for (head, deviations) in deviations.chunks(classes * width).enumerate() {
                regressors(deviations, width, coordinate, &mut rows);
                let members = batch.members(head).chunks(world.shots);
                for (row, members) in rows.iter().zip(members) {
                    fit.add(row, mean_feature(world.features, members, coordinate));
                }
            }
            fit.solve()
        });
        Ok(Self {
            classes,
            width,
            coefficients: coefficients.collect(),
        })
    }

    /// Writes the estimated mean features of one head (classes × width) to `out`.
    pub fn apply(&self, head: &[f32], out: &mut [f32]) {
        let mut deviations = vec![0.0; self.classes * self.width];
        deviate(head, self.classes, self.width, &mut deviations);
        let mut rows = vec![[0.0; REGRESSORS]; self.classes];
        for (coordinate, coefficients) in self.coefficients.chunks(REGRESSORS).enumerate() {
            regressors(&deviations, self.width, coordinate, &mut rows);
            for (class, row) in rows.iter().enumerate() {
                let terms = row.iter().zip(coefficients).map(|(x, b)| x * b);
                out[class * self.width + coordinate] = terms.sum();
            }
        }
    }

    /// Classes and width.
    pub fn shape(&self) -> (usize, usize) {
        (self.classes, self.width)
    }

    /// The fitted numbers.
    pub fn coefficients(&self) -> &[f32] {
        &self.coefficients
    }

    /// The estimate with these fitted numbers.
    pub fn from_coefficients(classes: usize, coefficients: Vec<f32>) -> Self {
        Self {
            classes,
            width: coefficients.len() / REGRESSORS,
            coefficients,
        }
    }
}

/// Rows of a linear head less their mean, without biases; what lies behind the rows is left out.
fn deviate(head: &[f32], classes: usize, width: usize, out: &mut [f32]) {
    let head = &head[..classes * (width + 1)];
    let mut mean = vec![0.0; width];
    for row in head.chunks(width + 1) {
        mean.iter_mut().zip(row).for_each(|(sum, w)| *sum += w);
    }
    mean.iter_mut().for_each(|sum| *sum /= classes as f32);
    for (row, out) in head.chunks(width + 1).zip(out.chunks_mut(width)) {
        for ((out, w), mean) in out.iter_mut().zip(row).zip(&mean) {
            *out = w - mean;
        }
    }
}

/// The regressors of one coordinate for every class.
fn regressors(deviations: &[f32], width: usize, coordinate: usize, rows: &mut [[f32; REGRESSORS]]) {
    let mut least = [f32::INFINITY; 3];
    let mut largest = f32::NEG_INFINITY;
    for (class, row) in rows.iter_mut().enumerate() {
        let mut value = deviations[class * width + coordinate];
        row[0] = value;
        largest = largest.max(value);
        for slot in &mut least {
            if value < *slot {
                std::mem::swap(&mut value, slot);
            }
        }
    }
    // Two classes have no third smallest.
    if least[2] == f32::INFINITY {
        least[2] = least[1];
    }
    for row in rows {
        row[1..].copy_from_slice(&[least[0], least[1], least[2], largest, 1.0]);
    }
}

/// One coordinate of the mean feature of `members`.
fn mean_feature(features: &FeatureSet, members: &[u32], coordinate: usize) -> f32 {
    let sum: f32 = members
        .iter()
        .map(|&it| features.row(it as usize)[coordinate])
        .sum();
    sum / members.len() as f32
}

/// Least squares by normal equations.
struct Fit {
    gram: Mat<f64>,
    moment: Mat<f64>,
}

impl Default for Fit {
    fn default() -> Self {
        Self {
            gram: Mat::zeros(REGRESSORS, REGRESSORS),
            moment: Mat::zeros(REGRESSORS, 1),
        }
    }
}

impl Fit {
    fn add(&mut self, row: &[f32; REGRESSORS], target: f32) {
        for (i, &a) in row.iter().enumerate() {
            for (j, &b) in row.iter().enumerate().take(i + 1) {
                self.gram[(i, j)] += f64::from(a) * f64::from(b);
            }
            self.moment[(i, 0)] += f64::from(a) * f64::from(target);
        }
    }

    /// The coefficients; zero where the coordinate never moves.
    fn solve(mut self) -> [f32; REGRESSORS] {
        for i in 0..REGRESSORS {
            // Far below anything that matters; keeps equal regressors from being singular.
            self.gram[(i, i)] = self.gram[(i, i)] * (1.0 + 1e-9) + 1e-12;
        }
        let Ok(factor) = self.gram.llt(Side::Lower) else {
            return [0.0; REGRESSORS];
        };
        let solution = factor.solve(&self.moment);
        std::array::from_fn(|i| solution[(i, 0)] as f32)
    }
}
