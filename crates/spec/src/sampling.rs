//! How the steps of private training draw their examples.

use serde::Serialize;

use crate::bounds::OutOfBounds;

/// How a step's examples are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// All examples in every step.
    Full,
    /// Each example with this probability q, in (0, 1], independently.
    Poisson(f64),
}

impl Default for Sampling {
    fn default() -> Self {
        Self::Poisson(0.5)
    }
}

impl Sampling {
    /// That with this rate: all examples where it is 1.
    pub fn of_rate(rate: f64) -> Self {
        if rate < 1.0 {
            Self::Poisson(rate)
        } else {
            Self::Full
        }
    }

    /// Whether q may have this value.
    pub fn is_possible(rate: f64) -> bool {
        rate > 0.0 && rate <= 1.0
    }

    /// What is wrong with its rate.
    pub(crate) fn impossible(self) -> Option<OutOfBounds> {
        let Self::Poisson(rate) = self else {
            return None;
        };
        let found = format!("the rate {rate}");
        let out = OutOfBounds::new("sampling", found, "a rate above 0 and up to 1");
        (!Self::is_possible(rate)).then_some(out)
    }

    /// What is wrong with it as number `item` of a list that begins with `before`.
    pub(crate) fn refused(self, item: usize, before: &[Self]) -> Option<OutOfBounds> {
        let out = match before.iter().position(|other| *other == self) {
            Some(first) => {
                let found = format!("the value of item [{first}] again");
                Some(OutOfBounds::new("sampling", found, "each value once"))
            }
            None => self.impossible(),
        };
        out.map(|out| OutOfBounds {
            item: Some(item),
            ..out
        })
    }

    /// The probability q with which an example is in a step's batch.
    pub fn rate(self) -> f64 {
        match self {
            Self::Full => 1.0,
            Self::Poisson(rate) => rate,
        }
    }

    /// What the noisy sum of `n` examples' gradients is divided by: ⌊qN⌋, Opacus's expected batch
    /// size. It is public; the realised batch size would leak.
    pub fn divisor(self, n: usize) -> usize {
        match self {
            Self::Full => n,
            // The tiny excess keeps 0.1 * 30 from being floored to 2.
            Self::Poisson(rate) => (rate * n as f64 * (1.0 + 1e-12)).floor() as usize,
        }
    }

    /// Steps that make `epochs` expected passes over the training set.
    pub fn steps(self, epochs: usize) -> usize {
        match self {
            Self::Full => epochs,
            Self::Poisson(rate) => (epochs as f64 / rate).round() as usize,
        }
    }
}
