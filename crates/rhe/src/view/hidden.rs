//! What an adversary sees of a protected ReLU head, as plain numbers.

use super::{Sight, check_sizes, lay_part, number};
use crate::error::RheError;
use crate::head::{Activation, PlainHead};
use crate::modular::{sub, to_signed};
use crate::packing::Packing;
use crate::parameters::{MODULUS, NOISE_BOUND_LOG2, POLYNOMIAL_SIZE};
use crate::randomness::fill_binary;
use crate::relu::{Ranges, row_messages, table_entry, torus_scales};
use crate::rows::{EncryptedRows, Encryptor};
use crate::transform::{Backend, Transform};
use rand::{CryptoRng, Rng};
use zeroize::Zeroizing;

/// Reads protected heads d → h → K with ReLU as numbers that lie as their weights do.
///
/// In the place of the first layer stand the body words of the hidden units' rows; in the place of the
/// second a body word of each unit's accumulator (its first entry, which the weight scales) and, as
/// bias, the body word of the output's linear part. Beside them lie, output by output, the body words of
/// the linear part and a share of the masks of all rows. An accumulator has 2 047 more body words, which
/// hide the same weight under the same secret, and evaluation keys hide none: they are left out.
///
/// The key shows each unit's row over its range B and its outgoing weight times B, which compute the
/// same head.
#[derive(Debug)]
pub struct HiddenView {
    hidden: usize,
    outputs: usize,
    packing: Packing,
    transform: Transform,
}

impl HiddenView {
    /// A view of heads of this shape.
    pub fn new(features: usize, hidden: usize, outputs: usize) -> Result<Self, RheError> {
        Ok(Self {
            hidden,
            outputs,
            packing: Packing::new(features, hidden + outputs)?,
            transform: Transform::new(Backend::Detected),
        })
    }

    /// Numbers in the place of the weights: h·(d + 1) + K·(h + 1).
    pub fn len(&self) -> usize {
        self.hidden * (self.packing.features + 1) + self.outputs * (self.hidden + 1)
    }

    /// Never true: a head has an output.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn masks(&self) -> usize {
        (self.packing.ciphertexts() + self.packing.groups) * POLYNOMIAL_SIZE
    }

    /// Numbers that are seen beside those, output by output.
    pub fn beside(&self) -> usize {
        self.outputs * (self.packing.features + self.masks().div_ceil(self.outputs))
    }

    /// As [`CiphertextView::simulate`](super::CiphertextView::simulate).
    pub fn simulate(
        &self,
        weights: &[f32],
        sight: Sight,
        rng: &mut impl CryptoRng,
        out: &mut [f32],
        beside: &mut [f32],
    ) -> Result<(), RheError> {
        check_sizes(out, beside, [self.len(), self.beside()])?;
        let (d, h) = (self.packing.features, self.hidden);
        let relu = Activation::Relu;
        let head = PlainHead::mlp(d, &[h], self.outputs, relu, weights)?;
        let [first, second] = head.layers() else {
            return Err(RheError::head("it has not two layers"));
        };
        let (bounds, lambda) = torus_scales(&Ranges::guaranteed(&head)?);
        let mut secret = Zeroizing::new(vec![0; POLYNOMIAL_SIZE]);
        fill_binary(rng, &mut secret);
        let coefficients = secret.clone();
        self.transform.forward(&mut secret);
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let (messages, biases) = row_messages(first, second, &bounds, lambda);
        let mut encryptor = Encryptor::new(&self.transform, &secret, &seed, rng);
        let rows = EncryptedRows::encrypt(&mut encryptor, seed, self.packing, &messages, &biases);
        let opened = match sight {
            Sight::Released => None,
            Sight::KnownSecret => Some(self.open(&rows, &secret)),
        };
        let seen = |row: usize, column: usize| match &opened {
            // Twice the residue: a row over its range B.
            Some(phases) if row < h => 2.0 * phases[row * (d + 1) + column],
            Some(phases) => phases[row * (d + 1) + column],
            None if column == d => number(rows.bias_bodies[row]),
            None => number(rows.bodies[self.place(row, column)]),
        };
        let (units, outputs) = out.split_at_mut(h * (d + 1));
        for (row, out) in units.chunks_exact_mut(d + 1).enumerate() {
            (0..=d).for_each(|column| out[column] = seen(row, column));
        }
        for (output, out) in outputs.chunks_exact_mut(h + 1).enumerate() {
            let mut bias = seen(h + output, d);
            for (unit, out) in out[..h].iter_mut().enumerate() {
                let entry = table_entry(second.row(output)[unit], bounds[unit], lambda, 0);
                let (body, phase) = accumulator_word(&coefficients, entry, rng);
                *out = match sight {
                    Sight::Released => (body as i64 as f64 / 2f64.powi(64)) as f32,
                    // Entry 0 is -λ·w·B/4 but for half a step.
                    Sight::KnownSecret => -(4.0 * turns(phase) / lambda) as f32,
                };
                if sight == Sight::KnownSecret {
                    // The linear part holds half of what the unit adds to the bias.
                    bias -= (lambda as f32) * 0.5 * *out * units[unit * (d + 1) + d];
                }
            }
            out[h] = match sight {
                Sight::Released => bias,
                Sight::KnownSecret => bias / lambda as f32,
            };
        }
        let all: Vec<f32> = {
            let (weights, biases) = rows.expand_masks();
            weights.into_iter().chain(biases).map(number).collect()
        };
        let share = all.len().div_ceil(self.outputs);
        for (output, beside) in beside.chunks_exact_mut(d + share).enumerate() {
            let (part, masks) = beside.split_at_mut(d);
            for (column, out) in part.iter_mut().enumerate() {
                *out = number(rows.bodies[self.place(h + output, column)]);
            }
            lay_part(&all, output, masks);
        }
        Ok(())
    }

    /// Where the body word of a weight lies.
    fn place(&self, row: usize, column: usize) -> usize {
        let (group, slot) = self.packing.place(row);
        let (chunk, within) = (column / self.packing.width, column % self.packing.width);
        let ciphertext = group * self.packing.chunks + chunk;
        ciphertext * POLYNOMIAL_SIZE + slot * self.packing.width + within
    }

    /// Message and noise of each row's words and, last, its bias, as parts of a turn.
    fn open(&self, rows: &EncryptedRows, secret: &[u64]) -> Vec<f32> {
        let (masks, bias_masks) = rows.expand_masks();
        let products = |masks: &[u64]| -> Vec<u64> {
            let mut out = vec![0; masks.len()];
            let each = out.chunks_exact_mut(POLYNOMIAL_SIZE);
            for (out, mask) in each.zip(masks.chunks_exact(POLYNOMIAL_SIZE)) {
                self.transform.multiply(out, mask, secret);
                self.transform.inverse(out);
            }
            out
        };
        let (weights, biases) = (products(&masks), products(&bias_masks));
        let phase = |body: u64, product: u64| {
            (to_signed(sub(body, product)) as f64 / MODULUS as f64) as f32
        };
        let mut out = Vec::with_capacity(self.packing.classes * (self.packing.features + 1));
        for row in 0..self.packing.classes {
            for column in 0..self.packing.features {
                let at = self.place(row, column);
                out.push(phase(rows.bodies[at], weights[at]));
            }
            let (group, slot) = self.packing.place(row);
            let at = group * POLYNOMIAL_SIZE + slot * self.packing.width;
            out.push(phase(rows.bias_bodies[row], biases[at]));
        }
        out
    }
}

/// The first body word of a ring ciphertext over 2^64 with a fresh mask, and its phase.
fn accumulator_word(secret: &[u64], message: u64, rng: &mut impl Rng) -> (u64, u64) {
    // Coefficient 0 of a·s: a_0·s_0 less the products that wrap round.
    let mut product = 0u64;
    for i in 0..POLYNOMIAL_SIZE {
        let mask = rng.next_u64();
        product = match i {
            0 => product.wrapping_add(mask.wrapping_mul(secret[0])),
            _ => product.wrapping_sub(mask.wrapping_mul(secret[POLYNOMIAL_SIZE - i])),
        };
    }
    let noise = (rng.next_u64() >> (63 - NOISE_BOUND_LOG2)) as i64 - (1 << NOISE_BOUND_LOG2);
    let phase = message.wrapping_add(noise as u64);
    (product.wrapping_add(phase), phase)
}

fn turns(word: u64) -> f64 {
    word as i64 as f64 / 2f64.powi(64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::layers::{self, Seen};

    fn seen(sight: Sight, seed: u64) -> Seen {
        let view = HiddenView::new(layers::FEATURES, layers::HIDDEN, layers::OUTPUTS).unwrap();
        layers::seen(
            view.len(),
            view.beside(),
            seed,
            |weights, rng, out, beside| view.simulate(weights, sight, rng, out, beside),
        )
    }

    #[test]
    fn the_key_shows_the_same_head() {
        layers::the_key_shows_the_same_head(Activation::Relu, seen);
    }

    #[test]
    fn what_is_released_is_uniform() {
        let (mut numbers, mut units) = (Vec::new(), Vec::new());
        for seed in 0..200 {
            let (out, beside) = seen(Sight::Released, seed);
            units.push(out[0]);
            numbers.extend(out);
            numbers.extend(&beside[..100]);
        }
        assert_eq!(seen(Sight::Released, 3), seen(Sight::Released, 3));
        let count = numbers.len() as f64;
        let mean = numbers.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let square = numbers.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / count;
        // Uniform on [−1/2, 1/2): variance 1/12, of the square 1/180; six standard errors.
        assert!(mean.abs() < 6.0 * (1.0 / 12.0 / count).sqrt(), "{mean}");
        let error = (1.0 / 180.0 / count).sqrt();
        assert!((square - 1.0 / 12.0).abs() < 6.0 * error, "{square}");
        assert!(units.iter().any(|&x| x > 0.0) && units.iter().any(|&x| x < 0.0));
    }
}
