//! The error type of the command's engine, with what decides the exit code.

use std::path::PathBuf;

use crate::exit::Exit;

/// What can go wrong while a plan is made or run.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// A setting that only shows to be impossible beside the data.
    #[error("{place}: {reason}")]
    Setting {
        /// The key's path in the config.
        place: String,
        /// What is wrong, and the mend.
        reason: String,
    },
    /// A file that the config names is not there.
    #[error("cannot read {}: {source}\nhint: name the data folder with --data or RHEA_DATA; `harness data list` says what belongs there", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Data is missing or damaged.
    #[error(transparent)]
    Data(#[from] datasets::DatasetError),
    /// A network cannot be trained, read or used.
    #[error(transparent)]
    Backbone(#[from] backbones::BackboneError),
    /// A head cannot be trained.
    #[error(transparent)]
    Transfer(#[from] transfer::TransferError),
    /// A privacy question has no answer.
    #[error(transparent)]
    Privacy(#[from] privacy::PrivacyError),
    /// An attack cannot run.
    #[error(transparent)]
    Attack(#[from] attacks::AttackError),
    /// A file is no head.
    #[error(transparent)]
    Head(#[from] heads::HeadError),
    /// A given head is not one that can be audited.
    #[error("{}: {reason}", path.display())]
    Given {
        /// The file.
        path: PathBuf,
        /// What is wrong, and the mend.
        reason: String,
    },
    /// Scores cannot be evaluated.
    #[error(transparent)]
    Evaluation(#[from] evaluation::EvaluationError),
    /// A head cannot be encrypted.
    #[error(transparent)]
    Rhe(#[from] rhe::RheError),
    /// The CryptoTL protocol failed.
    #[error(transparent)]
    CryptoTl(#[from] cryptotl::CryptoTlError),
    /// The config cannot be written back.
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    /// Results cannot be written.
    #[error(transparent)]
    Report(#[from] report::ReportError),
    /// A stage's product cannot be kept.
    #[error(transparent)]
    Store(#[from] crate::stages::StoreError),
    /// A stage is not there, and may not be made.
    #[error("{what}: not made yet")]
    NotMade {
        /// The stage.
        what: String,
    },
    /// Not all shards are done.
    #[error(
        "{experiment}: {missing} of {cells} cells are not measured yet, the first: {first}\nhint: run the shards that they are in, with the same --cache"
    )]
    Unfinished {
        /// The experiment.
        experiment: String,
        /// Cells that are neither measured nor failed.
        missing: usize,
        /// All cells.
        cells: usize,
        /// The first of them, in words.
        first: String,
    },
    /// Shards ran on unlike processors.
    #[error(
        "{experiment}: cells were measured with unlike instruction sets, {sets}, which differ in the last digits\nhint: `harness cache prune --instructions SET` removes what one of them had part in; run its shards again, all with one `--instructions`, or on processors of the other set"
    )]
    Unlike {
        /// The experiment.
        experiment: String,
        /// Each set and the number of cells in which it had part.
        sets: String,
    },
    /// Another run is at work on the same results.
    #[error("{} is in use by {holder}\nhint: wait for it, or write elsewhere with --results", path.display())]
    InUse {
        /// The results folder.
        path: PathBuf,
        /// Whoever holds it.
        holder: String,
    },
    /// The results folder cannot be written.
    #[error("cannot write in {}: {source}\nhint: choose another folder with --results", path.display())]
    Results {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file or folder cannot be written or read.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl HarnessError {
    /// The exit code of a command that ends with this error.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Setting { .. }
            | Self::Config(_)
            | Self::Privacy(_)
            | Self::Head(heads::HeadError::Unstated { .. }) => Exit::Usage,
            Self::Missing { .. }
            | Self::Data(_)
            | Self::Unlike { .. }
            | Self::Transfer(
                transfer::TransferError::Given { .. } | transfer::TransferError::File { .. },
            )
            | Self::Head(_)
            | Self::Given { .. } => Exit::Data,
            _ => Exit::Failed,
        }
    }

    /// Whether the next cell would fail for the same reason.
    pub fn ends_the_run(&self) -> bool {
        self.exit() == Exit::Data || matches!(self, Self::Store(_) | Self::Results { .. })
    }
}
