//! The white-box attacks on real MNIST, end to end.
//!
//! ```text
//! cargo run -p attacks --example mnist -- --data DIR --cache DIR [--shots 1] [--victims 500]
//!     [--samples 2000000] [--hidden 1024,1024] [--batch 160] [--rate 4e-4] [--epochs 3] [--architecture mlp]
//!     [--informed false]
//! ```
//!
//! Pre-trains a VGG-tiny on Omniglot and notMNIST, extracts features of all 70 000 MNIST images
//! (both kept in the cache), fits `unmixing` and `reconstructor` on public digits, and prints their
//! success on heads trained on private ones.

#[path = "common/mod.rs"]
mod common;

use std::time::Instant;

use attacks::{Reconstructor, Unmixing, WhiteBox, World, errors, null_scores, victim_scores};
use common::{AnyError, Options, by_class};
use datasets::{Split, StreamKey};
use evaluation::Scores;
use spec::Null;
use transfer::{Head, HeadShape, Recipe, ShadowBatch};

fn main() -> Result<(), AnyError> {
    let options = Options::read()?;
    let (data, cache) = (options.path("data")?, options.path("cache")?);
    std::fs::create_dir_all(&cache)?;
    let images = common::digits(&data)?;
    let width = options.get("width", 16)?;
    let epochs = options.get("epochs", 3)?;
    let features = common::features(&data, &cache, &images, width, epochs)?;

    let key = StreamKey::from_seed(options.get("seed", 2505)?);
    let split = Split::new(images.labels(), 10, 0.15, 0.04, key.child("split"));
    let shots = options.get("shots", 1)?;
    let shape = HeadShape::linear(features.width(), 10);
    let recipe = Recipe::mnist(shots);
    let world = World::new(&images, &features, &split, shape, recipe, shots, key)?;
    let stream = world.victims()?;
    let mut victims = stream.batch(options.get("victims", 500)?);
    stream.fill(0, &mut victims)?;
    println!("head accuracy {:.3}", accuracy(&world, &victims)?);

    let start = Instant::now();
    let fitted = spec::Unmixing {
        samples: options.get("heads", 6_000)?,
        informed: options.get("informed", false)?,
    };
    let unmixing = Unmixing::fit(&world, &fitted, |_| {})?;
    report("unmixing", &world, &unmixing, &victims, start)?;

    let defaults = spec::Reconstructor::default();
    let training = spec::Reconstructor {
        samples: options.get("samples", defaults.samples)?,
        architecture: options.get("architecture", defaults.architecture)?,
        informed: options.get("informed", defaults.informed)?,
        hidden: options.get("hidden", defaults.hidden)?,
        batch: options.get("batch", defaults.batch)?,
        learning_rate: options.get("rate", defaults.learning_rate)?,
        ..defaults
    };
    if training.samples == 0 {
        return Ok(());
    }
    let start = Instant::now();
    let mut tenths = 0;
    let reconstructor = Reconstructor::fit(&world, &training, |at| {
        if at.done * 10 / at.total > tenths {
            tenths = at.done * 10 / at.total;
            let seconds = start.elapsed().as_secs_f64();
            let rate = at.done as f64 * 10.0 / seconds;
            eprintln!(
                "{}0 %, loss {:.4}, {seconds:.0} s, {rate:.0} rows/s",
                tenths, at.loss
            );
        }
    })?;
    report("reconstructor", &world, &reconstructor, &victims, start)?;
    Ok(())
}

/// Prints success under the nulls, with intervals over victims.
fn report(
    name: &str,
    world: &World<'_>,
    attack: &dyn WhiteBox,
    victims: &ShadowBatch,
    start: Instant,
) -> Result<(), AnyError> {
    let seconds = start.elapsed().as_secs_f64();
    let own = errors(&victim_scores(world, attack, victims));
    let mean = own.iter().flatten().sum::<f64>() / (own.len() * own[0].len()) as f64;
    println!(
        "{name}: {:?}, {seconds:.1} s, mean mse {mean:.4}",
        attack.cost()
    );
    for null in [Null::Independent, Null::Gaussian] {
        let mut null_scores = errors(&null_scores(world, attack, victims, null, 100_000)?);
        let mut own = own.clone();
        by_class(&mut own, &mut null_scores, attack.aim().targets());
        let scores = Scores::new(own, null_scores)?;
        let roc = evaluation::roc(
            &scores,
            &evaluation::Bootstrap::new(*world.key.child("bootstrap").bytes()),
        )?;
        let (low, one) = (&roc.tpr_at_0_1pct, &roc.tpr_at_1pct);
        println!(
            "  {null:?}: TPR at .1 % FPR {:.3}, at 1 % {:.3} [{:.3}, {:.3}], AUC {:.4}",
            low.value, one.value, one.lo, one.hi, roc.auc.value
        );
    }
    Ok(())
}

/// Mean accuracy of the first 50 victims on the test digits.
fn accuracy(world: &World<'_>, victims: &ShadowBatch) -> Result<f64, AnyError> {
    let test: Vec<u32> = world.split.test.indices().collect();
    let mut sum = 0.0;
    for index in 0..50.min(victims.heads) {
        let head = Head::new(world.shape, victims.head(index).to_vec())?;
        let rows = test.iter().flat_map(|&it| world.features.row(it as usize));
        let rows: Vec<f32> = rows.copied().collect();
        let guesses = head.predict(&rows)?;
        let labels = test.iter().map(|&it| world.features.labels()[it as usize]);
        let right = guesses
            .iter()
            .zip(labels)
            .filter(|(a, b)| **a == *b)
            .count();
        sum += right as f64 / test.len() as f64;
    }
    Ok(sum / 50.min(victims.heads) as f64)
}
