//! Checked numbers: an ε cannot be handed over as a δ, nor a rate as a noise multiplier.

use serde::{Deserialize, Serialize};

use crate::PrivacyError;

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident, $what:literal, $expected:literal, $hint:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(try_from = "f64", into = "f64")]
        pub struct $name(f64);

        impl $name {
            #[doc = concat!("Checks that the value is ", $expected, ".")]
            pub fn new(value: f64) -> Result<Self, PrivacyError> {
                let valid: fn(f64) -> bool = $valid;
                if valid(value) {
                    Ok(Self(value))
                } else {
                    Err(PrivacyError::OutOfRange {
                        what: $what,
                        value,
                        expected: $expected,
                        hint: $hint,
                    })
                }
            }

            /// The number.
            pub fn get(self) -> f64 {
                self.0
            }
        }

        impl TryFrom<f64> for $name {
            type Error = PrivacyError;

            fn try_from(value: f64) -> Result<Self, PrivacyError> {
                Self::new(value)
            }
        }

        impl From<$name> for f64 {
            fn from(value: $name) -> f64 {
                value.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

unit!(
    /// ε, the privacy loss that holds but for a probability δ; a positive finite number.
    Epsilon,
    "epsilon",
    "a finite number above 0",
    "epsilon 1 is strong, 10 is weak; smaller is more private",
    |v| v.is_finite() && v > 0.0
);

unit!(
    /// δ, the probability that the bound by ε may fail; strictly between 0 and 1.
    Delta,
    "delta",
    "a number strictly between 0 and 1",
    "a delta below one over the number of records is usual; N^-1.1 is this project's default",
    spec::Delta::is_possible
);

unit!(
    /// σ, the standard deviation of the noise in units of the clipping norm; 0 means no noise.
    NoiseMultiplier,
    "noise multiplier",
    "a finite number, 0 or above",
    "it is the noise's standard deviation divided by the clipping norm",
    |v| v.is_finite() && v >= 0.0
);

unit!(
    /// q, the probability with which a step takes a record, in (0, 1]; 1 means full batches.
    SampleRate,
    "sample rate",
    "a number above 0 and at most 1",
    "it is a probability: the expected batch divided by the number of records",
    spec::Sampling::is_possible
);

impl Delta {
    /// This project's default for a training set of `records` examples: N^-1.1.
    pub fn for_records(records: usize) -> Result<Self, PrivacyError> {
        Self::new(spec::Delta::Auto.value(records))
    }
}

impl SampleRate {
    /// Full batches: q = 1.
    pub const FULL: SampleRate = SampleRate(1.0);

    /// The public batch size ⌊qN⌋ that sums are divided by, where it is at least 1.
    pub fn expected_batch(self, records: usize) -> Result<usize, PrivacyError> {
        let batch = spec::Sampling::Poisson(self.0).divisor(records);
        if batch == 0 {
            return Err(PrivacyError::TooFewRecords {
                records,
                rate: self.0,
                least: 1.0 / records.max(1) as f64,
            });
        }
        Ok(batch)
    }
}

/// T, how often the mechanism runs; from 1 to a billion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Steps(u64);

impl Steps {
    /// One step.
    pub const ONE: Steps = Steps(1);

    /// The largest number of steps.
    pub const MAX: u64 = <spec::DpSgd>::STEPS as u64;

    /// Checks that there is at least one step and at most [`Steps::MAX`].
    pub fn new(value: u64) -> Result<Self, PrivacyError> {
        if (1..=Self::MAX).contains(&value) {
            Ok(Self(value))
        } else {
            Err(PrivacyError::OutOfRange {
                what: "steps",
                value: value as f64,
                expected: "from 1 to 1 000 000 000",
                hint: "count every noisy update, those on empty batches too",
            })
        }
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Steps {
    type Error = PrivacyError;

    fn try_from(value: u64) -> Result<Self, PrivacyError> {
        Self::new(value)
    }
}

impl From<Steps> for u64 {
    fn from(value: Steps) -> u64 {
        value.0
    }
}

impl std::fmt::Display for Steps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
