//! Arguments of `privacy`.

use clap::{Args, Subcommand, ValueEnum};
use spec::Accountant;

use super::word::word;

/// The two questions about DP-SGD.
#[derive(Clone, Debug, Subcommand)]
pub enum PrivacyCommand {
    /// The epsilon that a run spends.
    Epsilon(EpsilonArgs),
    /// The noise multiplier that keeps a run within an epsilon.
    Noise(NoiseArgs),
}

/// A run whose ε is asked for.
#[derive(Clone, Debug, Args)]
#[command(allow_negative_numbers = true)]
pub struct EpsilonArgs {
    /// Standard deviation of the noise over the clipping norm.
    #[arg(long, value_name = "S")]
    pub noise_multiplier: f64,
    /// What is common to both questions.
    #[command(flatten)]
    pub run: RunArgs,
}

/// A run whose noise is asked for.
#[derive(Clone, Debug, Args)]
#[command(allow_negative_numbers = true)]
pub struct NoiseArgs {
    /// The epsilon not to exceed.
    #[arg(long, value_name = "E")]
    pub epsilon: f64,
    /// What is common to both questions.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Steps of the subsampled Gaussian mechanism.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// Probability with which a step takes an example; 1 is full batches.
    #[arg(long, value_name = "Q")]
    pub sample_rate: f64,
    /// Steps.
    #[arg(long, value_name = "T")]
    pub steps: u64,
    /// The delta of (epsilon, delta).
    #[arg(long, value_name = "D")]
    pub delta: f64,
    /// How epsilon is computed.
    #[arg(long, value_name = "NAME", default_value_t, value_parser = word::<Accountant>())]
    pub accountant: Accountant,
    /// What the adversary must not tell apart.
    #[arg(long, value_enum, default_value_t = NeighbourName::AddRemove)]
    pub neighbour: NeighbourName,
    /// Print one JSON object in place of a line of text.
    #[arg(long)]
    pub json: bool,
}

/// What the adversary must not tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NeighbourName {
    /// A training set with an example and without.
    #[value(alias = "add-remove", name = "add_remove")]
    AddRemove,
    /// A training set with an example and with another in its place.
    #[value(alias = "replace-one", name = "replace_one")]
    ReplaceOne,
}
