//! The backbone and the features it gives: trained or imported once, then read from the cache.

use backbones::{
    Architecture, Backbone, MobileNetConfig, PretrainOptions, ResNetConfig, VggTinyConfig, pretrain,
};
use config::experiment::{Backbone as Wanted, Data, ImportedArchitecture};
use datasets::{FeatureSet, ImageSet, ImageShape, Reading, StreamKey};
use serde::{Deserialize, Serialize};

use super::colour;
use crate::context::Context;
use crate::error::HarnessError;
use crate::store::{Artefact, StageKey};
use crate::timings::Timings;

/// Pre-trains, imports or reads the backbone of `data`.
pub fn backbone(
    context: &Context,
    key: &StageKey,
    data: &Data,
    wanted: &Wanted,
    input: ImageShape,
    root: StreamKey,
    timings: &mut Timings,
) -> Result<Backbone, HarnessError> {
    match wanted {
        Wanted::VggTiny { .. } => {}
        Wanted::Imported { file, architecture } => {
            let path = context.data.join(file);
            let architecture = match architecture {
                ImportedArchitecture::VggTiny => return Ok(Backbone::load(&path)?),
                ImportedArchitecture::Resnet20 => Architecture::Resnet(ResNetConfig { blocks: 3 }),
                ImportedArchitecture::MobilenetV1025 => {
                    Architecture::Mobilenet(MobileNetConfig { quarters: 1 })
                }
            };
            return Ok(Backbone::import(&path, architecture, input)?);
        }
        Wanted::Features => unreachable!("features have no backbone"),
    }
    let path = context.store.file(key, "safetensors");
    if path.exists() {
        match Backbone::load(&path) {
            Ok(backbone) => {
                timings.cached(key);
                return Ok(backbone);
            }
            Err(error) => context.progress.say(&format!("rebuilding: {error}")),
        }
    }
    timings.run(context, key, || {
        let path = context.store.new_file(key, "safetensors")?;
        train(context, &path, data, wanted, root)
    })
}

fn train(
    context: &Context,
    path: &std::path::Path,
    data: &Data,
    wanted: &Wanted,
    root: StreamKey,
) -> Result<(Backbone, u64), HarnessError> {
    let (
        Wanted::VggTiny {
            width,
            features,
            epochs,
            batch,
            learning_rate,
        },
        Some(source),
    ) = (wanted, &data.source)
    else {
        return Err(HarnessError::Setting {
            place: "data.source".into(),
            reason: "nothing to pre-train the backbone on".into(),
        });
    };
    let mut reading = Reading::default();
    let images = source.load_with(&context.data, root.child("source"), &mut reading)?;
    context.progress.remarks("data.source", &reading);
    let images = match colour::of_source(data) {
        Some(colour) => images.coloured(colour),
        None => images,
    };
    let config = VggTinyConfig {
        width: *width,
        features: *features,
    };
    let options = PretrainOptions {
        epochs: *epochs,
        batch: *batch,
        learning_rate: *learning_rate,
        ..PretrainOptions::default()
    };
    let total = (images.len() * epochs) as u64;
    let step = context.progress.step("pre-training the backbone", total);
    let trained = pretrain(config, &images, &options, root.child("backbone"), |at| {
        let done = (at.step * batch) as u64;
        let message = format!("loss {:.3}, accuracy {:.1} %", at.loss, 100.0 * at.accuracy);
        step.at(done.min(total), &message);
    })?;
    trained.backbone.save(path)?;
    Ok((trained.backbone, total))
}

/// Features of every image, by the backbone or from the cache.
pub fn features(
    context: &Context,
    key: &StageKey,
    backbone: &Backbone,
    images: &ImageSet,
    timings: &mut Timings,
) -> Result<FeatureSet, HarnessError> {
    if let Ok(kept) = context.store.load::<Kept>(key) {
        timings.cached(key);
        return Ok(FeatureSet::new(
            kept.width,
            kept.values,
            images.labels().to_vec(),
            images.classes(),
        )?);
    }
    timings.run(context, key, || {
        let _step = context
            .progress
            .step("extracting features", images.len() as u64);
        let features = backbone.features(images)?;
        let kept = Kept {
            width: features.width(),
            values: features.values().to_vec(),
        };
        context.store.save(key, &kept)?;
        Ok((features, images.len() as u64))
    })
}

/// Features as they are kept; labels come from the data.
#[derive(Serialize, Deserialize)]
pub struct Kept {
    width: usize,
    values: Vec<f32>,
}

impl Artefact for Kept {
    const FORMAT: u32 = 1;
}
