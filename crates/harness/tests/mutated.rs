//! Whatever is done to bytes from outside, who reads them gives a value or an error: never a panic, and
//! never more memory than their size explains. The same is done to data in `datasets`, to heads in
//! `heads` and to networks in `backbones`.

mod changes;
// The fuzz targets' crate is a workspace of its own, which these tests do not build: what it shares must
// keep up with the readers here.
#[allow(dead_code, reason = "the targets use the rest")]
#[path = "../../../fuzz/src/lib.rs"]
mod fuzz;

use std::path::Path;

use changes::{peak, survives};
use harness::stages::{Fingerprints, KeyBuilder, Maker, Postcard, State, Store};
use rhe::{
    Backend, EncryptedResults, LinearClassifier, PlainHead, Precision, ProtectedHead,
    ProtectedLinear, SecretKey,
};

/// Most memory of this process, in MiB.
const MOST: u64 = 256;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn configs(cases: u32) {
    for name in [
        "quickstart.yaml",
        "rhe.yaml",
        "factors.yaml",
        "cryptotl.yaml",
    ] {
        let whole = std::fs::read(root().join("configs").join(name)).expect("a config");
        survives(cases / 4, name, &whole, |bytes| {
            config::from_text(&String::from_utf8_lossy(bytes), Path::new("x.yaml"), &[])
        });
    }
}

fn protected(cases: u32) {
    let key = SecretKey::generate().expect("randomness");
    survives(cases, "key", &key.to_bytes(), SecretKey::from_bytes);
    let values: Vec<f32> = (0..51).map(|at| at as f32 / 51.0 - 0.5).collect();
    let head = PlainHead::linear(16, 3, &values).expect("a head");
    let linear = ProtectedLinear::protect(&head, &key, Precision::default()).expect("a head");
    let results = LinearClassifier::new(&linear, Backend::Detected)
        .classify(&values[..16])
        .expect("features");
    let results = EncryptedResults::Linear(results).to_bytes();
    let whole = ProtectedHead::Linear(linear).to_bytes();
    survives(cases, "linear head", &whole, ProtectedHead::from_bytes);
    survives(cases, "results", &results, EncryptedResults::from_bytes);
    // What can be read is revealed, or refused.
    survives(cases / 10, "revealed", &results, |bytes| {
        key.reveal(&EncryptedResults::from_bytes(bytes)?)
    });
}

fn ring(cases: u32) {
    let context = fuzz::ring();
    let key = ckks::SecretKey::generate(context).expect("randomness");
    let plain = context
        .encode_real(&[1.0, -2.0], 0, context.scale())
        .expect("numbers");
    let ciphertext = key.encrypt(&plain).expect("a ciphertext").to_bytes();
    survives(cases, "ciphertext", &ciphertext, |bytes| {
        ckks::Ciphertext::from_bytes(context, bytes)
    });
    let seeded = key.encrypt_seeded(&plain).expect("a ciphertext").to_bytes();
    survives(cases, "seeded", &seeded, |bytes| {
        ckks::SeededCiphertext::from_bytes(context, bytes)
    });
    let public = key.public_key().expect("a key").to_bytes();
    survives(cases, "public key", &public, |bytes| {
        ckks::PublicKey::from_bytes(context, bytes)
    });
    survives(cases, "secret key", &key.to_bytes(), |bytes| {
        ckks::SecretKey::from_bytes(context, bytes)
    });
}

fn tables(cases: u32) {
    let whole = std::fs::read(root().join("results/baseline/quickstart.csv")).expect("a baseline");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("results.csv");
    survives(cases, "results.csv", &whole, |bytes| {
        std::fs::write(&path, bytes).expect("it is written");
        report::read_results_csv(&path)
    });
}

/// Why there is no product, as an error.
fn stale(state: State) -> String {
    format!("{state:?}")
}

fn cache(cases: u32) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::new(folder.path());
    let key = KeyBuilder::new("numbers", &Fingerprints::of_this_build().of(&["datasets"])).finish();
    let product: Vec<(String, Option<f64>)> = vec![("a".into(), Some(1.5)), ("b".into(), None)];
    store
        .save(&key, "numbers", &Maker::default(), &Postcard, &product)
        .expect("it is kept");
    let record = store.record(&key);
    let whole = std::fs::read(&record).expect("a record");
    let load = || store.load::<Vec<(String, Option<f64>)>>(&key, &Postcard);
    survives(cases, "record", &whole, |bytes| {
        std::fs::write(&record, bytes).expect("it is written");
        load()
            .map(|kept| assert_eq!(kept.product, product))
            .map_err(stale)
    });
    // The encoding by itself, without the checksum that stands before it.
    let bytes = std::fs::read(record.with_extension("bin")).expect("a product");
    survives(cases, "product", &bytes, |bytes| {
        use harness::stages::Form as _;
        let read: Result<Vec<(String, Option<f64>)>, String> = Postcard.read(&record, bytes);
        read
    });
}

fn everything(cases: u32) {
    configs(cases);
    protected(cases);
    ring(cases);
    tables(cases);
    cache(cases);
    if let Some(peak) = peak() {
        assert!(peak < MOST, "{peak} MiB");
    }
}

#[test]
fn some_changed_copies_of_everything_that_is_read() {
    everything(200);
}

#[test]
#[ignore = "takes minutes: ten thousand changed copies for each reader"]
fn ten_thousand_changed_copies_of_everything_that_is_read() {
    everything(10_000);
}
