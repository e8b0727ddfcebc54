//! The same task both ways round: CryptoTL encrypts the inputs, RHE encrypts the head.

use std::sync::Arc;
use std::time::Instant;

use attacks::{Membership, World};
use config::experiment::{CryptoTl, Rhe};
use cryptotl::{Client, Packing, PreparedNetwork, Server, Setup};
use datasets::{Pool, Split};
use report::BothWaysRow;
use rhe::{
    Backend, EncryptedResults, LinearClassifier, PlainHead, Precision, ProtectedHead,
    ProtectedLinear, SecretKey,
};
use spec::{DefenceKind, Release};
use transfer::{Head, HeadShape, Recipe};

use super::grid::TextGrid;
use super::outcome::{BothWays, Cost, MembershipScores};
use super::tasks::{Tasks, activation, parameters, select};
use crate::corpus::scaled;
use crate::error::HarnessError;
use crate::heads::{Encrypted, revealed};
use crate::rows::Measured;

/// Shadow heads an example in the membership test.
const SHADOWS: usize = 64;
/// Linear heads under RHE to attack, at least: each gives one score, and they are cheap to train.
const VICTIMS: usize = 100;

/// Runs RHE on the experiment's task and the largest of its training sets that two parties can draw
/// disjointly, and times both systems.
///
/// # Errors
/// If a head cannot be trained, encrypted or attacked.
pub fn compare(grid: &TextGrid<'_>, tasks: &Tasks) -> Result<BothWays, HarnessError> {
    let progress = &grid.context.progress;
    let _step = progress.step("the same task under RHE", 1);
    let wanted = grid.wanted;
    let split = halves(tasks);
    let fits = 2 * smallest(&split.public).min(smallest(&split.private).saturating_sub(1));
    let sizes = || wanted.sizes.iter().copied();
    let size = sizes().filter(|&size| size <= fits).max();
    let size = size.or_else(|| sizes().min()).unwrap_or(2);
    let shots = (size.min(fits) / 2).max(1);

    let shape = HeadShape::linear(tasks.target.width(), tasks.target.classes());
    let images = scaled(&tasks.target)?;
    let view = Encrypted::new(shape, &Rhe::default(), Release::Ciphertexts)?;
    let recipe = recipe(shots);
    let world = World::new(
        &images,
        &tasks.target,
        &split,
        shape,
        recipe,
        shots,
        tasks.root,
    )?
    .seen_through(&view);
    let stream = world.victims()?;
    let mut victims = stream.batch(wanted.victims.max(VICTIMS));
    stream.fill(0, &mut victims)?;
    let test = select(&tasks.target, &tasks.test)?;
    let revealed = revealed(&victims, shape, &test, &Rhe::default())?;
    let test = Membership::new(&world, SHADOWS, Release::Ciphertexts)?;
    let found = test.of_victims(&mut victims, None)?;
    Ok(BothWays {
        size,
        shots,
        accuracy: revealed.accuracy,
        label_agreement: revealed.agreement,
        membership: MembershipScores {
            members: found.inside,
            others: found.outside,
        },
        inputs_encrypted: inputs_encrypted(wanted, tasks)?,
        head_encrypted: head_encrypted(tasks, shots)?,
    })
}

/// Both systems side by side; CryptoTL's success is that of the row of the same size among `measured`.
pub fn rows(both: &BothWays, measured: &[Measured]) -> Vec<BothWaysRow> {
    let of = |wanted: &dyn Fn(&Measured) -> bool| measured.iter().find(|cell| wanted(cell));
    let plain = of(&|cell| {
        let row = &cell.row;
        row.n == both.size as u64 && row.defence == DefenceKind::None && row.error.is_empty()
    });
    let encrypted = of(&|cell| cell.row.defence == DefenceKind::Rhe);
    let inputs = BothWaysRow {
        system: "cryptotl".into(),
        encrypted: "inputs and features, under the client's key".into(),
        clear: "lower network at the server, upper network at the client".into(),
        protects: "the client's inputs from the server".into(),
        ..beside(plain, both.inputs_encrypted)
    };
    let head = BothWaysRow {
        system: "rhe".into(),
        encrypted: "the head, under its owner's key".into(),
        clear: "inputs and backbone at whoever runs the head".into(),
        protects: "the head's training examples from whoever holds the head".into(),
        ..beside(encrypted, both.head_encrypted)
    };
    vec![inputs, head]
}

/// What a system costs and how it fared.
fn beside(cell: Option<&Measured>, cost: Cost) -> BothWaysRow {
    let row = cell.map(|cell| &cell.row);
    BothWaysRow {
        system: String::new(),
        encrypted: String::new(),
        clear: String::new(),
        protects: String::new(),
        accuracy: row.and_then(|row| row.accuracy),
        label_agreement: row.and_then(|row| row.label_agreement),
        latency_ms: Some(cost.latency_ms),
        bytes_once: Some(cost.bytes_once),
        bytes_up: Some(cost.bytes_up),
        bytes_down: Some(cost.bytes_down),
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
    }
}

/// Training rows shared out between adversary and victims; test rows are neither's.
fn halves(tasks: &Tasks) -> Split {
    let half = tasks.pool.len() / 2;
    let pool = |rows: &[usize]| {
        Pool::new(
            tasks.target.labels(),
            tasks.target.classes(),
            rows.iter().map(|&row| row as u32),
        )
    };
    Split {
        public: pool(&tasks.pool[..half]),
        private: pool(&tasks.pool[half..]),
        test: pool(&tasks.test),
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

/// One prediction by CryptoTL.
fn inputs_encrypted(wanted: &CryptoTl, tasks: &Tasks) -> Result<Cost, HarnessError> {
    let setup = Setup::new(
        tasks.lower.shape(),
        activation(wanted).degree(),
        parameters(wanted)?,
        Packing::Latency,
    )?;
    let (client, keys) = Client::new(&setup)?;
    let server = Server::new(Arc::new(PreparedNetwork::new(&setup, &tasks.lower)?), &keys)?;
    let query = client.encrypt(&[tasks.target.row(tasks.test[0])])?;
    // Once to warm up, once to time.
    server.forward(&query)?;
    let started = Instant::now();
    let reply = server.forward(&query)?;
    Ok(Cost {
        latency_ms: 1e3 * started.elapsed().as_secs_f64(),
        bytes_once: keys.len() as u64,
        bytes_up: query.len() as u64,
        bytes_down: reply.len() as u64,
    })
}

/// One prediction by a head under RHE.
fn head_encrypted(tasks: &Tasks, shots: usize) -> Result<Cost, HarnessError> {
    let shape = HeadShape::linear(tasks.target.width(), tasks.target.classes());
    let mut trainer = transfer::Trainer::new(shape, recipe(shots))?;
    let members: Vec<u32> = tasks
        .draw(2 * shots, 0)
        .into_iter()
        .map(|row| row as u32)
        .collect();
    let mut weights = vec![0.0; shape.weight_len()];
    trainer.train(
        &tasks.target,
        &members,
        &mut tasks.root.child("rhe").rng(0),
        &mut weights,
    )?;
    let head = Head::new(shape, weights)?;
    let plain = PlainHead::linear(shape.features, shape.classes, &head.weights)?;
    let key = SecretKey::generate()?;
    let protected = ProtectedLinear::protect(&plain, &key, Precision::default())?;
    let classifier = LinearClassifier::new(&protected, Backend::Detected);
    let bytes_once = ProtectedHead::Linear(protected).to_bytes().len() as u64;
    let input = tasks.target.row(tasks.test[0]);
    // Once to warm up, once to time.
    classifier.classify(input)?;
    let started = Instant::now();
    let results = classifier.classify(input)?;
    Ok(Cost {
        latency_ms: 1e3 * started.elapsed().as_secs_f64(),
        bytes_once,
        bytes_up: 0,
        bytes_down: EncryptedResults::Linear(results).to_bytes().len() as u64,
    })
}
