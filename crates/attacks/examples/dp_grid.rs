//! One reconstructor for a whole ε × shots grid, or one for each cell? Both, on real MNIST.
//!
//! ```text
//! cargo run -p attacks --example dp_grid -- --data DIR --cache DIR [--samples 600000]
//! ```
//!
//! Takes the features that the example `mnist` left in the cache (`--epochs 2`), trains one network
//! on all cells in turn and one network a cell with the same number of rows in all, and prints each
//! cell's success against heads trained on other digits.

#[path = "common/mod.rs"]
mod common;

use std::time::Instant;

use attacks::{Reconstructor, WhiteBox, World};
use common::{AnyError, Options};
use datasets::{Split, StreamKey};
use transfer::{DpSgd, HeadShape, Recipe, Sampling};

/// Shots, and the paper's noise multipliers for them (arXiv:2505.14323); none: undefended.
const CELLS: [(usize, Option<f32>); 6] = [
    (1, None),
    (1, Some(0.435)),
    (1, Some(0.85)),
    (4, None),
    (4, Some(0.79)),
    (4, Some(1.75)),
];

fn main() -> Result<(), AnyError> {
    let options = Options::read()?;
    let (data, cache) = (options.path("data")?, options.path("cache")?);
    let images = common::digits(&data)?;
    let features = common::features(&data, &cache, &images, 16, options.get("epochs", 2)?)?;
    let key = StreamKey::from_seed(options.get("seed", 2505)?);
    let split = Split::new(images.labels(), 10, 0.15, 0.04, key.child("split"));
    let shape = HeadShape::linear(features.width(), 10);
    let world = |(shots, noise): (usize, Option<f32>)| {
        let plain = Recipe::mnist(shots);
        let recipe = match noise {
            None => plain,
            Some(noise_multiplier) => Recipe {
                steps: 2 * plain.steps,
                ..plain.with_dp(DpSgd {
                    clip: 4.0,
                    noise_multiplier,
                    sampling: Sampling::Poisson(0.5),
                })
            },
        };
        World::new(&images, &features, &split, shape, recipe, shots, key)
    };
    let worlds = CELLS
        .map(world)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let samples = options.get("samples", 600_000)?;
    let training = |samples: usize| spec::Reconstructor {
        samples,
        ..spec::Reconstructor::default()
    };

    let start = Instant::now();
    let all: Vec<&World<'_>> = worlds.iter().collect();
    let shared = Reconstructor::fit_shared(&all, &training(samples), |_| {})?;
    println!(
        "one network, {samples} rows: {:.0} s",
        start.elapsed().as_secs_f64()
    );
    let start = Instant::now();
    let each = worlds
        .iter()
        .map(|world| Reconstructor::fit(world, &training(samples / worlds.len()), |_| {}))
        .collect::<Result<Vec<_>, _>>()?;
    println!(
        "one a cell, as many rows in all: {:.0} s",
        start.elapsed().as_secs_f64()
    );

    for (at, ((shots, noise), world)) in CELLS.iter().zip(&worlds).enumerate() {
        let stream = world.victims()?;
        let mut victims = stream.batch(options.get("victims", 500)?);
        stream.fill(0, &mut victims)?;
        let rate = |attack: &dyn WhiteBox| -> Result<String, AnyError> {
            let (one, mse) = common::success(world, attack, &victims)?;
            Ok(format!(
                "{:.3} [{:.3}, {:.3}], mse {mse:.4}",
                one.value, one.lo, one.hi
            ))
        };
        let noise = noise.map_or("none".into(), |noise| noise.to_string());
        println!("{shots} shots, noise multiplier {noise}");
        println!("  TPR at 1 %, one network for all: {}", rate(&shared[at])?);
        println!("  TPR at 1 %, one for this cell:   {}", rate(&each[at])?);
    }
    Ok(())
}
