//! The best guess of a training image by someone who has not seen the head.
//!
//! Bounds of reconstruction (Balle, Cherubin, Hayes 2022) are about what a release adds to such a
//! guess. The best image to guess is the one with the most images of the class within τ. Over all
//! images it is found by no search; what is looked for here is a fixed point of "the mean of the
//! class's public images near the guess" (mean shift, Fukunaga and Hostetler 1975) from several
//! starts. So κ, how often the guess is right, is measured from below.

use rayon::prelude::*;
use transfer::ShadowBatch;

use crate::scoring::nearest;
use crate::{Aim, World};

/// Public images of a class that guesses are judged by, at most.
const LOOKED_AT: usize = 300;
/// Images of them that the search starts from, beside their mean.
const STARTS: usize = 8;
/// Steps from each start: with images within 2τ, then with those within τ.
const STEPS: [(usize, f64); 2] = [(5, 2.0), (5, 1.0)];

/// One image a class.
#[derive(Clone, Debug, PartialEq)]
pub struct BlindGuess {
    /// Classes × pixels.
    images: Vec<f32>,
}

impl BlindGuess {
    /// Of each class the image that the most public ones are within `tau` of.
    pub fn fit(world: &World<'_>, tau: f64) -> Self {
        let classes = 0..world.split.public.classes();
        let images: Vec<Vec<f32>> = classes
            .into_par_iter()
            .map(|class| {
                let pool = world.split.public.class(class).iter().take(LOOKED_AT);
                let of_class: Vec<&[f32]> =
                    pool.map(|&it| world.images.image(it as usize)).collect();
                best(&of_class, tau)
            })
            .collect();
        Self {
            images: images.concat(),
        }
    }

    /// Mean squared errors of the guesses, a list a victim with one number a class: against the first
    /// example of the class, the target of [`spec::Null::ReplaceOne`].
    pub fn errors(&self, world: &World<'_>, victims: &ShadowBatch) -> Vec<Vec<f64>> {
        let classes = world.split.public.classes();
        let of = |victim: usize| {
            let members = victims.members(victim);
            let guesses = self.images.chunks_exact(world.pixels()).enumerate();
            let error = |(class, guess): (usize, &[f32])| {
                let target = Aim::Examples(classes).candidates(members, world.shots, class);
                nearest(world, guess, target).error
            };
            guesses.map(error).collect()
        };
        (0..victims.heads).into_par_iter().map(of).collect()
    }
}

/// The best of the fixed points: of equal ones the first, from the mean of all.
fn best(images: &[&[f32]], tau: f64) -> Vec<f32> {
    let starts = images.len().div_ceil(STARTS).max(1);
    let starts = std::iter::once(mean(images))
        .chain(images.iter().step_by(starts).map(|start| start.to_vec()));
    let mut found: Option<(usize, Vec<f32>)> = None;
    for mut guess in starts {
        for (steps, radius) in STEPS {
            for _ in 0..steps {
                let near = within(images, &guess, radius * tau);
                if near.is_empty() {
                    break;
                }
                guess = mean(&near);
            }
        }
        let hits = within(images, &guess, tau).len();
        if found.as_ref().is_none_or(|(most, _)| hits > *most) {
            found = Some((hits, guess));
        }
    }
    found.map_or_else(Vec::new, |(_, guess)| guess)
}

fn within<'i>(images: &[&'i [f32]], guess: &[f32], tau: f64) -> Vec<&'i [f32]> {
    let near = |image: &&&[f32]| evaluation::mse(image, guess) <= tau;
    images.iter().filter(near).copied().collect()
}

fn mean(images: &[&[f32]]) -> Vec<f32> {
    let pixels = images.first().map_or(0, |image| image.len());
    let mut sum = vec![0.0; pixels];
    for image in images {
        for (sum, &pixel) in sum.iter_mut().zip(*image) {
            *sum += pixel;
        }
    }
    let share = 1.0 / images.len().max(1) as f32;
    sum.iter_mut().for_each(|it| *it *= share);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crowd_is_guessed_and_not_the_mean() {
        // Three of five lie together; the mean of all is near none.
        let images = [
            [0.0, 0.1],
            [0.1, 0.0],
            [0.05, 0.05],
            [1.0, 1.0],
            [1.0, -1.0],
        ];
        let images: Vec<&[f32]> = images.iter().map(|it| it.as_slice()).collect();
        let guess = best(&images, 0.02);
        assert_eq!(within(&images, &guess, 0.02).len(), 3);
        assert!(within(&images, &mean(&images), 0.02).is_empty());
    }

    #[test]
    fn one_image_is_its_own_guess() {
        assert_eq!(best(&[&[0.3, 0.4]], 0.01), [0.3, 0.4]);
    }
}
