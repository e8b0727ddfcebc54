//! burn layers from named tensors and back.

use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Initializer, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

use crate::{BackboneError, NamedTensors};

/// A parameter from its values in row-major order.
pub fn param<const D: usize>(
    values: Vec<f32>,
    shape: [usize; D],
    device: &Device,
) -> Param<Tensor<D>> {
    Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), device))
}

/// The values of a tensor in row-major order.
///
/// # Panics
/// If they are not of single precision.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor
        .into_data()
        .try_into_vec()
        .expect("networks compute in f32")
}

/// A 3 x 3 convolution with padding 1 and bias from values in PyTorch's layout.
pub(crate) fn conv3x3(
    weight: Vec<f32>,
    bias: Vec<f32>,
    [channels_in, channels_out]: [usize; 2],
    stride: usize,
    device: &Device,
) -> Conv2d {
    let mut conv = Conv2dConfig::new([channels_in, channels_out], [3, 3])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .with_initializer(Initializer::Zeros)
        .init(device);
    conv.weight = param(weight, [channels_out, channels_in, 3, 3], device);
    conv.bias = Some(param(bias, [channels_out], device));
    conv
}

/// Takes `{name}.weight` and `{name}.bias` of a 3 x 3 convolution.
pub(crate) fn take_conv3x3(
    tensors: &mut NamedTensors,
    architecture: &'static str,
    name: &str,
    channels: [usize; 2],
    stride: usize,
    device: &Device,
) -> Result<Conv2d, BackboneError> {
    let shape = [channels[1], channels[0], 3, 3];
    let weight = tensors.take(architecture, &format!("{name}.weight"), &shape)?;
    let bias = tensors.take(architecture, &format!("{name}.bias"), &channels[1..])?;
    Ok(conv3x3(weight, bias, channels, stride, device))
}

/// Puts a convolution's weights under `{name}.weight` and `{name}.bias`.
pub(crate) fn put_conv(tensors: &mut NamedTensors, name: &str, conv: &Conv2d) {
    let weight = conv.weight.val();
    tensors.insert(format!("{name}.weight"), &weight.dims(), values(weight));
    if let Some(bias) = &conv.bias {
        let bias = bias.val();
        tensors.insert(format!("{name}.bias"), &bias.dims(), values(bias));
    }
}

/// Takes `{name}.weight` (`[out, in]`) and `{name}.bias` of a linear layer.
pub(crate) fn take_linear(
    tensors: &mut NamedTensors,
    architecture: &'static str,
    name: &str,
    [inputs, outputs]: [usize; 2],
    device: &Device,
) -> Result<Linear, BackboneError> {
    let weight = tensors.take(architecture, &format!("{name}.weight"), &[outputs, inputs])?;
    let bias = tensors.take(architecture, &format!("{name}.bias"), &[outputs])?;
    Ok(linear(&weight, bias, [inputs, outputs], device))
}

/// A linear layer from weights `[outputs, inputs]`, which burn keeps transposed, and its biases.
pub fn linear(
    weight: &[f32],
    bias: Vec<f32>,
    [inputs, outputs]: [usize; 2],
    device: &Device,
) -> Linear {
    let mut linear = LinearConfig::new(inputs, outputs)
        .with_initializer(Initializer::Zeros)
        .init(device);
    let transposed = transpose(weight, outputs, inputs);
    linear.weight = param(transposed, [inputs, outputs], device);
    linear.bias = Some(param(bias, [outputs], device));
    linear
}

/// Puts a linear layer's weights under `{name}.weight` (`[out, in]`) and `{name}.bias`.
pub(crate) fn put_linear(tensors: &mut NamedTensors, name: &str, linear: &Linear) {
    let weight = linear.weight.val();
    let [inputs, outputs] = weight.dims();
    let weight = transpose(&values(weight), inputs, outputs);
    tensors.insert(format!("{name}.weight"), &[outputs, inputs], weight);
    if let Some(bias) = &linear.bias {
        tensors.insert(format!("{name}.bias"), &[outputs], values(bias.val()));
    }
}

/// Puts the gradient of a convolution's weights where [`put_conv`] puts the weights.
pub(crate) fn put_conv_gradient(
    tensors: &mut NamedTensors,
    name: &str,
    conv: &Conv2d,
    gradients: &Gradients,
) {
    if let Some(weight) = conv.weight.val().grad(gradients) {
        tensors.insert(format!("{name}.weight"), &weight.dims(), values(weight));
    }
    if let Some(bias) = conv.bias.as_ref().and_then(|it| it.val().grad(gradients)) {
        tensors.insert(format!("{name}.bias"), &bias.dims(), values(bias));
    }
}

/// Puts the gradient of a linear layer's weights where [`put_linear`] puts the weights.
pub(crate) fn put_linear_gradient(
    tensors: &mut NamedTensors,
    name: &str,
    linear: &Linear,
    gradients: &Gradients,
) {
    if let Some(weight) = linear.weight.val().grad(gradients) {
        let [inputs, outputs] = weight.dims();
        let weight = transpose(&values(weight), inputs, outputs);
        tensors.insert(format!("{name}.weight"), &[outputs, inputs], weight);
    }
    if let Some(bias) = linear.bias.as_ref().and_then(|it| it.val().grad(gradients)) {
        tensors.insert(format!("{name}.bias"), &bias.dims(), values(bias));
    }
}

/// The transpose of a `rows x columns` matrix.
fn transpose(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(matrix.len());
    for column in 0..columns {
        out.extend((0..rows).map(|row| matrix[row * columns + column]));
    }
    out
}
