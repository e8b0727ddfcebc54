//! The backbone and the features it gives: trained or imported once, then read from the cache.

use std::path::Path;

use backbones::{
    Architecture, Backbone, BackboneError, MobileNetConfig, PretrainOptions, ResNetConfig,
    VggTinyConfig, pretrain,
};
use config::experiment::{Backbone as Wanted, Data, DatasetSpec, ImportedArchitecture};
use datasets::{FeatureSet, ImageSet, ImageShape, Reading, StreamKey, shared_images};
use serde::{Deserialize, Serialize};

use super::colour;
use crate::context::Context;
use crate::error::HarnessError;
use crate::progress::{Progress, Step};
use crate::stages::{Form, Made, Postcard, StageId, Stages};

/// The backbone of `data`, pre-trained once, on images of which none is the `target`'s as far as it was
/// made just now.
pub fn pretrained(
    context: &Context,
    id: StageId,
    (data, target): (&Data, &ImageSet),
    wanted: &Wanted,
    root: StreamKey,
    stages: &mut Stages<'_>,
) -> Result<Made<Backbone>, HarnessError> {
    stages.get_or_make(id, &BackboneFile, |stages| {
        let progress = stages.progress();
        let (backbone, images) = train(context, progress, (data, target), wanted, root)?;
        stages.did(images);
        Ok(backbone)
    })
}

/// A backbone that was trained elsewhere.
pub fn imported(
    context: &Context,
    wanted: &Wanted,
    input: ImageShape,
) -> Result<Backbone, HarnessError> {
    let Wanted::Imported { file, architecture } = wanted else {
        return Err(HarnessError::Setting {
            place: "backbone".into(),
            reason: "there is no file to import it from".into(),
        });
    };
    let path = context.data.join(file);
    let architecture = match architecture {
        ImportedArchitecture::VggTiny => return Ok(Backbone::load(&path)?),
        ImportedArchitecture::Resnet20 => Architecture::Resnet(ResNetConfig { blocks: 3 }),
        ImportedArchitecture::MobilenetV1025 => {
            Architecture::Mobilenet(MobileNetConfig { quarters: 1 })
        }
    };
    Ok(Backbone::import(&path, architecture, input)?)
}

/// Backbones as their own safetensors files.
struct BackboneFile;

impl Form<Backbone> for BackboneFile {
    fn extension(&self) -> &'static str {
        "safetensors"
    }

    fn write(&self, product: &Backbone, path: &Path) -> Result<(), HarnessError> {
        Ok(product.save(path)?)
    }

    fn read(&self, path: &Path, _: &[u8]) -> Result<Backbone, String> {
        Backbone::load(path).map_err(|error| error.to_string())
    }
}

fn train(
    context: &Context,
    progress: &Progress,
    (data, target): (&Data, &ImageSet),
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
    let images = source_images(context, progress, data, source, root)?;
    must_be_apart(&images, target)?;
    let config = VggTinyConfig {
        width: *width,
        features: *features,
    };
    let options = PretrainOptions {
        epochs: *epochs,
        batch: *batch,
        learning_rate: *learning_rate,
    };
    let total = (images.len() * epochs) as u64;
    let step = progress.step("pre-training the backbone", total);
    let trained = pretrain(config, &images, &options, root.child("backbone"), |at| {
        let done = (at.step * batch) as u64;
        let message = format!("loss {:.3}, accuracy {:.1} %", at.loss, 100.0 * at.accuracy);
        step.at(done.min(total), &message);
    })?;
    Ok((trained.backbone, total))
}

/// What the backbone is pre-trained on.
pub fn source_images(
    context: &Context,
    progress: &Progress,
    data: &Data,
    source: &DatasetSpec,
    root: StreamKey,
) -> Result<ImageSet, HarnessError> {
    let mut reading = Reading::default();
    let images = source.load_with(&context.data, root.child("source"), &mut reading)?;
    progress.remarks("data.source", &reading);
    Ok(match colour::of_source(data) {
        Some(colour) => images.coloured(colour),
        None => images,
    })
}

/// Errors where the backbone was pre-trained on an image of the target: for kept ones, which another
/// target's run may have made.
///
/// # Errors
/// That, and if the source cannot be read.
pub fn check_source(
    context: &Context,
    progress: &Progress,
    (data, target): (&Data, &ImageSet),
    root: StreamKey,
) -> Result<(), HarnessError> {
    let Some(source) = &data.source else {
        return Ok(());
    };
    must_be_apart(
        &source_images(context, progress, data, source, root)?,
        target,
    )
}

fn must_be_apart(source: &ImageSet, target: &ImageSet) -> Result<(), HarnessError> {
    let shared = shared_images(source, target).len();
    if shared == 0 {
        return Ok(());
    }
    Err(HarnessError::Setting {
        place: "data.source".into(),
        reason: format!(
            "{shared} of its {} images are images of `data.target` too: the public backbone would have \
             seen private images\nhint: use another source, or another part of it, such as \
             `source: {{ mnist: {{ part: train }} }}` for `target: {{ mnist: {{ part: test }} }}`",
            source.len()
        ),
    })
}

/// Features of every image, as `extract` makes them or from the cache; `check` comes before they are
/// made.
pub fn features(
    id: StageId,
    images: &ImageSet,
    stages: &mut Stages<'_>,
    check: impl FnOnce(&Progress) -> Result<(), HarnessError>,
    extract: impl FnOnce(&Step) -> Result<FeatureSet, BackboneError>,
) -> Result<FeatureSet, HarnessError> {
    let made = stages.get_or_make(id, &Postcard, |stages| {
        check(stages.progress())?;
        let count = images.len() as u64;
        stages.did(count);
        let step = stages.progress().step("extracting features", count);
        let features = extract(&step)?;
        Ok(Rows {
            width: features.width(),
            values: features.values().to_vec(),
        })
    })?;
    let Rows { width, values } = made.product;
    let labels = images.labels().to_vec();
    Ok(FeatureSet::new(width, values, labels, images.classes())?)
}

/// Features as they are kept; labels come from the data.
#[derive(Serialize, Deserialize)]
struct Rows {
    width: usize,
    values: Vec<f32>,
}
