//! The owner's records: loaded, and laid beside the public data for those who may see both.

use config::experiment::DatasetSpec;
use datasets::{Colour, FeatureSet, ImageSet, Reading, shared_images};

use crate::context::Context;
use crate::corpus::{Corpus, task_labels};
use crate::error::HarnessError;

/// The owner's training set, with features by the corpus's network.
pub struct Records {
    /// The images; features in the place of pixels where the data are features.
    pub images: ImageSet,
    /// Their features.
    pub features: FeatureSet,
}

impl Records {
    /// Loads the private set of a head with so many `shots`.
    ///
    /// # Errors
    /// Images of another shape, classes that the target has and the records have not, another number of
    /// records than `shots` says, and records that the public data hold too.
    pub fn load(
        context: &Context,
        spec: &DatasetSpec,
        task: &config::experiment::Task,
        shots: usize,
        corpus: &Corpus,
    ) -> Result<Self, HarnessError> {
        let mut reading = Reading::default();
        let loaded = if spec.is_features() {
            of_features(
                &spec.load_features_with(&context.data, &mut reading)?,
                corpus,
            )?
        } else {
            let key = corpus.root.child("private");
            let images = spec.load_with(&context.data, key, &mut reading)?;
            let images = like_the_target(images, spec.colour_is_free(), corpus)?;
            let features = if spec.has_features() {
                let features = spec.load_features_with(&context.data, &mut reading)?;
                check_width(&features, corpus)?;
                features
            } else {
                let network = corpus.extractor().ok_or_else(|| {
                    refuse(
                        "found images, but `data.target` holds features without a network".into(),
                    )
                })?;
                network.features(&images)?
            };
            Self { images, features }
        };
        context.progress.remarks("private", &reading);
        let (labels, _) = task_labels(task, &loaded.images, corpus.root.child("people"));
        let records = loaded.labelled(labels, corpus)?;
        records.check(shots, corpus)?;
        Ok(records)
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.images.len()
    }

    fn labelled(self, labels: Vec<u32>, corpus: &Corpus) -> Result<Self, HarnessError> {
        let classes = corpus.images.classes();
        if let Some(label) = labels.iter().find(|&&label| label as usize >= classes) {
            return Err(refuse(format!(
                "it has an example of class {label}, `data.target` has the classes 0 to {}\nhint: \
                 number its classes as those of `data.target` are",
                classes - 1
            )));
        }
        Ok(Self {
            images: self.images.with_labels(labels.clone(), classes)?,
            features: self.features.with_labels(labels, classes)?,
        })
    }

    fn check(&self, shots: usize, corpus: &Corpus) -> Result<(), HarnessError> {
        let classes = corpus.images.classes();
        let mut counts = vec![0_usize; classes];
        for &label in self.images.labels() {
            counts[label as usize] += 1;
        }
        if let Some(class) = counts.iter().position(|&count| count == 0) {
            return Err(refuse(format!(
                "class {class} has no example\nhint: heads that lack a class are audited with \
                 public data of the classes that they know"
            )));
        }
        let mean = (self.len() as f64 / classes as f64).round() as usize;
        if mean != shots {
            return Err(refuse(format!(
                "it has {} examples of {classes} classes, `shots` says {shots} a class\nhint: give \
                 the whole training set and nothing else, and set `shots` to {mean}",
                self.len()
            )));
        }
        let shared = shared_images(&self.images, &corpus.images);
        if let Some(first) = shared.first() {
            return Err(refuse(format!(
                "{} of its {} examples are in the public data too, the first is number {first} (from \
                 0)\nhint: what is public needs no attack: leave them out of `data.target` and \
                 `data.public`, or use other public data",
                shared.len(),
                self.len()
            )));
        }
        Ok(())
    }

    /// Whether every class has as many examples.
    pub fn balanced(&self) -> bool {
        let classes = self.images.classes();
        let mut counts = vec![0_usize; classes];
        for &label in self.images.labels() {
            counts[label as usize] += 1;
        }
        counts.iter().all(|&count| count == counts[0])
    }
}

fn like_the_target(
    images: ImageSet,
    free: bool,
    corpus: &Corpus,
) -> Result<ImageSet, HarnessError> {
    let wanted = corpus.images.shape();
    let images = if free {
        images.coloured(Colour::of(wanted.channels))
    } else {
        images
    };
    if images.shape() != wanted {
        return Err(refuse(format!(
            "its images are {}, those of `data.target` {wanted}\nhint: bring both to one size and \
             colour",
            images.shape()
        )));
    }
    Ok(images)
}

fn check_width(features: &FeatureSet, corpus: &Corpus) -> Result<(), HarnessError> {
    let wanted = corpus.features.width();
    if features.width() != wanted {
        return Err(refuse(format!(
            "it has {} features a row, `data.target` has {wanted}\nhint: use the same network for \
             both",
            features.width()
        )));
    }
    Ok(())
}

/// Features stand for images as those of the corpus do.
fn of_features(features: &FeatureSet, corpus: &Corpus) -> Result<Records, HarnessError> {
    check_width(features, corpus)?;
    let largest = |values: &[f32]| {
        let sizes = values.iter().map(|x| x.abs());
        sizes.fold(f32::MIN_POSITIVE, f32::max)
    };
    let scale = largest(corpus.features.values());
    let pixels = features.values().iter().map(|value| value / scale);
    let images = ImageSet::new(
        corpus.images.shape(),
        pixels.collect(),
        features.labels().to_vec(),
        features.classes(),
    )?;
    Ok(Records {
        images,
        features: features.clone(),
    })
}

fn refuse(reason: String) -> HarnessError {
    HarnessError::Setting {
        place: "private".into(),
        reason,
    }
}
