//! Widths, periods, rotations and CKKS parameters of a square head.

use crate::error::RheError;
use crate::head::{Activation, PlainHead};
use ckks::{Context, Parameters};

/// The largest norm ‖f‖ of features that a square head is made for unless told otherwise.
pub const DEFAULT_MAX_NORM: f32 = 64.0;

/// What is public about a square head.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SquareShape {
    /// d.
    pub(crate) features: usize,
    /// Widths after the first layer, the outputs' last: two or three.
    pub(crate) widths: Vec<usize>,
    /// The largest norm ‖f‖ of features: above it a logit could leave the modulus.
    pub(crate) max_norm: f32,
}

impl SquareShape {
    pub(crate) fn of(head: &PlainHead, max_norm: f32) -> Result<Self, RheError> {
        let layers = head.layers();
        if head.activation() != Activation::Square {
            return Err(RheError::head("its activation is not the square"));
        }
        Self::new(
            head.features(),
            layers.iter().map(|layer| layer.outputs).collect(),
            max_norm,
        )
    }

    pub(crate) fn new(
        features: usize,
        widths: Vec<usize>,
        max_norm: f32,
    ) -> Result<Self, RheError> {
        if !(2..=3).contains(&widths.len()) {
            return Err(RheError::head(format!(
                "it has {} layers, square heads have two or three",
                widths.len()
            )));
        }
        if !(1e-3..=1e6).contains(&max_norm) {
            return Err(RheError::setting(
                format!("features of norm up to {max_norm}"),
                "the limit must be from 0.001 to 1000000",
            ));
        }
        let shape = Self {
            features,
            widths,
            max_norm,
        };
        let slots = 1 << (shape.log_degree() - 1);
        let sound = (1..=1 << 20).contains(&features)
            && shape.widths.iter().all(|w| (1..=slots).contains(w));
        if !sound || shape.period() > slots {
            return Err(RheError::head(format!(
                "its {} features and layers of {:?} need more than the {slots} slots of a ciphertext",
                shape.features, shape.widths
            )));
        }
        Ok(shape)
    }

    fn log_degree(&self) -> u32 {
        if self.widths.len() == 2 { 13 } else { 14 }
    }

    /// K, the number of logits.
    pub(crate) fn outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// Padded widths (H1, H2, K); H2 = 1 for two layers.
    pub(crate) fn padded(&self) -> (usize, usize, usize) {
        let pad = |width: usize| width.next_power_of_two();
        match self.widths[..] {
            [hidden, outputs] => (pad(hidden), 1, pad(outputs)),
            [first, second, outputs] => (pad(first), pad(second), pad(outputs)),
            _ => (1, 1, 1),
        }
    }

    /// M.
    pub(crate) fn period(&self) -> usize {
        let (first, second, outputs) = self.padded();
        first.saturating_mul(second).saturating_mul(outputs)
    }

    /// (i, k, o) of position m in the period.
    pub(crate) fn path(&self, position: usize) -> (usize, usize, usize) {
        let (_, second, outputs) = self.padded();
        (
            position / (second * outputs),
            position / outputs % second,
            position % outputs,
        )
    }

    /// Steps that sum a period's features, its first and its second hidden layer.
    pub(crate) fn rotations(&self, slots: usize) -> [Vec<i64>; 3] {
        let (first, second, outputs) = self.padded();
        let doubling = |start: usize, end: usize| {
            std::iter::successors(Some(start), |step| Some(step * 2))
                .take_while(|step| *step < end)
                .map(|step| step as i64)
                .collect()
        };
        [
            doubling(self.period(), slots),
            doubling(second * outputs, second * outputs * first),
            doubling(outputs, outputs * second),
        ]
    }

    /// Features in a chunk, B, and the number of chunks.
    pub(crate) fn chunks(&self, slots: usize) -> (usize, usize) {
        let length = slots / self.period();
        (length, self.features.div_ceil(length))
    }

    /// The CKKS context: the levels that the layers need.
    pub(crate) fn context(&self) -> Result<Context, RheError> {
        let parameters = match self.widths.len() {
            2 => Parameters::new(self.log_degree(), &[50, 40, 40], 50, 38)?,
            _ => Parameters::new(self.log_degree(), &[50, 40, 40, 40, 40], 50, 40)?,
        };
        Ok(Context::new(&parameters)?)
    }

    /// Largest |c·L| that the last modulus holds, with room for noise: a quarter of q_0 over the
    /// final scale.
    pub(crate) fn largest_logit(&self) -> f64 {
        match self.widths.len() {
            2 => 2f64.powi(16),
            _ => 2f64.powi(8),
        }
    }
}
