//! The data floor of an experiment: images, their deep features, and who owns which example.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use backbones::{AroundLastLayer, Backbone, Extractor, Onnx};
use config::experiment::{Backbone as Wanted, Data, DatasetSpec, Task};
use datasets::{Colour, FeatureSet, ImageSet, ImageShape, Pool, Reading, Split, StreamKey};

use rand::RngExt;
use transfer::GivenHeads;
use transfer::one_release::PublicSpace;

use super::colour;
use super::network;
use super::spaces::{Lookup, Public, Spaces};
use super::stages::CorpusStages;
use super::threshold;
use crate::context::Context;
use crate::error::HarnessError;
use crate::progress::Progress;
use crate::stages::Stages;

/// Images, features and owners of one (data, backbone) pair.
pub struct Corpus {
    /// Every image of the target, with the head's labels. Where the data are features, each row
    /// scaled into [-1, 1] stands for an image: attacks then read back features.
    pub images: ImageSet,
    /// Features of those images.
    pub features: FeatureSet,
    /// Who owns which of them.
    pub split: Split,
    /// The frozen network, where gradients go through it.
    pub backbone: Option<Backbone>,
    /// The frozen network, where it comes from an ONNX file.
    pub onnx: Option<Onnx>,
    /// The frozen network, where heads have an adapter on its last layer.
    around: Option<AroundLastLayer>,
    /// Labels before the task made two classes of them: for property inference, and people's names.
    pub original_labels: Vec<u32>,
    /// The stages that made this.
    pub stages: CorpusStages,
    /// Error at or under which a reconstruction counts as a success.
    pub tau: f64,
    /// Directions of feature space, once they were asked for.
    spaces: Mutex<Spaces>,
    /// Shadow heads made elsewhere, where attacks are fitted to such.
    pub shadows: Option<GivenHeads>,
    /// Root of the experiment's random draws.
    pub root: StreamKey,
}

impl Corpus {
    /// Loads the data, pre-trains or imports the backbone and extracts features; the last two from
    /// the cache where they are there.
    pub fn prepare(
        context: &Context,
        seed: u64,
        data: &Data,
        wanted: &Wanted,
        declared: &CorpusStages,
        stages: &mut Stages<'_>,
    ) -> Result<Self, HarnessError> {
        let root = StreamKey::from_seed(seed);
        let (mut backbone, mut onnx) = (None, None);
        let (images, features, public_from) = if let Some(id) = declared.features {
            let (mut images, public_from) = load_images(context, data, wanted, root)?;
            let features = if let Wanted::Onnx(options) = wanted {
                let network = Onnx::load(&context.data.join(&options.file), options.clone())?;
                let network = onnx.insert(network);
                let nothing = |_: &Progress| Ok(());
                network::features(id, &images, stages, nothing, |step| {
                    network.features(&images, &|done| step.at(done as u64, ""))
                })?
            } else {
                // A fresh backbone's source was held against the images as they are now; where their
                // colour follows the backbone they may yet become like the source's.
                let (network, unchecked) = match declared.backbone {
                    Some(id) => {
                        let of = (data, &images);
                        let made = network::pretrained(context, id, of, wanted, root, stages)?;
                        (made.product, made.cached || data.target.colour_is_free())
                    }
                    None => (network::imported(context, wanted, images.shape())?, false),
                };
                let network = backbone.insert(network);
                // Images whose files decide their colour follow the backbone.
                if data.target.colour_is_free() {
                    images = images.coloured(Colour::of(network.input_shape().channels));
                }
                let check = |progress: &Progress| match unchecked {
                    true => network::check_source(context, progress, (data, &images), root),
                    false => Ok(()),
                };
                network::features(id, &images, stages, check, |_| {
                    match declared.around_last_layer {
                        true => network.around_last_layer(&images),
                        false => network.features(&images),
                    }
                })?
            };
            (images, features, public_from)
        } else {
            let mut reading = Reading::default();
            let features = data
                .target
                .load_features_with(&context.data, &mut reading)?;
            let images = if data.target.is_features() {
                scaled(&features)?
            } else {
                let key = root.child("target");
                data.target.load_with(&context.data, key, &mut reading)?
            };
            context.progress.remarks("data.target", &reading);
            (images, features, None)
        };

        let original_labels = images.labels().to_vec();
        let (labels, classes) = task_labels(&data.task, &images, root.child("people"));
        let images = images.with_labels(labels.clone(), classes)?;
        let features = features.with_labels(labels.clone(), classes)?;
        let shares = &data.shares;
        let key = root.child("split");
        let mut split = match data.task {
            Task::Person { others } => {
                let people = &original_labels;
                Split::of_people(&images, people, shares.private, shares.test, key)?
                    .weighing(&[others, 1])
            }
            Task::Classes | Task::Binary { .. } => {
                Split::of_images(&images, shares.private, shares.test, key)?
            }
        };
        if let Some(from) = public_from {
            split = with_foreign_public(split, &labels, classes, from);
        }
        split.assert_disjoint();
        let tau = threshold::tau(&data.target, &images, &split, root);
        Ok(Self {
            images,
            features,
            split,
            around: backbone
                .clone()
                .filter(|_| declared.around_last_layer)
                .map(AroundLastLayer),
            backbone,
            onnx,
            original_labels,
            stages: declared.clone(),
            tau,
            spaces: Mutex::default(),
            shadows: None,
            root,
        })
    }
}

impl Corpus {
    /// How many directions a private release can be made in.
    ///
    /// # Errors
    /// As [`Corpus::space`].
    pub fn directions(&self, lookup: Lookup<'_>) -> Result<usize, HarnessError> {
        self.spaces().count(self.public(), lookup)
    }

    /// The `rank` leading of them; as many as are usual where no number is asked for.
    ///
    /// # Errors
    /// If there are not so many, or the source's images are asked for and not there.
    pub fn space(
        &self,
        lookup: Lookup<'_>,
        rank: Option<usize>,
    ) -> Result<Arc<PublicSpace>, HarnessError> {
        self.spaces().space(self.public(), lookup, rank)
    }

    fn spaces(&self) -> MutexGuard<'_, Spaces> {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn public(&self) -> Public<'_> {
        Public {
            features: &self.features,
            pool: &self.split.public,
            backbone: self.backbone.as_ref(),
            root: self.root,
        }
    }

    /// What gives images the rows that heads here take; none where the data are features already.
    pub fn extractor(&self) -> Option<&dyn Extractor> {
        if let Some(around) = &self.around {
            return Some(around);
        }
        let backbone = self.backbone.as_ref().map(|it| it as &dyn Extractor);
        backbone.or(self.onnx.as_ref().map(|it| it as &dyn Extractor))
    }
}

/// The target's images, followed by those of `data.public` from the index that comes with them.
fn load_images(
    context: &Context,
    data: &Data,
    wanted: &Wanted,
    root: StreamKey,
) -> Result<(ImageSet, Option<u32>), HarnessError> {
    let load = |spec: &DatasetSpec, name: &str| -> Result<ImageSet, HarnessError> {
        let mut reading = Reading::default();
        let images = spec.load_with(&context.data, root.child(name), &mut reading)?;
        context.progress.remarks(&format!("data.{name}"), &reading);
        Ok(match colour::before_the_backbone(data, wanted) {
            Some(colour) if spec.colour_is_free() => images.coloured(colour),
            _ => images,
        })
    };
    let target = load(&data.target, "target")?;
    let Some(public_spec) = &data.public else {
        return Ok((target, None));
    };
    let public = load(public_spec, "public")?;
    if public.classes() != target.classes() {
        return Err(HarnessError::Setting {
            place: "data.public".into(),
            reason: format!(
                "{} classes, the target has {}\nhint: shadow heads need the victims' classes",
                public.classes(),
                target.classes()
            ),
        });
    }
    let (target, public) = match (data.target.colour_is_free(), public_spec.colour_is_free()) {
        // Nothing but their files decides: both are in colour if one is.
        (true, true) => {
            let channels = target.shape().channels.max(public.shape().channels);
            let colour = Colour::of(channels);
            (target.coloured(colour), public.coloured(colour))
        }
        _ => (target, public),
    };
    let from = target.len() as u32;
    Ok((ImageSet::append(vec![target, public])?, Some(from)))
}

/// Labels of the head's task and their number of classes. Where people are told apart, a share of them
/// drawn with `people` are those whom heads are about, in turn, and the rest are the others.
pub fn task_labels(task: &Task, images: &ImageSet, people: StreamKey) -> (Vec<u32>, usize) {
    match task {
        Task::Classes => (images.labels().to_vec(), images.classes()),
        Task::Binary { positive } => {
            let binary = images
                .labels()
                .iter()
                .map(|label| u32::from(positive.contains(label)));
            (binary.collect(), 2)
        }
        Task::Person { .. } => {
            let labels = images.labels().iter();
            let roles = labels
                .map(|&person| u32::from(people.rng(u64::from(person)).random_bool(Task::TOLD)));
            (roles.collect(), 2)
        }
    }
}

/// An adversary whose public data are the examples from index `from` on, of another distribution;
/// everything before them that was public is left to nobody.
fn with_foreign_public(split: Split, labels: &[u32], classes: usize, from: u32) -> Split {
    let own = |pool: &Pool| -> Pool {
        Pool::new(
            labels,
            classes,
            pool.indices().filter(|&index| index < from),
        )
    };
    let foreign = split
        .public
        .indices()
        .chain(split.private.indices())
        .chain(split.test.indices())
        .filter(|&index| index >= from);
    Split {
        public: Pool::new(labels, classes, foreign),
        private: own(&split.private),
        test: own(&split.test),
    }
}

/// Features as "images" of one row, divided by their largest absolute value.
pub fn scaled(features: &FeatureSet) -> Result<ImageSet, HarnessError> {
    let largest = features
        .values()
        .iter()
        .fold(f32::MIN_POSITIVE, |max, x| max.max(x.abs()));
    let shape = ImageShape {
        channels: 1,
        height: 1,
        width: features.width(),
    };
    let values = features
        .values()
        .iter()
        .map(|value| value / largest)
        .collect();
    Ok(ImageSet::new(
        shape,
        values,
        features.labels().to_vec(),
        features.classes(),
    )?)
}
