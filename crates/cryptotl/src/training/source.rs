//! The source task: lower and upper network together, by Adam on mini-batches.

use super::folds::shuffled;
use super::{check_binary, gather, mean_loss};
use crate::optimiser::{Adam, logistic_gradient};
use crate::{Activation, CryptoTlError, LowerNetwork, LowerShape, UpperNetwork, UpperShape};
use datasets::{FeatureSet, StreamKey};

/// How the networks are trained on the source task.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourceRecipe {
    /// Passes over the examples, at most.
    pub epochs: usize,
    /// Examples a step.
    pub batch: usize,
    /// Adam's step for the upper network.
    pub learning_rate: f32,
    /// Adam's step for the lower network. Small: what the source task does not need should survive
    /// in the features, for the target task may need it.
    pub lower_learning_rate: f32,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Share of the examples held out to choose the epoch.
    pub validation: f32,
    /// Epochs without a better validation loss before training ends.
    pub patience: usize,
}

impl Default for SourceRecipe {
    fn default() -> Self {
        Self {
            epochs: 4,
            batch: 32,
            learning_rate: 5e-4,
            lower_learning_rate: 1e-5,
            weight_decay: 1e-3,
            validation: 0.1,
            patience: 3,
        }
    }
}

/// What training on the source task gives.
#[derive(Clone, Debug)]
pub struct SourceTrained {
    /// The lower network: the server's.
    pub lower: LowerNetwork,
    /// The upper network of the source task: a start for the client's.
    pub upper: UpperNetwork,
    /// Epochs kept.
    pub epochs: usize,
    /// Accuracy on the held-out source examples.
    pub accuracy: f64,
}

impl SourceRecipe {
    /// Trains both networks on `source`; keeps those of the epoch with the best validation loss.
    ///
    /// The lower network starts nearly isometric on the source's principal subspace. Before and after
    /// training its features are standardised over the source, the second time taken back in the
    /// upper network: the function stays, and a client's tuning starts from features of size 1.
    ///
    /// # Errors
    /// If the set is not binary, its width is not the shape's, a number of the recipe is out of
    /// range, or training diverges.
    pub fn run(
        &self,
        source: &FeatureSet,
        shape: LowerShape,
        activation: Activation,
        key: &StreamKey,
    ) -> Result<SourceTrained, CryptoTlError> {
        let what = "train on the source task";
        check_binary(what, source)?;
        let held = (source.len() as f32 * self.validation).round() as usize;
        let fail = |reason: String| Err(CryptoTlError::Training { what, reason });
        if source.width() != shape.inputs {
            return fail(format!(
                "the examples are {} wide, the network takes {}",
                source.width(),
                shape.inputs
            ));
        }
        if self.epochs == 0 || self.batch == 0 || held == 0 || held >= source.len() {
            return fail(format!(
                "epochs and batch must be positive, and 0 < {held} of {} held out",
                source.len()
            ));
        }
        let mut lower = LowerNetwork::random(shape, activation, &key.child("lower"))?;
        lower.start_from(source, &key.child("start"));
        lower.standardise(source)?;
        let mut upper =
            UpperNetwork::random(UpperShape::paper(shape.features), &key.child("upper"))?;
        let rows = shuffled((0..source.len()).collect(), &key.child("held out"), 0);
        let (validation, training) = rows.split_at(held);
        let (mut best, mut best_loss) = (None, f32::INFINITY);
        let mut adam = [self.lower_learning_rate, self.learning_rate]
            .map(|rate| Adam::new(rate, self.weight_decay));
        for epoch in 1..=self.epochs {
            let order = shuffled(training.to_vec(), &key.child("epoch"), epoch as u64);
            for rows in order.chunks(self.batch) {
                step(&mut lower, &mut upper, &mut adam, source, rows);
            }
            let (x, labels) = gather(source, validation);
            let logits = upper.forward_taped(&lower.forward(&x)?).0;
            let loss = mean_loss(&logits, labels.iter().copied());
            if !loss.is_finite() {
                return fail(format!(
                    "it diverged in epoch {epoch}\nhint: lower the learning rate"
                ));
            }
            if loss < best_loss {
                let right = logits
                    .iter()
                    .zip(&labels)
                    .filter(|&(&z, &label)| (z > 0.0) == (label == 1));
                best_loss = loss;
                best = Some(SourceTrained {
                    lower: lower.clone(),
                    upper: upper.clone(),
                    epochs: epoch,
                    accuracy: right.count() as f64 / labels.len() as f64,
                });
            } else if best
                .as_ref()
                .is_some_and(|best| epoch >= best.epochs + self.patience)
            {
                break;
            }
        }
        match best {
            Some(mut best) => {
                let standard = best.lower.standardise(source)?;
                best.upper.absorb(&standard);
                Ok(best)
            }
            None => fail("no epoch had a finite loss".into()),
        }
    }
}

fn step(
    lower: &mut LowerNetwork,
    upper: &mut UpperNetwork,
    adam: &mut [Adam; 2],
    source: &FeatureSet,
    rows: &[usize],
) {
    let (x, labels) = gather(source, rows);
    let (features, lower_tape) = lower.forward_taped(&x);
    let (logits, upper_tape) = upper.forward_taped(&features);
    let scale = 1.0 / rows.len() as f32;
    let dy: Vec<f32> = logits
        .iter()
        .zip(labels)
        .map(|(&z, label)| scale * logistic_gradient(z, label))
        .collect();
    let (d_features, upper_gradient) = upper.backward(&features, &upper_tape, &dy);
    let lower_gradient = lower.backward(&x, &lower_tape, &d_features);
    let lower_pairs = lower.slices_mut().into_iter().zip(lower_gradient.slices());
    let upper_pairs = upper.slices_mut().into_iter().zip(upper_gradient.slices());
    adam[0].step(lower_pairs);
    adam[1].step(upper_pairs);
}
