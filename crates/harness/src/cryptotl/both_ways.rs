//! The same task both ways round: CryptoTL encrypts the inputs, RHE encrypts the head.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use attacks::{Membership, World as Setting};
use config::experiment::{CryptoTl, Experiment, FineTuning, Rhe};
use cryptotl::{Client, Packing, PreparedNetwork, Server, Setup};
use datasets::{Pool, Split};
use evaluation::{Bootstrap, Scores, roc};
use report::BothWaysRow;
use rhe::{
    Backend, EncryptedResults, Form, LinearClassifier, PlainHead, Precision, ProtectedHead,
    ProtectedLinear, SecretKey,
};
use spec::{AttackKind, DefenceKind, Null, Release};
use transfer::{Head, HeadShape, Recipe};

use super::lower::{Bench, activation, parameters, select};
use super::row;
use crate::context::Context;
use crate::error::HarnessError;
use crate::heads::{Encrypted, Measured};

/// The table of both systems.
const FILE: &str = "both_ways.csv";
/// Shadow heads an example in the membership test.
const SHADOWS: usize = 64;
/// Linear heads under RHE to attack, at least: each gives one score, and they are cheap to train.
const VICTIMS: usize = 100;

/// Runs RHE on the experiment's task and the largest of its training sets that two parties can draw
/// disjointly, times both systems, and writes `both_ways.csv`; returns RHE's row.
pub fn compare(
    context: &Context,
    experiment: &Experiment,
    wanted: &CryptoTl,
    bench: &Bench,
    folder: &Path,
    measured: &[Measured],
) -> Result<Measured, HarnessError> {
    let split = halves(bench);
    let fits = 2 * smallest(&split.public).min(smallest(&split.private).saturating_sub(1));
    let sizes = || wanted.sizes.iter().copied();
    let size = sizes().filter(|&size| size <= fits).max();
    let size = size.or_else(|| sizes().min()).unwrap_or(2);
    let shots = (size.min(fits) / 2).max(1);
    let row = encrypted_head(context, experiment, wanted, bench, &split, shots)?;
    let plain = measured.iter().find(|cell| {
        cell.row.n == size as u64
            && cell.row.defence == DefenceKind::None
            && cell.row.error.is_empty()
    });
    let rows = [
        cryptotl_row(wanted, bench, plain)?,
        rhe_row(bench, shots, &row)?,
    ];
    report::write_csv(&folder.join(FILE), &rows)?;
    Ok(row)
}

/// What [`compare`] wrote.
pub fn read(folder: &Path) -> Result<Vec<BothWaysRow>, HarnessError> {
    Ok(report::read_csv(&folder.join(FILE))?)
}

/// Training rows shared out between adversary and victims; test rows are neither's.
fn halves(bench: &Bench) -> Split {
    let half = bench.pool.len() / 2;
    let pool = |rows: &[usize]| {
        Pool::new(
            bench.target.labels(),
            bench.target.classes(),
            rows.iter().map(|&row| row as u32),
        )
    };
    Split {
        public: pool(&bench.pool[..half]),
        private: pool(&bench.pool[half..]),
        test: pool(&bench.test),
    }
}

fn smallest(pool: &Pool) -> usize {
    let counts = (0..2).map(|class| pool.class(class).len());
    counts.min().unwrap_or(0)
}

/// The linear head that RHE protects: the paper's recipe until it has learned the examples.
fn recipe(shots: usize) -> Recipe {
    Recipe {
        learning_rate: 0.5,
        steps: 200,
        ..Recipe::mnist(shots)
    }
}

fn encrypted_head(
    context: &Context,
    experiment: &Experiment,
    wanted: &CryptoTl,
    bench: &Bench,
    split: &Split,
    shots: usize,
) -> Result<Measured, HarnessError> {
    let _step = context.progress.step("the same task under RHE", 1);
    let shape = HeadShape::linear(bench.target.width(), bench.target.classes());
    let images = crate::heads::scaled(&bench.target)?;
    let view = Encrypted::new(shape, &Rhe::default())?;
    let setting = Setting::new(
        &images,
        &bench.target,
        split,
        shape,
        recipe(shots),
        shots,
        bench.root,
    )?
    .seen_through(&view);
    let stream = setting.victims()?;
    let mut victims = stream.batch(wanted.victims.max(VICTIMS));
    stream.fill(0, &mut victims);
    let test = select(&bench.target, &bench.test)?;
    let accuracies = crate::heads::accuracies(&victims, shape, &test);
    let agreement = crate::heads::label_agreement(&victims, shape, &test, &Rhe::default())?;

    let test = Membership::new(&setting, SHADOWS, Release::Ciphertexts)?;
    let [inside, outside] = test.of_victims(&mut victims, None)?;
    let scores = Scores::new(inside, outside)?;
    let mut row = row::described(experiment, wanted, 2 * shots, &FineTuning::None);
    row.backbone = "plain embeddings".into();
    row.head = "linear".into();
    row.defence = DefenceKind::Rhe.to_string();
    row.release = Release::Ciphertexts.to_string();
    row.attack = AttackKind::Membership.to_string();
    row.null = Null::Independent.to_string();
    row.config_hash = "both-ways".into();
    row.label_agreement = Some(agreement);
    row::accuracy(&mut row, &accuracies)?;
    let key = bench.root.child("bootstrap").child("both ways");
    let report = roc(&scores, &Bootstrap::new(*key.bytes()))?;
    row::rates(&mut row, &report);
    Ok(Measured {
        row,
        roc: Some(report),
        outcome: None,
    })
}

fn cryptotl_row(
    wanted: &CryptoTl,
    bench: &Bench,
    plain: Option<&Measured>,
) -> Result<BothWaysRow, HarnessError> {
    let setup = Setup::new(
        bench.lower.shape(),
        activation(wanted).degree(),
        parameters(wanted)?,
        Packing::Latency,
    )?;
    let (client, keys) = Client::new(&setup)?;
    let server = Server::new(Arc::new(PreparedNetwork::new(&setup, &bench.lower)?), &keys)?;
    let query = client.encrypt(&[bench.target.row(bench.test[0])])?;
    // Once to warm up, once to time.
    server.forward(&query)?;
    let started = Instant::now();
    let reply = server.forward(&query)?;
    let latency = started.elapsed();
    let row = plain.map(|cell| &cell.row);
    Ok(BothWaysRow {
        system: "cryptotl".into(),
        encrypted: "inputs and features, under the client's key".into(),
        clear: "lower network at the server, upper network at the client".into(),
        protects: "the client's inputs from the server".into(),
        accuracy: row.and_then(|row| row.accuracy),
        label_agreement: row.and_then(|row| row.label_agreement),
        latency_ms: Some(1e3 * latency.as_secs_f64()),
        bytes_once: Some(keys.len() as u64),
        bytes_up: Some(query.len() as u64),
        bytes_down: Some(reply.len() as u64),
        tpr_at_fpr_1pct: row.and_then(|row| row.tpr_at_fpr_1pct),
        tpr_at_fpr_1pct_lo: row.and_then(|row| row.tpr_at_fpr_1pct_lo),
        tpr_at_fpr_1pct_hi: row.and_then(|row| row.tpr_at_fpr_1pct_hi),
        auc: row.and_then(|row| row.auc),
        n: row.map_or(0, |row| row.n),
        accuracy_lo: row.and_then(|row| row.accuracy_lo),
        accuracy_hi: row.and_then(|row| row.accuracy_hi),
        auc_lo: row.and_then(|row| row.auc_lo),
        auc_hi: row.and_then(|row| row.auc_hi),
        victims: row.and_then(|row| row.victims),
    })
}

fn rhe_row(bench: &Bench, shots: usize, measured: &Measured) -> Result<BothWaysRow, HarnessError> {
    let shape = HeadShape::linear(bench.target.width(), bench.target.classes());
    let mut trainer = transfer::Trainer::new(shape, recipe(shots))?;
    let members: Vec<u32> = bench
        .draw(2 * shots, 0)
        .into_iter()
        .map(|row| row as u32)
        .collect();
    let mut weights = vec![0.0; shape.weight_len()];
    trainer.train(
        &bench.target,
        &members,
        &mut bench.root.child("rhe").rng(0),
        &mut weights,
    )?;
    let head = Head::new(shape, weights)?;
    let plain = PlainHead::linear(shape.features, shape.classes, &head.weights)?;
    let key = SecretKey::generate()?;
    let protected = ProtectedLinear::protect(&plain, &key, Precision::default(), Form::Seeded)?;
    let classifier = LinearClassifier::new(&protected, Backend::Detected);
    let once = ProtectedHead::Linear(protected).to_bytes().len() as u64;
    let input = bench.target.row(bench.test[0]);
    // Once to warm up, once to time.
    classifier.classify(input)?;
    let started = Instant::now();
    let results = classifier.classify(input)?;
    let latency = started.elapsed();
    let down = EncryptedResults::Linear(results).to_bytes().len() as u64;
    let row = &measured.row;
    Ok(BothWaysRow {
        system: "rhe".into(),
        encrypted: "the head, under its owner's key".into(),
        clear: "inputs and backbone at whoever runs the head".into(),
        protects: "the head's training examples from whoever holds the head".into(),
        accuracy: row.accuracy,
        label_agreement: row.label_agreement,
        latency_ms: Some(1e3 * latency.as_secs_f64()),
        bytes_once: Some(once),
        bytes_up: Some(0),
        bytes_down: Some(down),
        tpr_at_fpr_1pct: row.tpr_at_fpr_1pct,
        tpr_at_fpr_1pct_lo: row.tpr_at_fpr_1pct_lo,
        tpr_at_fpr_1pct_hi: row.tpr_at_fpr_1pct_hi,
        auc: row.auc,
        n: row.n,
        accuracy_lo: row.accuracy_lo,
        accuracy_hi: row.accuracy_hi,
        auc_lo: row.auc_lo,
        auc_hi: row.auc_hi,
        victims: row.victims,
    })
}
