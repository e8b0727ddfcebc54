//! Commands that answer a question and run no experiment; each gives the text for standard output.

mod data;
mod privacy;

pub use data::data;
pub use privacy::privacy;

/// The JSON schema of the config: `harness schema`.
pub fn schema() -> String {
    format!("{:#}\n", config::schema())
}
