//! Who trains the network: this crate's kernels on the CPU, or burn on another device.

use burn::tensor::Device;

use super::super::loss::softmin;
use super::super::pyramid::Pyramid;
use super::lesson::{ALPHA, Lesson};
use super::on_device::OnDevice;
use crate::AttackError;
use crate::network::{Network, Scratch};

/// A network under training.
pub(super) enum Trainer {
    /// By this crate's kernels: the bits do not depend on the number of threads.
    Own(Box<Own>),
    /// By burn.
    Device(Box<OnDevice>),
}

/// Training by this crate's kernels.
pub(super) struct Own {
    network: Network,
    scratch: Scratch,
    pyramid: Pyramid,
}

impl Trainer {
    /// Training of `network` on `device`, or here where there is none.
    pub fn new(network: Network, device: Option<&Device>, pyramid: Pyramid) -> Self {
        match device {
            None => Self::Own(Box::new(Own {
                network,
                scratch: Scratch::default(),
                pyramid,
            })),
            Some(device) => Self::Device(Box::new(OnDevice::new(&network, device, pyramid))),
        }
    }

    /// One step at learning rate `rate`. Returns the mean loss; on a device only now and then, since
    /// reading it waits for the device.
    ///
    /// # Errors
    /// If the device does not give the loss.
    pub fn step<'a>(
        &mut self,
        lesson: &Lesson<'a, impl Fn(usize) -> &'a [u32] + Sync>,
        rate: f32,
    ) -> Result<Option<f64>, AttackError> {
        match self {
            Self::Own(own) => Ok(Some(own.step(lesson, rate))),
            Self::Device(device) => device.step(lesson, rate),
        }
    }

    /// The network as it is now.
    pub fn finish(self) -> Network {
        match self {
            Self::Own(own) => own.network,
            Self::Device(device) => device.network(),
        }
    }
}

impl Own {
    fn step<'a>(
        &mut self,
        lesson: &Lesson<'a, impl Fn(usize) -> &'a [u32] + Sync>,
        rate: f32,
    ) -> f64 {
        let pyramid = self.pyramid;
        self.network.step(
            lesson.rows,
            rate,
            &mut self.scratch,
            |row, input| lesson.fill(row, input),
            |row, output, gradient| match pyramid.scales() {
                1 => softmin(output, lesson.images(row), ALPHA, gradient),
                _ => on_scales(pyramid, output, lesson.images(row), gradient),
            },
        )
    }
}

/// The loss with all resolutions of the images side by side.
fn on_scales<'a>(
    pyramid: Pyramid,
    output: &[f32],
    images: impl Iterator<Item = &'a [f32]>,
    gradient: &mut [f32],
) -> f64 {
    let stack = |image: &[f32]| {
        let mut stack = vec![0.0; pyramid.len()];
        pyramid.stack(image, &mut stack);
        stack
    };
    let images: Vec<Vec<f32>> = images.map(stack).collect();
    let mut slopes = vec![0.0; pyramid.len()];
    let images = images.iter().map(Vec::as_slice);
    let loss = softmin(&stack(output), images, ALPHA, &mut slopes);
    gradient.fill(0.0);
    pyramid.unstack(&mut slopes, gradient);
    loss
}

#[cfg(test)]
mod tests {
    use datasets::{ImageSet, ImageShape, StreamKey};
    use rand::RngExt;

    use super::super::on_device::READ_EVERY;
    use super::*;
    use crate::network::NetworkShape;

    /// Both trainers on the same rows from the same weights: outputs agree, after steps that moved them.
    #[test]
    fn training_by_tensors_is_training_by_our_kernels() {
        let shape = ImageShape {
            channels: 3,
            height: 6,
            width: 10,
        };
        let key = StreamKey::from_seed(8);
        let numbers = |n: usize, name: &str| -> Vec<f32> {
            let mut rng = key.child(name).rng(0);
            (0..n).map(|_| 2.0 * rng.random::<f32>() - 1.0).collect()
        };
        let images = ImageSet::new(shape, numbers(50 * 180, "images"), vec![0; 50], 1).unwrap();
        let (rows, own) = (70, 12);
        let encoded = numbers(rows * own, "rows");
        let candidates: Vec<u32> = (0..3 * rows as u32).map(|it| it * 7 % 50).collect();
        let conv = NetworkShape::conv(own + 2, &[24, 64], [3, 6, 10]).unwrap();
        let dense = NetworkShape::dense(own + 2, &[24, 16], 180);
        for (shape_of, scales) in [(&dense, 1), (&dense, 3), (&conv, 2)] {
            let start = Network::random(shape_of, key);
            let pyramid = Pyramid::new(shape, scales);
            let train = |device: Option<&Device>| {
                let mut trainer = Trainer::new(start.clone(), device, pyramid);
                let mut losses = Vec::new();
                for _ in 0..READ_EVERY + 1 {
                    let lesson = Lesson {
                        rows,
                        encoded: &encoded,
                        told: &[1.0, 0.0],
                        images: &images,
                        candidates: |row: usize| &candidates[3 * row..3 * row + 3],
                    };
                    losses.push(trainer.step(&lesson, 3e-3).unwrap());
                }
                (trainer.finish(), losses)
            };
            let (ours, our_losses) = train(None);
            let (theirs, their_losses) = train(Some(&backbones::device()));
            for at in [0, READ_EVERY as usize] {
                let (ours, theirs) = (our_losses[at].unwrap(), their_losses[at].unwrap());
                assert!((ours - theirs).abs() < 1e-3 * ours, "{ours} {theirs}");
            }
            assert!(their_losses[1].is_none());
            let inputs = numbers(20 * (own + 2), "unseen");
            let outputs = [&start, &ours, &theirs].map(|network| network.forward(&inputs));
            let apart = |a: &[f32], b: &[f32]| -> f32 {
                let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
                (squares.sum::<f32>() / a.len() as f32).sqrt()
            };
            let moved = apart(&outputs[0], &outputs[1]);
            let differ = apart(&outputs[1], &outputs[2]);
            assert!(moved > 0.05 && differ < 0.01 * moved, "{moved} {differ}");
        }
    }
}
