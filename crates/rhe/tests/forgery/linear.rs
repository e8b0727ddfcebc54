//! What could be sent in the place of a linear head's results.

use super::format::{
    HeadFile, Image, N, Opened, Q, ResultsFile, add, centred, coefficients, container, first_mask,
    head_secret, mul, payload, pow, residue, sub, values,
};
use super::{World, refused};
use rhe::{Precision, ProtectedLinear, QuantisedLinear};

/// The word t* at which the phase of the class in question passes from q/2 to −q/2, found by asking
/// for classes alone: `asked(t, others)` says whether that class is told when t is added to its body
/// and `others` to those of the rest. One word costs some 120 classes.
fn wrap(mut asked: impl FnMut(u64, u64) -> bool) -> u64 {
    const PARTS: u64 = 64;
    // Another class may be so near to q/2 itself that the one in question is hardly ever told.
    for others in [0, Q / 4, Q / 2, 3 * (Q / 4)] {
        let told: Vec<bool> = (0..PARTS).map(|i| asked(i * (Q / PARTS), others)).collect();
        let last = (0..told.len()).find(|&i| told[i] && !told[(i + 1) % told.len()]);
        let Some(last) = last else { continue };
        let (mut low, mut width) = (last as u64 * (Q / PARTS), Q / PARTS + PARTS);
        while width > 1 {
            let middle = add(low, width / 2);
            if asked(middle, others) {
                low = middle;
                width -= width / 2;
            } else {
                width /= 2;
            }
        }
        return low;
    }
    panic!("the class never changes");
}

/// The phase, up to the word that was added, that `wrap` found the way round to.
fn phase_of(t: u64) -> u64 {
    sub((Q - 1) / 2, t)
}

fn one_hot(world: &World, feature: usize, bodies: Vec<u64>) -> Image {
    let mut features = vec![0; world.head.bound.features];
    features[feature] = 1;
    Image {
        scale: 0,
        features,
        bodies,
        tag: 0,
    }
}

/// Constants in the place of bodies: each class is a comparison with a product of masks and secret.
/// 2 048 of those, exactly, are the key. (With masks in the file one class gave one bit of it.)
#[test]
fn constants_in_place_of_bodies_read_the_key() {
    let world = World::new(1023, 2);
    let unchecked = world.unchecked();
    let (mut asked, mut products, mut sent) = (0usize, Vec::new(), Vec::new());
    for word in 0..N {
        let (class, feature) = (word / 1024, word % 1024);
        let t = wrap(|t, others| {
            let mut bodies = vec![others; 2];
            bodies[class] = t;
            let image = if feature < 1023 {
                one_hot(&world, feature, bodies)
            } else {
                Image {
                    scale: 1,
                    features: vec![0; 1023],
                    bodies,
                    tag: 0,
                }
            };
            asked += 1;
            let told = unchecked.class(&image);
            if sent.len() < 500 {
                sent.push(image);
            }
            told == class
        });
        products.push(sub(0, phase_of(t)));
    }
    // A is a·s; a is public.
    let mask = first_mask(&world.head.bound.seed);
    let product = values(&products);
    let quotient: Vec<u64> = product
        .iter()
        .zip(&mask)
        .map(|(&p, &a)| mul(p, pow(a, Q - 2)))
        .collect();
    let secret = coefficients(&quotient);
    assert_eq!(secret, head_secret(&world.key, &world.head.bound));
    println!("2048 key bits from {asked} classes");
    world.refuses(sent);
}

/// Honest ciphertexts cut out and set against constants: the weights, without the key.
#[test]
fn ciphertexts_against_constants_read_the_weights() {
    let world = World::new(60, 3);
    let unchecked = world.unchecked();
    let quantised = QuantisedLinear::new(&world.plain.layers()[0], Precision::default()).unwrap();
    let mut sent = Vec::new();
    for feature in [0, 7, 59] {
        let t = wrap(|t, others| {
            let bodies = vec![add(world.head.body(0, feature), t), others, others];
            let image = one_hot(&world, feature, bodies);
            let told = unchecked.class(&image) == 0;
            sent.push(image);
            told
        });
        let phase = centred(phase_of(t));
        let weight = (phase as f64 / unchecked.delta as f64).round() as i32;
        assert_eq!(weight, quantised.weights[feature]);
    }
    world.refuses(sent);
}

/// An honest answer shifted: its noise, exactly, which is one linear equation in the key.
#[test]
fn a_shifted_answer_reads_its_noise() {
    let world = World::new(60, 3);
    let unchecked = world.unchecked();
    let honest = world.honest(1).images.remove(0);
    let mut sent = Vec::new();
    let t = wrap(|t, others| {
        let mut image = honest.clone();
        image.bodies[0] = add(image.bodies[0], t);
        image.bodies[1..]
            .iter_mut()
            .for_each(|body| *body = add(*body, others));
        let told = unchecked.class(&image) == 0;
        if image != honest {
            sent.push(image);
        }
        told
    });
    assert_eq!(phase_of(t), unchecked.phase(&honest, 0));
    let noise = centred(unchecked.phase(&honest, 0))
        - unchecked.logit(&honest, 0) * i128::from(unchecked.delta);
    assert_ne!(noise, 0);
    sent.into_iter()
        .for_each(|image| world.refuses(vec![image]));
}

/// A 1 × 1 shape: one logit, whose sign is the class; nothing but the tag binds a shape to a head.
#[test]
fn a_shape_of_one_by_one_reads_the_key_word_by_word() {
    let world = World::new(1023, 2);
    let unchecked = world.unchecked();
    let mut file = ResultsFile {
        bound: world.head.bound.clone(),
        images: Vec::new(),
    };
    (file.bound.features, file.bound.classes) = (1, 1);
    let t = wrap(|t, _| {
        let image = Image {
            scale: 0,
            features: vec![1],
            bodies: vec![t],
            tag: 0,
        };
        // Class 1 is a positive logit: the wrap is where it turns negative.
        let told = unchecked.class(&image) == 1;
        file.images.push(image);
        told
    });
    assert_eq!(sub(0, phase_of(t)), unchecked.products[0]);
    refused(world.reveal(&file.to_bytes()));
    // Any other shape, too, with as many numbers as it takes.
    for (features, classes) in [(1023, 1), (1022, 2), (1, 2), (2047, 1), (1023, 3)] {
        (file.bound.features, file.bound.classes) = (features, classes);
        file.images = vec![Image {
            scale: 1,
            features: vec![0; features],
            bodies: vec![0; classes],
            tag: 0,
        }];
        refused(world.reveal(&file.to_bytes()));
    }
}

/// Tags are linear: numbers out of range can carry theirs. There decryption can fail, which shows
/// the noise; so the range is checked, exactly.
#[test]
fn answers_out_of_range_are_refused_though_they_carry_their_tags() {
    let world = World::new(1023, 2);
    let unchecked = world.unchecked();
    let quantised = QuantisedLinear::new(&world.plain.layers()[0], Precision::default()).unwrap();
    let space = Precision::default().space(1023).unwrap();
    let (most, sum) = (space.max_feature as i16, space.max_sum);
    // In range, up to the last unit: an answer like any other.
    let fill = |total: u64, scale: u32| {
        let mut left = total - 16 * u64::from(scale);
        let mut take = || {
            let x = left.min(most as u64);
            left -= x;
            x as i16
        };
        let features: Vec<i16> = (0..1023).map(|_| take()).collect();
        (left == 0).then_some(world.head.answer(scale, &features))
    };
    let at_limit = fill(sum, 4).expect("1023 features reach the limit");
    let file = |image: &Image| ResultsFile {
        bound: world.head.bound.clone(),
        images: vec![image.clone()],
    };
    assert!(world.reveal(&file(&at_limit).to_bytes()).is_ok());
    world.refuses(vec![fill(sum + 1, 4).unwrap()]);
    for (scale, x) in [
        (0, 1),
        (space.max_scale + 1, 1),
        (u32::MAX, 1),
        (1, most + 1),
        (1, -most - 1),
        (1, i16::MAX),
        (1, i16::MIN),
    ] {
        let mut features = vec![0; 1023];
        features[3] = x;
        world.refuses(vec![world.head.answer(scale, &features)]);
    }
    // What it is refused for: logits that the noise, and not the head, decides.
    let mut wrong = 0;
    for stride in 1..40 {
        let features: Vec<i16> = (0..1023)
            .map(|j| if j % stride == 0 { i16::MAX } else { i16::MIN })
            .collect();
        let image = world.head.answer(1, &features);
        for class in 0..2 {
            let row = &quantised.weights[class * 1023..][..1023];
            let products = row.iter().zip(&features);
            let exact = products
                .map(|(&w, &x)| i128::from(w) * i128::from(x))
                .sum::<i128>()
                + i128::from(quantised.biases[class]);
            wrong += usize::from(unchecked.logit(&image, class) != exact);
        }
        world.refuses(vec![image]);
    }
    assert!(wrong > 39, "{wrong} of 78");
}

/// Sums of answers are answers to sums of images: where that is in range, a classifier could have
/// had the image, and learns no more from it.
#[test]
fn a_sum_of_answers_is_the_answer_to_a_sum() {
    let world = World::new(60, 3);
    let mut file = world.honest(2);
    let (a, b) = (file.images[0].clone(), file.images[1].clone());
    let half: Vec<i16> = a
        .features
        .iter()
        .zip(&b.features)
        .map(|(a, b)| (a + b) / 2)
        .collect();
    file.images = vec![world.head.answer((a.scale + b.scale) / 2, &half)];
    let revealed = world.reveal(&file.to_bytes()).unwrap();
    assert_eq!(revealed, [world.unchecked().class(&file.images[0])]);
    // The plain sum of the two files' words, where it leaves the range.
    let sum = Image {
        scale: a.scale + b.scale,
        features: a
            .features
            .iter()
            .zip(&b.features)
            .map(|(a, b)| a + b)
            .collect(),
        bodies: a
            .bodies
            .iter()
            .zip(&b.bodies)
            .map(|(&a, &b)| add(a, b))
            .collect(),
        tag: add(a.tag, b.tag),
    };
    assert_eq!(sum, world.head.answer(sum.scale, &sum.features));
    world.refuses(vec![sum]);
}

/// Each part of an answer in another's place, and each part of what it is bound to altered.
#[test]
fn parts_of_other_answers_heads_and_keys_are_refused() {
    let world = World::new(60, 3);
    let honest = world.honest(2);
    let (a, b) = (&honest.images[0], &honest.images[1]);
    let with = |change: &dyn Fn(&mut Image)| {
        let mut image = a.clone();
        change(&mut image);
        assert_ne!(image, *a);
        // One among many is enough, at any place.
        world.refuses(vec![image.clone()]);
        let mut images = vec![a.clone(); 150];
        images[77] = image;
        world.refuses(images);
    };
    with(&|image| image.bodies.swap(0, 1));
    with(&|image| image.bodies.rotate_left(1));
    with(&|image| image.bodies.clone_from(&b.bodies));
    with(&|image| image.tag = b.tag);
    with(&|image| image.tag = 0);
    with(&|image| image.features.clone_from(&b.features));
    with(&|image| image.features.swap(0, 1));
    with(&|image| image.features[5] ^= 1);
    with(&|image| image.scale -= 1);
    with(&|image| image.bodies[2] = add(image.bodies[2], 1));
    with(&|image| image.bodies.iter_mut().for_each(|body| *body = residue(7)));

    let bound = |change: &dyn Fn(&mut ResultsFile)| {
        let mut file = honest.clone();
        change(&mut file);
        assert_ne!(file, honest);
        refused(world.reveal(&file.to_bytes()));
    };
    bound(&|file| file.bound.key[0] ^= 1);
    bound(&|file| file.bound.head[15] ^= 1);
    bound(&|file| file.bound.weight_bits = 10);
    bound(&|file| file.bound.feature_bits = 9);
    bound(&|file| file.bound.sealed[0] ^= 1);
    bound(&|file| file.bound.sealed[20] ^= 1);
    bound(&|file| file.bound.sealed.clear());
    bound(&|file| file.bound.seed[0] ^= 1);
    bound(&|file| file.images.clear());

    // The same weights protected again, with the same key and with another.
    let again = ProtectedLinear::protect(&world.plain, &world.key, Precision::default()).unwrap();
    let again = HeadFile::parse(&again.to_bytes());
    bound(&|file| file.bound = again.bound.clone());
    bound(&|file| file.bound.seed.clone_from(&again.bound.seed));
    bound(&|file| file.images = vec![again.answer(a.scale, &a.features)]);
    let other = World::new(60, 3);
    bound(&|file| file.bound = other.head.bound.clone());
    refused(world.reveal(&other.honest(2).to_bytes()));
}

/// Results as version 2 had them, with a mask of ±Δ·X^i that makes a class a key bit: not read.
#[test]
fn results_of_version_2_are_refused_with_a_hint() {
    let world = World::new(60, 3);
    let honest = world.honest(1).to_bytes();
    let mut masks = vec![0u64; N];
    masks[0] = world.unchecked().delta;
    let old: Vec<u8> = [
        payload(&honest)[..56].to_vec(),
        [1.0f64.to_le_bytes(), 1u64.to_le_bytes()].concat(),
        [&1u32.to_le_bytes()[..], &1u64.to_le_bytes()].concat(),
        masks
            .iter()
            .chain(&[0; 3])
            .flat_map(|w| w.to_le_bytes())
            .collect(),
    ]
    .concat();
    let said = world
        .reveal(&container(&honest, 3, 2, &old))
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("version is 2") && said.contains("hint: protect"),
        "{said}"
    );
    // The same content under today's number.
    refused(world.reveal(&container(&honest, 3, 3, &old)));
}

/// What the check costs an owner who makes it: nothing that depends on the key. (An unchecked
/// owner's class does, by construction of the tests above.)
#[test]
fn an_opened_head_and_its_file_agree() {
    let world = World::new(60, 3);
    let opened = Opened::new(&world.key, &world.head.bound);
    let quantised = QuantisedLinear::new(&world.plain.layers()[0], Precision::default()).unwrap();
    for class in 0..3 {
        for feature in 0..60 {
            let at = class * 61 + feature;
            let phase = centred(sub(world.head.bodies[at], opened.products[at]));
            let weight = i128::from(quantised.weights[class * 60 + feature]);
            assert!((phase - weight * i128::from(opened.delta)).abs() <= 1 << 17);
        }
    }
}
