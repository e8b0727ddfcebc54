//! On drawn digits through a random layer with ReLU: heads that were never trained on the records are
//! told from heads that were.

use attacks::{Unmixing, World};
use datasets::{DatasetSpec, FeatureSet, ImageSet, Split, StreamKey, StrokeClasses};
use rand::RngExt;
use transfer::{HeadShape, Recipe, ShadowBatch, Trainer};

use super::*;
use crate::audit::stands_out;

const WIDTH: usize = 192;

fn digits(images: usize, key: StreamKey) -> ImageSet {
    let classes = StrokeClasses::Digits;
    let spec = DatasetSpec::Strokes { classes, images };
    spec.load("none".as_ref(), key).unwrap()
}

fn features(images: &ImageSet, key: StreamKey) -> FeatureSet {
    let pixels = images.shape().len();
    let mut rng = key.rng(0);
    let mut layer = || rng.random_range(-0.08..0.08_f32);
    let layer: Vec<f32> = (0..WIDTH * pixels).map(|_| layer()).collect();
    let rows = images.pixels().par_chunks(pixels).flat_map_iter(|image| {
        layer.chunks(pixels).map(move |row| {
            let sum: f32 = row.iter().zip(image).map(|(w, x)| w * x).sum();
            sum.max(0.0)
        })
    });
    let labels = images.labels().to_vec();
    FeatureSet::new(WIDTH, rows.collect(), labels, 10).unwrap()
}

/// How many records are called of each head, by either kind of call.
fn calls(beside: &Beside<'_>, heads: &ShadowBatch, tests: &Examples, null: &Found) -> Vec<usize> {
    let found = beside.found(heads, tests).unwrap();
    (0..heads.len())
        .map(|head| {
            let [read, belongs] = null.chances(&found, head);
            let either = read.iter().zip(&belongs);
            let called =
                |(a, b): &(&Chance, &Chance)| stands_out(a.adjusted) || stands_out(b.adjusted);
            either.filter(called).count()
        })
        .collect()
}

#[test]
fn heads_that_never_saw_the_records_are_told_from_heads_that_did() {
    let key = StreamKey::from_seed(12);
    let images = digits(3_000, key.child("public"));
    let layer = key.child("layer");
    let features_of_all = features(&images, layer);
    let split = Split::of_images(&images, 0.4, 0.1, key.child("split")).unwrap();
    let (shape, recipe) = (HeadShape::linear(WIDTH, 10), Recipe::mnist(1));
    let world = World::new(&images, &features_of_all, &split, shape, recipe, 1, key).unwrap();
    let model = Unmixing::fit(
        &world,
        &spec::Unmixing {
            samples: 2_000,
            ..spec::Unmixing::default()
        },
        |_| {},
    )
    .unwrap();
    let images = digits(10, key.child("private"));
    let records = Records {
        features: features(&images, layer),
        images,
    };
    let beside = Beside {
        world: &world,
        records: &records,
        model: &model,
    };
    let quiet = Progress::new(true);
    let tests = beside.tests(&quiet).unwrap();
    let others = beside.others(&tests, &quiet).unwrap();

    // 200 heads on other data: calls any record with a probability of at most 5 %, within four
    // standard errors (1.5 % each).
    let stream = world.victims().unwrap();
    let mut strangers = stream.batch(200);
    stream.fill(1 << 43, &mut strangers).unwrap();
    let called = calls(&beside, &strangers, &tests, &others);
    let wrong = called.iter().filter(|&&count| count > 0).count();
    println!("{wrong} of 200 heads on other data have a record called");
    assert!(wrong as f64 / 200.0 <= 0.05 + 4.0 * 0.0155, "{wrong}");

    // 20 heads on the records.
    let mut members: Vec<u32> = (0..10).collect();
    members.sort_by_key(|&index| records.features.labels()[index as usize]);
    let mut own = stream.batch(20);
    let mut trainer = Trainer::new(shape, recipe).unwrap();
    for (index, head) in own.weights.chunks_mut(shape.weight_len()).enumerate() {
        let mut rng = key.child("own").rng(index as u64);
        trainer
            .train(&records.features, &members, &mut rng, head)
            .unwrap();
    }
    let called: usize = calls(&beside, &own, &tests, &others).iter().sum();
    println!("{called} of 200 records called of heads trained on them");
    assert!(called > 100, "{called}");
}
