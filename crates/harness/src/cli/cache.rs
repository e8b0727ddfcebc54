//! Arguments of `cache`.

use clap::Subcommand;

/// What to do with the cache.
#[derive(Clone, Copy, Debug, Subcommand)]
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
    },
}
