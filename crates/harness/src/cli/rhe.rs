//! Arguments of `rhe`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use rhe::Scheme;
use spec::{Activation, Rhe};

use super::word::word;

/// The steps of a protected head's life.
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
    /// The owner sees how often a key was used.
    Count(CountArgs),
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
    /// How many images may ever be revealed with the key: who sees the classes of enough images of
    /// their choice has the head, encrypted or not. Without it there is no limit.
    #[arg(long, value_name = "IMAGES")]
    pub quota: Option<u64>,
}

/// Encrypting a head.
#[derive(Clone, Debug, Args)]
pub struct ProtectArgs {
    /// The head: the state dict of a PyTorch `Linear` or `Sequential` as safetensors or as
    /// `torch.save` writes it (.pt, .pth), or scikit-learn's `coef_` as coef.npy with intercept.npy
    /// beside it.
    #[arg(long, value_name = "FILE")]
    pub head: PathBuf,
    /// The secret key.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Where the protected head is written.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Bits of a quantised weight, sign included.
    #[arg(long, value_name = "BITS", default_value_t = Rhe::default().weight_bits, value_parser = clap::value_parser!(u32).range(Rhe::WEIGHT_BITS.range()))]
    pub weight_bits: u32,
    /// Bits of a quantised feature's magnitude.
    #[arg(long, value_name = "BITS", default_value_t = Rhe::default().feature_bits, value_parser = clap::value_parser!(u32).range(Rhe::FEATURE_BITS.range()))]
    pub feature_bits: u32,
    /// Public features (`.npy`, one row an image) like those that will be classified. They show what
    /// rounding loses, set the scale at which features are rounded, and the ranges of a ReLU head or
    /// of decisions: more precise than the bounds that hold for any input.
    #[arg(long, value_name = "FILE")]
    pub calibration: Option<PathBuf>,
    /// Let who classifies choose `classify --decision`; doubles the file. Heads with a hidden layer
    /// of ReLU can decide without it.
    #[arg(long)]
    pub decision: bool,
    /// What hides the weights of a linear head: ring ciphertexts, or a pseudo-random pad, which is
    /// half as large and takes no lattice.
    #[arg(long, value_name = "NAME", default_value = Scheme::default().name(), value_parser = Scheme::ALL.map(Scheme::name), conflicts_with_all = ["decision", "private"])]
    pub scheme: String,
    /// Make a linear head whose results hide the features from the owner of the key too; they are
    /// for owners who trust the classifier. Takes --calibration.
    #[arg(long, conflicts_with = "decision")]
    pub private: bool,
    /// What stands between the layers, where there are several and the file does not say it.
    #[arg(long, value_name = "NAME", value_parser = word::<Activation>())]
    pub activation: Option<Activation>,
    /// The layers from input to output, by the names before `.weight`, where the file does not say
    /// their order.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub layers: Vec<String>,
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
    /// Refuse a head whose results would show the features to the owner of its key.
    #[arg(long)]
    pub private: bool,
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
    /// Reveal results that cannot be authenticated, those of heads with a hidden layer and
    /// decisions: who makes one up and sees its class reads the secret key.
    #[arg(long)]
    pub trusted_classifier: bool,
}

/// Uses of a key.
#[derive(Clone, Debug, Args)]
pub struct CountArgs {
    /// The secret key. Its count is kept beside it, with `.count` behind the name.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Begin the count of a key that has none.
    #[arg(long)]
    pub begin: bool,
    /// With --begin: how many images may ever be revealed with the key.
    #[arg(long, value_name = "IMAGES", requires = "begin")]
    pub quota: Option<u64>,
}
