//! The attacks on a small synthetic world: blobs as images, random ReLU features.

use datasets::{FeatureSet, ImageSet, ImageShape, Split, StreamKey};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use spec::{Architecture, Null};
use transfer::{Activation, HeadShape, Recipe, ShadowBatch};

use crate::testing::unmix;
use crate::*;

mod informed;

const CLASSES: usize = 4;
const WIDTH: usize = 96;
const SHAPE: ImageShape = ImageShape {
    channels: 1,
    height: 6,
    width: 6,
};

struct Data {
    images: ImageSet,
    features: FeatureSet,
    split: Split,
}

/// Each image is a blob at a random place, of a sign pattern that its class gives; features are
/// random ReLU units.
fn data() -> Data {
    let key = StreamKey::from_seed(5);
    let mut rng = key.child("data").rng(0);
    let n = 2000;
    let labels: Vec<u32> = (0..n as u32).map(|i| i % CLASSES as u32).collect();
    let mut pixels = Vec::new();
    for &label in &labels {
        let (x, y) = (rng.random::<f32>() * 5.0, rng.random::<f32>() * 5.0);
        let (a, b) = (rng.random::<f32>() * 5.0, rng.random::<f32>() * 5.0);
        let sign = if label % 2 == 0 { 1.0 } else { -1.0 };
        let radius = if label < 2 { 1.0 } else { 2.0 };
        for at in 0..36 {
            let (i, j) = ((at / 6) as f32, (at % 6) as f32);
            let bump = |x: f32, y: f32| (-((i - x).powi(2) + (j - y).powi(2)) / radius).exp();
            pixels.push((sign * (bump(x, y) - 0.7 * bump(a, b))).clamp(-1.0, 1.0));
        }
    }
    let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
    let projection: Vec<f32> = (0..WIDTH * 37).map(|_| normal()).collect();
    let mut values = Vec::new();
    for image in pixels.chunks(36) {
        for row in projection.chunks(37) {
            let sum: f32 = row.iter().zip(image).map(|(w, x)| w * x).sum();
            values.push((sum - 0.7 + 0.3 * row[36]).max(0.0));
        }
    }
    let split = Split::new(&labels, CLASSES, 0.3, 0.1, key.child("split"));
    Data {
        images: ImageSet::new(SHAPE, pixels, labels.clone(), CLASSES).unwrap(),
        features: FeatureSet::new(WIDTH, values, labels, CLASSES).unwrap(),
        split,
    }
}

fn world(data: &Data, shape: HeadShape, shots: usize) -> World<'_> {
    let recipe = Recipe {
        learning_rate: 0.05,
        ..Recipe::mnist(shots)
    };
    let key = StreamKey::from_seed(6);
    World::new(
        &data.images,
        &data.features,
        &data.split,
        shape,
        recipe,
        shots,
        key,
    )
    .unwrap()
}

fn linear() -> HeadShape {
    HeadShape::linear(WIDTH, CLASSES)
}

fn victims(world: &World<'_>, heads: usize) -> ShadowBatch {
    let stream = world.victims().unwrap();
    let mut batch = stream.batch(heads);
    stream.fill(0, &mut batch).unwrap();
    batch
}

/// Share of victims' scores below the one-in-ten smallest null score.
fn success(world: &World<'_>, attack: &dyn WhiteBox, victims: &ShadowBatch, null: Null) -> f64 {
    let own = victim_scores(world, attack, victims);
    let null = null_scores(world, attack, victims, null, 4000).unwrap();
    share_below(&own, &null)
}

fn share_below(own: &[Vec<Nearest>], null: &[Vec<Nearest>]) -> f64 {
    let mut null = errors(null).concat();
    null.sort_by(f64::total_cmp);
    let threshold = null[null.len() / 10];
    let own = errors(own).concat();
    own.iter().filter(|score| **score < threshold).count() as f64 / own.len() as f64
}

fn quick() -> spec::Reconstructor {
    spec::Reconstructor {
        samples: 40_000,
        hidden: 96,
        batch: 64,
        learning_rate: 2e-3,
        ..spec::Reconstructor::default()
    }
}

#[test]
fn both_attacks_read_images_back_and_shuffled_victims_give_chance() {
    let data = data();
    let world = world(&data, linear(), 1);
    let victims = victims(&world, 150);
    let mut strangers = victims.clone();
    // The same weights with the training sets of others: nothing to find.
    strangers.members.rotate_left(17 * CLASSES);
    let unmixing = unmix(&world);
    let reconstructor = Reconstructor::fit(&world, &quick(), |_| {}).unwrap();
    let attacks: [&dyn WhiteBox; 2] = [&unmixing, &reconstructor];
    for attack in attacks {
        for null in [Null::Independent, Null::Gaussian] {
            let share = success(&world, attack, &victims, null);
            assert!(share > 0.8, "{null:?} {share}");
        }
        let chance = success(&world, attack, &strangers, Null::Independent);
        // 600 scores at 10 %: three standard deviations, doubled for dependence.
        assert!((chance - 0.1).abs() < 0.06, "{chance}");
        let (own, null) = neighbour_scores(&world, attack, &victims).unwrap();
        let share = share_below(&own, &null);
        assert!(share > 0.8, "{share}");
    }
}

#[test]
fn results_do_not_depend_on_the_threads() {
    let data = data();
    let world = world(&data, linear(), 2);
    let options = spec::Reconstructor {
        samples: 2000,
        ..quick()
    };
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let victims = victims(&world, 20);
            let reconstructor = Reconstructor::fit(&world, &options, |_| {}).unwrap();
            let images = reconstructor.reconstruct(&world, &victims);
            (unmix(&world), images)
        })
    };
    assert!(on(1) == on(3));
}

#[test]
fn saved_attacks_are_the_same() {
    let data = data();
    let world = world(&data, linear(), 1);
    let victims = victims(&world, 10);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("attack.safetensors");
    let unmixing = unmix(&world);
    unmixing.save(&path).unwrap();
    assert_eq!(Unmixing::load(&path).unwrap(), unmixing);
    assert!(Reconstructor::load(&path).is_err());

    let kinds = [
        (Architecture::Mlp, false, Aim::Classes(CLASSES)),
        (Architecture::Conv, false, Aim::Classes(CLASSES)),
        (Architecture::Mlp, true, Aim::Examples(CLASSES)),
    ];
    for (architecture, informed, aim) in kinds {
        let options = spec::Reconstructor {
            samples: 640,
            architecture,
            informed,
            ..quick()
        };
        let reconstructor = Reconstructor::fit(&world, &options, |_| {}).unwrap();
        reconstructor.save(&path).unwrap();
        let loaded = Reconstructor::load(&path).unwrap();
        let images = |attack: &Reconstructor| attack.reconstruct(&world, &victims);
        assert_eq!(images(&loaded), images(&reconstructor));
        assert_eq!(
            (loaded.cost(), loaded.aim()),
            (reconstructor.cost(), aim),
            "{architecture:?}"
        );
        assert!(Unmixing::load(&path).is_err());
    }
}

#[test]
fn the_sorted_deviations_recover_what_linear_methods_cannot() {
    let data = data();
    let world = world(&data, linear(), 1);
    let unmixing = unmix(&world);
    let victims = victims(&world, 100);
    let (mut error, mut spread) = (0.0, 0.0);
    let n = data.features.values().len() as f32;
    let mean = data.features.values().iter().sum::<f32>() / n;
    for head in 0..100 {
        let estimate = unmixing.features(victims.head(head)).unwrap();
        for (class, &member) in victims.members(head).iter().enumerate() {
            let truth = data.features.row(member as usize);
            for (a, b) in estimate[class * WIDTH..].iter().zip(truth) {
                error += (a - b).powi(2);
                spread += (b - mean).powi(2);
            }
        }
    }
    // A linear estimate leaves at least 1/K = .25 of the variance.
    assert!(error / spread < 0.23, "{}", error / spread);
}

#[test]
fn heads_with_a_hidden_layer_are_for_the_reconstructor() {
    let data = data();
    let shape = HeadShape::mlp(WIDTH, 4, Activation::Relu, CLASSES);
    let world = world(&data, shape, 1);
    let error = Unmixing::fit(&world, &spec::Unmixing::default(), |_| {}).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("hint: use the attack `reconstructor`"),
        "{error}"
    );
    let options = spec::Reconstructor {
        samples: 3 * quick().samples,
        ..quick()
    };
    let reconstructor = Reconstructor::fit(&world, &options, |_| {}).unwrap();
    let share = success(
        &world,
        &reconstructor,
        &victims(&world, 150),
        Null::Independent,
    );
    // Chance is .1; the hidden layer mixes the images, so less is left than in a linear head.
    assert!(share > 0.2, "{share}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("attack.safetensors");
    reconstructor.save(&path).unwrap();
    let loaded = Reconstructor::load(&path).unwrap();
    let heads = victims(&world, 10);
    let images = |attack: &Reconstructor| attack.reconstruct(&world, &heads);
    assert_eq!(images(&loaded), images(&reconstructor));
}

#[test]
fn a_decoder_of_convolutions_reads_images_back_too() {
    let data = data();
    let world = world(&data, linear(), 1);
    let options = spec::Reconstructor {
        architecture: Architecture::Conv,
        hidden: 144,
        ..quick()
    };
    let reconstructor = Reconstructor::fit(&world, &options, |_| {}).unwrap();
    let share = success(
        &world,
        &reconstructor,
        &victims(&world, 150),
        Null::Independent,
    );
    assert!(share > 0.8, "{share}");
}

#[test]
fn one_network_for_several_worlds_serves_each() {
    let data = data();
    let worlds = [1, 2].map(|shots| world(&data, linear(), shots));
    let options = spec::Reconstructor {
        samples: 80_000,
        ..quick()
    };
    let both = [&worlds[0], &worlds[1]];
    let attacks = Reconstructor::fit_shared(&both, &options, |_| {}).unwrap();
    let share = |at: usize| {
        let world: &World<'_> = &worlds[at];
        success(world, &attacks[at], &victims(world, 150), Null::Independent)
    };
    assert!(share(0) > 0.8, "{}", share(0));
    assert!(share(1) > 0.3, "{}", share(1));
    let hidden = world(
        &data,
        HeadShape::mlp(WIDTH, 4, Activation::Relu, CLASSES),
        1,
    );
    let error = Reconstructor::fit_shared(&[&worlds[0], &hidden], &options, |_| {}).unwrap_err();
    assert!(error.to_string().contains("worlds that share"), "{error}");
}

#[test]
fn options_out_of_range_are_refused() {
    let data = data();
    let world = world(&data, linear(), 1);
    let bad = [
        spec::Reconstructor {
            samples: 0,
            ..quick()
        },
        spec::Reconstructor {
            batch: 0,
            ..quick()
        },
        spec::Reconstructor {
            hidden: 0,
            ..quick()
        },
        spec::Reconstructor {
            learning_rate: -1.0,
            ..quick()
        },
    ];
    for options in bad {
        assert!(
            Reconstructor::fit(&world, &options, |_| {}).is_err(),
            "{options:?}"
        );
    }
    assert!(
        Unmixing::fit(
            &world,
            &spec::Unmixing {
                samples: 3,
                ..spec::Unmixing::default()
            },
            |_| {}
        )
        .is_err()
    );
    let many = World::new(
        &data.images,
        &data.features,
        &data.split,
        linear(),
        Recipe::mnist(1),
        100_000,
        StreamKey::from_seed(1),
    );
    assert!(many.unwrap_err().to_string().contains("are needed"));
}
