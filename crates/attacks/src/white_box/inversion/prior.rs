//! What an image may be before the head is looked at closely: a normal law around a first guess.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, Side};

use crate::alone::alone;
use crate::{AttackError, World};

/// Standard deviations below this share of the largest are not told apart from nothing.
const LEAST: f32 = 1e-3;

/// A normal law of images x = mean + B z, with z standard normal: the mean is given for every image,
/// the directions B (times their standard deviations) are shared.
#[derive(Clone, Debug)]
pub(crate) struct ImagePrior {
    pub pixels: usize,
    /// Directions × pixels, row-major.
    pub directions: Vec<f32>,
    /// Standard deviation along each direction.
    pub deviations: Vec<f32>,
}

impl ImagePrior {
    /// The law of `deviations` (any number of images × pixels), how images differ from their
    /// means, along its `most` widest directions.
    pub fn fit(deviations: &[f32], pixels: usize, most: usize) -> Result<Self, AttackError> {
        let n = deviations.len() / pixels;
        let rows = MatRef::from_row_major_slice(deviations, n, pixels);
        // The smaller of the two Gram matrices has the same eigenvalues.
        let by_pixels = pixels <= n;
        let size = n.min(pixels);
        let mut gram = Mat::<f32>::zeros(size, size);
        let (left, right) = if by_pixels {
            (rows.transpose(), rows)
        } else {
            (rows, rows.transpose())
        };
        // One thread: the same bits on any machine with any number of cores.
        matmul(
            &mut gram,
            Accum::Replace,
            left,
            right,
            1.0 / n as f32,
            Par::Seq,
        );
        let eigen = alone(1, |_| gram.self_adjoint_eigen(Side::Lower))
            .pop()
            .unwrap_or(Err(faer::linalg::evd::EvdError::NoConvergence))
            .map_err(|_| AttackError::Singular {
                attack: "gradient_inversion",
                reason: "the covariance of the images has no eigenvalues".into(),
            })?;
        // Eigenvalues ascend; the leading ones stand last.
        let largest = eigen.S()[size - 1].max(0.0).sqrt();
        let kept: Vec<usize> = (0..size)
            .rev()
            .take(most)
            .filter(|&at| eigen.S()[at].max(0.0).sqrt() > LEAST * largest)
            .collect();
        let variances: Vec<f32> = kept.iter().map(|&at| eigen.S()[at]).collect();
        let mut directions = vec![0.0; kept.len() * pixels];
        for (&at, row) in kept.iter().zip(directions.chunks_mut(pixels)) {
            if by_pixels {
                let deviation = eigen.S()[at].sqrt();
                for (pixel, value) in row.iter_mut().enumerate() {
                    *value = eigen.U()[(pixel, at)] * deviation;
                }
            } else {
                // u √λ = Xᵀ v / √n for the eigenvector v of X Xᵀ / n.
                for (image, pixels) in deviations.chunks(pixels).enumerate() {
                    let load = eigen.U()[(image, at)] / (n as f32).sqrt();
                    row.iter_mut()
                        .zip(pixels)
                        .for_each(|(sum, x)| *sum += load * x);
                }
            }
        }
        if directions.is_empty() || directions.iter().any(|x| !x.is_finite()) {
            return Err(AttackError::Singular {
                attack: "gradient_inversion",
                reason: "the public images do not differ from their means".into(),
            });
        }
        Ok(Self {
            pixels,
            directions,
            deviations: variances.into_iter().map(f32::sqrt).collect(),
        })
    }

    /// Number of directions.
    pub fn len(&self) -> usize {
        self.deviations.len()
    }
}

/// The mean public image of every class: classes × pixels.
pub(crate) fn class_means(world: &World<'_>) -> Vec<f32> {
    let mut means = Vec::with_capacity(world.split.public.classes() * world.pixels());
    for class in 0..world.split.public.classes() {
        let members = world.split.public.class(class);
        let mut sum = vec![0.0_f64; world.pixels()];
        for &member in members {
            let image = world.images.image(member as usize);
            sum.iter_mut()
                .zip(image)
                .for_each(|(sum, x)| *sum += f64::from(*x));
        }
        means.extend(sum.iter().map(|sum| (sum / members.len() as f64) as f32));
    }
    means
}

/// Up to `count` public images less their classes' `means`, as many of each class.
pub(crate) fn class_deviations(world: &World<'_>, means: &[f32], count: usize) -> Vec<f32> {
    let classes = world.split.public.classes();
    let mut deviations = Vec::new();
    for (class, mean) in means.chunks(world.pixels()).enumerate() {
        let members = world.split.public.class(class).iter();
        for &member in members.take(count.div_ceil(classes)) {
            let image = world.images.image(member as usize);
            deviations.extend(image.iter().zip(mean).map(|(x, mean)| x - mean));
        }
    }
    deviations
}
