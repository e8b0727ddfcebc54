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
/// Share of the update, and of the maps, that an input may leave unexplained. Rounding leaves a
/// hundredth of it, one position taken wrongly more.
const EXACT: f64 = 1e-4;
/// Maps below a share of their largest value are what rounding left of zero. Where the line lies
/// best depends on the rounding of the layers behind: it is drawn where the next input comes out
/// exactly.
const ZEROS: [f64; 4] = [1e-6, 1e-7, 1e-5, 0.0];

/// What is known of one update's forward and backward pass: the maps after the first `layers`
/// convolutions, channels × positions, and the loss's slopes with respect to them.
#[derive(Clone, Debug)]
pub(super) struct Peeling {
    pub layers: usize,
    maps: Mat<f64>,
    slopes: Mat<f64>,
}

impl Peeling {
    /// What the first linear layer says. `linear` is its weights: features × maps, row-major.
    pub fn begin(release: &NetworkRelease, network: &[Convolution], linear: &[f32]) -> Self {
        let channels = network.last().map_or(1, Convolution::outputs);
        let mut slopes = vec![0.0_f64; release.maps.len()];
        for (row, &unit) in linear.chunks(slopes.len().max(1)).zip(&release.units) {
            let terms = slopes.iter_mut().zip(row);
            terms.for_each(|(sum, weight)| *sum += f64::from(unit) * f64::from(*weight));
        }
        let positions = slopes.len() / channels;
        Self {
            layers: network.len(),
            maps: matrix(&release.maps, channels),
            slopes: Mat::from_fn(channels, positions, |c, p| slopes[c * positions + p]),
        }
    }

    /// The known maps, row-major.
    pub fn maps(&self) -> Vec<f32> {
        let (channels, positions) = (self.maps.nrows(), self.maps.ncols());
        let at = (0..channels).flat_map(|c| (0..positions).map(move |p| (c, p)));
        at.map(|at| self.maps[at] as f32).collect()
    }

    /// Takes convolutions off while their inputs can be told. `estimate` gives an estimate of the
    /// maps after as many convolutions as it is told.
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
            let guess = matrix(&estimate(number)?, channels);
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
        let exact =
            |input: &Mat<f64>, left: f64| left < EXACT && self.leads_here(layer, input.as_ref());
        if !layer.pooled {
            return ZEROS.into_iter().find_map(|zero| {
                let slopes = passed(zero);
                let (input, left) = layer.input(update, slopes.as_ref(), guess.as_ref())?;
                exact(&input, left).then_some((input, slopes))
            });
        }
        let passed = passed(ZEROS[0]);
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
        let columns = layer.width / 2;
        let mut error = 0.0;
        for c in 0..self.maps.nrows() {
            for p in 0..self.maps.ncols() {
                let found = match layer.pooled {
                    false => output[(c, p)],
                    true => {
                        let first = 2 * (p / columns) * layer.width + 2 * (p % columns);
                        let cell = [0, 1, layer.width, layer.width + 1];
                        let values = cell.map(|away| output[(c, first + away)]);
                        values.into_iter().fold(f64::NEG_INFINITY, f64::max)
                    }
                };
                error += (found.max(0.0) - self.maps[(c, p)]).powi(2);
            }
        }
        error.sqrt() <= EXACT * self.maps.norm_l2()
    }
}
