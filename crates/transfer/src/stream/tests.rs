use super::*;
use crate::trainer::tests::features;
use crate::{Activation, DpSgd, Sampling};

fn pool(data: &FeatureSet) -> Pool {
    Pool::new(data.labels(), data.classes(), 0..data.len() as u32)
}

fn recipes() -> [Recipe; 2] {
    let dp = DpSgd {
        clip: 1.0,
        noise_multiplier: 0.5,
        sampling: Sampling::Poisson(0.5),
    };
    [Recipe::mnist(2), Recipe::mnist(2).with_dp(dp)]
}

#[test]
fn heads_depend_on_the_key_and_their_number_alone() {
    let data = features(50, 4, 12, 1);
    let pool = pool(&data);
    let key = StreamKey::from_seed(7);
    for shape in [
        HeadShape::linear(50, 4),
        HeadShape::mlp(50, 6, Activation::Relu, 4),
    ] {
        for recipe in recipes() {
            let stream = ShadowStream::new(&data, &pool, shape, recipe, 2, key).unwrap();
            let fill = |threads: usize| {
                let threads = rayon::ThreadPoolBuilder::new().num_threads(threads);
                let mut batch = stream.batch(100);
                threads
                    .build()
                    .unwrap()
                    .install(|| stream.fill(5, &mut batch))
                    .unwrap();
                batch
            };
            let one = fill(1);
            assert_eq!(one, fill(3));
            let (weights, members) = stream.head(42).unwrap();
            assert_eq!(
                (one.head(37), one.members(37)),
                (&weights[..], &members[..])
            );
            assert_ne!(one.head(0), one.head(1));
            let mut later = stream.batch(3);
            stream.fill(41, &mut later).unwrap();
            assert_eq!(later.head(1), one.head(37));
            let other = StreamKey::from_seed(8);
            let other = ShadowStream::new(&data, &pool, shape, recipe, 2, other).unwrap();
            assert_ne!(other.head(42).unwrap().0, weights);
        }
    }
}

#[test]
fn training_sets_are_balanced_and_class_major() {
    let data = features(20, 5, 9, 1);
    let pool = pool(&data);
    let shape = HeadShape::linear(20, 5);
    let key = StreamKey::from_seed(1);
    let stream = ShadowStream::new(&data, &pool, shape, Recipe::mnist(3), 3, key).unwrap();
    let mut batch = stream.batch(200);
    stream.fill(0, &mut batch).unwrap();
    let mut seen = vec![0; data.len()];
    for i in 0..batch.len() {
        for (place, &member) in batch.members(i).iter().enumerate() {
            assert_eq!(data.labels()[member as usize] as usize, place / 3);
            seen[member as usize] += 1;
        }
    }
    // 200 draws of 3 of each class's 9: 66.7 each, standard deviation 6.7.
    assert!(
        seen.iter().all(|&count| (30..105).contains(&count)),
        "{seen:?}"
    );
}

#[test]
fn impossible_streams_are_refused() {
    let data = features(20, 5, 9, 1);
    let pool = pool(&data);
    let key = StreamKey::from_seed(1);
    let shape = HeadShape::linear(20, 5);
    let recipe = Recipe::mnist(1);
    let new = |shape, recipe, shots| {
        let error = ShadowStream::new(&data, &pool, shape, recipe, shots, key).unwrap_err();
        error.to_string()
    };
    assert!(new(shape, recipe, 0).contains("shots is 0"));
    assert!(new(shape, recipe, 10).contains("10 are needed"));
    assert!(new(HeadShape::linear(21, 5), recipe, 1).contains("takes 21 features"));
    assert!(new(HeadShape::linear(20, 6), recipe, 1).contains("6 classes"));
    let dp = DpSgd {
        clip: 1.0,
        noise_multiplier: 1.0,
        sampling: Sampling::Poisson(0.1),
    };
    assert!(new(shape, recipe.with_dp(dp), 1).contains("below one example"));
    let larger = features(20, 5, 20, 1);
    let foreign = Pool::new(larger.labels(), 5, 0..100);
    let error = ShadowStream::new(&data, &foreign, shape, recipe, 1, key).unwrap_err();
    assert!(error.to_string().contains("is not among the 45"));
    let wild = Recipe {
        init_std: 1.0,
        learning_rate: 100.0,
        ..recipe
    };
    let square = HeadShape::mlp(20, 4, Activation::Square, 5);
    assert!(new(square, wild, 1).contains("diverged"));
}

#[test]
fn no_head_whose_training_failed_is_handed_out() {
    let data = features(10, 3, 9, 8);
    let mut values = data.values().to_vec();
    // One example that no recipe can bear.
    let wild = 4;
    for value in &mut values[wild * 10..][..10] {
        *value *= 1e15;
    }
    let data = FeatureSet::new(10, values, data.labels().to_vec(), 3).unwrap();
    let pool = pool(&data);
    let shape = HeadShape::mlp(10, 4, Activation::Square, 3);
    let key = StreamKey::from_seed(1);
    let stream = ShadowStream::new(&data, &pool, shape, Recipe::mnist(1), 1, key).unwrap();
    // With the right answer from the start there is nothing to learn from it: most fail, not all.
    let fails = |index: &u64| {
        let error = stream.head(*index).err();
        if let Some(error) = &error {
            assert!(matches!(error, TransferError::Diverged { .. }), "{error}");
        }
        error.is_some()
    };
    let first = (0..100).find(fails).unwrap();
    assert!(first > 0);
    let mut batch = stream.batch(first as usize);
    stream.fill(0, &mut batch).unwrap();
    let error = stream.fill(1, &mut batch).unwrap_err();
    assert!(matches!(error, TransferError::Diverged { .. }), "{error}");
}
