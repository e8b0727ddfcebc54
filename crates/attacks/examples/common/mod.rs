//! What the examples share: options, real digits, their features, and how success is measured.

// Each example uses a part of it.
#![allow(dead_code)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use attacks::{WhiteBox, World, errors, null_scores, victim_scores};
use backbones::{Backbone, PretrainOptions, VggTinyConfig, pretrain};
use datasets::{FeatureSet, IdxOptions, ImageSet, Reading, StreamKey, read_idx, read_omniglot};
use evaluation::{Bootstrap, Rate, Scores, phi, roc};
use spec::Null;
use transfer::ShadowBatch;

pub type AnyError = Box<dyn std::error::Error>;

/// Command line options as `--name value`.
pub struct Options(HashMap<String, String>);

impl Options {
    pub fn read() -> Result<Self, AnyError> {
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

    pub fn get<T: std::str::FromStr>(&self, name: &str, default: T) -> Result<T, AnyError>
    where
        T::Err: std::error::Error + 'static,
    {
        match self.0.get(name) {
            Some(value) => Ok(value.parse()?),
            None => Ok(default),
        }
    }

    pub fn path(&self, name: &str) -> Result<PathBuf, AnyError> {
        let path = self.0.get(name).ok_or(format!("--{name} DIR is needed"))?;
        Ok(PathBuf::from(path))
    }
}

/// TPR at 1 % FPR against independent heads, and the mean MSE.
pub fn success(
    world: &World<'_>,
    attack: &dyn WhiteBox,
    victims: &ShadowBatch,
) -> Result<(Rate, f64), AnyError> {
    let mut own = errors(&victim_scores(world, attack, victims));
    let mean = own.iter().flatten().sum::<f64>() / (own.len() * own[0].len()) as f64;
    let null = null_scores(world, attack, victims, Null::Independent, 100_000)?;
    let mut null = errors(&null);
    by_class(&mut own, &mut null, attack.aim().targets());
    let bootstrap = Bootstrap::new(*world.key.child("bootstrap").bytes());
    Ok((roc(&Scores::new(own, null)?, &bootstrap)?.tpr_at_1pct, mean))
}

/// Puts errors in units of their class's null: classes differ in how alike their images are. Heads
/// that were trained on the image they would be compared with have no score.
pub fn by_class(own: &mut [Vec<f64>], null: &mut [Vec<f64>], classes: usize) {
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

/// All 70 000 digits.
pub fn digits(data: &Path) -> Result<ImageSet, AnyError> {
    both(data, "mnist", "train", "t10k")
}

/// Features of `images` by a backbone pre-trained on Omniglot and notMNIST; both cached.
pub fn features(
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
    let characters = read_omniglot(&archives, 32, &mut Reading::default())?;
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
    Ok(read_idx(
        &images,
        &labels,
        IdxOptions::mnist(),
        &mut Reading::default(),
    )?)
}

fn both(data: &Path, set: &str, first: &str, second: &str) -> Result<ImageSet, AnyError> {
    let (a, b) = (one(data, set, first)?, one(data, set, second)?);
    let pixels = [a.pixels(), b.pixels()].concat();
    let labels = [a.labels(), b.labels()].concat();
    Ok(ImageSet::new(a.shape(), pixels, labels, 10)?)
}
