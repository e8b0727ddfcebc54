//! One form for heads with a hidden layer that compute the same.
//!
//! A ReLU unit computes the same when its row is multiplied by s > 0 and its outputs are divided by
//! s; a square's row may change its sign, and s divides its outputs twice. Units can stand in any
//! order, and the second layer's common row shows in no label. Here the second layer is centred, both
//! sides of a unit weigh alike (the product of training from small weights, whose flow keeps the
//! difference of their squares), and units stand in the order and sign of a reference.

use transfer::{Activation, HeadKind, HeadShape};

/// Sizes of a head with a hidden layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// d + 1.
    pub width: usize,
    pub hidden: usize,
    pub outputs: usize,
    pub activation: Activation,
}

impl Form {
    /// The form of heads of `shape`; none for linear heads.
    pub fn of(shape: &HeadShape) -> Option<Self> {
        let HeadKind::Mlp { hidden, activation } = shape.kind else {
            return None;
        };
        Some(Self {
            width: shape.features + 1,
            hidden,
            outputs: shape.outputs(),
            activation,
        })
    }

    /// Number of weights.
    pub fn len(&self) -> usize {
        self.hidden * self.width + self.outputs * (self.hidden + 1)
    }

    /// The degree of the logits (their bias apart) in the weights of both layers together.
    fn degree(&self) -> f32 {
        match self.activation {
            Activation::Relu => 2.0,
            Activation::Square => 3.0,
        }
    }

    /// Takes the common row from the second layer and makes both sides of every unit weigh alike:
    /// |w₁|² = |w₂|² for ReLU, 2 |w₂|² for the square.
    pub fn balance(&self, head: &mut [f32]) {
        let (first, second) = head.split_at_mut(self.hidden * self.width);
        let columns = self.hidden + 1;
        if self.outputs > 1 {
            for column in 0..columns {
                let values = second.iter().skip(column).step_by(columns);
                let mean = values.sum::<f32>() / self.outputs as f32;
                let values = second.iter_mut().skip(column).step_by(columns);
                values.for_each(|w| *w -= mean);
            }
        }
        for (unit, row) in first.chunks_mut(self.width).enumerate() {
            let power = |values: &mut dyn Iterator<Item = f32>| {
                values.map(|w| f64::from(w).powi(2)).sum::<f64>()
            };
            let below = power(&mut row.iter().copied());
            let above = power(&mut second.iter().skip(unit).step_by(columns).copied());
            let (factor, back) = match self.activation {
                Activation::Relu => {
                    let factor = (above / below).powf(0.25);
                    (factor, 1.0 / factor)
                }
                Activation::Square => {
                    let factor = (2.0 * above / below).powf(1.0 / 6.0);
                    (factor, factor.powi(-2))
                }
            };
            // A unit without one of its sides computes nothing, and nothing can be balanced.
            if !(factor.is_normal() && back.is_normal()) {
                continue;
            }
            row.iter_mut().for_each(|w| *w *= factor as f32);
            let values = second.iter_mut().skip(unit).step_by(columns);
            values.for_each(|w| *w *= back as f32);
        }
    }

    /// Multiplies the logits by `factor`, shared alike between the layers.
    pub fn scale(&self, head: &mut [f32], factor: f32) {
        let each = factor.powf(1.0 / self.degree());
        let (first, second) = head.split_at_mut(self.hidden * self.width);
        first.iter_mut().for_each(|w| *w *= each);
        for row in second.chunks_mut(self.hidden + 1) {
            row[..self.hidden].iter_mut().for_each(|w| *w *= each);
            row[self.hidden] *= factor;
        }
    }

    /// Puts the units of a balanced `head` in the order (and the square's sign) of `reference`: the
    /// most similar pair first, then the most similar of what is left.
    pub fn align(&self, head: &mut [f32], reference: &[f32]) {
        let (hidden, width, columns) = (self.hidden, self.width, self.hidden + 1);
        let at = hidden * width;
        let mut similar = Vec::with_capacity(hidden * hidden);
        for unit in 0..hidden {
            for place in 0..hidden {
                let rows = head[unit * width..(unit + 1) * width]
                    .iter()
                    .zip(&reference[place * width..(place + 1) * width]);
                let below = rows.map(|(a, b)| a * b).sum::<f32>();
                let above: f32 = (0..self.outputs)
                    .map(|k| head[at + k * columns + unit] * reference[at + k * columns + place])
                    .sum();
                let turned = self.activation == Activation::Square && below < 0.0;
                let below = if turned { -below } else { below };
                similar.push((below + above, unit, place, turned));
            }
        }
        similar.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let old = head.to_vec();
        let (mut used, mut filled) = (vec![false; hidden], vec![false; hidden]);
        for (_, unit, place, turned) in similar {
            if used[unit] || filled[place] {
                continue;
            }
            (used[unit], filled[place]) = (true, true);
            let sign = if turned { -1.0 } else { 1.0 };
            let row = &old[unit * width..(unit + 1) * width];
            let to = &mut head[place * width..(place + 1) * width];
            to.iter_mut().zip(row).for_each(|(to, w)| *to = sign * w);
            for k in 0..self.outputs {
                head[at + k * columns + place] = old[at + k * columns + unit];
            }
        }
    }
}
