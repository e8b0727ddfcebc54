//! Commands that answer a question and run no experiment; each gives the text for standard output.

mod bench;
mod cache;
mod canary;
mod check;
mod data;
mod privacy;
mod rhe;
mod scores;
mod show;
mod tables;
mod told;

pub use bench::bench;
pub use cache::cache;
pub use check::check;
pub use data::data;
pub use privacy::privacy;
pub use rhe::rhe;
pub use show::show;

/// The JSON schema of the config, or its reference as Markdown: `harness schema`.
pub fn schema(markdown: bool) -> String {
    if markdown {
        config::reference()
    } else {
        format!("{:#}\n", config::schema())
    }
}
