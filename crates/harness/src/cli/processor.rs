//! Which instructions compute.

use clap::Args;
use spec::Instructions;

use super::word::word;

/// What a command that computes is held to.
#[derive(Clone, Copy, Debug, Args)]
pub struct ProcessorArgs {
    /// Compute with these vector instructions alone, whatever more the processor has, and sum as all that are held to it do: they
    /// give the same results byte for byte, and their shards merge [default: what the processor has].
    #[arg(long, value_name = "SET", value_parser = word::<Instructions>())]
    pub instructions: Option<Instructions>,
}
