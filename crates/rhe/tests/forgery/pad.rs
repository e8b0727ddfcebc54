//! The same against heads that are hidden by a pad.

use super::format::{Bound, Image, ResultsFile, container, master, payload};
use super::{World, refused};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::{ChaCha8Rng, ChaCha20Rng};
use rhe::{Precision, QuantisedFeatures, Scheme, SecretKey};

/// An owner who takes the pad off whatever comes.
struct Unchecked {
    /// P, `classes × (features + 1)`.
    pad: Vec<u32>,
}

impl Unchecked {
    fn new(key: &SecretKey, bound: &Bound) -> Self {
        let purpose = blake3::derive_key("rhea rhe linear head pad", &master(key));
        let seed = blake3::keyed_hash(&purpose, &bound.to_bytes());
        let mut stream = ChaCha20Rng::from_seed(*seed.as_bytes());
        let count = bound.classes * (bound.features + 1);
        Self {
            pad: (0..count).map(|_| stream.next_u32()).collect(),
        }
    }

    /// The integer logit of a class.
    fn logit(&self, image: &Image, class: usize) -> i32 {
        let row = image.features.len() + 1;
        let pads = &self.pad[class * row..][..row];
        let factors = image.features.iter().map(|&x| i32::from(x) as u32);
        let factors = factors.chain([image.scale]);
        let sum = factors
            .zip(pads)
            .fold(0u32, |sum, (x, &p)| sum.wrapping_add(x.wrapping_mul(p)));
        (image.bodies[class] as u32).wrapping_sub(sum) as i32
    }
}

#[test]
fn honest_results_of_a_pad_are_exact() {
    for (features, classes) in [(1023, 10), (60, 3), (5, 1)] {
        let world = World::hidden(features, classes, Scheme::Pad);
        let results = world.honest(5);
        assert_eq!(world.reveal(&results.to_bytes()).unwrap().len(), 5);
        let unchecked = Unchecked::new(&world.key, &world.head.bound);
        let quantised =
            rhe::QuantisedLinear::new(&world.plain.layers()[0], Precision::default()).unwrap();
        for image in &results.images {
            let features = QuantisedFeatures {
                values: image.features.iter().map(|&x| x.into()).collect(),
                scale: image.scale,
                ..QuantisedFeatures::default()
            };
            for (class, logit) in quantised.logits(&features).into_iter().enumerate() {
                assert_eq!(i64::from(unchecked.logit(image, class)), logit);
            }
        }
    }
}

#[test]
fn tampering_with_results_of_a_pad_is_refused() {
    let world = World::hidden(64, 10, Scheme::Pad);
    let honest = world.honest(3).to_bytes();
    let content = payload(&honest).to_vec();
    let mut rng = ChaCha8Rng::seed_from_u64(17);
    for _ in 0..2000 {
        let mut altered = content.clone();
        let at = rng.random_range(0..content.len());
        altered[at] ^= 1 << rng.random_range(0..8);
        refused(world.reveal(&container(&honest, 3, 3, &altered)));
    }
}

#[test]
fn a_pad_is_not_taken_for_ring_ciphertexts_nor_the_reverse() {
    for scheme in Scheme::ALL {
        let world = World::hidden(20, 3, scheme);
        let mut results = world.honest(1);
        results.bound.scheme ^= 1;
        refused(world.reveal(&results.to_bytes()));
    }
}

/// Words in the place of honest ones: each class tells on which side of the pad a word lies, and 32
/// of them are the pad. Two such words are a weight.
#[test]
fn made_up_words_read_the_weights_of_who_does_not_check() {
    let world = World::hidden(2, 1, Scheme::Pad);
    let unchecked = Unchecked::new(&world.key, &world.head.bound);
    let forged = |x: i16, word: u32| Image {
        scale: 1,
        features: vec![0, x],
        bodies: vec![word.into()],
        tag: 0,
    };
    // The word at which the logit turns from zero to one, x·P_1 + P_2, bit by bit from the top.
    let read = |x: i16| {
        let positive = |word: u32| unchecked.logit(&forged(x, word), 0) > 0;
        // Of 0 and 2^31 one is above the pad within half a turn, unless it is the pad.
        let start = if positive(0) { 1u32 << 31 } else { 0 };
        // The largest step that stays at or below the pad.
        let mut step = 0u32;
        for bit in (0..31).rev() {
            let next = step | 1 << bit;
            if !positive(start.wrapping_add(next)) {
                step = next;
            }
        }
        start.wrapping_add(step)
    };
    let pad = read(2).wrapping_sub(read(1));
    let read_weight = (world.head.bodies[1] as u32).wrapping_sub(pad) as i32;
    let quantised =
        rhe::QuantisedLinear::new(&world.plain.layers()[0], Precision::default()).unwrap();
    assert_eq!(read_weight, quantised.weights[1]);
    assert_ne!(read_weight, 0);
    // Against the program none of these words is taken.
    for word in [0, 1, 1 << 31, pad] {
        world.refuses(vec![forged(1, word)]);
    }
}

#[test]
fn sums_of_answers_are_answers_and_nothing_else_is() {
    let world = World::hidden(30, 4, Scheme::Pad);
    let results = world.honest(2);
    let [first, second] = &results.images[..] else {
        panic!("two images")
    };
    let features: Vec<i16> = first
        .features
        .iter()
        .zip(&second.features)
        .map(|(a, b)| a + b)
        .collect();
    let sum = Image {
        scale: first.scale + second.scale,
        bodies: first
            .bodies
            .iter()
            .zip(&second.bodies)
            .map(|(a, b)| a + b)
            .collect(),
        tag: super::format::add(first.tag, second.tag),
        features,
    };
    // The same as the honest answer to the sum, which may be out of range.
    assert_eq!(sum, world.head.answer(sum.scale, &sum.features));
    let mut cut = ResultsFile {
        images: vec![first.clone()],
        ..results.clone()
    };
    cut.images[0].bodies.swap(0, 1);
    refused(world.reveal(&cut.to_bytes()));
    cut.images[0] = Image {
        tag: second.tag,
        ..first.clone()
    };
    refused(world.reveal(&cut.to_bytes()));
}
