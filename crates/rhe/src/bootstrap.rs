//! Programmable bootstrapping: keys, keyswitch, blind rotation, tables. Used by ReLU heads and by
//! decisions.

mod evaluate;
mod keys;
mod set;
mod table;

pub use keys::EvaluationKeys;

pub(crate) use evaluate::{Bootstrapper, LWE_WORDS, Rotation, Table, extract_add, subtract_from};
pub(crate) use keys::{BOOTSTRAP_WORDS, KEYSWITCH_WORDS};
pub(crate) use table::EncryptedTable;

/// Standard deviation of a bootstrap's input, in steps of 1/4096 of a turn: see the table in the
/// documentation of ReLU heads.
pub(crate) const INPUT_STEPS: f64 = 4.8;

/// Standard deviation of a bootstrap's own noise, as a part of a turn: 2^49 / 2^64.
pub(crate) const OUTPUT_TURN_NOISE: f64 = 1.0 / (1u64 << 15) as f64;
