//! MobileNet v1 (Howard et al. 2017) for inference, with weights under TensorFlow's names and in
//! its layout (height, width, in, out); batch normalisation is folded into the convolutions.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Initializer, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use crate::layers::{param, put_conv};
use crate::{BackboneError, NamedTensors};

const NAME: &str = "mobilenet_v1";
/// TensorFlow-slim's batch normalisation adds this to the variance.
const EPSILON: f32 = 1e-3;
/// Channels (at full width) and stride of the thirteen separable blocks.
const BLOCKS: [(usize, usize); 13] = [
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (1024, 2),
    (1024, 1),
];

/// Shape of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct MobileNetConfig {
    /// Channels in quarters of the full network's: 1 for the 0.25 network, 4 for the whole.
    pub quarters: usize,
}

/// One convolution: its name in files, kernel side, channels, groups and stride.
struct Conv {
    name: String,
    side: usize,
    channels: [usize; 2],
    depthwise: bool,
    stride: usize,
}

impl Conv {
    /// Shape of the weight in burn's layout.
    fn shape(&self) -> [usize; 4] {
        let inputs = if self.depthwise { 1 } else { self.channels[0] };
        [self.channels[1], inputs, self.side, self.side]
    }
}

impl MobileNetConfig {
    /// Width of the features: the last block's channels, averaged over the image.
    pub fn features(&self) -> usize {
        1024 * self.quarters / 4
    }

    fn convs(&self) -> Vec<Conv> {
        let mut from = 32 * self.quarters / 4;
        let mut convs = vec![Conv {
            name: "Conv2d_0".into(),
            side: 3,
            channels: [3, from],
            depthwise: false,
            stride: 2,
        }];
        for (block, (to, stride)) in BLOCKS.into_iter().enumerate() {
            let to = to * self.quarters / 4;
            convs.push(Conv {
                name: format!("Conv2d_{}_depthwise", block + 1),
                side: 3,
                channels: [from, from],
                depthwise: true,
                stride,
            });
            convs.push(Conv {
                name: format!("Conv2d_{}_pointwise", block + 1),
                side: 1,
                channels: [from, to],
                depthwise: false,
                stride: 1,
            });
            from = to;
        }
        convs
    }

    /// From TensorFlow's names and layout to ours, with batch normalisation folded in. The 1 001
    /// ImageNet logits become the classifier.
    pub fn fold(&self, mut tensors: NamedTensors) -> Result<NamedTensors, BackboneError> {
        let mut folded = NamedTensors::default();
        for conv in self.convs() {
            let path = format!("MobilenetV1/{}", conv.name);
            let [outputs, inputs, side, _] = conv.shape();
            let (kind, given) = if conv.depthwise {
                ("depthwise_weights", [side, side, outputs, 1])
            } else {
                ("weights", [side, side, inputs, outputs])
            };
            let values = tensors.take(NAME, &format!("{path}/{kind}"), &given)?;
            let norm = format!("{path}/BatchNorm");
            let mut take = |part: &str| tensors.take(NAME, &format!("{norm}/{part}"), &[outputs]);
            let (gamma, mut bias) = (take("gamma")?, take("beta")?);
            let (mean, variance) = (take("moving_mean")?, take("moving_variance")?);
            let mut weight = vec![0.0; values.len()];
            for output in 0..outputs {
                let scale = gamma[output] / (variance[output] + EPSILON).sqrt();
                bias[output] -= mean[output] * scale;
                for input in 0..inputs {
                    for at in 0..side * side {
                        let from = (at * inputs + input) * outputs + output;
                        let to = (output * inputs + input) * side * side + at;
                        weight[to] = values[from] * scale;
                    }
                }
            }
            folded.insert(format!("{}.weight", conv.name), &conv.shape(), weight);
            folded.insert(format!("{}.bias", conv.name), &[outputs], bias);
        }
        let logits = "MobilenetV1/Logits/Conv2d_1c_1x1";
        let features = self.features();
        let bias = tensors.take(NAME, &format!("{logits}/biases"), &[1001])?;
        let shape = [1, 1, features, 1001];
        let values = tensors.take(NAME, &format!("{logits}/weights"), &shape)?;
        let column = |output: usize| values.iter().skip(output).step_by(1001);
        let weight = (0..1001).flat_map(column).copied().collect();
        folded.insert("classifier.weight", &[1001, features], weight);
        folded.insert("classifier.bias", &[1001], bias);
        tensors.finish(NAME)?;
        Ok(folded)
    }

    /// The network with folded weights.
    pub fn build(
        &self,
        tensors: &mut NamedTensors,
        device: &Device,
    ) -> Result<MobileNet, BackboneError> {
        let mut names = Vec::new();
        let mut convs = Vec::new();
        for conv in self.convs() {
            let shape = conv.shape();
            let weight = tensors.take(NAME, &format!("{}.weight", conv.name), &shape)?;
            let bias = tensors.take(NAME, &format!("{}.bias", conv.name), &shape[..1])?;
            let mut layer = Conv2dConfig::new(conv.channels, [conv.side, conv.side])
                .with_stride([conv.stride, conv.stride])
                .with_groups(if conv.depthwise { conv.channels[0] } else { 1 })
                .with_padding(PaddingConfig2d::Same)
                .with_initializer(Initializer::Zeros)
                .init(device);
            layer.weight = param(weight, shape, device);
            layer.bias = Some(param(bias, [shape[0]], device));
            names.push(conv.name);
            convs.push(layer);
        }
        Ok(MobileNet { convs, names })
    }
}

/// The network itself; see [`MobileNetConfig`].
#[derive(Module, Debug)]
pub struct MobileNet {
    convs: Vec<Conv2d>,
    #[module(skip)]
    names: Vec<String>,
}

impl MobileNet {
    /// Features `[n, d]` of RGB images `[n, 3, h, w]` with pixels in [-1, 1], of any size.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let mut x = images;
        for conv in &self.convs {
            x = conv.forward(x).clamp(0.0, 6.0);
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
