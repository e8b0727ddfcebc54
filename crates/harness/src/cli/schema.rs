//! Arguments of `schema`.

use clap::Args;

/// What is described, and for whom.
#[derive(Clone, Copy, Debug, Args)]
pub struct SchemaArgs {
    /// Print the reference for people instead, as Markdown.
    #[arg(long, conflicts_with = "columns")]
    pub markdown: bool,
    /// Print the columns of the tables that a run writes instead, as Markdown.
    #[arg(long)]
    pub columns: bool,
}
