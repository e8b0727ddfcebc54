//! Prints what protecting and classifying cost on this machine, as JSON.
//!
//! `cargo run --release -p rhe --example costs`

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let linear = rhe::bench::bench_linear(10, 1024, 200)?;
    println!("{}", serde_json::to_string_pretty(&linear)?);
    Ok(())
}
