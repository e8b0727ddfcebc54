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

/// Coordinates that are fitted together: what they read of a head lies side by side.
const BLOCK: usize = 64;

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
        let (classes, width) = (world.shape.classes, world.shape.units());
        // With an adapter, rows hold the layer's outputs before its ReLU.
        let after = |value: f32| match world.shape.kind.is_adapter() {
            true => value.max(0.0),
            false => value,
        };
        let mut batch = shadows.batch(heads);
        shadows.fill(0, &mut batch)?;
        let mut deviations = vec![0.0; heads * classes * width];
        deviations
            .par_chunks_mut(classes * width)
            .enumerate()
            .for_each(|(head, out)| deviate(batch.head(head), classes, width, out));
        let starts = (0..width).into_par_iter().step_by(BLOCK);
        let coefficients = starts.flat_map_iter(|start| {
            let end = (start + BLOCK).min(width);
            let mut fits = vec![Fit::default(); end - start];
            let mut order = Order::default();
            for (head, deviations) in deviations.chunks(classes * width).enumerate() {
                let rows = || deviations.chunks(width).map(move |row| &row[start..end]);
                order.fill(rows());
                let members = batch.members(head).chunks(world.shots);
                for (row, members) in rows().zip(members) {
                    for (at, fit) in fits.iter_mut().enumerate() {
                        let target = mean_feature(world.features, members, start + at, after);
                        fit.add(&order.regressors(row[at], at), target);
                    }
                }
            }
            fits.into_iter().flat_map(Fit::solve)
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
        let mut order = Order::default();
        order.fill(deviations.chunks(self.width));
        let (coefficients, _) = self.coefficients.as_chunks::<REGRESSORS>();
        for (row, out) in deviations
            .chunks(self.width)
            .zip(out.chunks_mut(self.width))
        {
            let own = row.iter().zip(coefficients).enumerate();
            for (out, (at, (&deviation, coefficients))) in out.iter_mut().zip(own) {
                let row = order.regressors(deviation, at);
                *out = row.iter().zip(coefficients).map(|(x, b)| x * b).sum();
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

/// The three smallest and the largest deviation of each coordinate over the classes.
#[derive(Default)]
struct Order {
    least: [Vec<f32>; 3],
    largest: Vec<f32>,
}

impl Order {
    /// Finds them in rows of one length, one a class.
    fn fill<'r>(&mut self, rows: impl Iterator<Item = &'r [f32]>) {
        let Self {
            least: [first, second, third],
            largest,
        } = self;
        for (class, row) in rows.enumerate() {
            if class == 0 {
                for (slots, value) in [
                    (&mut *first, f32::INFINITY),
                    (&mut *second, f32::INFINITY),
                    (&mut *third, f32::INFINITY),
                    (&mut *largest, f32::NEG_INFINITY),
                ] {
                    slots.clear();
                    slots.resize(row.len(), value);
                }
            }
            let slots = first.iter_mut().zip(second.iter_mut());
            let slots = slots.zip(third.iter_mut().zip(largest.iter_mut()));
            for (((first, second), (third, largest)), &value) in slots.zip(row) {
                let (low, rest) = (first.min(value), first.max(value));
                let (middle, rest) = (second.min(rest), second.max(rest));
                (*first, *second, *third) = (low, middle, third.min(rest));
                *largest = largest.max(value);
            }
        }
        // Two classes have no third smallest.
        if third.first().is_some_and(|it| *it == f32::INFINITY) {
            third.copy_from_slice(second);
        }
    }

    /// The regressors of a coordinate for a class with this deviation.
    fn regressors(&self, deviation: f32, at: usize) -> [f32; REGRESSORS] {
        let [first, second, third] = &self.least;
        [
            deviation,
            first[at],
            second[at],
            third[at],
            self.largest[at],
            1.0,
        ]
    }
}

/// One coordinate of the mean feature of `members`.
fn mean_feature(
    features: &FeatureSet,
    members: &[u32],
    coordinate: usize,
    after: impl Fn(f32) -> f32,
) -> f32 {
    let sum: f32 = members
        .iter()
        .map(|&it| after(features.row(it as usize)[coordinate]))
        .sum();
    sum / members.len() as f32
}

/// Least squares by normal equations.
#[derive(Clone, Debug, Default)]
struct Fit {
    /// The lower half.
    gram: [[f64; REGRESSORS]; REGRESSORS],
    moment: [f64; REGRESSORS],
}

impl Fit {
    fn add(&mut self, row: &[f32; REGRESSORS], target: f32) {
        let row = row.map(f64::from);
        for (i, &a) in row.iter().enumerate() {
            let gram = self.gram[i].iter_mut().zip(&row).take(i + 1);
            gram.for_each(|(gram, b)| *gram += a * b);
            self.moment[i] += a * f64::from(target);
        }
    }

    /// The coefficients; zero where the coordinate never moves.
    fn solve(self) -> [f32; REGRESSORS] {
        let mut gram = Mat::from_fn(REGRESSORS, REGRESSORS, |i, j| self.gram[i][j]);
        for i in 0..REGRESSORS {
            // Far below anything that matters; keeps equal regressors from being singular.
            gram[(i, i)] = gram[(i, i)] * (1.0 + 1e-9) + 1e-12;
        }
        let Ok(factor) = gram.llt(Side::Lower) else {
            return [0.0; REGRESSORS];
        };
        let solution = factor.solve(&Mat::from_fn(REGRESSORS, 1, |i, _| self.moment[i]));
        std::array::from_fn(|i| solution[(i, 0)] as f32)
    }
}
