//! Arguments of `rhe`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use spec::Activation;

use super::word::word;

/// The four steps of a protected head's life.
#[derive(Clone, Debug, Subcommand)]
pub enum RheCommand {
    /// The owner makes a secret key.
    Keygen(KeygenArgs),
    /// The owner encrypts a trained head.
    Protect(ProtectArgs),
    /// Anyone classifies features with the encrypted head; the results are encrypted.
    Classify(ClassifyArgs),
    /// The owner decrypts results to classes.
    Reveal(RevealArgs),
}

/// Making a key.
#[derive(Clone, Debug, Args)]
pub struct KeygenArgs {
    /// Where the secret key is written, readable by its owner only; it is never overwritten.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Where evaluation keys are written: to classify with a hidden layer of ReLU, or to decide
    /// under encryption. They are no secret; who classifies needs them.
    #[arg(long, value_name = "FILE")]
    pub evaluation_key: Option<PathBuf>,
}

/// Encrypting a head.
#[derive(Clone, Debug, Args)]
pub struct ProtectArgs {
    /// The head: a PyTorch state dict as safetensors (`weight`, `bias`, or `0.weight`, `0.bias`,
    /// `2.weight`, `2.bias` with a hidden layer).
    #[arg(long, value_name = "FILE")]
    pub head: PathBuf,
    /// The secret key.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Where the protected head is written.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Bits of a quantised weight, sign included.
    #[arg(long, value_name = "BITS", default_value_t = 12, value_parser = clap::value_parser!(u32).range(4..=20))]
    pub weight_bits: u32,
    /// Bits of a quantised feature's magnitude.
    #[arg(long, value_name = "BITS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=14))]
    pub feature_bits: u32,
    /// Public features (`.npy`, one row an image) by which the ranges of a ReLU head or of decisions
    /// are set: more precise than the bounds that hold for any input.
    #[arg(long, value_name = "FILE")]
    pub calibration: Option<PathBuf>,
    /// Let who classifies choose `classify --decision`; doubles the file. Heads with a hidden layer
    /// of ReLU can decide without it.
    #[arg(long)]
    pub decision: bool,
    /// Activation of the hidden layer, where there is one.
    #[arg(long, value_name = "NAME", default_value_t, value_parser = word::<Activation>())]
    pub activation: Activation,
}

/// Classifying under encryption.
#[derive(Clone, Debug, Args)]
pub struct ClassifyArgs {
    /// The protected head.
    #[arg(long, value_name = "FILE")]
    pub head: PathBuf,
    /// The features: `.npy`, one row an image.
    #[arg(long, value_name = "FILE")]
    pub features: PathBuf,
    /// The evaluation keys, where the head has a hidden layer of ReLU, or to decide.
    #[arg(long, value_name = "FILE")]
    pub evaluation_key: Option<PathBuf>,
    /// Find the largest class under encryption: who reveals learns it and no logit. Takes half a
    /// second an image for ten classes.
    #[arg(long)]
    pub decision: bool,
    /// Where the encrypted results are written.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Decrypting results.
#[derive(Clone, Debug, Args)]
pub struct RevealArgs {
    /// The encrypted results.
    #[arg(value_name = "RESULTS_FILE")]
    pub encrypted: PathBuf,
    /// The secret key.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Print the logits too. Whoever has them for inputs of their choice can read the head.
    /// Results of `classify --decision` have none: that is a wrong command line (exit code 2).
    #[arg(long)]
    pub logits: bool,
}
