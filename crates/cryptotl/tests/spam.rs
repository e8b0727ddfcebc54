//! YouTube comments through the encrypted network: features and labels are the plain network's.

mod common;

use ckks::Parameters;
use common::{embeddings, split, subset};
use cryptotl::{
    Activation, Client, FineTune, LowerShape, Packing, PreparedNetwork, Server, Setup, SourceRecipe,
};
use datasets::{FeatureSet, StreamKey};
use std::sync::Arc;

#[test]
#[ignore = "needs real data below RHEA_DATA"]
fn encrypted_and_plain_labels_agree() {
    let (source, target) = (embeddings("sms-spam"), embeddings("youtube-spam"));
    // Every fourth comment, unless `CRYPTOTL_EVERY` says another step: 1 for all of them.
    let every = std::env::var("CRYPTOTL_EVERY").map_or(4, |every| every.parse().unwrap());
    let some: Vec<usize> = (0..target.len()).step_by(every).collect();
    let target = subset(&target, &some);
    let key = StreamKey::from_seed(1935);
    let shape = LowerShape::paper(source.width());
    let recipe = SourceRecipe {
        epochs: 1,
        ..SourceRecipe::default()
    };
    let trained = recipe
        .run(&source, shape, Activation::cubic(), &key.child("source"))
        .unwrap();
    let plain = trained.lower.features(&target).unwrap();

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
    for shots in [10, 50] {
        let (few, rest) = split(&target, shots, &key);
        let tune = |set: &FeatureSet| {
            client
                .fine_tune(&FineTune::default(), None, &subset(set, &few), &key)
                .unwrap()
                .upper
        };
        let (theirs, ours) = (tune(&plain), tune(&encrypted));
        let agree = rest
            .iter()
            .filter(|&&row| {
                theirs.classify(plain.row(row)).unwrap()
                    == ours.classify(encrypted.row(row)).unwrap()
            })
            .count();
        println!("{shots} a class: labels agree on {agree} of {}", rest.len());
        assert!(agree as f64 >= 0.999 * rest.len() as f64);
    }
}
