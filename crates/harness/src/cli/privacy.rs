//! Arguments of `privacy`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use spec::Accountant;

use super::word::word;

/// The questions about differential privacy.
#[derive(Clone, Debug, Subcommand)]
pub enum PrivacyCommand {
    /// The epsilon that a run spends.
    Epsilon(EpsilonArgs),
    /// The noise multiplier that keeps a run within an epsilon, or attacks within a risk.
    Noise(NoiseArgs),
    /// The epsilon that an attack has shown to be exceeded.
    Audit(AuditArgs),
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
    pub run: MechanismArgs,
}

/// A run whose noise is asked for.
#[derive(Clone, Debug, Args)]
#[command(allow_negative_numbers = true, group(ArgGroup::new("target").required(true)))]
pub struct NoiseArgs {
    /// The epsilon not to exceed.
    #[arg(long, value_name = "E", group = "target")]
    pub epsilon: Option<f64>,
    /// The true-positive rate that no membership attack may exceed.
    #[arg(long, value_name = "TPR", group = "target", requires = "at_fpr")]
    pub max_tpr: Option<f64>,
    /// The false-positive rate at which that holds.
    #[arg(long, value_name = "FPR", requires = "max_tpr")]
    pub at_fpr: Option<f64>,
    /// The rate that no attack may exceed in reconstructing an example.
    #[arg(long, value_name = "G", group = "target", requires = "blind")]
    pub max_reconstruction: Option<f64>,
    /// The rate at which the best guess without any release counts as a reconstruction.
    #[arg(long, value_name = "K", requires = "max_reconstruction")]
    pub blind: Option<f64>,
    /// What is common to both questions.
    #[command(flatten)]
    pub run: MechanismArgs,
}

/// Scores of an attack, one number a line.
///
/// Half of the scores, drawn at random, choose the threshold; the other half are counted.
#[derive(Clone, Debug, Args)]
#[command(allow_negative_numbers = true)]
pub struct AuditArgs {
    /// Scores of independent trials with the target in the training set.
    #[arg(value_name = "SCORES_IN")]
    pub inside: PathBuf,
    /// Scores of independent trials without it.
    #[arg(value_name = "SCORES_OUT")]
    pub outside: PathBuf,
    /// The delta of (epsilon, delta); without it, of pure differential privacy.
    #[arg(long, value_name = "D")]
    pub delta: Option<f64>,
    /// The probability, at least, with which a bound is true.
    #[arg(long, value_name = "P", default_value_t = 0.95)]
    pub confidence: f64,
    /// The scores are of examples of one single run, each of which was in it by a fair coin.
    #[arg(long)]
    pub one_run: bool,
    /// Draws the halves.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub seed: u64,
    /// Print one JSON object in place of lines of text.
    #[arg(long)]
    pub json: bool,
}

/// Steps of the subsampled Gaussian mechanism.
#[derive(Clone, Debug, Args)]
pub struct MechanismArgs {
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
