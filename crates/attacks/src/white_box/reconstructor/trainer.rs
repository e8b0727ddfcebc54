//! Who trains the network: this crate's kernels on the CPU, or burn on another device.

use burn::tensor::Device;
use datasets::ImageSet;

use super::super::loss::softmin;
use super::super::pyramid::Pyramid;
use super::on_device::OnDevice;
use crate::network::{Network, Scratch};

/// Sharpness α of the soft minimum over the images of a class.
pub(super) const ALPHA: f64 = 100.0;

/// A network under training.
pub(super) enum Trainer {
    /// By this crate's kernels: the bits do not depend on the number of threads.
    Own(Box<(Network, Scratch)>),
    /// By burn.
    Device(Box<OnDevice>),
}

/// The rows of one step.
pub(super) struct Lesson<'a, C> {
    /// How many there are.
    pub rows: usize,
    /// What each is made of, row-major.
    pub encoded: &'a [f32],
    /// What stands behind that in every row.
    pub told: &'a [f32],
    /// All images.
    pub images: &'a ImageSet,
    /// Those that a row may be of, as many in every row.
    pub candidates: C,
}

impl Trainer {
    /// Training of `network` on `device`, or here where there is none.
    pub fn new(network: Network, device: Option<&Device>, pyramid: Pyramid) -> Self {
        match device {
            None => Self::Own(Box::new((network, Scratch::default()))),
            Some(device) => Self::Device(Box::new(OnDevice::new(&network, device, pyramid))),
        }
    }

    /// One step at learning rate `rate`. Returns the mean loss; on a device only now and then, since
    /// reading it waits for the device.
    pub fn step<'a>(
        &mut self,
        lesson: &Lesson<'a, impl Fn(usize) -> &'a [u32] + Sync>,
        pyramid: Pyramid,
        rate: f32,
    ) -> Option<f64> {
        match self {
            Self::Own(own) => {
                let (network, scratch) = &mut **own;
                Some(lesson.own_step(network, scratch, pyramid, rate))
            }
            Self::Device(device) => device.step(lesson, rate),
        }
    }

    /// The network as it is now.
    pub fn finish(self) -> Network {
        match self {
            Self::Own(own) => own.0,
            Self::Device(device) => device.network(),
        }
    }
}

impl<'a, C: Fn(usize) -> &'a [u32] + Sync> Lesson<'a, C> {
    /// Numbers of a row before what it is told.
    fn own(&self) -> usize {
        self.encoded.len() / self.rows
    }

    /// Writes a row of the network's input.
    pub fn fill(&self, row: usize, input: &mut [f32]) {
        let own = self.own();
        let (values, told) = input.split_at_mut(own);
        values.copy_from_slice(&self.encoded[row * own..(row + 1) * own]);
        told.copy_from_slice(self.told);
    }

    /// The images that a row may be of.
    pub fn images(&self, row: usize) -> impl Iterator<Item = &'a [f32]> + Clone {
        let images = self.images;
        let candidates = (self.candidates)(row).iter();
        candidates.map(move |&it| images.image(it as usize))
    }

    fn own_step(
        &self,
        network: &mut Network,
        scratch: &mut Scratch,
        pyramid: Pyramid,
        rate: f32,
    ) -> f64 {
        network.step(
            self.rows,
            rate,
            scratch,
            |row, input| self.fill(row, input),
            |row, output, gradient| match pyramid.scales() {
                1 => softmin(output, self.images(row), ALPHA, gradient),
                _ => on_scales(pyramid, output, self.images(row), gradient),
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
