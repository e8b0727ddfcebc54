//! The error type of this crate.

/// What can go wrong with parameters, keys, ciphertexts and their bytes.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CkksError {
    /// The parameters are not usable.
    #[error("cannot use these parameters: {reason}")]
    Parameters {
        /// What is wrong, and the mend.
        reason: String,
    },
    /// The parameters have fewer than 128 bits of security.
    #[error(
        "log QP = {log_qp:.1} bits is above the {limit} that ring degree {degree} allows for 128-bit security\nhint: use fewer or smaller primes, or a larger ring"
    )]
    Insecure {
        /// Ring degree N.
        degree: usize,
        /// log2 of the product of all primes, the special one included.
        log_qp: f64,
        /// The table's limit.
        limit: u32,
    },
    /// Two objects were made under different parameters.
    #[error("cannot {operation}: the operands belong to different parameter sets")]
    Context {
        /// What was attempted.
        operation: &'static str,
    },
    /// Two objects belong to different secret keys.
    #[error("cannot {operation}: the operands belong to different secret keys")]
    Key {
        /// What was attempted.
        operation: &'static str,
    },
    /// Two operands are at different levels.
    #[error(
        "cannot {operation}: levels {left} and {right} differ\nhint: bring the higher one down with `drop_to`"
    )]
    Level {
        /// What was attempted.
        operation: &'static str,
        /// Level of the left operand.
        left: usize,
        /// Level of the right operand.
        right: usize,
    },
    /// There are too few levels left.
    #[error("cannot {operation} at level {level}: it needs level {needed} or above")]
    LevelsSpent {
        /// What was attempted.
        operation: &'static str,
        /// The level there is.
        level: usize,
        /// The level needed.
        needed: usize,
    },
    /// Two operands have different scales.
    #[error(
        "cannot {operation}: scales 2^{left:.9} and 2^{right:.9} differ\nhint: encode or multiply to the scale of the other operand"
    )]
    Scale {
        /// What was attempted.
        operation: &'static str,
        /// log2 of the left scale.
        left: f64,
        /// log2 of the right scale.
        right: f64,
    },
    /// A scaled message does not fit below the modulus.
    #[error(
        "cannot {operation}: a scaled value of 2^{bits:.1} does not fit the modulus at level {level}"
    )]
    Overflow {
        /// What was attempted.
        operation: &'static str,
        /// log2 of the largest scaled value.
        bits: f64,
        /// The level.
        level: usize,
    },
    /// A ciphertext has three parts where two are needed.
    #[error("cannot {operation}: the ciphertext has {parts} parts\nhint: relinearise it first")]
    NotRelinearised {
        /// What was attempted.
        operation: &'static str,
        /// Its number of parts.
        parts: usize,
    },
    /// A key that was not generated is needed.
    #[error(
        "cannot {operation}: there is no key for {what}\nhint: ask for it when the evaluation keys are built"
    )]
    MissingKey {
        /// What was attempted.
        operation: &'static str,
        /// The missing key.
        what: String,
    },
    /// A value cannot be encoded or used.
    #[error("cannot {operation}: {reason}")]
    Value {
        /// What was attempted.
        operation: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Bytes are not what they should be.
    #[error("cannot read {what}: {reason}")]
    Format {
        /// What was being read.
        what: &'static str,
        /// What was expected and what was found.
        reason: String,
    },
    /// The operating system gives no randomness.
    #[error("the operating system's random generator failed: {reason}")]
    Randomness {
        /// Why.
        reason: String,
    },
}
