//! What a head with a hidden layer shows of its training examples, whatever the order of its units.
//!
//! Trained from small weights, unit j's row is Σ_i A_ji f̃_i with A_ji ∝ Σ_t (Y − P)_ki w₂_kj at the
//! examples where the unit is active: each class pulls its example into the rows of the units that
//! speak for it. Units come in an arbitrary order, and a factor can move from one layer to the
//! other, so the rows alone say little. Sums over units weighted by the second layer know neither:
//! Σ_j max(w₂_kj, 0) w₁_j gathers what speaks for class k, Σ_j min(w₂_kj, 0) w₁_j what speaks against
//! it. The second layer is centred over the classes first (its common row shows in no probability),
//! and all sums of a head are divided by their root mean square, so that the scale of the logits
//! does not count either. A square is the same for a unit and its negative: its rows are weighted
//! by its slope at the public mean feature.

use transfer::Activation;

use crate::World;

/// Sums over hidden units.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UnitSums {
    pub hidden: usize,
    pub activation: Activation,
    /// Public mean feature with a 1 behind (d + 1).
    pub centre: Vec<f32>,
}

impl UnitSums {
    /// Sums for heads of `world` with so many hidden units.
    pub fn new(world: &World<'_>, hidden: usize, activation: Activation) -> Self {
        let mut centre = vec![0.0; world.shape.features + 1];
        let public = world.split.public.len().max(1) as f32;
        for index in world.split.public.indices() {
            let row = world.features.row(index as usize);
            centre
                .iter_mut()
                .zip(row)
                .for_each(|(sum, x)| *sum += x / public);
        }
        centre[world.shape.features] = 1.0;
        Self {
            hidden,
            activation,
            centre,
        }
    }

    /// Values of one target's input: what speaks for it, then what speaks against it.
    pub fn width(&self) -> usize {
        2 * self.centre.len()
    }

    /// Writes the sums of every logit of `head` to `out` (logits × [`UnitSums::width`]).
    pub fn apply(&self, head: &[f32], out: &mut [f32]) {
        let (width, hidden) = (self.centre.len(), self.hidden);
        let (first, second) = head.split_at(hidden * width);
        let outputs = second.len() / (hidden + 1);
        out.fill(0.0);
        for (unit, row) in first.chunks(width).enumerate() {
            let slope = match self.activation {
                Activation::Relu => 1.0,
                Activation::Square => {
                    let at = row.iter().zip(&self.centre).map(|(w, x)| w * x);
                    2.0 * at.sum::<f32>()
                }
            };
            let weight = |output: usize| second[output * (hidden + 1) + unit];
            let common = match outputs {
                1 => 0.0,
                _ => (0..outputs).map(weight).sum::<f32>() / outputs as f32,
            };
            for (output, out) in out.chunks_mut(2 * width).enumerate() {
                let weight = weight(output) - common;
                let half = if weight > 0.0 { 0 } else { width };
                let out = &mut out[half..half + width];
                let times = weight * slope;
                out.iter_mut()
                    .zip(row)
                    .for_each(|(sum, w)| *sum += times * w);
            }
        }
        let power = out.iter().map(|x| f64::from(x * x)).sum::<f64>() / out.len() as f64;
        let scale = (1.0 / power.sqrt().max(1e-30)) as f32;
        out.iter_mut().for_each(|x| *x *= scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_the_order_of_units_nor_what_moves_between_layers_shows() {
        // d = 2, three units, two logits.
        let first = [[1.0, -2.0, 0.5], [0.3, 0.1, -1.0], [-0.7, 2.0, 0.2]];
        let second = [[1.0, -0.5, 2.0, 0.1], [-1.0, 0.25, 0.5, 0.2]];
        for activation in [Activation::Relu, Activation::Square] {
            let sums = UnitSums {
                hidden: 3,
                activation,
                centre: vec![0.4, 0.8, 1.0],
            };
            let see = |order: [usize; 3], factor: f32, common: f32| {
                let back = match activation {
                    Activation::Relu => 1.0 / factor,
                    Activation::Square => 1.0 / (factor * factor),
                };
                let mut head: Vec<f32> = order
                    .iter()
                    .flat_map(|&unit| first[unit])
                    .map(|w| factor * w)
                    .collect();
                for row in second {
                    head.extend(order.iter().map(|&unit| back * row[unit] + common));
                    head.push(row[3]);
                }
                let mut out = vec![0.0; 2 * sums.width()];
                sums.apply(&head, &mut out);
                out
            };
            let plain = see([0, 1, 2], 1.0, 0.0);
            let factor = match activation {
                Activation::Relu => 4.0,
                Activation::Square => -4.0,
            };
            for other in [see([2, 0, 1], 1.0, 0.0), see([0, 2, 1], factor, 0.7)] {
                for (a, b) in plain.iter().zip(&other) {
                    assert!((a - b).abs() < 1e-5, "{activation:?} {a} {b}");
                }
            }
            assert!(plain.iter().all(|x| x.is_finite()));
        }
    }
}
