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

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use attacks::{
    Architecture, Null, Reconstructor, ReconstructorOptions, Unmixing, UnmixingOptions, WhiteBox,
    World, null_scores, victim_scores,
};
use backbones::{Backbone, PretrainOptions, VggTinyConfig, pretrain};
use datasets::{FeatureSet, IdxOptions, ImageSet, Split, StreamKey, read_idx, read_omniglot};
use evaluation::{Scores, phi};
use transfer::{Head, HeadShape, Recipe, ShadowBatch};

type AnyError = Box<dyn std::error::Error>;

/// Command line options as `--name value`.
struct Options(HashMap<String, String>);

impl Options {
    fn read() -> Result<Self, AnyError> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let mut options = HashMap::new();
        for pair in words.chunks(2) {
            match pair {
                [name, value] if name.starts_with("--") => {
                    options.insert(name[2..].to_owned(), value.clone())
                }
                _ => return Err(format!("expected `--name value`, found {pair:?}").into()),
            };
        }
        Ok(Self(options))
    }

    fn get<T: std::str::FromStr>(&self, name: &str, default: T) -> Result<T, AnyError>
    where
        T::Err: std::error::Error + 'static,
    {
        match self.0.get(name) {
            Some(value) => Ok(value.parse()?),
            None => Ok(default),
        }
    }

    fn path(&self, name: &str) -> Result<PathBuf, AnyError> {
        let path = self.0.get(name).ok_or(format!("--{name} DIR is needed"))?;
        Ok(PathBuf::from(path))
    }
}

fn main() -> Result<(), AnyError> {
    let options = Options::read()?;
    let (data, cache) = (options.path("data")?, options.path("cache")?);
    std::fs::create_dir_all(&cache)?;
    let images = both(&data, "mnist", "train", "t10k")?;
    let width = options.get("width", 16)?;
    let epochs = options.get("epochs", 3)?;
    let features = features(&data, &cache, &images, width, epochs)?;

    let key = StreamKey::from_seed(options.get("seed", 2505)?);
    let split = Split::new(images.labels(), 10, 0.15, 0.04, key.child("split"));
    let shots = options.get("shots", 1)?;
    let shape = HeadShape::linear(features.width(), 10);
    let recipe = Recipe::mnist(shots);
    let world = World::new(&images, &features, &split, shape, recipe, shots, key)?;
    let stream = world.victims()?;
    let mut victims = stream.batch(options.get("victims", 500)?);
    stream.fill(0, &mut victims);
    println!("head accuracy {:.3}", accuracy(&world, &victims)?);

    let start = Instant::now();
    let options_unmixing = UnmixingOptions {
        samples: options.get("heads", UnmixingOptions::default().samples)?,
    };
    let unmixing = Unmixing::fit(&world, &options_unmixing, |_| {})?;
    report("unmixing", &world, &unmixing, &victims, start)?;

    let hidden: String = options.get("hidden", "1024,1024".into())?;
    let defaults = ReconstructorOptions::default();
    let training = ReconstructorOptions {
        samples: options.get("samples", defaults.samples)?,
        architecture: match options.get("architecture", "mlp".to_owned())?.as_str() {
            "conv" => Architecture::Conv,
            _ => Architecture::Mlp,
        },
        informed: options.get("informed", false)?,
        hidden: hidden
            .split(',')
            .map(str::parse)
            .collect::<Result<_, _>>()?,
        batch: options.get("batch", defaults.batch)?,
        learning_rate: options.get("rate", defaults.learning_rate)?,
        alpha: options.get("alpha", defaults.alpha)?,
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
    let own = victim_scores(world, attack, victims);
    let mean = own.iter().flatten().sum::<f64>() / (own.len() * own[0].len()) as f64;
    println!(
        "{name}: {:?}, {seconds:.1} s, mean mse {mean:.4}",
        attack.cost()
    );
    for null in [Null::Independent, Null::Gaussian] {
        let mut null_scores = null_scores(world, attack, victims, null, 100_000)?;
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

/// Puts errors in units of their class's null: classes differ in how alike their images are. Heads
/// that were trained on the image they would be compared with have no score.
fn by_class(own: &mut [Vec<f64>], null: &mut [Vec<f64>], classes: usize) {
    for class in 0..classes {
        let of_class = null
            .iter()
            .flat_map(|unit| unit.iter().skip(class).step_by(classes));
        let values: Vec<f64> = of_class
            .filter(|x| x.is_finite())
            .map(|&x| phi(x))
            .collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64;
        for unit in own.iter_mut().chain(null.iter_mut()) {
            for score in unit.iter_mut().skip(class).step_by(classes) {
                *score = (phi(*score) - mean) / variance.sqrt();
            }
        }
    }
    for unit in null {
        unit.retain(|score| score.is_finite());
    }
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

/// Features of `images` by a backbone pre-trained on Omniglot and notMNIST; both cached.
fn features(
    data: &Path,
    cache: &Path,
    images: &ImageSet,
    width: usize,
    epochs: usize,
) -> Result<FeatureSet, AnyError> {
    let stem = format!("vgg{width}-{epochs}");
    let weights = cache.join(format!("{stem}.safetensors"));
    if !weights.is_file() {
        let source = source(data)?;
        let options = PretrainOptions {
            epochs,
            ..PretrainOptions::default()
        };
        let key = StreamKey::from_seed(1).child("backbone");
        let start = Instant::now();
        let trained = pretrain(VggTinyConfig::new(width), &source, &options, key, |at| {
            if at.step % 50 == 0 {
                let rate = (at.step * options.batch) as f64 / start.elapsed().as_secs_f64();
                eprintln!(
                    "{}/{}: {:.3}, {rate:.0} images/s",
                    at.step, at.steps, at.loss
                );
            }
        })?;
        println!(
            "pre-training: {:?}, {:.0} s",
            trained.epochs,
            start.elapsed().as_secs_f64()
        );
        trained.backbone.save(&weights)?;
    }
    let file = cache.join(format!("{stem}.f32"));
    let labels = images.labels().to_vec();
    if let Ok(bytes) = std::fs::read(&file) {
        let values: Vec<f32> = bytemuck::pod_collect_to_vec(&bytes);
        return Ok(FeatureSet::new(
            values.len() / labels.len(),
            values,
            labels,
            10,
        )?);
    }
    let start = Instant::now();
    let features = Backbone::load(&weights)?.features(images)?;
    println!("features: {:.0} s", start.elapsed().as_secs_f64());
    std::fs::write(&file, bytemuck::cast_slice(features.values()))?;
    Ok(features)
}

/// Omniglot's characters and notMNIST's letters as one set of classes.
fn source(data: &Path) -> Result<ImageSet, AnyError> {
    let folder = data.join("omniglot");
    let archives = ["1", "2"].map(|n| folder.join(format!("images_background_small{n}.zip")));
    let characters = read_omniglot(&archives, 32)?;
    let letters = one(data, "notmnist", "t10k")?;
    let first = characters.classes() as u32;
    let pixels = [characters.pixels(), letters.pixels()].concat();
    let mut labels = characters.labels().to_vec();
    labels.extend(letters.labels().iter().map(|label| label + first));
    let classes = characters.classes() + letters.classes();
    Ok(ImageSet::new(characters.shape(), pixels, labels, classes)?)
}

fn one(data: &Path, set: &str, part: &str) -> Result<ImageSet, AnyError> {
    let file = |what: &str| data.join(set).join(format!("{part}-{what}-ubyte.gz"));
    let (images, labels) = (file("images-idx3"), file("labels-idx1"));
    Ok(read_idx(&images, &labels, IdxOptions::mnist())?)
}

fn both(data: &Path, set: &str, first: &str, second: &str) -> Result<ImageSet, AnyError> {
    let (a, b) = (one(data, set, first)?, one(data, set, second)?);
    let pixels = [a.pixels(), b.pixels()].concat();
    let labels = [a.labels(), b.labels()].concat();
    Ok(ImageSet::new(a.shape(), pixels, labels, 10)?)
}
