//! Arguments of `audit`.

use std::path::PathBuf;

use clap::Args;
use spec::Activation;

use super::ProcessorArgs;
use super::word::word;

/// One head and what is known of it.
#[derive(Clone, Debug, Args)]
pub struct HeadAuditArgs {
    /// The config: public `data`, `backbone`, `head`, `recipe`, `shots`, and the owner's `private` set
    /// where it is there. `--set` changes a value of it, such as `recipe.optimiser=adamw`.
    #[arg(value_name = "CONFIG")]
    pub config: PathBuf,
    /// The head: the state dict of a PyTorch `Linear` or `Sequential` as safetensors or as
    /// `torch.save` writes it (.pt, .pth), or scikit-learn's `coef_` as coef.npy with intercept.npy
    /// beside it. Without it a demonstration head is trained on the private set.
    #[arg(long, value_name = "FILE")]
    pub head: Option<PathBuf>,
    /// Make it a gate: exit with 3 unless heads trained this way are shown to have at most this true
    /// positive rate at 1 % false positives, under the strongest attack tried, and no larger share of
    /// this head's records stands out.
    #[arg(long, value_name = "RATE")]
    pub max_tpr: Option<f64>,
    /// Where the report is written, in place of the experiment's folder under the results.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The class of the data that each output of the head stands for, where they are in another order.
    #[arg(long, value_name = "CLASSES", value_delimiter = ',', requires = "head")]
    pub classes: Vec<usize>,
    /// What stands between the layers, where there are several and the file does not say it.
    #[arg(long, value_name = "NAME", value_parser = word::<Activation>(), requires = "head")]
    pub activation: Option<Activation>,
    /// The layers from input to output, by the names before `.weight`, where the file does not say
    /// their order.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "head")]
    pub layers: Vec<String>,
    /// What computes.
    #[command(flatten)]
    pub processor: ProcessorArgs,
}
