//! What an adversary sees of a protected square head, as plain numbers.

use super::{Sight, check_sizes, lay_part};
use crate::error::RheError;
use crate::head::{Activation, PlainHead};
use crate::square::{DEFAULT_MAX_NORM, Encoded, SquareShape};
use ckks::{Complex64, Context, Observed, SimulatedKey};
use rand::CryptoRng;

/// Reads protected heads d → h → K with the square as numbers that lie as their weights do.
///
/// A body modulo the first prime is mapped to slots as a message is: its slot hides the weight that
/// lies there. Real parts stand in the place of the first layer and of the biases, imaginary parts
/// of the hidden biases' slots in that of the second layer, whose weights' roots are folded into the
/// first. Beside them lie, output by output, the imaginary parts of its rows (where roots of negative
/// weights go) and a share of the masks of all ciphertexts. The other primes' residues hide the same
/// weights under the same secret, and evaluation keys hide none: they are left out.
///
/// The key shows the rows times those roots, and the second layer that then computes the same head.
#[derive(Debug)]
pub struct SquareView {
    shape: SquareShape,
    context: Context,
}

impl SquareView {
    /// A view of heads of this shape, made for features of the usual norm.
    pub fn new(features: usize, hidden: usize, outputs: usize) -> Result<Self, RheError> {
        let shape = SquareShape::new(features, vec![hidden, outputs], DEFAULT_MAX_NORM)?;
        Ok(Self {
            context: shape.context()?,
            shape,
        })
    }

    fn hidden(&self) -> usize {
        self.shape.widths[0]
    }

    /// Numbers in the place of the weights: h·(d + 1) + K·(h + 1).
    pub fn len(&self) -> usize {
        self.hidden() * (self.shape.features + 1) + self.shape.outputs() * (self.hidden() + 1)
    }

    /// Never true: a head has an output.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An output's share of the masks of the rows and of both layers' biases.
    fn share(&self) -> usize {
        let ciphertexts = self.shape.chunks(self.context.slots()).1 + 2;
        (ciphertexts * self.context.degree()).div_ceil(self.shape.outputs())
    }

    /// Numbers that are seen beside those, output by output.
    pub fn beside(&self) -> usize {
        self.shape.outputs() * (self.hidden() * self.shape.features + self.share())
    }

    /// Where the weight of feature j on the path from hidden unit i to output o lies: its chunk and
    /// its slot there. Biases are those of feature 0.
    fn place(&self, feature: usize, unit: usize, output: usize) -> (usize, usize) {
        let period = self.shape.period();
        let (length, _) = self.shape.chunks(self.context.slots());
        let (_, _, outputs) = self.shape.padded();
        let slot = (feature % length) * period + unit * outputs + output;
        (feature / length, slot)
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
        let (d, h) = (self.shape.features, self.hidden());
        let head = PlainHead::mlp(d, &[h], self.shape.outputs(), Activation::Square, weights)?;
        let plain = Encoded::new(&head, &self.shape, &self.context)?;
        let key = SimulatedKey::draw(&self.context, rng);
        let messages = plain.weights.iter().chain([&plain.bias, &plain.last]);
        let all = messages
            .map(|message| key.observe(message, rng))
            .collect::<Result<Vec<Observed>, _>>()?;
        let bodies: Vec<Vec<Complex64>> = all.iter().map(Observed::body).collect();
        match sight {
            Sight::Released => self.lay(&bodies, out, |_, _, bias| bias.im as f32),
            Sight::KnownSecret => {
                let opened = all.iter().map(|observed| key.open(observed));
                let opened = opened.collect::<Result<Vec<_>, _>>()?;
                self.lay_opened(&opened, plain.scale, out);
            }
        }
        let masks: Vec<f32> = all
            .iter()
            .flat_map(|observed| observed.mask().into_iter().map(|x| x as f32))
            .collect();
        let share = self.share();
        for (output, beside) in beside.chunks_exact_mut(h * d + share).enumerate() {
            let (parts, own) = beside.split_at_mut(h * d);
            for (at, part) in parts.iter_mut().enumerate() {
                let (chunk, slot) = self.place(at % d, at / d, output);
                *part = bodies[chunk][slot].im as f32;
            }
            lay_part(&masks, output, own);
        }
        Ok(())
    }

    /// Real parts in the place of rows and biases, and of the second layer what `second` makes of
    /// its place (output, unit) and the hidden bias there.
    fn lay(
        &self,
        slots: &[Vec<Complex64>],
        out: &mut [f32],
        second: impl Fn(usize, usize, Complex64) -> f32,
    ) {
        let (d, h) = (self.shape.features, self.hidden());
        let (units, outputs) = out.split_at_mut(h * (d + 1));
        let [.., biases, last] = slots else { return };
        for (unit, out) in units.chunks_exact_mut(d + 1).enumerate() {
            for (feature, out) in out[..d].iter_mut().enumerate() {
                let (chunk, slot) = self.place(feature, unit, 0);
                *out = slots[chunk][slot].re as f32;
            }
            out[d] = biases[self.place(0, unit, 0).1].re as f32;
        }
        for (output, out) in outputs.chunks_exact_mut(h + 1).enumerate() {
            for (unit, out) in out[..h].iter_mut().enumerate() {
                *out = second(output, unit, biases[self.place(0, unit, output).1]);
            }
            out[h] = last[self.place(0, 0, output).1].re as f32;
        }
    }

    /// Rows √(c·w2)·[w1; b1] by the root of their own first output, and a second layer to match:
    /// ± 1/c there, and at other outputs by how much their rows are longer.
    fn lay_opened(&self, opened: &[Vec<Complex64>], scale: f64, out: &mut [f32]) {
        let (d, h) = (self.shape.features, self.hidden());
        // A row is real or imaginary: what it is turned by, and its length at each output.
        let energy = |unit: usize, output: usize| -> (f64, f64) {
            let row = (0..d).map(|feature| {
                let (chunk, slot) = self.place(feature, unit, output);
                opened[chunk][slot]
            });
            row.fold((0.0, 0.0), |(re, im), z| {
                (re + z.re * z.re, im + z.im * z.im)
            })
        };
        let ratio = |output: usize, unit: usize| {
            let ((re, im), (first_re, first_im)) = (energy(unit, output), energy(unit, 0));
            let sign = if im > re { -1.0 } else { 1.0 };
            (sign * re.max(im) / first_re.max(first_im).max(f64::MIN_POSITIVE) / scale) as f32
        };
        let turned: Vec<Vec<Complex64>> = {
            let imaginary: Vec<bool> = (0..h)
                .map(|unit| {
                    let (re, im) = energy(unit, 0);
                    im > re
                })
                .collect();
            let mut slots = opened.to_vec();
            let rows = slots.len() - 1;
            for (unit, _) in imaginary.iter().enumerate().filter(|(_, turn)| **turn) {
                for slots in &mut slots[..rows] {
                    let period = self.shape.period();
                    let at = self.place(0, unit, 0).1;
                    slots
                        .iter_mut()
                        .skip(at)
                        .step_by(period)
                        .for_each(|z| *z = Complex64::new(z.im, -z.re));
                }
            }
            slots
        };
        self.lay(&turned, out, |output, unit, _| ratio(output, unit));
        let outputs = out[h * (d + 1)..].chunks_exact_mut(h + 1);
        outputs.for_each(|row| row[h] = (f64::from(row[h]) / scale) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::layers::{self, Seen, weights};

    fn seen(sight: Sight, seed: u64) -> Seen {
        let view = SquareView::new(layers::FEATURES, layers::HIDDEN, layers::OUTPUTS).unwrap();
        layers::seen(
            view.len(),
            view.beside(),
            seed,
            |weights, rng, out, beside| view.simulate(weights, sight, rng, out, beside),
        )
    }

    #[test]
    fn the_key_shows_the_same_head() {
        layers::the_key_shows_the_same_head(Activation::Square, seen);
    }

    #[test]
    fn what_is_released_shows_no_trace_of_the_weights() {
        let plain = weights();
        let (mut trace, mut energy) = (0.0, 0.0);
        let (mut squares, mut count) = (0.0, 0.0);
        for seed in 0..100 {
            let (out, beside) = seen(Sight::Released, seed);
            for (x, w) in out.iter().zip(&plain) {
                trace += f64::from(*x) * f64::from(*w);
                energy += f64::from(*w).powi(2) / 24.0;
            }
            // The parts of bodies; masks lie behind them.
            for x in out.iter().chain(&beside[..300]) {
                squares += f64::from(*x).powi(2);
                count += 1.0;
            }
        }
        // Six standard errors of sums of nearly normal numbers with a variance of 1/24.
        assert!(trace.abs() < 6.0 * f64::sqrt(energy), "{trace}");
        let ratio = squares / count * 24.0;
        assert!(
            (ratio - 1.0).abs() < 6.0 * f64::sqrt(2.0 / count),
            "{ratio}"
        );
        assert_eq!(seen(Sight::Released, 3), seen(Sight::Released, 3));
        assert_ne!(seen(Sight::Released, 3), seen(Sight::Released, 4));
    }
}
