//! Classification: features in the clear to encrypted logits of a ReLU head.

use super::bootstrap::{Bootstrapper, LWE_WORDS, extract_add};
use super::calibrate::FEATURE_NORM;
use super::{EvaluationKeys, ProtectedRelu, ReluResults};
use crate::error::RheError;
use crate::head::{check_row, image_count};
use crate::parameters::POLYNOMIAL_SIZE;
use crate::rows::RowEvaluator;
use crate::transform::Backend;
use rayon::prelude::*;

/// A protected ReLU head and its evaluation keys made ready to classify: about 130 MB.
pub struct ReluClassifier {
    template: ReluResults,
    hidden: usize,
    rows: RowEvaluator,
    bootstrapper: Bootstrapper,
    /// `outputs × hidden` accumulators of 2N words.
    tables: Vec<Vec<u64>>,
}

impl ReluClassifier {
    /// Makes a head ready. The keys must be of the head's secret key.
    pub fn new(
        head: &ProtectedRelu,
        keys: &EvaluationKeys,
        backend: Backend,
    ) -> Result<Self, RheError> {
        if keys.key != head.key {
            return Err(RheError::OtherKey {
                what: "protected head",
                expected: keys.key.to_string(),
                found: head.key.to_string(),
            });
        }
        Ok(Self {
            template: ReluResults {
                key: head.key,
                head: head.id,
                outputs: head.outputs,
                scales: head.scales.clone(),
                betas: Vec::new(),
                words: Vec::new(),
            },
            hidden: head.hidden,
            rows: RowEvaluator::new(&head.rows, backend),
            bootstrapper: Bootstrapper::new(keys),
            tables: head.tables.iter().map(|table| table.open()).collect(),
        })
    }

    /// d, the number of features an image must have.
    pub fn features(&self) -> usize {
        self.rows.packing().features
    }

    /// Encrypted logits of `images × d` features, row-major. The bootstraps of an image run on all
    /// threads of the rayon pool; the bits do not depend on their number.
    pub fn classify(&self, features: &[f32]) -> Result<ReluResults, RheError> {
        image_count(features, self.features())?;
        let mut out = self.template.clone();
        for (image, row) in features.chunks_exact(self.features()).enumerate() {
            let (x, beta) = scaled(row, self.features(), image)?;
            out.betas.push(beta);
            out.words.extend(self.evaluate(&x, beta));
        }
        Ok(out)
    }

    fn evaluate(&self, x: &[i32], beta: u32) -> Vec<u64> {
        let packing = *self.rows.packing();
        let mut masks = vec![0; packing.groups * POLYNOMIAL_SIZE];
        let mut bodies = vec![0; packing.classes];
        self.rows
            .evaluate(x, beta, &mut Vec::new(), &mut masks, &mut bodies);
        for mask in masks.chunks_exact_mut(POLYNOMIAL_SIZE) {
            self.rows.transform().inverse(mask);
            mask.iter_mut().for_each(|word| *word = to_torus(*word));
        }
        let add_row = |row: usize, sum: &mut [u64]| {
            let (group, slot) = packing.place(row);
            let mask = &masks[group * POLYNOMIAL_SIZE..][..POLYNOMIAL_SIZE];
            extract_add(mask, to_torus(bodies[row]), slot * packing.width, sum);
        };
        let outputs = self.template.outputs;
        let zeros = || vec![0u64; outputs * LWE_WORDS];
        let mut sums = (0..self.hidden)
            .into_par_iter()
            .map(|unit| {
                let (mut sums, mut lwe) = (zeros(), vec![0; LWE_WORDS]);
                add_row(unit, &mut lwe);
                let small = self.bootstrapper.switch_key(&lwe);
                for (output, sum) in sums.chunks_exact_mut(LWE_WORDS).enumerate() {
                    let table = &self.tables[output * self.hidden + unit];
                    self.bootstrapper.rotate_add(&small, table, sum);
                }
                sums
            })
            .reduce(zeros, |mut left, right| {
                let pairs = left.iter_mut().zip(right);
                pairs.for_each(|(l, r)| *l = l.wrapping_add(r));
                left
            });
        for (output, sum) in sums.chunks_exact_mut(LWE_WORDS).enumerate() {
            add_row(self.hidden + output, sum);
        }
        sums
    }
}

/// ⌊word·2^64/q⌉ up to one unit of 2^-64: 2^64/q = 1 + 2^-32 to first order.
fn to_torus(word: u64) -> u64 {
    word.wrapping_add(word >> 32)
}

/// Features as integers, scaled so that ‖(x̂, β)‖ ≤ 2^14.
fn scaled(row: &[f32], width: usize, image: usize) -> Result<(Vec<i32>, u32), RheError> {
    check_row(row, width, image)?;
    let squares = row.iter().map(|&f| f64::from(f).powi(2)).sum::<f64>() + 1.0;
    // Rounding may add half a unit to each coordinate.
    let room = FEATURE_NORM - (row.len() as f64).sqrt() / 2.0;
    let beta = (room / squares.sqrt()).floor();
    if beta < 1.0 {
        return Err(RheError::features(
            image,
            format!(
                "its norm, {:.1}, is above {room:.0}\nhint: divide the features (and multiply \
                 the first layer's weights) by a constant",
                squares.sqrt()
            ),
        ));
    }
    let x = row.iter().map(|&f| (f64::from(f) * beta).round() as i32);
    Ok((x.collect(), beta as u32))
}
