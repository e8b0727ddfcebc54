//! Pre-training: a classifier on the source images, of which the features are kept.

use burn::module::Module;
use burn::nn::Linear;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Int, Tensor, TensorData};
use datasets::{ImageSet, StreamKey};
use rand::seq::SliceRandom;
use spec::Bounds;

use crate::backbone::{Network, argmax, image_tensor};
use crate::device::{card_or_cpu, device};
use crate::layers::{take_linear, values};
use crate::{Architecture, Backbone, BackboneError, VggTinyConfig, init};

/// How to pre-train: Adam, its learning rate falling to 0 along half a cosine.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PretrainOptions {
    /// Passes over the images; 0 leaves random weights.
    pub epochs: usize,
    /// Images a step.
    pub batch: usize,
    /// Adam's learning rate at the start.
    pub learning_rate: f64,
}

impl Default for PretrainOptions {
    /// What an experiment has where it says nothing.
    fn default() -> Self {
        let spec::Backbone::VggTiny {
            epochs,
            batch,
            learning_rate,
            ..
        } = spec::Backbone::default()
        else {
            unreachable!("the default backbone is pre-trained");
        };
        Self {
            epochs,
            batch,
            learning_rate,
        }
    }
}

impl PretrainOptions {
    fn check(&self) -> Result<(), BackboneError> {
        spec::first_wrong(|wrong| {
            spec::Backbone::BATCH.one("batch", self.batch, wrong);
            spec::Backbone::LEARNING_RATE.one("learning_rate", self.learning_rate, wrong);
        })?;
        Ok(())
    }
}

/// The share of the learning rate at `progress` in [0, 1].
fn half_cosine(progress: f64) -> f64 {
    0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
}

/// Where pre-training stands; passed on after every step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PretrainProgress {
    /// Steps done.
    pub step: usize,
    /// Steps there are.
    pub steps: usize,
    /// The epoch, from 0.
    pub epoch: usize,
    /// Mean cross-entropy since the epoch began.
    pub loss: f64,
    /// Share of the epoch's images classified right before their step.
    pub accuracy: f64,
}

/// Mean cross-entropy and running accuracy of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EpochReport {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Share of images classified right, each before the step that used it.
    pub accuracy: f64,
}

/// A pre-trained backbone and how it got there.
#[derive(Clone, Debug)]
pub struct Pretrained {
    /// The network, with the classifier of the source task.
    pub backbone: Backbone,
    /// One report an epoch.
    pub epochs: Vec<EpochReport>,
}

/// What is trained: the network and a linear classifier on its features.
#[derive(Module, Debug)]
struct Classifier {
    network: Network,
    linear: Linear,
}

/// Trains a VGG-tiny with a linear classifier on `source`, on the card where the process has taken one.
/// Initial weights and the images' order come from `key`: on the CPU the same call gives the same bits
/// whatever the number of threads.
pub fn pretrain(
    config: VggTinyConfig,
    source: &ImageSet,
    options: &PretrainOptions,
    key: StreamKey,
    mut progress: impl FnMut(PretrainProgress),
) -> Result<Pretrained, BackboneError> {
    options.check()?;
    let input = source.shape();
    let classes = source.classes();
    let mut tensors = config.initial(input, key.child("network"))?;
    init::layer(
        &mut tensors,
        "classifier",
        &[classes, config.features],
        1.0,
        key,
    );

    let training = card_or_cpu().autodiff();
    let linear = take_linear(
        &mut tensors,
        "vgg_tiny",
        "classifier",
        [config.features, classes],
        &training,
    )?;
    let mut model = Classifier {
        network: Network::VggTiny(config.build(input, &mut tensors, &training)?),
        linear,
    };
    let mut optimiser = AdamConfig::new().with_epsilon(1e-8).init();
    let loss_of = CrossEntropyLossConfig::new().init(&training);

    let steps_an_epoch = source.len().div_ceil(options.batch);
    let steps = steps_an_epoch * options.epochs;
    let mut order: Vec<u32> = (0..source.len() as u32).collect();
    let mut epochs = Vec::with_capacity(options.epochs);
    let mut step = 0;
    for epoch in 0..options.epochs {
        order.shuffle(&mut key.child("order").rng(epoch as u64));
        let (mut loss_sum, mut right, mut seen) = (0.0, 0, 0);
        for batch in order.chunks(options.batch) {
            let pixels = batch
                .iter()
                .flat_map(|&i| source.image(i as usize))
                .copied();
            let images = image_tensor(pixels.collect(), input, &training);
            let labels: Vec<i64> = batch
                .iter()
                .map(|&i| i64::from(source.labels()[i as usize]))
                .collect();
            let targets = Tensor::<1, Int>::from_data(
                TensorData::new(labels.clone(), [batch.len()]),
                &training,
            );

            let logits = model.linear.forward(model.network.forward(images));
            let loss = loss_of.forward(logits.clone(), targets);
            let value = values(loss.clone().inner())[0];
            if !value.is_finite() {
                return Err(BackboneError::Diverged { step, loss: value });
            }
            let guesses = values(logits.inner());
            let hits = guesses.chunks(classes).zip(&labels);
            right += hits
                .filter(|(row, label)| argmax(row) as i64 == **label)
                .count();
            seen += batch.len();
            loss_sum += f64::from(value) * batch.len() as f64;

            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            let rate = options.learning_rate * half_cosine(step as f64 / steps as f64);
            model = optimiser.step(rate, model, gradients);
            step += 1;
            progress(PretrainProgress {
                step,
                steps,
                epoch,
                loss: loss_sum / seen as f64,
                accuracy: right as f64 / seen as f64,
            });
        }
        epochs.push(EpochReport {
            loss: loss_sum / seen.max(1) as f64,
            accuracy: right as f64 / seen.max(1) as f64,
        });
    }
    let model = model.valid().to_device(&device());
    Ok(Pretrained {
        backbone: Backbone {
            architecture: Architecture::VggTiny(config),
            input,
            network: model.network,
            classifier: Some(model.linear),
        },
        epochs,
    })
}
