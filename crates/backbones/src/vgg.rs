//! VGG-tiny: the small network of the MNIST experiments.

use burn::module::Module;
use burn::nn::Linear;
use burn::nn::conv::Conv2d;
use burn::tensor::activation::relu;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Gradients, Tensor};
use datasets::{ImageShape, StreamKey};
use spec::Bounds;

use crate::layers::{
    put_conv, put_conv_gradient, put_linear, put_linear_gradient, take_conv3x3, take_linear,
};
use crate::{BackboneError, NamedTensors, init};

const NAME: &str = "vgg_tiny";

/// Output channels of the seven convolutions in units of the width, and after which of them the
/// image is halved by 2 x 2 max pooling.
const STAGES: [(usize, bool); 7] = [
    (1, false),
    (2, true),
    (4, false),
    (4, false),
    (8, false),
    (8, true),
    (8, false),
];
/// The eighth convolution, which is followed by the last pooling.
const LAST: usize = 8;

/// Shape of a VGG-tiny: 3 x 3 convolutions `w - 2w - pool - 4w - 4w - 8w - 8w - pool - 8w - 8w -
/// pool` and two linear layers, ReLU after each; w = 16 is the network of arXiv:2505.14323.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct VggTinyConfig {
    /// The base width w: channels of the first convolution.
    pub width: usize,
    /// Width d of the features.
    pub features: usize,
}

impl VggTinyConfig {
    /// A VGG-tiny of base width `width` with features of width 64 `width` (1024 at width 16).
    pub fn new(width: usize) -> Self {
        Self {
            width,
            features: 64 * width,
        }
    }

    /// Channels into and out of each convolution, and whether pooling follows.
    fn stages(&self, channels: usize) -> Vec<([usize; 2], bool)> {
        let mut from = channels;
        let mut stages = Vec::new();
        for (multiple, pool) in STAGES.into_iter().chain([(LAST, true)]) {
            let to = multiple * self.width;
            stages.push(([from, to], pool));
            from = to;
        }
        stages
    }

    /// Width of the flattened last feature map.
    fn flat(&self, input: ImageShape) -> usize {
        LAST * self.width * (input.height / 8) * (input.width / 8)
    }

    /// Random weights for images of shape `input`, from `key`.
    pub fn initial(
        &self,
        input: ImageShape,
        key: StreamKey,
    ) -> Result<NamedTensors, BackboneError> {
        self.check(input)?;
        let mut tensors = NamedTensors::default();
        for (layer, ([from, to], _)) in self.stages(input.channels).into_iter().enumerate() {
            init::layer(
                &mut tensors,
                &format!("conv.{layer}"),
                &[to, from, 3, 3],
                2.0,
                key,
            );
        }
        let flat = self.flat(input);
        init::layer(&mut tensors, "fc.0", &[self.features, flat], 2.0, key);
        init::layer(
            &mut tensors,
            "fc.1",
            &[self.features, self.features],
            2.0,
            key,
        );
        Ok(tensors)
    }

    /// Errors where the widths or the images' shape cannot be used.
    pub fn check(&self, input: ImageShape) -> Result<(), BackboneError> {
        spec::first_wrong(|wrong| {
            spec::Backbone::WIDTH.one("width", self.width, wrong);
            spec::Backbone::FEATURES.one("features", self.features, wrong);
        })?;
        if !input.height.is_multiple_of(8) || !input.width.is_multiple_of(8) || input.is_empty() {
            return Err(BackboneError::Images {
                architecture: NAME,
                expected: "height and width that are multiples of 8".into(),
                found: input.to_string(),
            });
        }
        Ok(())
    }

    /// The network with `tensors` as its weights (`conv.0.weight` ... `fc.1.bias`).
    pub fn build(
        &self,
        input: ImageShape,
        tensors: &mut NamedTensors,
        device: &Device,
    ) -> Result<VggTiny, BackboneError> {
        self.check(input)?;
        let stages = self.stages(input.channels);
        let convs = stages.iter().enumerate().map(|(layer, (channels, _))| {
            take_conv3x3(
                tensors,
                NAME,
                &format!("conv.{layer}"),
                *channels,
                1,
                device,
            )
        });
        let convs = convs.collect::<Result<_, _>>()?;
        let flat = self.flat(input);
        let fc = [[flat, self.features], [self.features, self.features]];
        let fcs = fc.into_iter().enumerate().map(|(layer, widths)| {
            take_linear(tensors, NAME, &format!("fc.{layer}"), widths, device)
        });
        Ok(VggTiny {
            convs,
            fcs: fcs.collect::<Result<_, _>>()?,
            pools: stages.iter().map(|(_, pool)| *pool).collect(),
        })
    }
}

/// The network itself; see [`VggTinyConfig`].
#[derive(Module, Debug)]
pub struct VggTiny {
    convs: Vec<Conv2d>,
    fcs: Vec<Linear>,
    #[module(skip)]
    pools: Vec<bool>,
}

impl VggTiny {
    /// Features `[n, d]` of images `[n, channels, height, width]`, non-negative.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let mut x = self.maps(images);
        for fc in &self.fcs {
            x = relu(fc.forward(x));
        }
        x
    }

    /// The last linear layer's outputs before the ReLU, then its inputs, `[n, 2 d]`.
    pub(crate) fn around_last_layer(&self, images: Tensor<4>) -> Tensor<2> {
        let (last, others) = self.fcs.split_last().expect("it has two linear layers");
        let inputs = others
            .iter()
            .fold(self.maps(images), |x, fc| relu(fc.forward(x)));
        Tensor::cat(vec![last.forward(inputs.clone()), inputs], 1)
    }

    /// The last feature maps of images `[n, channels, height, width]`, flattened: what the first
    /// linear layer takes.
    pub fn maps(&self, images: Tensor<4>) -> Tensor<2> {
        self.maps_after(images, self.convs.len()).flatten(1, 3)
    }

    /// The feature maps after the first `layers` convolutions (all of them, where there are fewer),
    /// each with its pooling and ReLU.
    pub fn maps_after(&self, images: Tensor<4>, layers: usize) -> Tensor<4> {
        let mut x = images;
        for (conv, pool) in self.convs.iter().zip(&self.pools).take(layers) {
            x = conv.forward(x);
            if *pool {
                // ReLU and max commute; pooling first leaves a quarter of the work.
                x = max_pool2d(x, MaxPoolOptions::new([2, 2]));
            }
            x = relu(x);
        }
        x
    }

    /// Whether 2 x 2 max pooling follows each convolution.
    pub fn pools(&self) -> &[bool] {
        &self.pools
    }

    /// The weights' parts of `gradients`, by the weights' names.
    pub(crate) fn gradients(&self, gradients: &Gradients) -> NamedTensors {
        let mut tensors = NamedTensors::default();
        for (layer, conv) in self.convs.iter().enumerate() {
            put_conv_gradient(&mut tensors, &format!("conv.{layer}"), conv, gradients);
        }
        for (layer, fc) in self.fcs.iter().enumerate() {
            put_linear_gradient(&mut tensors, &format!("fc.{layer}"), fc, gradients);
        }
        tensors
    }

    /// The weights by name, as [`VggTinyConfig::build`] takes them.
    pub fn tensors(&self) -> NamedTensors {
        let mut tensors = NamedTensors::default();
        for (layer, conv) in self.convs.iter().enumerate() {
            put_conv(&mut tensors, &format!("conv.{layer}"), conv);
        }
        for (layer, fc) in self.fcs.iter().enumerate() {
            put_linear(&mut tensors, &format!("fc.{layer}"), fc);
        }
        tensors
    }
}
