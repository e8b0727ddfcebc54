//! Products of inputs with images, summed image by image first.
//!
//! An image is a target in many shadow heads, so Σ_s x_s y_sᵀ = Σ_i (Σ_{s : y_s = i} x_s) iᵀ: as many
//! products as there are images in place of one a sample. A target that is the mean of a class's c
//! images gives each its 1/c.

use std::collections::HashMap;

use crate::World;
use crate::white_box::ridge::Moments;

/// Images at which the sums are multiplied out, so that memory does not grow with their number.
const FULL: usize = 1024;

/// Sums of inputs by image.
#[derive(Clone, Debug, Default)]
pub(super) struct ByImage {
    places: HashMap<u32, usize>,
    /// In the order in which they first came.
    images: Vec<u32>,
    /// An input an image.
    sums: Vec<f32>,
}

impl ByImage {
    /// Adds an input whose target is the mean of the images `members`.
    pub fn add(&mut self, input: &[f32], members: &[u32]) {
        let share = 1.0 / members.len() as f32;
        for &member in members {
            let next = self.images.len();
            let place = *self.places.entry(member).or_insert(next);
            if place == next {
                self.images.push(member);
                self.sums.resize((next + 1) * input.len(), 0.0);
            }
            let sum = self.sums[place * input.len()..].iter_mut();
            sum.zip(input).for_each(|(sum, x)| *sum += share * x);
        }
    }

    /// Whether there are so many images that the sums should be multiplied out.
    pub fn is_full(&self) -> bool {
        self.images.len() >= FULL
    }

    /// Adds the products to `moments`, and forgets them.
    pub fn multiply_out(&mut self, world: &World<'_>, moments: &mut Moments) {
        let images = self.images.iter();
        let pixels: Vec<f32> = images
            .flat_map(|&image| world.images.image(image as usize))
            .copied()
            .collect();
        moments.add_products(&self.sums, &pixels);
        *self = Self::default();
    }
}
