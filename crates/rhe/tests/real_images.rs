//! Agreement with the head in the clear on real test images (MNIST pixels as features).

use flate2::read::GzDecoder;
use rhe::{
    Activation, Backend, DecisionBudget, DecisionRange, EncryptedResults, EvaluationKeys, Form,
    LinearClassifier, LinearDecider, PlainHead, Precision, ProtectedDecision, ProtectedLinear,
    ProtectedRelu, Ranges, ReluBudget, ReluClassifier, SecretKey,
};
use std::io::Read;
use std::path::PathBuf;

const PIXELS: usize = 784;

struct Images {
    features: Vec<f32>,
    labels: Vec<u8>,
}

fn data() -> PathBuf {
    let folder = std::env::var_os("RHEA_DATA").expect("RHEA_DATA names the folder of real data");
    PathBuf::from(folder).join("mnist")
}

/// Reads the first `count` images of a split, pixels in [0, 1].
fn read(folder: &std::path::Path, split: &str, count: usize) -> Images {
    let unpack = |kind: &str, header: usize, length: usize| {
        let path = folder.join(format!("{split}-{kind}-ubyte.gz"));
        let mut bytes = Vec::new();
        GzDecoder::new(std::fs::File::open(path).unwrap())
            .read_to_end(&mut bytes)
            .unwrap();
        bytes[header..header + length].to_vec()
    };
    let pixels = unpack("images-idx3", 16, count * PIXELS);
    Images {
        features: pixels.into_iter().map(|p| f32::from(p) / 255.0).collect(),
        labels: unpack("labels-idx1", 8, count),
    }
}

/// Softmax regression by stochastic gradient descent: a few passes are enough for a real head.
fn train_linear(images: &Images) -> Vec<f32> {
    let columns = PIXELS + 1;
    let mut weights = vec![0f32; 10 * columns];
    for _ in 0..3 {
        for (row, &label) in images.features.chunks(PIXELS).zip(&images.labels) {
            let logits: Vec<f32> = weights
                .chunks(columns)
                .map(|w| w.iter().zip(row).map(|(w, x)| w * x).sum::<f32>() + w[PIXELS])
                .collect();
            let largest = logits.iter().copied().fold(f32::MIN, f32::max);
            let powers: Vec<f32> = logits.iter().map(|l| (l - largest).exp()).collect();
            let total: f32 = powers.iter().sum();
            for (k, w) in weights.chunks_mut(columns).enumerate() {
                let error = powers[k] / total - f32::from(u8::from(k == usize::from(label)));
                let step = 0.02 * error;
                w.iter_mut().zip(row).for_each(|(w, x)| *w -= step * x);
                w[PIXELS] -= step;
            }
        }
    }
    weights
}

/// Odd against even with `hidden` ReLU units, by stochastic gradient descent.
fn train_relu(images: &Images, hidden: usize) -> Vec<f32> {
    let columns = PIXELS + 1;
    // Small fixed starting weights that differ from unit to unit.
    let mut first: Vec<f32> = (0..hidden * columns)
        .map(|i| 0.05 * (i as f32 * 1.7).sin())
        .collect();
    let mut second: Vec<f32> = (0..=hidden).map(|i| 0.5 * (i as f32 * 2.3).cos()).collect();
    for _ in 0..3 {
        for (row, &label) in images.features.chunks(PIXELS).zip(&images.labels) {
            let z: Vec<f32> = first
                .chunks(columns)
                .map(|w| w.iter().zip(row).map(|(w, x)| w * x).sum::<f32>() + w[PIXELS])
                .collect();
            let outer = second[..hidden].iter().zip(&z);
            let logit = outer.map(|(w, z)| w * z.max(0.0)).sum::<f32>() + second[hidden];
            let step = 0.02 * (1.0 / (1.0 + (-logit).exp()) - f32::from(label % 2));
            for i in 0..hidden {
                let back = if z[i] > 0.0 { step * second[i] } else { 0.0 };
                second[i] -= step * z[i].max(0.0);
                let w = &mut first[i * columns..][..columns];
                w.iter_mut().zip(row).for_each(|(w, x)| *w -= back * x);
                w[PIXELS] -= back;
            }
            second[hidden] -= step;
        }
    }
    first.into_iter().chain(second).collect()
}

#[test]
#[ignore = "needs real data below RHEA_DATA"]
fn a_linear_head_agrees_on_real_images() {
    let folder = data();
    let head = PlainHead::linear(PIXELS, 10, &train_linear(&read(&folder, "train", 5000))).unwrap();
    let test = read(&folder, "t10k", 10_000);
    let key = SecretKey::generate().unwrap();
    let protected = ProtectedLinear::protect(&head, &key, Precision::default()).unwrap();
    let results = LinearClassifier::new(&protected, Backend::Detected).classify(&test.features);
    let classes = key
        .reveal(&EncryptedResults::Linear(results.unwrap()))
        .unwrap();
    let (mut same, mut right) = (0, 0);
    for ((row, class), &label) in test.features.chunks(PIXELS).zip(classes).zip(&test.labels) {
        same += usize::from(head.predict(row).unwrap() == class);
        right += usize::from(class == usize::from(label));
    }
    println!("linear: {same} of 10000 agree, {right} right");
    assert!(right > 8500, "the head is no real one: {right}");
    assert!(same >= 9990, "{same} of 10000 agree");
}

#[test]
#[ignore = "needs real data below RHEA_DATA"]
fn a_relu_head_agrees_on_real_images() {
    let folder = data();
    let train = read(&folder, "train", 5000);
    let weights = train_relu(&train, 8);
    let head = PlainHead::mlp(PIXELS, &[8], 1, Activation::Relu, &weights).unwrap();
    let images = count("RHE_RELU_IMAGES", 40);
    let test = read(&folder, "t10k", 10_000);
    let key = SecretKey::generate().unwrap();
    let keys = EvaluationKeys::generate(&key).unwrap();
    let ranges = Ranges::calibrated(&head, &train.features[..1000 * PIXELS]).unwrap();
    let budget = ReluBudget::new(&head, &ranges).unwrap();
    let rows = test.features.chunks(PIXELS);
    let predicted: f64 = rows
        .map(|row| normal(head.logits(row).unwrap()[0].abs() / budget.deviation(row)[0]))
        .sum::<f64>()
        / 10_000.0;
    println!("relu: predicted over 10000: {predicted:.4}");
    assert!(predicted >= 0.995, "{predicted}");
    let protected = ProtectedRelu::protect(&head, &key, &ranges, Form::Seeded).unwrap();
    let classifier = ReluClassifier::new(&protected, &keys, Backend::Detected).unwrap();
    let rows = &test.features[..images * PIXELS];
    let results = EncryptedResults::Relu(classifier.classify(rows).unwrap());
    let (mut same, mut right) = (0, 0);
    let classes = key.reveal_trusted(&results).unwrap();
    for ((row, class), &label) in rows.chunks(PIXELS).zip(classes).zip(&test.labels) {
        same += usize::from(head.predict(row).unwrap() == class);
        right += usize::from(class == usize::from(label % 2));
    }
    println!("relu: {same} of {images} agree, {right} right");
    assert!(
        right > images * 85 / 100,
        "the head is no real one: {right}"
    );
    assert!(
        same + 1 + images / 100 >= images,
        "{same} of {images} agree"
    );

    let rows = &rows[..images.min(200) * PIXELS];
    let decided = EncryptedResults::Decision(classifier.decide(rows).unwrap());
    let classes = key.reveal_trusted(&decided).unwrap();
    let pairs = rows.chunks(PIXELS).zip(&classes);
    let same = pairs.filter(|(row, class)| head.predict(row).unwrap() == **class);
    let (same, all) = (same.count(), classes.len());
    println!("relu, decided: {same} of {all} agree");
    assert!(same + 1 + all / 50 >= all, "{same} of {all} agree");
}

/// The number of images that a variable of the environment asks for.
fn count(variable: &str, default: usize) -> usize {
    let wanted = std::env::var(variable).ok();
    wanted.and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// The normal distribution function by its logistic approximation, good to 0.0002.
fn normal(z: f64) -> f64 {
    1.0 / (1.0 + (-1.5976 * z - 0.070_565 * z.powi(3)).exp())
}

/// The share of images on which a decision is predicted to give the head's class: the two largest
/// logits are compared with normal noise of the budget's deviation.
fn predicted_agreement(head: &PlainHead, budget: &DecisionBudget, images: &Images) -> f64 {
    let rows = images.features.chunks(PIXELS);
    let total: f64 = rows
        .map(|row| {
            let mut logits = head.logits(row).unwrap();
            logits.sort_by(f64::total_cmp);
            let norm = row.iter().map(|&f| f64::from(f).powi(2)).sum::<f64>() + 1.0;
            let [.., second, first] = logits[..] else {
                unreachable!("ten logits")
            };
            normal((first - second) / (budget.deviation * norm.sqrt()))
        })
        .sum();
    total / (images.features.len() / PIXELS) as f64
}

/// Ten classes of real images decided under encryption. `RHE_DECISIONS` sets how many images are,
/// `RHE_RELU_IMAGES` how many in the test above: half a second and a tenth each.
#[test]
#[ignore = "needs real data below RHEA_DATA"]
fn decisions_agree_on_real_images() {
    let folder = data();
    let count = count("RHE_DECISIONS", 10);
    let train = read(&folder, "train", 5000);
    let head = PlainHead::linear(PIXELS, 10, &train_linear(&train)).unwrap();
    let test = read(&folder, "t10k", 10_000);
    let key = SecretKey::generate().unwrap();
    let keys = EvaluationKeys::generate(&key).unwrap();
    let range = DecisionRange::calibrated(&head, &train.features[..1000 * PIXELS]).unwrap();
    let budget = DecisionBudget::new(10, range).unwrap();
    let wide = DecisionBudget::new(10, DecisionRange::guaranteed(&head).unwrap()).unwrap();
    println!(
        "predicted over 10000: {:.4} calibrated, {:.4} guaranteed",
        predicted_agreement(&head, &budget, &test),
        predicted_agreement(&head, &wide, &test)
    );
    assert!(predicted_agreement(&head, &budget, &test) > 0.99);
    let precision = Precision::default();
    let protected =
        ProtectedDecision::protect(&head, &key, precision, range, Form::Seeded).unwrap();
    let decider = LinearDecider::new(&protected, &keys, Backend::Detected).unwrap();
    let rows = &test.features[..count * PIXELS];
    let results = decider.decide(rows).unwrap();
    let mut same = 0;
    for (row, class) in rows
        .chunks(PIXELS)
        .zip(key.reveal_trusted_decisions(&results).unwrap())
    {
        let logits = head.logits(row).unwrap();
        let largest = logits.iter().copied().fold(f64::MIN, f64::max);
        let norm = row.iter().map(|&f| f64::from(f).powi(2)).sum::<f64>() + 1.0;
        same += usize::from(class == Some(head.predict(row).unwrap()));
        if let Some(class) = class {
            assert!(largest - logits[class] <= budget.resolution * norm.sqrt());
        }
    }
    println!("decisions: {same} of {count} agree");
    assert!(same + 1 + count / 50 >= count, "{same} of {count} agree");
}
