//! How many converged logistic regressions 1280 → 10 on ten examples are made in a second:
//! `cargo run -p transfer --example probe [HEADS]`.

use std::time::Instant;

use datasets::{FeatureSet, Pool, StreamKey};
use rand::RngExt;
use transfer::{HeadShape, Recipe, ShadowStream};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let heads = std::env::args().nth(1).map_or(Ok(4_000), |it| it.parse())?;
    let (width, classes, examples) = (1280, 10, 1000_u32);
    let key = StreamKey::from_seed(12);
    let mut rng = key.rng(0);
    let means: Vec<f32> = (0..classes * width).map(|_| rng.random()).collect();
    let labels: Vec<u32> = (0..examples).map(|i| i % classes as u32).collect();
    let mut values = Vec::with_capacity(labels.len() * width);
    for &label in &labels {
        let mean = &means[label as usize * width..][..width];
        values.extend(
            mean.iter()
                .map(|mean| 2.0 * (rng.random::<f32>() + mean - 1.0).max(0.0)),
        );
    }
    let features = FeatureSet::new(width, values, labels, classes)?;
    let pool = Pool::new(features.labels(), classes, 0..examples);
    let shape = HeadShape::linear(width, classes);
    for strength in [0.316, 1.0, 31.6] {
        let recipe = Recipe::logistic_regression(strength);
        let stream = ShadowStream::new(&features, &pool, shape, recipe, 1, key)?;
        let mut batch = stream.batch(heads);
        stream.fill(0, &mut batch)?;
        let start = Instant::now();
        stream.fill(heads as u64, &mut batch)?;
        let rate = heads as f64 / start.elapsed().as_secs_f64();
        let threads = rayon::current_num_threads();
        println!("C = {strength}: {rate:.0} heads a second on {threads} threads");
    }
    Ok(())
}
