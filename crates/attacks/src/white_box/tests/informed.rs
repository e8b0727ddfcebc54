//! Who knows all other examples of a training set.

use std::sync::Arc;

use privacy::{GaussianRelease, NoiseMultiplier};
use transfer::one_release::{Method, OneRelease, PublicSpace};
use transfer::{DpSgd, Sampling, Subspace};

use super::*;

/// Mean squared error of the estimated features of each class's first example, in units of their
/// variance: of an adversary who knows all others, and of one who knows none.
fn feature_errors(world: &World<'_>) -> [f64; 2] {
    let informed = crate::white_box::informed::InformedEstimate::fit(world);
    let plain = crate::white_box::estimate::FeatureEstimate::fit(world, 2000).unwrap();
    let victims = victims(world, 40);
    let (mut errors, mut spread) = ([0.0; 2], 0.0);
    for head in 0..40 {
        let members = victims.members(head);
        let mut guess = vec![0.0; CLASSES * WIDTH];
        plain.apply(victims.head(head), &mut guess);
        let mut estimates = vec![0.0; CLASSES * WIDTH];
        informed.apply(world, victims.head(head), members, &mut estimates);
        for class in 0..CLASSES {
            let truth = world.features.row(members[class * world.shots] as usize);
            let estimate = &estimates[class * WIDTH..(class + 1) * WIDTH];
            let mean = &informed.prior[class * WIDTH..(class + 1) * WIDTH];
            let square = |a: &[f32]| {
                let squares = a.iter().zip(truth).map(|(a, b)| f64::from(a - b).powi(2));
                squares.sum::<f64>()
            };
            errors[0] += square(estimate);
            errors[1] += square(&guess[class * WIDTH..(class + 1) * WIDTH]);
            spread += square(mean);
        }
    }
    errors.map(|error| error / spread)
}

#[test]
fn who_knows_all_other_examples_finds_the_last_one_feature_by_feature() {
    let data = data();
    for shots in [1, 3] {
        let [informed, plain] = feature_errors(&world(&data, linear(), shots));
        assert!(informed < 0.2, "{shots} shots: {informed}");
        assert!(plain > 2.0 * informed, "{shots} shots: {plain} {informed}");
    }
}

#[test]
fn who_knows_all_other_examples_finds_the_last_one_behind_noise_too() {
    let data = data();
    let plain = world(&data, linear(), 3);
    let dp = DpSgd {
        clip: 100.0,
        noise_multiplier: 0.005,
        sampling: Sampling::Full,
    };
    let least_squares = OneRelease {
        method: Method::LeastSquares {
            clip: 2.0,
            ridge: 0.1,
        },
        release: GaussianRelease::new(NoiseMultiplier::new(0.02).unwrap()),
    };
    let released = Recipe::one_release(Subspace {
        rank: 32,
        of: least_squares,
    });
    let public: Vec<usize> = data.split.public.indices().map(|it| it as usize).collect();
    let space = Arc::new(PublicSpace::leading(&data.features, &public, 32).unwrap());
    for (recipe, space) in [
        (plain.recipe.with_dp(dp), None),
        (plain.recipe.with_dp(dp), Some(space)),
        (released, None),
    ] {
        let world = World::new(
            &data.images,
            &data.features,
            &data.split,
            linear(),
            recipe,
            3,
            StreamKey::from_seed(6),
        )
        .unwrap();
        let world = match space {
            Some(space) => world.along(recipe, space).unwrap(),
            None => world,
        };
        let [informed, uninformed] = feature_errors(&world);
        // Under DP-SGD the unknown one's own column is the guess's, which leaves little more.
        let least = if recipe.dp.is_some() { 1.05 } else { 1.2 };
        assert!(
            uninformed > least * informed,
            "{recipe:?}: {uninformed} {informed}"
        );
    }
}

#[test]
fn the_informed_adversary_aims_at_one_example_and_leaves_other_heads_alone() {
    let data = data();
    let three = world(&data, linear(), 3);
    let options = spec::Reconstructor {
        informed: true,
        ..quick()
    };
    let reconstructor = Reconstructor::fit(&three, &options, |_| {}).unwrap();
    never_looks_at_its_target(&three, &reconstructor);
    let closed = spec::Unmixing {
        samples: 1_000,
        informed: true,
    };
    let unmixing = Unmixing::fit(&three, &closed, |_| {}).unwrap();
    never_looks_at_its_target(&three, &unmixing);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("attack.safetensors");
    unmixing.save(&path).unwrap();
    assert_eq!(Unmixing::load(&path).unwrap(), unmixing);

    let hidden = HeadShape::mlp(WIDTH, 4, Activation::Relu, CLASSES);
    let hidden = world(&data, hidden, 1);
    let error = Reconstructor::fit(&hidden, &options, |_| {}).unwrap_err();
    assert!(error.to_string().contains("hint: leave out"), "{error}");
    assert!(Unmixing::fit(&hidden, &closed, |_| {}).is_err());
}

fn never_looks_at_its_target(three: &World<'_>, attack: &dyn WhiteBox) {
    assert_eq!(attack.aim(), Aim::Examples(CLASSES));
    let heads = victims(three, 100);
    let share = success(three, attack, &heads, Null::Independent);
    assert!(share > 0.8, "{share}");
    // It never looks at the example it is after.
    let mut blind = heads.clone();
    for unit in blind.members.chunks_mut(3 * CLASSES) {
        for class in unit.chunks_mut(3) {
            class[0] = class[1];
        }
    }
    let (a, b) = (
        attack.reconstruct(three, &heads),
        attack.reconstruct(three, &blind),
    );
    let pixels = three.pixels();
    let first = |images: &[f32]| images[..pixels].to_vec();
    // Only class 0's target changed in what class 0's reconstruction may see: nothing.
    let mut only = heads.clone();
    for unit in only.members.chunks_mut(3 * CLASSES) {
        unit[0] = unit[1];
    }
    let c = attack.reconstruct(three, &only);
    assert_eq!(first(&a), first(&c));
    assert_ne!(a, b);
}
