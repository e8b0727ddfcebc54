//! A frozen network φ with its input's shape: files in and out, and features f = φ(x).

use std::collections::HashMap;
use std::path::Path;

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use datasets::{FeatureSet, ImageSet, ImageShape, StreamKey};

use crate::device::{card_or_cpu, device};
use crate::layers::{put_linear, take_linear, values};
use crate::{
    BackboneError, MobileNet, MobileNetConfig, NamedTensors, ResNet20, ResNetConfig, VggTiny,
    VggTinyConfig,
};

/// Images that go through the network at once: enough to fill the cores, small in memory.
const BATCH: usize = 64;

/// Which network, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// See [`VggTinyConfig`].
    VggTiny(VggTinyConfig),
    /// See [`ResNetConfig`].
    Resnet(ResNetConfig),
    /// See [`MobileNetConfig`].
    Mobilenet(MobileNetConfig),
}

impl Architecture {
    /// The name that errors and tables use.
    pub fn name(&self) -> &'static str {
        match self {
            Self::VggTiny(_) => "vgg_tiny",
            Self::Resnet(_) => "resnet20",
            Self::Mobilenet(_) => "mobilenet_v1",
        }
    }

    /// Width d of the features.
    pub fn features(&self) -> usize {
        match self {
            Self::VggTiny(config) => config.features,
            Self::Resnet(_) => ResNetConfig::FEATURES,
            Self::Mobilenet(config) => config.features(),
        }
    }
}

/// The burn module of an [`Architecture`].
#[derive(Module, Debug)]
pub(crate) enum Network {
    VggTiny(VggTiny),
    Resnet(ResNet20),
    Mobilenet(MobileNet),
}

impl Network {
    pub(crate) fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        match self {
            Self::VggTiny(network) => network.forward(images),
            Self::Resnet(network) => network.forward(images),
            Self::Mobilenet(network) => network.forward(images),
        }
    }

    fn around_last_layer(&self, images: Tensor<4>) -> Option<Tensor<2>> {
        match self {
            Self::VggTiny(network) => Some(network.around_last_layer(images)),
            Self::Resnet(_) | Self::Mobilenet(_) => None,
        }
    }
}

/// A public network φ: images `[n, channels, height, width]` in [-1, 1] to features `[n, d]`.
#[derive(Clone, Debug)]
pub struct Backbone {
    pub(crate) architecture: Architecture,
    pub(crate) input: ImageShape,
    pub(crate) network: Network,
    /// The classifier of the source task, where it came with one.
    pub(crate) classifier: Option<Linear>,
}

impl Backbone {
    /// A network of random weights from `key`.
    pub fn random(
        config: VggTinyConfig,
        input: ImageShape,
        key: StreamKey,
    ) -> Result<Self, BackboneError> {
        let tensors = config.initial(input, key)?;
        Self::from_tensors(Architecture::VggTiny(config), input, tensors, &device())
    }

    /// A network of the given weights (and `classifier.weight`, `classifier.bias` where there is
    /// a classifier of the source task).
    pub fn from_tensors(
        architecture: Architecture,
        input: ImageShape,
        mut tensors: NamedTensors,
        device: &Device,
    ) -> Result<Self, BackboneError> {
        let name = architecture.name();
        let classifier = match tensors
            .shape("classifier.bias")
            .map(|shape| shape.len() == 1)
        {
            None => None,
            Some(_) => {
                let classes = tensors.shape("classifier.bias").map_or(0, |shape| shape[0]);
                let widths = [architecture.features(), classes];
                Some(take_linear(
                    &mut tensors,
                    name,
                    "classifier",
                    widths,
                    device,
                )?)
            }
        };
        let network = match architecture {
            Architecture::VggTiny(config) => {
                Network::VggTiny(config.build(input, &mut tensors, device)?)
            }
            Architecture::Resnet(config) => Network::Resnet(config.build(&mut tensors, device)?),
            Architecture::Mobilenet(config) => {
                Network::Mobilenet(config.build(&mut tensors, device)?)
            }
        };
        tensors.finish(name)?;
        Ok(Self {
            architecture,
            input,
            network,
            classifier,
        })
    }

    /// Reads what [`Backbone::save`] wrote.
    pub fn load(path: &Path) -> Result<Self, BackboneError> {
        let refuse = |reason: String| BackboneError::Format {
            path: path.to_owned(),
            reason,
        };
        let (tensors, metadata) = NamedTensors::load(path)?;
        let entry = |key: &str| {
            let entry = metadata.get(key);
            entry.ok_or_else(|| refuse(format!("its metadata has no `{key}`")))
        };
        let architecture = serde_json::from_str(entry("architecture")?)
            .map_err(|error| refuse(format!("`architecture`: {error}")))?;
        let input = serde_json::from_str(entry("input")?)
            .map_err(|error| refuse(format!("`input`: {error}")))?;
        Self::from_tensors(architecture, input, tensors, &device())
    }

    /// Writes the weights as safetensors under PyTorch's layout, with architecture, input shape,
    /// format version and checksum in the metadata.
    pub fn save(&self, path: &Path) -> Result<(), BackboneError> {
        let json = |value: serde_json::Result<String>| value.expect("plain numbers serialise");
        let metadata = HashMap::from([
            (
                "architecture".into(),
                json(serde_json::to_string(&self.architecture)),
            ),
            ("input".into(), json(serde_json::to_string(&self.input))),
        ]);
        self.tensors().save(path, metadata)
    }

    /// A network trained elsewhere: a file that [`Backbone::save`] wrote, a CIFAR ResNet as PyTorch
    /// checkpoint (`.pt`, `.pth`, `.th`) or safetensors, or a MobileNet as safetensors of
    /// TensorFlow's tensors. `input` is the shape of the images it will be given.
    ///
    /// # Errors
    /// Among others where the file holds another network than `architecture`.
    pub fn import(
        path: &Path,
        architecture: Architecture,
        input: ImageShape,
    ) -> Result<Self, BackboneError> {
        let safetensors = path.extension().is_some_and(|it| it == "safetensors");
        let tensors = || match safetensors {
            true => Ok(NamedTensors::load(path)?.0),
            false => NamedTensors::load_pytorch(path),
        };
        let tensors = match architecture {
            Architecture::VggTiny(_) => return Self::load(path),
            Architecture::Resnet(config) => config.fold(tensors()?)?,
            Architecture::Mobilenet(config) => config.fold(tensors()?)?,
        };
        if input.channels != 3 {
            return Err(BackboneError::Images {
                architecture: architecture.name(),
                expected: "3 channels".into(),
                found: input.to_string(),
            });
        }
        Self::from_tensors(architecture, input, tensors, &device())
    }

    /// The weights by name.
    pub fn tensors(&self) -> NamedTensors {
        let mut tensors = match &self.network {
            Network::VggTiny(network) => network.tensors(),
            Network::Resnet(network) => network.tensors(),
            Network::Mobilenet(network) => network.tensors(),
        };
        if let Some(classifier) = &self.classifier {
            put_linear(&mut tensors, "classifier", classifier);
        }
        tensors
    }

    /// Which network this is.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// Width d of the features.
    pub fn width(&self) -> usize {
        self.architecture.features()
    }

    /// Shape of the images it takes.
    pub fn input_shape(&self) -> ImageShape {
        self.input
    }

    /// Features `[n, d]` of images `[n, channels, height, width]`; differentiable where `images`
    /// lives on an autodiff device and the backbone was moved there by [`Backbone::on`].
    pub fn forward_features(&self, images: Tensor<4>) -> Tensor<2> {
        self.network.forward(images)
    }

    /// The same network on another device, its weights frozen.
    pub fn on(&self, device: &Device) -> Self {
        let mut copy = self.clone();
        copy.network = copy.network.to_device(device).no_grad();
        copy.classifier = copy.classifier.map(|it| it.to_device(device).no_grad());
        copy
    }

    /// Features of every image, in order, with the images' labels. Works in small batches: memory
    /// beyond the result does not grow with the number of images.
    pub fn features(&self, images: &ImageSet) -> Result<FeatureSet, BackboneError> {
        let mut features = Vec::with_capacity(images.len() * self.width());
        self.for_batches(images, |network, batch| {
            features.extend(values(network.forward(batch)));
        })?;
        let labels = images.labels().to_vec();
        Ok(FeatureSet::new(
            self.width(),
            features,
            labels,
            images.classes(),
        )?)
    }

    /// Of every image, in order, what the last linear layer makes of its inputs before the ReLU, then these inputs:
    /// rows of 2 d numbers, as [`Backbone::features`] otherwise.
    ///
    /// # Errors
    /// Where the network does not end in a linear layer of as many inputs as outputs.
    pub fn around_last_layer(&self, images: &ImageSet) -> Result<FeatureSet, BackboneError> {
        let mut rows = Vec::with_capacity(images.len() * 2 * self.width());
        self.for_batches(images, |network, batch| {
            if let Some(around) = network.around_last_layer(batch) {
                rows.extend(values(around));
            }
        })?;
        if rows.len() != images.len() * 2 * self.width() {
            return Err(BackboneError::NoLastLayer {
                architecture: self.architecture.name(),
            });
        }
        let labels = images.labels().to_vec();
        Ok(FeatureSet::new(
            2 * self.width(),
            rows,
            labels,
            images.classes(),
        )?)
    }

    /// The source task's class of every image, or `None` where the backbone has no classifier.
    pub fn classify(&self, images: &ImageSet) -> Result<Option<Vec<u32>>, BackboneError> {
        let Some(classifier) = self.classifier.clone() else {
            return Ok(None);
        };
        let classifier = classifier.to_device(&card_or_cpu());
        let mut classes = Vec::with_capacity(images.len());
        self.for_batches(images, |network, batch| {
            let logits = classifier.forward(network.forward(batch));
            let [_, width] = logits.dims();
            classes.extend(values(logits).chunks(width).map(|row| argmax(row) as u32));
        })?;
        Ok(Some(classes))
    }

    fn for_batches(
        &self,
        images: &ImageSet,
        mut take: impl FnMut(&Network, Tensor<4>),
    ) -> Result<(), BackboneError> {
        if images.shape() != self.input {
            return Err(BackboneError::Images {
                architecture: self.architecture.name(),
                expected: self.input.to_string(),
                found: images.shape().to_string(),
            });
        }
        let device = card_or_cpu();
        let network = self.network.clone().to_device(&device);
        for pixels in images.pixels().chunks(BATCH * self.input.len()) {
            take(&network, image_tensor(pixels.to_vec(), self.input, &device));
        }
        Ok(())
    }
}

/// Pixels of whole images as a tensor `[n, channels, height, width]`.
pub(crate) fn image_tensor(pixels: Vec<f32>, shape: ImageShape, device: &Device) -> Tensor<4> {
    let n = pixels.len() / shape.len();
    let dims = [n, shape.channels, shape.height, shape.width];
    Tensor::from_data(TensorData::new(pixels, dims), device)
}

/// Index of the largest value; the first where several are equal.
pub(crate) fn argmax(row: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = index;
        }
    }
    best
}
