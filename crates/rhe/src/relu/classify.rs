//! Classification: features in the clear to encrypted logits of a ReLU head.

use super::calibrate::FEATURE_NORM;
use super::{ProtectedRelu, ReluResults};
use crate::bootstrap::{Bootstrapper, EvaluationKeys, LWE_WORDS, Rotation, Table, extract_add};
use crate::decision::{DecisionResults, decide};
use crate::error::RheError;
use crate::head::{check_row, image_count};
use crate::parameters::POLYNOMIAL_SIZE;
use crate::rows::RowEvaluator;
use crate::transform::Backend;

/// A protected ReLU head and its evaluation keys made ready to classify: about 130 MB.
pub struct ReluClassifier {
    template: ReluResults,
    hidden: usize,
    rows: RowEvaluator,
    bootstrapper: Bootstrapper,
    /// `outputs × hidden` accumulators of 2N words.
    tables: Vec<Vec<u64>>,
    /// λ·C_o of each output, as LWE ciphertexts; none where there are too many for a decision.
    offsets: Option<Vec<Vec<u64>>>,
}

impl ReluClassifier {
    /// Makes a head ready. The keys must be of the head's secret key.
    pub fn new(
        head: &ProtectedRelu,
        keys: &EvaluationKeys,
        backend: Backend,
    ) -> Result<Self, RheError> {
        keys.check("protected head", head.key)?;
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
            offsets: head.offsets.as_ref().map(|table| {
                let words = table.open();
                let (mask, body) = words.split_at(POLYNOMIAL_SIZE);
                let extract = |output: usize| {
                    let mut lwe = vec![0; LWE_WORDS];
                    extract_add(mask, body[output], output, &mut lwe);
                    lwe
                };
                (0..head.outputs).map(extract).collect()
            }),
        })
    }

    /// d, the number of features an image must have.
    pub fn features(&self) -> usize {
        self.rows.packing().features
    }

    /// Encrypted logits of `images × d` features, row-major. The bootstraps of an image run on all
    /// threads of the rayon pool; the bits do not depend on their number.
    pub fn classify(&self, features: &[f32]) -> Result<ReluResults, RheError> {
        let images = image_count(features, self.features())?;
        ReluResults::check_size(self.template.outputs, images)?;
        let mut out = self.template.clone();
        for (image, row) in features.chunks_exact(self.features()).enumerate() {
            let (x, beta) = scaled(row, self.features(), image)?;
            out.betas.push(beta);
            out.words.extend(self.evaluate(&x, beta));
        }
        Ok(out)
    }

    /// The class of each image under encryption: the key's owner learns it and no logit. One more
    /// bootstrap for a single output; K(K + 1)/2 more for K of them.
    pub fn decide(&self, features: &[f32]) -> Result<DecisionResults, RheError> {
        DecisionResults::check_size(image_count(features, self.features())?)?;
        let Some(offsets) = &self.offsets else {
            return Err(crate::decision::too_many_classes(self.template.outputs));
        };
        let mut out = DecisionResults {
            key: self.template.key,
            head: self.template.head,
            outputs: self.template.outputs,
            words: Vec::new(),
        };
        // Logits take an eighth of a turn to either side, a decision has half a turn for a logit
        // or the difference of two.
        let factor = if offsets.len() == 1 { 4 } else { 2 };
        for (image, row) in features.chunks_exact(self.features()).enumerate() {
            let (x, beta) = scaled(row, self.features(), image)?;
            let words = self.evaluate(&x, beta);
            let logits = words.chunks_exact(LWE_WORDS).zip(offsets);
            let logits = logits.map(|(logit, offset)| {
                let sums = logit.iter().zip(offset);
                sums.map(|(a, b)| a.wrapping_add(*b).wrapping_mul(factor))
                    .collect::<Vec<u64>>()
            });
            let logits: Vec<Vec<u64>> = logits.collect();
            out.words.extend(decide(&self.bootstrapper, &logits));
        }
        Ok(out)
    }

    fn evaluate(&self, x: &[i32], beta: u32) -> Vec<u64> {
        let mut rows = evaluate_rows(&self.rows, x, beta);
        let linear_parts = rows.split_off(self.hidden);
        let small = self.bootstrapper.switch_keys(&rows);
        let rotations: Vec<Rotation<'_>> = self
            .tables
            .iter()
            .enumerate()
            .map(|(at, table)| Rotation {
                small: &small[at % self.hidden],
                table: Table::Encrypted(table),
            })
            .collect();
        let terms = self.bootstrapper.rotate(&rotations);
        let mut sums = Vec::with_capacity(linear_parts.len() * LWE_WORDS);
        for (mut sum, terms) in linear_parts
            .into_iter()
            .zip(terms.chunks_exact(self.hidden))
        {
            for term in terms {
                sum.iter_mut()
                    .zip(term)
                    .for_each(|(sum, word)| *sum = sum.wrapping_add(*word));
            }
            sums.extend(sum);
        }
        sums
    }
}

/// Every row of weights times the features plus its bias, as LWE ciphertexts over 2^64.
pub(crate) fn evaluate_rows(rows: &RowEvaluator, x: &[i32], beta: u32) -> Vec<Vec<u64>> {
    let packing = *rows.packing();
    let mut masks = vec![0; packing.groups * POLYNOMIAL_SIZE];
    let mut bodies = vec![0; packing.classes];
    rows.evaluate(x, beta, &mut Vec::new(), &mut masks, &mut bodies);
    for mask in masks.chunks_exact_mut(POLYNOMIAL_SIZE) {
        rows.transform().inverse(mask);
        mask.iter_mut().for_each(|word| *word = to_torus(*word));
    }
    let extract = |(row, &body): (usize, &u64)| {
        let (group, slot) = packing.place(row);
        let mask = &masks[group * POLYNOMIAL_SIZE..][..POLYNOMIAL_SIZE];
        let mut lwe = vec![0; LWE_WORDS];
        extract_add(mask, to_torus(body), slot * packing.width, &mut lwe);
        lwe
    };
    bodies.iter().enumerate().map(extract).collect()
}

/// ⌊word·2^64/q⌉ up to one unit of 2^-64: 2^64/q = 1 + 2^-32 to first order.
fn to_torus(word: u64) -> u64 {
    word.wrapping_add(word >> 32)
}

/// Features as integers, scaled so that ‖(x̂, β)‖ ≤ 2^14.
pub(crate) fn scaled(row: &[f32], width: usize, image: usize) -> Result<(Vec<i32>, u32), RheError> {
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
