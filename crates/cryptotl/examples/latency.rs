//! Prints the measured cases as JSON, one a line: `cargo run -p cryptotl --example latency [runs]`.

use cryptotl::{Bench, CryptoTlError, bench};

fn main() -> Result<(), CryptoTlError> {
    let runs = std::env::args().nth(1).and_then(|runs| runs.parse().ok());
    for case in Bench::standard(runs.unwrap_or(5))? {
        let measured = bench(&case, &datasets::StreamKey::from_seed(768))?;
        println!("{}", serde_json::to_string(&measured).unwrap_or_default());
    }
    Ok(())
}
