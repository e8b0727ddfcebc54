//! Logistic regression on a real network's features of real images: ours beside scikit-learn's, on the
//! same features of the same images.
//!
//! `RHEA_DATA` names the data's folder, `python3` must have numpy, safetensors and scikit-learn.

mod pairs;

use std::path::{Path, PathBuf};
use std::process::Command;

use backbones::Onnx;
use datasets::{DatasetSpec, FeatureSet, StreamKey};
use spec::{Layout, OneOrMany, OnnxInput, Resize};
use transfer::{Head, HeadShape, Recipe, Trainer};

/// Examples a class that a head is trained on, and heads.
const SHOTS: usize = 100;
const DRAWS: usize = 5;

/// Accuracy on `test` of heads on rows 0 to N, N to 2N, … of `train`; without a file, of nothing.
const SCIKIT_LEARN: &str = "
import sys
from safetensors.numpy import load_file
from sklearn.linear_model import LogisticRegression
train, test = (load_file(f'{name}.safetensors') for name in ('train', 'test'))
size = int(sys.argv[1])
for start in range(0, len(train['labels']), size):
    own = slice(start, start + size)
    head = LogisticRegression(C=1.0, tol=1e-6, max_iter=10_000)
    head.fit(train['features'][own].astype('float64'), train['labels'][own])
    print(head.score(test['features'].astype('float64'), test['labels']))
";

fn data() -> PathBuf {
    std::env::var_os("RHEA_DATA").map_or("data".into(), PathBuf::from)
}

/// The network's features of the first images of each class, by class in turn.
fn features(network: &Onnx, part: &str, each: usize) -> FeatureSet {
    let spec = serde_json::json!({ "cifar10": { "part": part } });
    let spec: DatasetSpec = serde_json::from_value(spec).expect("a dataset");
    let images = spec.load(&data(), StreamKey::from_seed(1)).expect("images");
    let mut taken = vec![Vec::new(); images.classes()];
    for (index, &label) in (0_u32..).zip(images.labels()) {
        if taken[label as usize].len() < each {
            taken[label as usize].push(index);
        }
    }
    let each = taken.iter().map(Vec::len).min().expect("classes");
    // Draw after draw, so that each has as many of every class.
    let rounds = (0..each).flat_map(|at| taken.iter().map(move |class| class[at]));
    let indices: Vec<u32> = rounds.collect();
    let images = images.select(&indices);
    network.features(&images, &|_| {}).expect("features")
}

fn ours(train: &FeatureSet, test: &FeatureSet) -> Vec<f64> {
    let shape = HeadShape::linear(train.width(), train.classes());
    let mut trainer = Trainer::new(shape, Recipe::logistic_regression(1.0)).expect("a trainer");
    let mut rng = StreamKey::from_seed(1).rng(0);
    let rows: Vec<u32> = (0..train.len() as u32).collect();
    let draws = rows.chunks(SHOTS * train.classes());
    draws
        .map(|members| {
            let mut weights = vec![0.0; shape.weight_len()];
            let trained = trainer.train(train, members, &mut rng, &mut weights);
            trained.expect("a minimum");
            let head = Head::new(shape, weights).expect("a head");
            head.accuracy(test, 0..test.len() as u32).expect("a share")
        })
        .collect()
}

fn scikit_learns(folder: &Path, size: usize) -> Vec<f64> {
    let output = Command::new("python3")
        .args(["-c", SCIKIT_LEARN, &size.to_string()])
        .current_dir(folder)
        .output()
        .expect("python3");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let lines = String::from_utf8(output.stdout).expect("text");
    let numbers = lines.lines().map(|line| line.parse().expect("a number"));
    numbers.collect()
}

#[test]
#[ignore = "needs RHEA_DATA with CIFAR-10 and EfficientNet-Lite0, and Python with scikit-learn; minutes"]
fn a_hundred_shot_probe_of_cifar_is_as_good_as_scikit_learns() {
    let options = spec::Onnx {
        file: "backbones/efficientnet_lite0.onnx".into(),
        output: "features".into(),
        input: OnnxInput {
            size: OneOrMany::one(128),
            mean: OneOrMany::one(127.0),
            std: OneOrMany::one(128.0),
            layout: Layout::Nchw,
            resize: Resize::Bilinear,
        },
        batch: 4,
        runtime: Default::default(),
        library: None,
    };
    let network = Onnx::load(&data().join(&options.file), options).expect("the network");
    let train = features(&network, "train", SHOTS * DRAWS);
    let test = features(&network, "test", usize::MAX);
    let folder = tempfile::tempdir().expect("a folder");
    pairs::write_features(folder.path(), "train", &train);
    pairs::write_features(folder.path(), "test", &test);
    let ours = ours(&train, &test);
    let theirs = scikit_learns(folder.path(), SHOTS * train.classes());
    println!("ours {ours:?}\nscikit-learn's {theirs:?}");
    println!("{} training, {} test images", train.len(), test.len());
    assert_eq!((ours.len(), theirs.len()), (DRAWS, DRAWS));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert!((ours - theirs).abs() < 0.01, "{ours} {theirs}");
        assert!(*ours > 0.3, "{ours}");
    }
}
