//! Arguments of `data`.

use clap::Subcommand;

/// Looks at the data folder.
#[derive(Clone, Debug, Subcommand)]
pub enum DataCommand {
    /// List what each dataset needs and where it is looked for.
    List,
    /// Read the datasets that are there and say whether they are whole.
    Verify {
        /// Datasets, by their names in `data list` [default: all that are there].
        #[arg(value_name = "DATASET")]
        names: Vec<String>,
    },
}
