//! Real sentence embeddings: SMS spam as the source, YouTube spam as the target.

use ckks::Parameters;
use cryptotl::{
    Activation, BinaryReport, Client, FineTune, LogisticRegression, LowerShape, Packing,
    PreparedNetwork, Server, Setup, SourceRecipe,
};
use datasets::{FeatureSet, StreamKey, read_features};
use std::path::PathBuf;
use std::sync::Arc;

fn embeddings(name: &str) -> Option<FeatureSet> {
    let data = std::env::var_os("RHEA_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = data.join(format!("embeddings/{name}-minilm-l6-v2.safetensors"));
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(read_features(&path, None).unwrap())
}

fn subset(set: &FeatureSet, rows: &[usize]) -> FeatureSet {
    let values = rows.iter().flat_map(|&row| set.row(row)).copied().collect();
    let labels = rows.iter().map(|&row| set.labels()[row]).collect();
    FeatureSet::new(set.width(), values, labels, 2).unwrap()
}

/// `shots` of each class to tune on, at random; the rest to test.
fn split(set: &FeatureSet, shots: usize, key: &StreamKey) -> (Vec<usize>, Vec<usize>) {
    use rand::RngExt;
    let mut rng = key.rng(0);
    let mut rows: Vec<usize> = (0..set.len()).collect();
    for at in (1..rows.len()).rev() {
        rows.swap(at, rng.random_range(0..=at));
    }
    let mut left = [shots; 2];
    rows.into_iter().partition(|&row| {
        let left = &mut left[set.labels()[row] as usize];
        let take = *left > 0;
        *left -= usize::from(take);
        take
    })
}

#[test]
fn encrypted_and_plain_labels_agree_and_transfer_is_held_against_logistic_regression() {
    let (Some(source), Some(target)) = (embeddings("sms-spam"), embeddings("youtube-spam")) else {
        return;
    };
    let key = StreamKey::from_seed(1935);
    let shape = LowerShape::paper(source.width());
    let trained = SourceRecipe::default()
        .run(&source, shape, Activation::cubic(), &key.child("source"))
        .unwrap();
    println!(
        "source: {} epochs, held-out accuracy {:.4}",
        trained.epochs, trained.accuracy
    );
    assert!(trained.accuracy > 0.95);

    let plain = trained.lower.features(&target).unwrap();
    for shots in [10, 25, 50, 100] {
        let (mut transferred, mut regression) = (0.0, 0.0);
        let draws = 10;
        for draw in 0..draws {
            let key = key.child(&format!("{shots} shots, draw {draw}"));
            let (few, rest) = split(&target, shots, &key);
            let fit = LogisticRegression::fit(&target, &few, 1.0).unwrap();
            let tuned = FineTune::default()
                .run(Some(&trained.upper), &subset(&plain, &few), &key)
                .unwrap();
            let truth: Vec<u32> = rest.iter().map(|&row| target.labels()[row]).collect();
            let answers = |classify: &dyn Fn(usize) -> u32| {
                let answers: Vec<u32> = rest.iter().map(|&row| classify(row)).collect();
                BinaryReport::new(&truth, &answers, &key).unwrap().accuracy
            };
            transferred += answers(&|row| tuned.upper.classify(plain.row(row)).unwrap());
            regression += answers(&|row| fit.classify(target.row(row)));
        }
        let (transferred, regression) = (transferred / 10.0, regression / 10.0);
        println!(
            "{shots} shots a class: transferred {transferred:.4}, logistic regression {regression:.4}"
        );
        // With few shots the transferred network is behind logistic regression on the embeddings;
        // the printed lines say by how much. It must not fall further behind.
        assert!(transferred > regression - 0.1, "{shots} shots");
    }

    // All 1 956 comments through the encrypted network.
    let setup = Setup::new(shape, 3, Parameters::fast().unwrap(), Packing::Throughput).unwrap();
    let (client, keys) = Client::new(&setup).unwrap();
    let prepared = Arc::new(PreparedNetwork::new(&setup, &trained.lower).unwrap());
    let server = Server::new(prepared, &keys).unwrap();
    let inputs: Vec<&[f32]> = (0..target.len()).map(|row| target.row(row)).collect();
    let reply = server.forward(&client.encrypt(&inputs).unwrap()).unwrap();
    let features = client.decrypt(&reply).unwrap().concat();
    let largest = plain.values().iter().fold(0.0f32, |m, v| m.max(v.abs()));
    let error = features
        .iter()
        .zip(plain.values())
        .fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
    println!("largest feature {largest:.3}, largest error {error:.2e}");
    assert!(error < 1e-3 * largest);

    // Tuned on decrypted features against tuned on plain ones, and both on their own test features.
    let encrypted = FeatureSet::new(shape.features, features, target.labels().to_vec(), 2).unwrap();
    let (few, rest) = split(&target, 50, &key);
    let tune = |set: &FeatureSet| {
        client
            .fine_tune(
                &FineTune::default(),
                Some(&trained.upper),
                &subset(set, &few),
                &key,
            )
            .unwrap()
            .upper
    };
    let (theirs, ours) = (tune(&plain), tune(&encrypted));
    let agree = rest
        .iter()
        .filter(|&&row| {
            theirs.classify(plain.row(row)).unwrap() == ours.classify(encrypted.row(row)).unwrap()
        })
        .count();
    println!("labels agree: {agree} of {}", rest.len());
    assert!(agree as f64 >= 0.999 * rest.len() as f64);
}
