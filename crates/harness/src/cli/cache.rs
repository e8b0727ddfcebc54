//! Arguments of `cache`.

use clap::Subcommand;

/// What to do with the cache.
#[derive(Clone, Debug, Subcommand)]
pub enum CacheCommand {
    /// Say what is kept, by kind of stage.
    List {
        /// Name every product.
        #[arg(long)]
        each: bool,
    },
    /// Remove what other code has made, what is damaged, and what killed runs left.
    Prune {
        /// Remove everything.
        #[arg(long)]
        all: bool,
        /// Remove what processors with this instruction set had part in, too: what `merge` refuses to
        /// mix with others'.
        #[arg(long, value_name = "SET", conflicts_with = "all")]
        instructions: Option<String>,
    },
}
