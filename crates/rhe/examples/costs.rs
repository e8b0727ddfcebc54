//! Prints what protecting and classifying cost on this machine, as JSON.
//!
//! `cargo run --release -p rhe --example costs -- [linear|relu|square]`

use rhe::bench::{bench_linear, bench_relu, bench_square, run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = match std::env::args().nth(1).as_deref() {
        Some("linear") => serde_json::to_string_pretty(&bench_linear(10, 1024, 200)?)?,
        Some("relu") => serde_json::to_string_pretty(&bench_relu(1024, 8, 50)?)?,
        Some("square") => {
            serde_json::to_string_pretty(&[bench_square(2048, 4, 20)?, bench_square(1024, 8, 20)?])?
        }
        _ => serde_json::to_string_pretty(&run()?)?,
    };
    println!("{text}");
    Ok(())
}
