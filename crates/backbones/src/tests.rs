//! Tests of whole backbones; random images stand for data.

use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use datasets::{ImageSet, ImageShape, StreamKey};
use rand::RngExt;

use crate::backbone::image_tensor;
use crate::layers::values;
use crate::*;

const SHAPE: ImageShape = ImageShape {
    channels: 1,
    height: 16,
    width: 16,
};

fn key() -> StreamKey {
    StreamKey::from_seed(11)
}

/// Two classes: bright above, bright below; with noise.
fn halves(n: usize) -> ImageSet {
    let mut rng = key().child("images").rng(0);
    let labels: Vec<u32> = (0..n as u32).map(|i| i % 2).collect();
    let pixels = labels
        .iter()
        .flat_map(|&label| (0..SHAPE.len()).map(move |at| (label, at)));
    let pixels = pixels
        .map(|(label, at)| {
            let bright = (at < SHAPE.len() / 2) == (label == 0);
            let noise = rng.random::<f32>() - 0.5;
            noise + if bright { 0.3 } else { -0.3 }
        })
        .collect();
    ImageSet::new(SHAPE, pixels, labels, 2).unwrap()
}

fn small() -> VggTinyConfig {
    VggTinyConfig {
        width: 2,
        features: 24,
    }
}

fn train(images: &ImageSet) -> Pretrained {
    let options = PretrainOptions {
        epochs: 4,
        batch: 16,
        ..PretrainOptions::default()
    };
    pretrain(small(), images, &options, key(), |_| {}).unwrap()
}

#[test]
fn pretraining_learns_and_its_bits_do_not_depend_on_the_threads() {
    let images = halves(160);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| train(&images))
    };
    let (one, three) = (on(1), on(3));
    assert!(
        one.epochs[3].loss < 0.7 * one.epochs[0].loss,
        "{:?}",
        one.epochs
    );
    let classes = one.backbone.classify(&images).unwrap().unwrap();
    let right = classes
        .iter()
        .zip(images.labels())
        .filter(|(a, b)| a == b)
        .count();
    assert!(right > 150, "{right} of 160");
    assert_eq!(one.backbone.tensors(), three.backbone.tensors());
    assert_eq!(
        one.backbone.features(&images).unwrap(),
        three.backbone.features(&images).unwrap()
    );
}

#[test]
fn features_are_non_negative_and_do_not_depend_on_the_batch() {
    let images = halves(70);
    let backbone = Backbone::random(small(), SHAPE, key()).unwrap();
    let all = backbone.features(&images).unwrap();
    assert_eq!((all.len(), all.width()), (70, 24));
    assert!(all.values().iter().all(|value| *value >= 0.0));
    assert!(all.values().iter().any(|value| *value > 0.0));
    let last = ImageSet::new(SHAPE, images.image(69).to_vec(), vec![1], 2).unwrap();
    let alone = backbone.features(&last).unwrap();
    for (a, b) in alone.row(0).iter().zip(all.row(69)) {
        assert!((a - b).abs() <= 1e-5 * (1.0 + b.abs()));
    }
}

#[test]
fn a_saved_backbone_is_the_same_and_damage_is_noticed() {
    let images = halves(40);
    let trained = train(&images).backbone;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backbone.safetensors");
    trained.save(&path).unwrap();
    let loaded = Backbone::load(&path).unwrap();
    assert_eq!(loaded.tensors(), trained.tensors());
    assert_eq!(loaded.architecture(), trained.architecture());
    assert_eq!(
        loaded.features(&images).unwrap(),
        trained.features(&images).unwrap()
    );

    let bytes = std::fs::read(&path).unwrap();
    let broken = folder.path().join("broken.safetensors");
    let refused = |bytes: &[u8]| {
        std::fs::write(&broken, bytes).unwrap();
        Backbone::load(&broken).unwrap_err().to_string()
    };
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert!(refused(&flipped).contains("checksum"));
    assert!(refused(&bytes[..bytes.len() - 5]).contains("damaged"));
    assert!(refused(b"").contains("damaged"));
    let text = String::from_utf8_lossy(&bytes[8..400]).into_owned();
    assert!(text.contains("rhea-tensors-1"), "{text}");
    let at = bytes
        .windows(14)
        .position(|window| window == b"rhea-tensors-1")
        .unwrap();
    let mut older = bytes.clone();
    older[at + 13] = b'0';
    assert!(refused(&older).contains("rhea-tensors-0"));
    assert!(
        Backbone::load(Path::new("nowhere"))
            .unwrap_err()
            .to_string()
            .contains("nowhere")
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let images = halves(4);
    let odd = ImageShape {
        channels: 1,
        height: 20,
        width: 16,
    };
    let message = |error: BackboneError| error.to_string();
    let error = Backbone::random(small(), odd, key()).unwrap_err();
    assert!(message(error).contains("multiples of 8"));
    let rgb = ImageShape {
        channels: 3,
        ..SHAPE
    };
    let backbone = Backbone::random(small(), rgb, key()).unwrap();
    assert!(message(backbone.features(&images).unwrap_err()).contains(&rgb.to_string()));
    for options in [
        PretrainOptions {
            batch: 0,
            ..PretrainOptions::default()
        },
        PretrainOptions {
            learning_rate: f64::NAN,
            ..PretrainOptions::default()
        },
    ] {
        assert!(pretrain(small(), &images, &options, key(), |_| {}).is_err());
    }
    let mut tensors = small().initial(SHAPE, key()).unwrap();
    tensors.take("test", "fc.1.bias", &[24]).unwrap();
    let architecture = Architecture::VggTiny(small());
    let error = Backbone::from_tensors(architecture, SHAPE, tensors, &device()).unwrap_err();
    assert!(message(error).contains("fc.1.bias"));
}

#[test]
fn the_gradient_through_the_network_is_the_slope_of_its_features() {
    let image = halves(1);
    let training = device().autodiff();
    let backbone = Backbone::random(small(), SHAPE, key())
        .unwrap()
        .on(&training);
    let sum = |pixels: Vec<f32>| {
        let features = backbone.forward_features(image_tensor(pixels, SHAPE, &training));
        values(features.inner())
            .iter()
            .map(|&value| f64::from(value))
            .sum::<f64>()
    };
    let pixels = image.pixels().to_vec();
    let input = burn::tensor::Tensor::<4>::from_data(
        TensorData::new(pixels.clone(), [1, 1, 16, 16]),
        &training,
    )
    .require_grad();
    let gradients = backbone.forward_features(input.clone()).sum().backward();
    let gradient = values(input.grad(&gradients).unwrap());
    let at = (0..256)
        .max_by(|&a, &b| gradient[a].abs().total_cmp(&gradient[b].abs()))
        .unwrap();
    let moved = |by: f32| {
        let mut pixels = pixels.clone();
        pixels[at] += by;
        sum(pixels)
    };
    let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
    let expected = f64::from(gradient[at]);
    assert!(
        (slope - expected).abs() < 0.05 * expected.abs() + 1e-3,
        "{slope} {expected}"
    );
}

/// The folder of real data, if it is there.
fn data() -> Option<PathBuf> {
    let given = std::env::var_os("RHEA_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = given.unwrap_or(beside);
    folder.is_dir().then_some(folder)
}

#[test]
fn an_imported_resnet_is_as_accurate_as_in_pytorch() {
    let Some(data) = data() else {
        println!("skipped: no data folder");
        return;
    };
    let resnet = |blocks| Architecture::Resnet(ResNetConfig { blocks });
    let folder = data.join("backbones");
    let input = ImageShape {
        channels: 3,
        height: 32,
        width: 32,
    };
    let pickled = Backbone::import(&folder.join("resnet20-12fca82f.th"), resnet(3), input).unwrap();
    let file = folder.join("resnet20-12fca82f.safetensors");
    let same = Backbone::import(&file, resnet(3), input).unwrap();
    assert_eq!(same.tensors(), pickled.tensors());
    let wrong = Backbone::import(&file, resnet(9), input).unwrap_err();
    assert!(wrong.to_string().contains("layer1.3"), "{wrong}");

    let bytes = std::fs::read(data.join("cifar-10-batches-bin/test_batch.bin")).unwrap();
    let records = bytes.chunks_exact(3073);
    let labels: Vec<u32> = records.clone().map(|record| u32::from(record[0])).collect();
    let pixels = records.flat_map(|record| &record[1..]);
    let pixels = pixels.map(|byte| f32::from(*byte) / 127.5 - 1.0).collect();
    let images = ImageSet::new(pickled.input_shape(), pixels, labels, 10).unwrap();
    let classes = pickled.classify(&images).unwrap().unwrap();
    let right = classes
        .iter()
        .zip(images.labels())
        .filter(|(a, b)| a == b)
        .count();
    // PyTorch gets 915 of the first 1 000 test images right.
    assert!((913..=917).contains(&right), "{right} of {}", images.len());
}
