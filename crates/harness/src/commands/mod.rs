//! Commands that answer a question and run no experiment; each gives the text for standard output.

mod audit;
mod bench;
mod cache;
mod canary;
mod check;
mod data;
mod figures;
mod privacy;
mod record;
mod rhe;
mod scores;
mod show;
mod slurm;
mod tables;
mod told;

use crate::cli::SchemaArgs;

pub use audit::audit;
pub use bench::bench;
pub use cache::cache;
pub use check::check;
pub use data::data;
pub use privacy::privacy;
pub use rhe::rhe;
pub use show::show;
pub use slurm::slurm;

/// The JSON schema of the config, or its reference or that of the tables as Markdown: `harness schema`.
pub fn schema(args: SchemaArgs) -> String {
    match args {
        SchemaArgs { columns: true, .. } => report::columns_reference(),
        SchemaArgs { markdown: true, .. } => config::reference(),
        _ => format!("{:#}\n", config::schema()),
    }
}
