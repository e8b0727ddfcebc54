//! The same network as a graph of burn's tensor operations, for devices on which this crate has no
//! kernels.

use backbones::layers::{linear, param, values};
use burn::module::Module;
use burn::nn::conv::{ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{Initializer, Linear};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use layers::AdamStep;

use super::up_conv::{KERNEL, UpShape};
use super::{LayerShape, Network, NetworkShape};

/// A network on a device, with its optimiser.
pub(crate) struct TensorNetwork {
    shape: NetworkShape,
    model: Model,
    optimiser: ModuleOptimizer,
    device: Device,
}

#[derive(Module, Debug)]
struct Model {
    layers: Vec<Layer>,
}

#[derive(Module, Debug)]
enum Layer {
    Dense(Linear),
    Up(ConvTranspose2d),
}

impl TensorNetwork {
    /// A copy of `network` on `device`, with a fresh optimiser: Adam as [`AdamStep`] is.
    pub fn new(network: &Network, device: &Device) -> Self {
        let device = device.clone().autodiff();
        let layers = network
            .parameters()
            .map(|(shape, weights, bias)| match shape {
                LayerShape::Dense { inputs, outputs } => {
                    let bias = bias.to_vec();
                    Layer::Dense(linear(weights, bias, [inputs, outputs], &device))
                }
                LayerShape::Up(shape) => Layer::Up(up(shape, weights, bias, &device)),
            });
        Self {
            shape: network.shape(),
            model: Model {
                layers: layers.collect(),
            },
            optimiser: AdamConfig::new().with_epsilon(AdamStep::EPSILON).init(),
            device,
        }
    }

    /// One step of Adam at learning rate `rate` on rows of `inputs`. `loss` gives the mean loss `[1]` of
    /// outputs `[rows, outputs]`, which is passed on; reading it waits for the device.
    pub fn step(
        &mut self,
        inputs: Vec<f32>,
        rate: f32,
        loss: impl FnOnce(Tensor<2>) -> Tensor<1>,
    ) -> Tensor<1> {
        let width = self.shape.inputs();
        let rows = inputs.len() / width;
        let inputs = Tensor::from_data(TensorData::new(inputs, [rows, width]), &self.device);
        let loss = loss(self.forward(inputs));
        let gradients = GradientsParams::from_grads(loss.backward(), &self.model);
        let model = std::mem::replace(&mut self.model, Model { layers: Vec::new() });
        self.model = self.optimiser.step(f64::from(rate), model, gradients);
        loss.inner()
    }

    /// The device, on which a loss is differentiated.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Outputs of rows of inputs, in (-1, 1).
    fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        let [rows, _] = inputs.dims();
        let last = self.model.layers.len() - 1;
        let mut x = inputs;
        // What flows between transposed convolutions lies channel by channel here, and pixel by pixel
        // where a dense layer gives it.
        let mut planar = false;
        for (index, (layer, shape)) in self.model.layers.iter().zip(&self.shape.layers).enumerate()
        {
            x = match (layer, *shape) {
                (Layer::Up(conv), LayerShape::Up(shape)) => {
                    let [height, width, channels] = [shape.height, shape.width, shape.inputs];
                    let image = if planar {
                        x.reshape([rows, channels, height, width])
                    } else {
                        x.reshape([rows, height, width, channels])
                            .permute([0, 3, 1, 2])
                    };
                    planar = true;
                    conv.forward(image).reshape([rows, shape.output_len()])
                }
                (Layer::Dense(linear), _) => linear.forward(x),
                (Layer::Up(_), LayerShape::Dense { .. }) => {
                    unreachable!("layers are of their shapes")
                }
            };
            x = if index == last { x.tanh() } else { relu(x) };
        }
        x
    }

    /// The network as it is now.
    pub fn network(&self) -> Network {
        let layers = self.model.layers.iter().zip(&self.shape.layers);
        Network::from_parameters(layers.map(|(layer, &shape)| {
            let (weights, bias) = match (layer, shape) {
                (Layer::Up(conv), LayerShape::Up(shape)) => {
                    (from_up(shape, &values(conv.weight.val())), &conv.bias)
                }
                (Layer::Dense(linear), _) => {
                    (values(linear.weight.val().transpose()), &linear.bias)
                }
                (Layer::Up(_), LayerShape::Dense { .. }) => {
                    unreachable!("layers are of their shapes")
                }
            };
            let bias = bias.as_ref().expect("every layer has biases");
            (shape, weights, values(bias.val()))
        }))
    }
}

/// A transposed convolution; burn's kernels are `[inputs, outputs, height, width]`.
fn up(shape: UpShape, weights: &[f32], bias: &[f32], device: &Device) -> ConvTranspose2d {
    let UpShape {
        inputs, outputs, ..
    } = shape;
    let mut conv = ConvTranspose2dConfig::new([inputs, outputs], [KERNEL; 2])
        .with_stride([2, 2])
        .with_padding([1, 1])
        .with_initializer(Initializer::Zeros)
        .init(device);
    let kernel = (0..inputs * outputs * KERNEL * KERNEL).map(|at| weights[own_place(shape, at)]);
    let dims = [inputs, outputs, KERNEL, KERNEL];
    conv.weight = param(kernel.collect(), dims, device);
    conv.bias = Some(param(bias.to_vec(), [outputs], device));
    conv
}

/// Where place `at` of burn's kernel lies in our own, `[places × outputs, inputs]`.
fn own_place(shape: UpShape, at: usize) -> usize {
    let UpShape {
        inputs, outputs, ..
    } = shape;
    let places = KERNEL * KERNEL;
    let (input, output, place) = (at / (outputs * places), at / places % outputs, at % places);
    (place * outputs + output) * inputs + input
}

/// Our own weights from burn's kernel.
fn from_up(shape: UpShape, kernel: &[f32]) -> Vec<f32> {
    let mut weights = vec![0.0; kernel.len()];
    for (at, &weight) in kernel.iter().enumerate() {
        weights[own_place(shape, at)] = weight;
    }
    weights
}
