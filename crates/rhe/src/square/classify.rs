//! Classification: features in the clear to encrypted logits of a square head.

use super::protect::Scales;
use super::{ProtectedSquare, SquareResults};
use crate::error::RheError;
use crate::head::{check_row, image_count};
use ckks::{Ciphertext, EvaluationKeys};
use rayon::prelude::*;

/// A protected square head made ready to classify.
pub struct SquareClassifier {
    template: SquareResults,
    weights: Vec<Ciphertext>,
    bias: Ciphertext,
    middle: Option<(Ciphertext, Ciphertext)>,
    last: Ciphertext,
    keys: EvaluationKeys,
    scales: Scales,
}

impl SquareClassifier {
    /// Makes a head ready: expands its seeds.
    pub fn new(head: &ProtectedSquare) -> Result<Self, RheError> {
        Ok(Self {
            template: SquareResults {
                key: head.key,
                head: head.id,
                shape: head.shape.clone(),
                context: head.context.clone(),
                secret: head.secret.clone(),
                scale: head.scale.clone(),
                logits: Vec::new(),
            },
            weights: head.weights.iter().map(|w| w.expand()).collect(),
            bias: head.bias.expand(),
            middle: head.middle.as_ref().map(|(m, b)| (m.expand(), b.expand())),
            last: head.last.expand(),
            keys: head.keys.clone(),
            scales: Scales::new(&head.context, &head.shape)?,
        })
    }

    /// d, the number of features an image must have.
    pub fn features(&self) -> usize {
        self.template.shape.features
    }

    /// Encrypted logits of `images × d` features, row-major; images in parallel on the rayon pool.
    pub fn classify(&self, features: &[f32]) -> Result<SquareResults, RheError> {
        let images = image_count(features, self.features())?;
        SquareResults::check_size(self.template.context.slots(), images)?;
        let rows = features.par_chunks_exact(self.features()).enumerate();
        let logits = rows.map(|(image, row)| self.evaluate(image, row));
        let mut out = self.template.clone();
        out.logits = logits.collect::<Result<_, _>>()?;
        Ok(out)
    }

    fn evaluate(&self, image: usize, row: &[f32]) -> Result<Ciphertext, RheError> {
        let (shape, context) = (&self.template.shape, &self.template.context);
        check_row(row, shape.features, image)?;
        let norm = row
            .iter()
            .map(|&f| f64::from(f).powi(2))
            .sum::<f64>()
            .sqrt();
        let limit = shape.max_norm;
        if norm > f64::from(limit) {
            return Err(RheError::features(
                image,
                format!(
                    "its norm, {norm:.1}, is above {limit}, which the head was protected for\nhint: \
                     protect it for a larger norm, or scale the features"
                ),
            ));
        }
        let (length, _) = shape.chunks(context.slots());
        let [over_features, over_first, over_second] = shape.rotations(context.slots());
        let mut sum: Option<Ciphertext> = None;
        for (chunk, weights) in row.chunks(length).zip(&self.weights) {
            let repeat = |&f: &f32| std::iter::repeat_n(f64::from(f), shape.period());
            let slots: Vec<f64> = chunk.iter().flat_map(repeat).collect();
            let plain = context.encode_real(&slots, context.max_level(), self.scales.features)?;
            let product = weights.mul_plain(&plain)?;
            match &mut sum {
                Some(sum) => sum.add_assign(&product)?,
                None => sum = Some(product),
            }
        }
        let sum = sum.ok_or_else(|| RheError::features(image, "it has no features"))?;
        let hidden = self.rotate_sum(sum.rescale()?, &over_features)?;
        let mut square = self.square(&hidden.add(&self.bias)?)?;
        if let Some((matrix, bias)) = &self.middle {
            let product = square.mul(matrix)?.relinearise(&self.keys)?.rescale()?;
            let second = self.rotate_sum(product, &over_first)?;
            square = self.square(&second.add(bias)?)?;
            square = self.rotate_sum(square, &over_second)?;
        } else {
            square = self.rotate_sum(square, &over_first)?;
        }
        Ok(square.add(&self.last)?)
    }

    fn square(&self, value: &Ciphertext) -> Result<Ciphertext, RheError> {
        Ok(value.square()?.relinearise(&self.keys)?.rescale()?)
    }

    fn rotate_sum(&self, mut sum: Ciphertext, steps: &[i64]) -> Result<Ciphertext, RheError> {
        for &step in steps {
            let rotated = sum.rotate(step, &self.keys)?;
            sum.add_assign(&rotated)?;
        }
        Ok(sum)
    }
}
