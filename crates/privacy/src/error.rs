//! The error type of this crate.

/// What can go wrong when privacy is accounted for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PrivacyError {
    /// A parameter is outside the values it can have.
    #[error("{what} is {value}, expected {expected}\nhint: {hint}")]
    OutOfRange {
        /// The parameter.
        what: &'static str,
        /// What was given.
        value: f64,
        /// The values it can have.
        expected: &'static str,
        /// The mend.
        hint: &'static str,
    },
    /// An accountant cannot work with parameters that are each valid.
    #[error("the {accountant} accountant cannot answer: {reason}\nhint: {hint}")]
    Unsupported {
        /// Which accountant.
        accountant: &'static str,
        /// Why not.
        reason: String,
        /// The mend.
        hint: &'static str,
    },
    /// ε is asked of steps that add no noise.
    #[error(
        "noise multiplier 0 has no finite epsilon: a step without noise reveals its sum exactly\nhint: give a noise multiplier above 0, or leave the defence out"
    )]
    NoNoise,
    /// No noise multiplier in the searched range gives the target.
    #[error(
        "no noise multiplier reaches {what} {target:?}: {bound} {noise} gives {what} {reached:?}\nhint: {hint}"
    )]
    Unreachable {
        /// What is to be reached.
        what: &'static str,
        /// The value asked for.
        target: f64,
        /// Which end of the search: "the largest tried," or "the smallest tried,".
        bound: &'static str,
        /// The noise multiplier at that end.
        noise: f64,
        /// The value there.
        reached: f64,
        /// The mend.
        hint: &'static str,
    },
    /// The expected batch holds no record.
    #[error(
        "{records} records sampled at rate {rate} give an expected batch below one record, so there is no batch size to divide by\nhint: raise the sample rate to at least {least}, or use full batches"
    )]
    TooFewRecords {
        /// Records in the training set.
        records: usize,
        /// The sample rate.
        rate: f64,
        /// The smallest rate that fills a batch with one record.
        least: f64,
    },
    /// A composition has no steps, or a list is empty where it cannot be.
    #[error("{what} is empty\nhint: {hint}")]
    Empty {
        /// What is empty.
        what: &'static str,
        /// The mend.
        hint: &'static str,
    },
    /// Scores from which nothing can be concluded.
    #[error("cannot audit with {count} {which} scores{why}\nhint: {hint}")]
    Scores {
        /// Which side.
        which: &'static str,
        /// How many there are.
        count: usize,
        /// What else is wrong with them, with its own comma.
        why: String,
        /// The mend.
        hint: &'static str,
    },
    /// Attack counts contradict themselves.
    #[error(
        "attack counts {what}: {successes} of {trials}\nhint: count each trial once, with at least one trial on each side"
    )]
    Counts {
        /// Which counts.
        what: &'static str,
        /// Successes.
        successes: u64,
        /// Trials.
        trials: u64,
    },
}
