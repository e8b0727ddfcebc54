//! Extraction by scores: every answer is a row of linear equations in the centred head.
//!
//! Queries are the same for all victims: images chosen by pivoted Gram-Schmidt so that their
//! features span the space well. Exact scores then need d + 1 of them; rounded probabilities are
//! weighed by how much their rounding hides, under the shadow heads' law.
//!
//! Of exact scores any image can be asked; the candidates are public images and images unlike them,
//! which activate coordinates that no public image does. Rounded, the extreme answers to such images
//! say little: there the candidates are public images alone.

use backbones::Extractor;
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{BlockStructure, matmul as triangular};
use faer::linalg::solvers::Llt;
use faer::prelude::Solve;
use faer::{Accum, Mat, MatRef, Par, Side};
use rand::seq::SliceRandom;
use spec::{Options, ScoreKind, Scores};

use super::queries::synthetic;
use super::{Extracted, HeadPrior, centre_rows};
use crate::error::option;
use crate::{AttackError, World};

/// Public images that queries are chosen from.
const CANDIDATES: usize = 4000;
/// Public images, and images unlike them, that queries for exact scores are chosen from.
const EXACT_CANDIDATES: [usize; 2] = [2000, 3000];
/// Rounds in which censored scores (probabilities rounded to 0) are filled in.
const ROUNDS: usize = 4;
/// Standard deviation of an unrounded score: single precision.
const EXACT: f64 = 1e-6;
/// Absolute error of the smallest probabilities in single precision, generously.
const LEAST: f64 = 1e-38;

/// Extraction by scores, ready for any number of victims.
pub struct ScoreExtraction<'a> {
    prior: &'a HeadPrior,
    options: Scores,
    /// Features of the queries, with a constant 1 appended: queries × (d + 1).
    queries: Mat<f64>,
    /// Which of the d + 1 columns some query activates.
    activated: Vec<bool>,
    /// Precision of each class row under the law: (d + 1)², the same solve for every victim.
    precision: Vec<Mat<f64>>,
    /// Each class's factored equations where all answers weigh the same, the same for every victim;
    /// empty where weights follow from the answers.
    shared: Vec<Llt<f64>>,
}

impl<'a> ScoreExtraction<'a> {
    /// Chooses the queries and prepares the law. Without a `backbone` only public images, whose
    /// features are known, can be asked about.
    pub fn new(
        world: &World<'_>,
        prior: &'a HeadPrior,
        backbone: Option<&dyn Extractor>,
        options: Scores,
    ) -> Result<Self, AttackError> {
        options.check()?;
        let mut public: Vec<u32> = world.split.public.indices().collect();
        let key = world.key.child("score queries");
        public.shuffle(&mut key.rng(0));
        let unlike = backbone.filter(|_| options.decimals.is_none());
        let [exact, strange] = EXACT_CANDIDATES;
        let kept = if unlike.is_some() { exact } else { CANDIDATES };
        public.truncate(kept.max(options.queries));
        if public.len() < options.queries {
            return Err(option(
                "queries",
                options.queries,
                "at most the number of public images",
            ));
        }
        let width = prior.width;
        let row = |row: &[f32]| row.iter().map(|&x| f64::from(x)).chain([1.0]).collect();
        let mut rows: Vec<Vec<f64>> = public
            .iter()
            .map(|&index| row(world.features.row(index as usize)))
            .collect();
        if let Some(backbone) = unlike {
            let images = synthetic(world, strange, &mut key.rng(1))?;
            let features = backbone.features(&images)?;
            rows.extend((0..features.len()).map(|image| row(features.row(image))));
        }
        let chosen = spanning(&rows, options.queries);
        let queries = Mat::from_fn(chosen.len(), width, |i, j| rows[chosen[i]][j]);
        let activated = (0..width)
            .map(|j| (0..queries.nrows()).any(|i| queries[(i, j)] != 0.0))
            .collect();
        let precision = (0..prior.classes)
            .map(|class| row_precision(prior, class))
            .collect::<Result<_, _>>()?;
        let mut extraction = Self {
            prior,
            options,
            queries,
            activated,
            precision,
            shared: Vec::new(),
        };
        if options.kind == ScoreKind::Logits {
            let weight = extraction.rounding().powi(-2);
            let weighted = Mat::from_fn(chosen.len(), width, |i, j| {
                weight * extraction.queries[(i, j)]
            });
            extraction.shared = (0..prior.classes)
                .map(|class| extraction.factor(class, &weighted))
                .collect::<Result<_, _>>()?;
        }
        Ok(extraction)
    }

    /// Which columns of a head (d weights and the bias) some query activates: the others show in no
    /// answer, and, unless an image activates them, in no use of the head.
    pub fn activated(&self) -> &[bool] {
        &self.activated
    }

    /// Extracts a head that is reached only through `score`: K scores of an image with the given
    /// features (before rounding, which this function does).
    pub fn extract(&self, score: impl Fn(&[f32]) -> Vec<f32>) -> Result<Extracted, AttackError> {
        let (n, classes) = (self.queries.nrows(), self.prior.classes);
        let mut answers = Mat::<f64>::zeros(n, classes);
        for i in 0..n {
            let features: Vec<f32> = (0..self.prior.width - 1)
                .map(|j| self.queries[(i, j)] as f32)
                .collect();
            for (k, value) in score(&features).into_iter().enumerate() {
                answers[(i, k)] = self.rounded(f64::from(value));
            }
        }
        let weights = match self.options.kind {
            ScoreKind::Logits => self.solve_logits(answers)?,
            ScoreKind::Probabilities => self.solve_probabilities(&answers)?,
        };
        Ok(Extracted {
            weights: weights.into_iter().map(|w| w as f32).collect(),
            queries: n as u64,
        })
    }

    fn rounded(&self, value: f64) -> f64 {
        self.options.decimals.map_or(value, |decimals| {
            let unit = 10.0_f64.powi(decimals as i32);
            (value * unit).round() / unit
        })
    }

    /// Standard deviation of a score's rounding error.
    fn rounding(&self) -> f64 {
        self.options.decimals.map_or(EXACT, |decimals| {
            10.0_f64.powi(-(decimals as i32)) / 12.0_f64.sqrt()
        })
    }

    fn solve_logits(&self, mut logits: Mat<f64>) -> Result<Vec<f64>, AttackError> {
        centre_columns(&mut logits);
        let weights = Mat::from_fn(logits.nrows(), logits.ncols(), |_, _| {
            self.rounding().powi(-2)
        });
        self.solve(&logits, &weights)
    }

    /// Centred log-probabilities are centred logits. An entry rounded to 0 says only that its logit
    /// is low: it is filled in from the estimate, and counts for little.
    fn solve_probabilities(&self, answers: &Mat<f64>) -> Result<Vec<f64>, AttackError> {
        let (n, classes) = (answers.nrows(), answers.ncols());
        let noise = self.rounding();
        // A floating-point number is rounded relative to itself, down to the smallest there is.
        let error = self.options.decimals.map_or(LEAST, |_| noise);
        let least = error * 3.0_f64.sqrt();
        let mut weights = Mat::<f64>::zeros(n, classes);
        for i in 0..n {
            for k in 0..classes {
                let p = answers[(i, k)];
                if p > 0.0 {
                    // d ln p = dp / p; the sure class of a near-certain answer is not sharper
                    // than the others.
                    let spread = (error / p).max(EXACT);
                    weights[(i, k)] = spread.powi(-2);
                }
            }
        }
        let mut estimate = self.prior.mean.clone();
        let censored = (0..n).any(|i| (0..classes).any(|k| answers[(i, k)] <= 0.0));
        for _ in 0..if censored { ROUNDS } else { 1 } {
            let mut logits = self.logits_of(&estimate);
            for i in 0..n {
                // The row's constant: what aligns the seen log-probabilities with the estimate.
                let (mut shift, mut total) = (0.0, 0.0);
                for k in 0..classes {
                    if weights[(i, k)] > 0.0 {
                        shift += weights[(i, k)] * (answers[(i, k)].ln() - logits[(i, k)]);
                        total += weights[(i, k)];
                    }
                }
                let shift = if total > 0.0 { shift / total } else { 0.0 };
                for k in 0..classes {
                    let p = answers[(i, k)];
                    logits[(i, k)] = if p > 0.0 {
                        p.ln()
                    } else {
                        (logits[(i, k)] + shift).min(least.ln())
                    };
                }
            }
            centre_columns(&mut logits);
            estimate = self.solve(&logits, &weights)?;
        }
        Ok(estimate)
    }

    fn logits_of(&self, head: &[f64]) -> Mat<f64> {
        let head = MatRef::from_row_major_slice(head, self.prior.classes, self.prior.width);
        let mut logits = Mat::zeros(self.queries.nrows(), self.prior.classes);
        matmul(
            &mut logits,
            Accum::Replace,
            &self.queries,
            head.transpose(),
            1.0,
            Par::Seq,
        );
        logits
    }

    /// The factored equations of a class row, for queries times their weights.
    fn factor(&self, class: usize, weighted: &Mat<f64>) -> Result<Llt<f64>, AttackError> {
        let mut system = self.precision[class].clone();
        // The factorisation reads the lower triangle alone.
        triangular(
            &mut system,
            BlockStructure::TriangularLower,
            Accum::Add,
            self.queries.transpose(),
            BlockStructure::Rectangular,
            weighted,
            BlockStructure::Rectangular,
            1.0,
            Par::Seq,
        );
        system.llt(Side::Lower).map_err(|_| AttackError::Singular {
            attack: "score extraction",
            reason: format!("the equations of class {class}"),
        })
    }

    /// Each class row's posterior mean given its centred logits with their precisions.
    fn solve(&self, logits: &Mat<f64>, weights: &Mat<f64>) -> Result<Vec<f64>, AttackError> {
        let (n, width) = (self.queries.nrows(), self.prior.width);
        let mut head = Vec::with_capacity(self.prior.mean.len());
        for class in 0..self.prior.classes {
            let mean = self.prior.mean_row(class);
            let left = Mat::from_fn(n, 1, |i, _| {
                let expected: f64 = (0..width).map(|j| self.queries[(i, j)] * mean[j]).sum();
                logits[(i, class)] - expected
            });
            let moved = if let Some(factor) = self.shared.get(class) {
                let left = Mat::from_fn(n, 1, |i, _| weights[(i, class)] * left[(i, 0)]);
                factor.solve(&product(self.queries.transpose(), &left))
            } else {
                let weighted =
                    Mat::from_fn(n, width, |i, j| weights[(i, class)] * self.queries[(i, j)]);
                let right = product(weighted.transpose(), &left);
                self.factor(class, &weighted)?.solve(&right)
            };
            head.extend((0..width).map(|j| mean[j] + moved[(j, 0)]));
        }
        centre_rows(&mut head, width);
        Ok(head)
    }
}

/// a·b on one thread.
fn product(a: MatRef<'_, f64>, b: &Mat<f64>) -> Mat<f64> {
    let mut out = Mat::zeros(a.nrows(), b.ncols());
    matmul(&mut out, Accum::Replace, a, b, 1.0, Par::Seq);
    out
}

/// Takes the mean over columns from each row.
fn centre_columns(matrix: &mut Mat<f64>) {
    let columns = matrix.ncols();
    for i in 0..matrix.nrows() {
        let mean = (0..columns).map(|k| matrix[(i, k)]).sum::<f64>() / columns as f64;
        for k in 0..columns {
            matrix[(i, k)] -= mean;
        }
    }
}

/// Inverse covariance of a class row under the law: (B Bᵀ + s² I)⁻¹.
fn row_precision(prior: &HeadPrior, class: usize) -> Result<Mat<f64>, AttackError> {
    let width = prior.width;
    let block = prior.directions.subrows(class * width, width);
    let mut covariance = Mat::<f64>::zeros(width, width);
    matmul(
        &mut covariance,
        Accum::Replace,
        block,
        block.transpose(),
        1.0,
        Par::Seq,
    );
    for i in 0..width {
        covariance[(i, i)] += (prior.rest * prior.rest).max(1e-12);
    }
    let factor = covariance
        .llt(Side::Lower)
        .map_err(|_| AttackError::Singular {
            attack: "score extraction",
            reason: format!("the law of class {class}'s row"),
        })?;
    Ok(factor.solve(Mat::<f64>::identity(width, width)))
}

/// Indices of `count` rows that span the space well: Gram-Schmidt that takes the row with the
/// largest remainder next; once nothing remains, the rows in their order.
fn spanning(rows: &[Vec<f64>], count: usize) -> Vec<usize> {
    use rayon::prelude::*;
    let mut left: Vec<Vec<f64>> = rows.to_vec();
    let mut taken = vec![false; rows.len()];
    let mut chosen = Vec::with_capacity(count);
    let norm = |row: &[f64]| row.iter().map(|x| x * x).sum::<f64>();
    let first: f64 = left.iter().map(|row| norm(row)).fold(0.0, f64::max);
    while chosen.len() < count {
        let best = (0..left.len())
            .filter(|&row| !taken[row])
            .map(|row| (row, norm(&left[row])))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let Some((row, size)) = best else { break };
        taken[row] = true;
        chosen.push(row);
        if size <= first * 1e-14 {
            // Nothing new in any direction: fill up.
            let rest = (0..rows.len()).filter(|&row| !taken[row]);
            chosen.extend(rest.take(count - chosen.len()));
            break;
        }
        let axis: Vec<f64> = left[row].iter().map(|x| x / size.sqrt()).collect();
        left.par_iter_mut().for_each(|row| {
            let along: f64 = row.iter().zip(&axis).map(|(x, a)| x * a).sum();
            row.iter_mut().zip(&axis).for_each(|(x, a)| *x -= along * a);
        });
    }
    chosen
}
