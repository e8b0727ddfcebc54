//! Commands that answer a question and run no experiment; each gives the text for standard output.

mod bench;
mod check;
mod data;
mod privacy;
mod scores;
mod rhe;

pub use bench::bench;
pub use check::check;
pub use data::data;
pub use privacy::privacy;
pub use rhe::rhe;

/// The JSON schema of the config: `harness schema`.
pub fn schema() -> String {
    format!("{:#}\n", config::schema())
}
