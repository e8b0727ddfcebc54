//! Arguments of `privacy`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use spec::{Accountant, Neighbour};

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
    /// Audit DP-SGD itself: train heads with and without a worst-case record, and count.
    Canary(CanaryArgs),
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
    /// The scores are of examples of one single run, each of which was in it by a fair coin.
    #[arg(long)]
    pub one_run: bool,
    /// What is common to both audits.
    #[command(flatten)]
    pub counting: CountingArgs,
}

/// How an audit counts and answers.
#[derive(Clone, Debug, Args)]
pub struct CountingArgs {
    /// The probability, at least, with which a bound is true.
    #[arg(long, value_name = "P", default_value_t = 0.95)]
    pub confidence: f64,
    /// Seed of all that the audit draws.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub seed: u64,
    /// Print one JSON object in place of lines of text.
    #[arg(long)]
    pub json: bool,
}

/// DP-SGD whose claim is put to the test.
///
/// The adversary is differential privacy's own: it knows every other record, chooses the record and
/// the initial weights, and sees the final weights alone. The record is orthogonal to all others and
/// its gradient is at the clipping norm in every step. Half of the heads choose the threshold; the
/// other half are counted.
#[derive(Clone, Debug, Args)]
#[command(allow_negative_numbers = true, group(ArgGroup::new("claim").required(true)))]
pub struct CanaryArgs {
    /// The epsilon that is claimed, under add_remove; the noise follows.
    #[arg(long, value_name = "E", group = "claim")]
    pub epsilon: Option<f64>,
    /// Standard deviation of the noise over the clipping norm; the epsilon that is claimed follows.
    #[arg(long, value_name = "S", group = "claim")]
    pub noise_multiplier: Option<f64>,
    /// The steps.
    #[command(flatten)]
    pub run: StepsArgs,
    /// Records in the training set, the canary among them.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub records: usize,
    /// The delta of (epsilon, delta); N^-1.1 where it is left out.
    #[arg(long, value_name = "D")]
    pub delta: Option<f64>,
    /// Heads trained on each side.
    #[arg(long, value_name = "HEADS", default_value_t = 100_000)]
    pub heads: usize,
    /// What is common to both audits.
    #[command(flatten)]
    pub counting: CountingArgs,
}

/// How often the subsampled Gaussian mechanism runs, and on what.
#[derive(Clone, Debug, Args)]
pub struct StepsArgs {
    /// Probability with which a step takes an example; 1 is full batches.
    #[arg(long, value_name = "Q")]
    pub sample_rate: f64,
    /// Steps.
    #[arg(long, value_name = "T")]
    pub steps: u64,
}

/// Steps of the subsampled Gaussian mechanism.
#[derive(Clone, Debug, Args)]
pub struct MechanismArgs {
    /// The steps.
    #[command(flatten)]
    pub taken: StepsArgs,
    /// The delta of (epsilon, delta).
    #[arg(long, value_name = "D")]
    pub delta: f64,
    /// How epsilon is computed.
    #[arg(long, value_name = "NAME", default_value_t, value_parser = word::<Accountant>())]
    pub accountant: Accountant,
    /// What the adversary must not tell apart.
    #[arg(long, value_name = "NAME", default_value_t, value_parser = word::<Neighbour>())]
    pub neighbour: Neighbour,
    /// Print one JSON object in place of a line of text.
    #[arg(long)]
    pub json: bool,
}
