use super::*;
use crate::modular::from_signed;
use crate::modular::mul;
use crate::noise::product_variance;
use crate::quantise::QuantisedFeatures;
use crate::transform::Transform;
use crate::{LinearClassifier, SecretKey};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn weights() -> Vec<f32> {
    (0..3 * 101).map(|i| (i as f32 * 0.7).sin()).collect()
}

fn moments(numbers: &[f32]) -> (f64, f64) {
    let count = numbers.len() as f64;
    let mean = numbers.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
    let square = numbers.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / count;
    (mean, square)
}

#[test]
fn a_simulation_repeats_and_is_uniform() {
    let view = CiphertextView::new(100, 3, Precision::default()).unwrap();
    let simulate = |rng: &mut ChaCha8Rng, out: &mut [f32]| {
        let (own, beside) = out.split_at_mut(view.len());
        view.simulate(&weights(), Sight::Released, rng, own, beside)
            .unwrap();
    };
    let seen = view.len() + view.beside();
    // A third of the 2 048 masks, one place of which is empty, and 101 tags a class.
    assert_eq!(seen, 303 + 3 * (683 + 101));
    let (mut a, mut b) = (vec![0.0; seen], vec![0.0; seen]);
    simulate(&mut ChaCha8Rng::seed_from_u64(1), &mut a);
    simulate(&mut ChaCha8Rng::seed_from_u64(1), &mut b);
    assert_eq!(a, b);
    assert_eq!(a.iter().filter(|&&x| x == 0.0).count(), 1);
    assert_eq!(a[303 + 683..][..101], a[303 + 784 + 683..][..101]);
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut all = Vec::new();
    for _ in 0..200 {
        simulate(&mut rng, &mut b);
        // Without the place that is empty, and the tags that are told to each class.
        all.extend_from_slice(&b[..303 + 683 + 101]);
        all.extend_from_slice(&b[303 + 784..][..683]);
    }
    assert_ne!(a, b);
    let (mean, square) = moments(&all);
    // Uniform on [−1/2, 1/2): variance 1/12, of the square 1/180; six standard errors.
    let count = all.len() as f64;
    assert!(mean.abs() < 6.0 * (1.0 / 12.0 / count).sqrt(), "{mean}");
    assert!(
        (square - 1.0 / 12.0).abs() < 6.0 * (1.0 / 180.0 / count).sqrt(),
        "{square}"
    );
}

#[test]
fn released_heads_and_results_are_seen_in_the_shape_of_weights_and_scores() {
    let view = CiphertextView::new(100, 3, Precision::default()).unwrap();
    let plain = PlainHead::linear(100, 3, &weights()).unwrap();
    let key = SecretKey::generate().unwrap();
    let head = ProtectedLinear::protect(&plain, &key, Precision::default()).unwrap();
    let bodies = view.bodies(&head).unwrap();
    assert_eq!(bodies.len(), 3 * 101);
    assert!(bodies.iter().all(|x| x.abs() <= 0.5));
    assert_eq!(view.masks(&head).unwrap().len(), POLYNOMIAL_SIZE);
    assert_eq!(view.tags(&head).unwrap().len(), 101);
    let results = LinearClassifier::new(&head, Backend::Detected)
        .classify(&[1.0; 200])
        .unwrap();
    assert_eq!(results.observed_scores(1).len(), 3);
    assert!(results.observed_scores(2).is_empty());
    let other = CiphertextView::new(99, 3, Precision::default()).unwrap();
    assert!(other.bodies(&head).is_err());
    assert!(other.masks(&head).is_err());
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let short = &mut [0.0; 3];
    assert!(
        view.simulate(&weights(), Sight::Released, &mut rng, short, &mut [])
            .is_err()
    );
}

/// Heads of each kind in the comparison below.
const HEADS: usize = 4_000;
/// Equal parts of [−1/2, 1/2) that numbers are counted in.
const BINS: usize = 64;

/// Counts and what else is compared of the ciphertexts of one kind.
struct Law {
    bodies: [f64; BINS],
    masks: [f64; BINS],
    /// Σ body · weight that it hides, and the number of terms.
    with_weight: (f64, f64),
    /// Σ body · body of its neighbour.
    with_neighbour: f64,
    /// Σ noise² / predicted variance.
    noise: f64,
}

impl Law {
    fn empty() -> Self {
        Self {
            bodies: [0.0; BINS],
            masks: [0.0; BINS],
            with_weight: (0.0, 0.0),
            with_neighbour: 0.0,
            noise: 0.0,
        }
    }

    /// Adds one head: its bodies, its masks' seed, and its secret in evaluation form to look at the
    /// noise.
    fn add(&mut self, view: &CiphertextView, head: &Encrypted, plain: &[f32]) {
        let bodies: Vec<f32> = head.bodies.iter().map(|&word| number(word)).collect();
        for &x in &bodies {
            self.bodies[bin(x)] += 1.0;
        }
        for &x in masks(&head.seed, bodies.len()).iter().step_by(17) {
            self.masks[bin(x)] += 1.0;
        }
        for (x, w) in bodies.iter().zip(plain) {
            self.with_weight.0 += f64::from(*x) * f64::from(*w);
            self.with_weight.1 += f64::from(*w).powi(2) / 12.0;
        }
        let pairs = bodies.windows(2);
        self.with_neighbour += pairs.map(|p| f64::from(p[0] * p[1])).sum::<f64>();
        // The noise of the first weight: body − (a·s)_0 − Δ·ŵ.
        let transform = Transform::new(Backend::Portable);
        let mut first = 0;
        mask_products(&transform, &head.secret, &head.seed, 1, |_, products| {
            first = products[0];
        });
        let plain = PlainHead::linear(100, 3, plain).unwrap();
        let quantised = QuantisedLinear::new(&plain.layers()[0], Precision::default()).unwrap();
        let message = mul(
            from_signed(i64::from(quantised.weights[0])),
            view.shape.space.delta,
        );
        let noise = to_signed(sub(sub(head.bodies[0], first), message)) as f64;
        self.noise += noise * noise / product_variance(1.0);
    }
}

fn bin(x: f32) -> usize {
    (((x + 0.5) * BINS as f32) as usize).min(BINS - 1)
}

/// Pearson's statistic against equal counts, as standard deviations from its mean.
fn uniformity(counts: &[f64; BINS]) -> f64 {
    let expected = counts.iter().sum::<f64>() / BINS as f64;
    let statistic: f64 = counts
        .iter()
        .map(|c| (c - expected).powi(2) / expected)
        .sum();
    let freedom = (BINS - 1) as f64;
    (statistic - freedom) / (2.0 * freedom).sqrt()
}

/// Pearson's statistic of two samples against one law, as standard deviations from its mean.
fn homogeneity(a: &[f64; BINS], b: &[f64; BINS]) -> f64 {
    let (n, m) = (a.iter().sum::<f64>(), b.iter().sum::<f64>());
    let pairs = a.iter().zip(b);
    let statistic: f64 = pairs
        .map(|(x, y)| ((m / n).sqrt() * x - (n / m).sqrt() * y).powi(2) / (x + y))
        .sum();
    let freedom = (BINS - 1) as f64;
    (statistic - freedom) / (2.0 * freedom).sqrt()
}

/// 4 000 heads simulated from a seeded stream against 4 000 protected with keys of the operating
/// system's generator: masks and bodies uniform and alike, bodies without a trace of the weights
/// or of their neighbours, and noise of one variance where the secret is known. Bounds are six
/// standard deviations of each statistic.
#[test]
fn simulated_ciphertexts_follow_the_law_of_real_ones() {
    let view = CiphertextView::new(100, 3, Precision::default()).unwrap();
    let plain = weights();
    let head = PlainHead::linear(100, 3, &plain).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let (mut real, mut simulated) = (Law::empty(), Law::empty());
    for _ in 0..HEADS {
        let head_of_mine = view.encrypt(&plain, Noise::AsReleased, &mut rng).unwrap();
        simulated.add(&view, &head_of_mine, &plain);
        let key = SecretKey::generate().unwrap();
        let released = ProtectedLinear::protect(&head, &key, Precision::default()).unwrap();
        let released = Encrypted {
            secret: released.binding.secret(&key, &view.transform),
            seed: released.binding.seed,
            bodies: released.bodies,
            steps: Vec::new(),
        };
        real.add(&view, &released, &plain);
    }
    for (kind, law) in [("real", &real), ("simulated", &simulated)] {
        let bodies: f64 = law.bodies.iter().sum();
        assert_eq!(bodies, (HEADS * 303) as f64);
        assert!(uniformity(&law.bodies) < 6.0, "{kind}: {:?}", law.bodies);
        assert!(uniformity(&law.masks) < 6.0, "{kind}: {:?}", law.masks);
        let trace = law.with_weight.0 / law.with_weight.1.sqrt();
        assert!(trace.abs() < 6.0, "{kind}: {trace}");
        let neighbours = law.with_neighbour / ((HEADS * 302) as f64).sqrt() * 12.0;
        assert!(neighbours.abs() < 6.0, "{kind}: {neighbours}");
        // The square of a uniform number has a relative variance of 0.8.
        let ratio = law.noise / HEADS as f64;
        assert!(
            (ratio - 1.0).abs() < 6.0 * (0.8 / HEADS as f64).sqrt(),
            "{kind}: {ratio}"
        );
    }
    assert!(homogeneity(&real.bodies, &simulated.bodies) < 6.0);
    assert!(homogeneity(&real.masks, &simulated.masks) < 6.0);
}

/// The same comparison of answers to queries: their bodies are uniform and tell no class.
#[test]
fn answers_of_a_simulated_head_are_uniform_and_repeat() {
    let view = CiphertextView::new(100, 3, Precision::default()).unwrap();
    let features: Vec<f32> = (0..100).map(|i| (i as f32 * 0.3).cos().max(0.0)).collect();
    let ask = |seed: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let head = view.simulate_classifier(&weights(), &mut rng).unwrap();
        head.observed_scores(&features).unwrap()
    };
    assert_eq!(ask(5), ask(5));
    let mut counts = [0.0; BINS];
    let mut largest = [0.0f64; 3];
    for seed in 0..HEADS as u64 {
        let answer = ask(seed);
        let best = (0..3)
            .max_by(|&a, &b| answer[a].total_cmp(&answer[b]))
            .unwrap();
        largest[best] += 1.0;
        answer.into_iter().for_each(|x| counts[bin(x)] += 1.0);
    }
    assert!(uniformity(&counts) < 6.0, "{counts:?}");
    let third = HEADS as f64 / 3.0;
    let deviation = (third * 2.0 / 3.0).sqrt();
    assert!(
        largest.iter().all(|n| (n - third).abs() < 6.0 * deviation),
        "{largest:?}"
    );
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let head = view.simulate_classifier(&weights(), &mut rng).unwrap();
    assert!(head.observed_scores(&[0.0; 99]).is_err());
}

/// Half a step of weights of at most 1, and the noise.
fn rounding(view: &CiphertextView) -> f32 {
    0.51 / view.shape.space.max_weight as f32
}

/// The controls of every experiment: what is released is uniform, and who has the secret reads the
/// weights in it.
#[test]
fn a_release_hides_what_its_secret_shows() {
    let view = CiphertextView::new(100, 3, Precision::default()).unwrap();
    let plain = weights();
    let correlation = |numbers: &[f32]| {
        let products = numbers.iter().zip(&plain);
        let product: f64 = products.map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
        let square = |all: &[f32]| all.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
        product / (square(numbers) * square(&plain)).sqrt()
    };
    for noise in [Noise::AsReleased, Noise::None] {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let seen = view.simulate_release(&plain, noise, &mut rng).unwrap();
        assert!(correlation(&seen.bodies).abs() < 6.0 / 303f64.sqrt());
        assert!(correlation(&seen.opened) > 0.999, "{noise:?}");
        let furthest = seen.opened.iter().zip(&plain).map(|(a, b)| (a - b).abs());
        assert!(furthest.fold(0.0, f32::max) < rounding(&view), "{noise:?}");
        assert_eq!(seen.released().len(), 303 + POLYNOMIAL_SIZE + 101);
    }
}

/// The other control: a known half of a head. Bodies less the known weights are A + e, and without
/// the noise e division by the masks gives the secret, which opens the other half. With the noise of
/// real ciphertexts the same division gives a secret that opens nothing.
#[test]
fn known_weights_give_the_rest_away_only_where_there_is_no_noise() {
    let (features, classes) = (POLYNOMIAL_SIZE - 1, 2);
    let view = CiphertextView::new(features, classes, Precision::default()).unwrap();
    let plain: Vec<f32> = (0..classes * POLYNOMIAL_SIZE)
        .map(|i| (i as f32 * 0.7).sin())
        .collect();
    let head = PlainHead::linear(features, classes, &plain).unwrap();
    let quantised = QuantisedLinear::new(&head.layers()[0], Precision::default()).unwrap();
    let messages = view.shape.messages(&quantised);
    for noise in [Noise::None, Noise::AsReleased] {
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        let mut released = view.encrypt(&plain, noise, &mut rng).unwrap();
        // Class 0 is known: the secret is ((b − Δ·w) / a) in evaluation form.
        let mut quotient: Vec<u64> = (released.bodies.iter().zip(&messages))
            .take(POLYNOMIAL_SIZE)
            .map(|(&body, &message)| sub(body, message))
            .collect();
        view.transform.forward(&mut quotient);
        let mut masks = vec![0; POLYNOMIAL_SIZE];
        MaskStream::new(&released.seed).fill(&mut masks);
        for (value, &mask) in quotient.iter_mut().zip(&masks) {
            *value = mul(*value, inverse(mask));
        }
        let found = quotient == *released.secret;
        released.secret.copy_from_slice(&quotient);
        let opened = view.open(&released);
        let right = (opened.iter().zip(&plain))
            .skip(POLYNOMIAL_SIZE)
            .filter(|(a, b)| (**a - **b).abs() < rounding(&view))
            .count();
        match noise {
            Noise::None => assert!(found && right == POLYNOMIAL_SIZE, "{right}"),
            Noise::AsReleased => assert!(!found && right == 0, "{right}"),
        }
    }
}

/// 1/x modulo q by Fermat, of x that is not 0.
fn inverse(x: u64) -> u64 {
    let (mut power, mut base, mut exponent) = (1, x, MODULUS - 2);
    while exponent > 0 {
        if exponent % 2 == 1 {
            power = mul(power, base);
        }
        base = mul(base, base);
        exponent /= 2;
    }
    power
}

/// The owner who reveals classes: what is computed and decrypted is the rounded head's class.
#[test]
fn revealed_classes_are_those_of_the_rounded_head() {
    let view = CiphertextView::new(100, 3, Precision::default()).unwrap();
    let head = PlainHead::linear(100, 3, &weights()).unwrap();
    let quantised = QuantisedLinear::new(&head.layers()[0], Precision::default()).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let simulated = view.simulate_classifier(&weights(), &mut rng).unwrap();
    let mut seen = [0; 3];
    for image in 0..200 {
        let features: Vec<f32> = (0..100)
            .map(|i| ((i * 7 + image * 13) as f32 * 0.31).sin().max(0.0))
            .collect();
        let mut rounded = QuantisedFeatures::default();
        rounded.fill(&features, 100, &view.shape.space, 0).unwrap();
        let class = crate::class_of(&quantised.values(&rounded));
        assert_eq!(simulated.revealed_class(&features).unwrap(), class);
        seen[class] += 1;
    }
    assert!(
        seen.iter().filter(|&&count| count > 0).count() > 1,
        "{seen:?}"
    );
    assert!(simulated.revealed_class(&[0.0; 99]).is_err());
}
