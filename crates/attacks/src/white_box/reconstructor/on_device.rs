//! The same training as tensor operations: what a card runs.

use burn::tensor::{Device, Tensor, TensorData};
use datasets::ImageShape;
use rayon::prelude::*;

use super::super::pyramid::Pyramid;
use super::lesson::{ALPHA, Lesson};
use crate::AttackError;
use crate::network::{Network, TensorNetwork};

/// Steps between two readings of the loss, each of which waits for the device.
pub(super) const READ_EVERY: u64 = 32;

/// A network under training on a device.
pub(super) struct OnDevice {
    network: TensorNetwork,
    shape: ImageShape,
    /// For each level of blocks the matrices that put means in the place of pixels, along rows and along
    /// columns.
    blurs: Vec<[Tensor<3>; 2]>,
    steps: u64,
}

impl OnDevice {
    pub fn new(network: &Network, device: &Device, pyramid: Pyramid) -> Self {
        let network = TensorNetwork::new(network, device);
        let shape = pyramid.shape();
        let blurs = (1..pyramid.scales()).map(|scale| {
            [shape.height, shape.width].map(|length| means(length, 1 << scale, network.device()))
        });
        Self {
            blurs: blurs.collect(),
            network,
            shape,
            steps: 0,
        }
    }

    /// One step; now and then the mean loss.
    ///
    /// # Errors
    /// If the device does not give the loss.
    pub fn step<'a>(
        &mut self,
        lesson: &Lesson<'a, impl Fn(usize) -> &'a [u32] + Sync>,
        rate: f32,
    ) -> Result<Option<f64>, AttackError> {
        let rows = lesson.rows;
        let width = lesson.encoded.len() / rows + lesson.told.len();
        let mut inputs = vec![0.0; rows * width];
        let each_input = inputs.par_chunks_mut(width).enumerate();
        each_input.for_each(|(row, input)| lesson.fill(row, input));
        let (pixels, each) = (self.shape.len(), lesson.images(0).count());
        let mut images = vec![0.0; rows * each * pixels];
        let rows_of = images.par_chunks_mut(each * pixels).enumerate();
        rows_of.for_each(|(row, out)| {
            for (out, image) in out.chunks_mut(pixels).zip(lesson.images(row)) {
                out.copy_from_slice(image);
            }
        });
        let images = TensorData::new(images, [rows, each, pixels]);
        let images = Tensor::from_data(images, self.network.device());
        let Self {
            network,
            shape,
            blurs,
            ..
        } = self;
        let loss = network.step(inputs, rate, |output| {
            softmin(output, images, *shape, blurs)
        });
        let step = self.steps;
        self.steps += 1;
        if !step.is_multiple_of(READ_EVERY) {
            return Ok(None);
        }
        match loss.try_into_scalar::<f32>() {
            Ok(loss) => Ok(Some(loss.into())),
            Err(error) => Err(AttackError::Device {
                attack: "reconstructor",
                step,
                reason: error.to_string(),
            }),
        }
    }

    /// The network as it is now.
    pub fn network(&self) -> Network {
        self.network.network()
    }
}

/// The mean over rows of what [`super::super::loss::softmin`] is for one: of outputs `[rows, pixels]`
/// and the images that each may be of, `[rows, images, pixels]`.
fn softmin(
    output: Tensor<2>,
    images: Tensor<3>,
    shape: ImageShape,
    blurs: &[[Tensor<3>; 2]],
) -> Tensor<1> {
    let [rows, each, pixels] = images.dims();
    let difference = output.unsqueeze_dim::<3>(1) - images;
    let mean = |difference: Tensor<3>| {
        let squares = difference.clone().square();
        (squares + difference.abs())
            .mean_dim(2)
            .reshape([rows, each])
    };
    let mut sum = mean(difference.clone());
    let planes = [rows * each * shape.channels, shape.height, shape.width];
    let planes = difference.reshape(planes);
    for [height, width] in blurs {
        let level = height.clone().matmul(planes.clone().matmul(width.clone()));
        sum = sum + mean(level.reshape([rows, each, pixels]));
    }
    let losses = sum * (0.5 / (1 + blurs.len()) as f64);
    let least = losses.clone().detach().min_dim(1);
    let shares = ((losses - least.clone()) * -ALPHA).exp().mean_dim(1);
    (least - shares.log() / ALPHA).mean()
}

/// The matrix `[1, length, length]` that puts its block's mean in the place of every number: it is its
/// own transpose.
fn means(length: usize, side: usize, device: &Device) -> Tensor<3> {
    let mut matrix = vec![0.0_f32; length * length];
    for (at, value) in matrix.iter_mut().enumerate() {
        let (row, column) = (at / length, at % length);
        if row / side == column / side {
            let start = row / side * side;
            *value = 1.0 / side.min(length - start) as f32;
        }
    }
    Tensor::from_data(TensorData::new(matrix, [1, length, length]), device)
}
