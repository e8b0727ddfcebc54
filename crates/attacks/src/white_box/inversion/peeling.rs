//! Convolutions taken off a network, from the last one back, by their weights' updates.
//!
//! The first linear layer's update gives the last maps, and its weights the loss's slopes with
//! respect to them. Known maps tell where a ReLU let slopes through, and known slopes turn a
//! convolution's update into linear equations for its input. Max pooling hides which position was
//! taken: that is found by turns with the input, from an estimate of it. Each input found is checked:
//! it must leave nothing of the update and lead to the maps known before.

use faer::{Mat, MatRef};

use super::convolution::{Convolution, matrix};
use super::pooling::{place, place_exact};
use super::release::NetworkRelease;
use crate::AttackError;

/// Most turns between the positions that a pooling took and the convolution's input.
const TURNS: usize = 12;
/// Turns that leave more than this share of what the turn before left have come to rest.
const REST: f64 = 0.999;
/// Share of the update, and of the maps, that an input may leave unexplained: of one image, and of a
/// batch, whose separation adds its rounding. Rounding leaves a hundredth of it, one position taken
/// wrongly more.
const EXACT: [f64; 2] = [1e-4, 1e-3];
/// Maps below a share of their largest value are what rounding left of zero. Where the line lies
/// best depends on the rounding of the layers behind: it is drawn where the next input comes out
/// exactly.
const ZEROS: [[f64; 4]; 2] = [[1e-6, 1e-7, 1e-5, 0.0], [1e-4, 1e-5, 1e-3, 1e-6]];

/// What is known of one update's forward and backward pass: the maps after the first `layers`
/// convolutions, channels × positions of all images, and the loss's slopes with respect to them.
#[derive(Clone, Debug)]
pub(super) struct Peeling {
    pub layers: usize,
    maps: Mat<f64>,
    slopes: Mat<f64>,
    images: usize,
}

impl Peeling {
    /// What the first linear layer says. `linear` is its weights: features × maps, row-major.
    pub fn begin(release: &NetworkRelease, network: &[Convolution], linear: &[f32]) -> Self {
        let channels = network.last().map_or(1, Convolution::outputs);
        let images = release.labels.len();
        let width = release.maps.len() / images.max(1);
        let units = release.units.len() / images.max(1);
        let mut slopes = vec![0.0_f64; release.maps.len()];
        for (slopes, own) in slopes
            .chunks_mut(width.max(1))
            .zip(release.units.chunks(units))
        {
            for (row, &unit) in linear.chunks(width.max(1)).zip(own) {
                let terms = slopes.iter_mut().zip(row);
                terms.for_each(|(sum, weight)| *sum += f64::from(unit) * f64::from(*weight));
            }
        }
        let maps: Vec<f64> = release.maps.iter().map(|it| f64::from(*it)).collect();
        Self {
            layers: network.len(),
            maps: side_by_side(&maps, images, channels),
            slopes: side_by_side(&slopes, images, channels),
            images,
        }
    }

    /// The known maps, one image's after the other's, row-major.
    pub fn maps(&self) -> Vec<f32> {
        let (channels, positions) = (self.maps.nrows(), self.maps.ncols() / self.images.max(1));
        let of_image = |image: usize| {
            let at = move |c: usize| (0..positions).map(move |p| (c, image * positions + p));
            (0..channels).flat_map(at)
        };
        let at = (0..self.images).flat_map(of_image);
        at.map(|at| self.maps[at] as f32).collect()
    }

    /// Takes convolutions off while their inputs can be told. `estimate` gives an estimate of all
    /// images' maps after as many convolutions as it is told.
    pub fn advance(
        &mut self,
        release: &NetworkRelease,
        network: &[Convolution],
        estimate: impl Fn(usize) -> Result<Vec<f32>, AttackError>,
    ) -> Result<(), AttackError> {
        while self.layers > 1 && self.layers <= release.convolutions.len() {
            let number = self.layers - 1;
            let layer = &network[number];
            if !layer.solvable() {
                break;
            }
            let channels = network[number - 1].outputs();
            let guess: Vec<f64> = estimate(number)?.into_iter().map(f64::from).collect();
            let guess = side_by_side(&guess, self.images, channels);
            let update = matrix(&release.convolutions[number], layer.outputs());
            let Some((input, slopes)) = self.peel(layer, update.as_ref(), guess) else {
                break;
            };
            let slopes = layer.slopes_of_input(slopes.as_ref());
            (self.layers, self.maps, self.slopes) = (number, input, slopes);
        }
        Ok(())
    }

    /// The input of `layer`, the last one left, and the slopes with respect to its output.
    fn peel(
        &self,
        layer: &Convolution,
        update: MatRef<'_, f64>,
        guess: Mat<f64>,
    ) -> Option<(Mat<f64>, Mat<f64>)> {
        let (maps, largest) = (self.maps.as_ref(), self.maps.norm_max());
        let passed = |zero: f64| {
            Mat::from_fn(maps.nrows(), maps.ncols(), |c, p| {
                match maps[(c, p)] > zero * largest {
                    true => self.slopes[(c, p)],
                    false => 0.0,
                }
            })
        };
        let batch = usize::from(self.images > 1);
        let exact = |input: &Mat<f64>, left: f64| {
            left < EXACT[batch] && self.leads_here(layer, input.as_ref())
        };
        if !layer.pooled {
            return ZEROS[batch].into_iter().find_map(|zero| {
                let slopes = passed(zero);
                let (input, left) = layer.input(update, slopes.as_ref(), guess.as_ref())?;
                exact(&input, left).then_some((input, slopes))
            });
        }
        let passed = passed(ZEROS[batch][0]);
        let (mut input, mut before) = (guess, f64::INFINITY);
        for _ in 0..TURNS {
            let slopes = place(layer, update, passed.as_ref(), maps, input.as_ref());
            let (found, left) = layer.input(update, slopes.as_ref(), input.as_ref())?;
            if exact(&found, left) {
                let firsts = place_exact(layer, passed.as_ref(), found.as_ref());
                let (again, left) = layer.input(update, firsts.as_ref(), found.as_ref())?;
                let firsts_are = exact(&again, left);
                return Some(if firsts_are {
                    (again, firsts)
                } else {
                    (found, slopes)
                });
            }
            if left > REST * before {
                return None;
            }
            (input, before) = (found, left);
        }
        None
    }

    /// Whether `input` leads through `layer` to the known maps.
    fn leads_here(&self, layer: &Convolution, input: MatRef<'_, f64>) -> bool {
        let output = layer.output(layer.patches(input).as_ref());
        let cells = layer.cells();
        let mut error = 0.0;
        for c in 0..self.maps.nrows() {
            for p in 0..self.maps.ncols() {
                let found = match layer.pooled {
                    false => output[(c, p)],
                    true => {
                        let values = cells[p].map(|position| output[(c, position)]);
                        values.into_iter().fold(f64::NEG_INFINITY, f64::max)
                    }
                };
                error += (found.max(0.0) - self.maps[(c, p)]).powi(2);
            }
        }
        error.sqrt() <= EXACT[usize::from(self.images > 1)] * self.maps.norm_l2()
    }
}

/// Maps of several images (images × channels × positions) as channels × positions of all images.
fn side_by_side(values: &[f64], images: usize, channels: usize) -> Mat<f64> {
    let positions = values.len() / (images * channels).max(1);
    Mat::from_fn(channels, images * positions, |c, p| {
        let (image, p) = (p / positions, p % positions);
        values[(image * channels + c) * positions + p]
    })
}
