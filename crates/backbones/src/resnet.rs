//! ResNet-20 for 32 x 32 images (He et al. 2015, section 4.2; shortcuts of type A), as PyTorch
//! checkpoints hold it, for inference: batch normalisation is folded into the convolutions.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use crate::layers::{put_conv, take_conv3x3};
use crate::{BackboneError, NamedTensors};

const NAME: &str = "resnet20";
/// PyTorch's batch normalisation adds this to the variance.
const EPSILON: f32 = 1e-5;
/// Mean and standard deviation of the images that the published weights were trained on, for
/// pixels in [0, 1].
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// Shape of the network: three stages of three blocks of two convolutions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ResNetConfig {
    /// Blocks a stage: 3 for ResNet-20, 9 for ResNet-56.
    pub blocks: usize,
}

impl ResNetConfig {
    /// Width of the features: the last stage's channels, averaged over the image.
    pub const FEATURES: usize = 64;

    /// Every convolution's name, channels and stride in order.
    fn convs(&self) -> Vec<(String, [usize; 2], usize)> {
        let mut convs = vec![("conv1".to_owned(), [3, 16], 1)];
        let mut from = 16;
        for (stage, to) in [16, 32, 64].into_iter().enumerate() {
            for block in 0..self.blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let name = format!("layer{}.{block}", stage + 1);
                convs.push((format!("{name}.conv1"), [from, to], stride));
                convs.push((format!("{name}.conv2"), [to, to], 1));
                from = to;
            }
        }
        convs
    }

    /// Folds the batch normalisations of a PyTorch state dict into its convolutions:
    /// w' = w γ/√(σ² + ε), b' = β − μ γ/√(σ² + ε). The classifier (`linear.*`) is left as it is.
    pub fn fold(&self, mut tensors: NamedTensors) -> Result<NamedTensors, BackboneError> {
        let mut folded = NamedTensors::default();
        for (name, [from, to], _) in self.convs() {
            let mut weight = tensors.take(NAME, &format!("{name}.weight"), &[to, from, 3, 3])?;
            let norm = name.replace("conv", "bn");
            let mut take = |part: &str| tensors.take(NAME, &format!("{norm}.{part}"), &[to]);
            let (gamma, mut bias) = (take("weight")?, take("bias")?);
            let (mean, variance) = (take("running_mean")?, take("running_var")?);
            for (channel, filter) in weight.chunks_mut(from * 9).enumerate() {
                let scale = gamma[channel] / (variance[channel] + EPSILON).sqrt();
                filter.iter_mut().for_each(|value| *value *= scale);
                bias[channel] -= mean[channel] * scale;
            }
            folded.insert(format!("{name}.weight"), &[to, from, 3, 3], weight);
            folded.insert(format!("{name}.bias"), &[to], bias);
        }
        for part in ["weight", "bias"] {
            let name = format!("linear.{part}");
            let shape = tensors.shape(&name).map(<[usize]>::to_vec);
            let shape = shape.ok_or_else(|| BackboneError::Weights {
                architecture: NAME,
                reason: format!("there is no tensor `{name}`"),
            })?;
            let values = tensors.take(NAME, &name, &shape)?;
            folded.insert(format!("classifier.{part}"), &shape, values);
        }
        tensors.finish(NAME)?;
        Ok(folded)
    }

    /// The network with folded weights.
    pub fn build(
        &self,
        tensors: &mut NamedTensors,
        device: &Device,
    ) -> Result<ResNet20, BackboneError> {
        let convs = self.convs();
        let names = convs.iter().map(|(name, ..)| name.clone()).collect();
        let convs = convs.into_iter().map(|(name, channels, stride)| {
            take_conv3x3(tensors, NAME, &name, channels, stride, device)
        });
        Ok(ResNet20 {
            convs: convs.collect::<Result<_, _>>()?,
            names,
        })
    }
}

/// The network itself; see [`ResNetConfig`].
#[derive(Module, Debug)]
pub struct ResNet20 {
    convs: Vec<Conv2d>,
    #[module(skip)]
    names: Vec<String>,
}

impl ResNet20 {
    /// Features `[n, 64]` of RGB images `[n, 3, 32, 32]` with pixels in [-1, 1].
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let mut x = relu(self.convs[0].forward(normalise(images)));
        for block in self.convs[1..].chunks(2) {
            let y = relu(block[0].forward(x.clone()));
            let y = block[1].forward(y);
            x = relu(y + shortcut(x, block[0].stride[0]));
        }
        x.mean_dims(&[2, 3]).flatten(1, 3)
    }

    /// The folded weights by name.
    pub fn tensors(&self) -> NamedTensors {
        let mut tensors = NamedTensors::default();
        for (name, conv) in self.names.iter().zip(&self.convs) {
            put_conv(&mut tensors, name, conv);
        }
        tensors
    }
}

/// Pixels from [-1, 1] to the standardised scale of the published weights.
fn normalise(images: Tensor<4>) -> Tensor<4> {
    let device = images.device();
    let channel =
        |values: [f32; 3]| Tensor::<1>::from_floats(values, &device).reshape([1, 3, 1, 1]);
    let scale = channel(DEVIATION.map(|deviation| 0.5 / deviation));
    let shift = channel(std::array::from_fn(|c| (0.5 - MEAN[c]) / DEVIATION[c]));
    images * scale + shift
}

/// Identity, or every second pixel with zero channels on both sides where a stage begins.
fn shortcut(x: Tensor<4>, stride: usize) -> Tensor<4> {
    if stride == 1 {
        return x;
    }
    let [n, channels, height, width] = x.dims();
    let x = x.slice(burn::tensor::s![.., .., 0..height;2, 0..width;2]);
    let zeros = Tensor::zeros([n, channels / 2, height / 2, width / 2], &x.device());
    Tensor::cat(vec![zeros.clone(), x, zeros], 1)
}
