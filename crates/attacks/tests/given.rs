//! Attacks on shadow heads that others trained.

use attacks::{Membership, Nearest, Unmixing, World, errors, null_scores, victim_scores};
use datasets::{DatasetSpec, FeatureSet, Split, StreamKey, StrokeClasses};
use rand::RngExt;
use safetensors::tensor::{Dtype, TensorView, serialize};
use spec::{Null, Release};
use transfer::{GivenHeads, HeadShape, Recipe, ShadowStream};

#[test]
fn unmixing_fits_on_given_heads_and_what_trains_its_own_is_refused() {
    let key = StreamKey::from_seed(3);
    let spec = DatasetSpec::Strokes {
        classes: StrokeClasses::Digits,
        images: 2_000,
    };
    let images = spec.load("none".as_ref(), key.child("images")).unwrap();
    // Features: a random layer with ReLU.
    let (width, pixels) = (96, images.shape().len());
    let mut rng = key.child("layer").rng(0);
    let layer: Vec<f32> = (0..width * pixels)
        .map(|_| rng.random_range(-0.08..0.08))
        .collect();
    let mut values = Vec::with_capacity(images.len() * width);
    for image in images.pixels().chunks(pixels) {
        values.extend(layer.chunks(pixels).map(|row| {
            let sum: f32 = row.iter().zip(image).map(|(w, x)| w * x).sum();
            sum.max(0.0)
        }));
    }
    let features = FeatureSet::new(width, values, images.labels().to_vec(), 10).unwrap();
    let split = Split::of_images(&images, 0.4, 0.1, key.child("split")).unwrap();
    let shape = HeadShape::linear(width, 10);
    let recipe = Recipe::logistic_regression(1.0);

    let stream = ShadowStream::new(&features, &split.public, shape, recipe, 1, key).unwrap();
    let mut batch = stream.batch(1_500);
    stream.fill(0, &mut batch).unwrap();
    let bytes: Vec<u8> = batch.weights.iter().flat_map(|w| w.to_le_bytes()).collect();
    let rows: Vec<u8> = batch
        .members
        .iter()
        .flat_map(|&m| i64::from(m).to_le_bytes())
        .collect();
    let tensors = [
        (
            "weights",
            TensorView::new(Dtype::F32, vec![1_500, 10, width + 1], &bytes).unwrap(),
        ),
        (
            "members",
            TensorView::new(Dtype::I64, vec![1_500, 10], &rows).unwrap(),
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shadows.safetensors");
    std::fs::write(&path, serialize(tensors, None).unwrap()).unwrap();
    let heads = GivenHeads::load(&path, shape, 1, images.labels(), &split.public).unwrap();

    let world = World::new(&images, &features, &split, shape, recipe, 1, key).unwrap();
    let world = world.given(&heads).unwrap();
    let options = spec::Unmixing {
        samples: 1_000,
        ..spec::Unmixing::default()
    };
    let attack = Unmixing::fit(&world, &options, |_| {}).unwrap();
    let stream = world.victims().unwrap();
    let mut victims = stream.batch(60);
    stream.fill(0, &mut victims).unwrap();
    let mean = |scores: &[Vec<Nearest>]| {
        let all: Vec<f64> = errors(scores)
            .concat()
            .into_iter()
            .filter(|it| it.is_finite())
            .collect();
        all.iter().sum::<f64>() / all.len() as f64
    };
    let own = mean(&victim_scores(&world, &attack, &victims));
    let null = null_scores(&world, &attack, &victims, Null::Independent, 600).unwrap();
    let null = mean(&null);
    assert!(
        own < 0.9 * null,
        "mean errors {own} of victims, {null} of the null"
    );

    let refused = Membership::new(&world, 64, Release::Weights)
        .err()
        .map_or(String::new(), |error| error.to_string());
    assert!(refused.contains("sets of its own choice"), "{refused}");
    let other = World::new(&images, &features, &split, shape, recipe, 2, key).unwrap();
    let refused = other.given(&heads).unwrap_err().to_string();
    assert!(refused.contains("on 2 shots"), "{refused}");
}
