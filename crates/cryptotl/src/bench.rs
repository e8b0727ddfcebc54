//! Measured latency, bytes and error of the encrypted forward pass.

use crate::{
    Activation, Client, CryptoTlError, LowerNetwork, LowerShape, Packing, PreparedNetwork, Server,
    Setup, error::shape_error,
};
use ckks::Parameters;
use datasets::StreamKey;
use rand_distr::{Distribution, StandardNormal};
use std::sync::Arc;
use std::time::Instant;

/// What to measure.
#[derive(Clone, Debug)]
pub struct Bench {
    /// Name of the row.
    pub name: &'static str,
    /// Encryption parameters.
    pub parameters: Parameters,
    /// Width of the inputs; the paper's proportions otherwise.
    pub inputs: usize,
    /// Packing.
    pub packing: Packing,
    /// Numbers of threads to measure with.
    pub threads: Vec<usize>,
    /// Runs of which the fastest counts.
    pub runs: usize,
}

impl Bench {
    /// The measured cases: 768 inputs on the fast and the accurate parameters, both packings.
    ///
    /// # Errors
    /// None in practice: the parameters are fixed.
    pub fn standard(runs: usize) -> Result<Vec<Self>, CryptoTlError> {
        let (fast, accurate) = (Parameters::fast()?, Parameters::accurate()?);
        Ok([
            ("fast", &fast, Packing::Latency),
            ("fast-full", &fast, Packing::Throughput),
            ("accurate", &accurate, Packing::Latency),
            ("accurate-full", &accurate, Packing::Throughput),
        ]
        .into_iter()
        .map(|(name, parameters, packing)| Self {
            name,
            parameters: parameters.clone(),
            inputs: 768,
            packing,
            threads: vec![1, 2],
            runs,
        })
        .collect())
    }
}

/// Fastest times of one number of threads.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct BenchTimes {
    /// Threads.
    pub threads: usize,
    /// One forward pass of one input at the server, bytes in to bytes out, in ms.
    pub forward_ms: f64,
    /// One forward pass of a full ciphertext, in ms.
    pub full_ms: f64,
    /// That, an input.
    pub per_input_ms: f64,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct BenchCase {
    /// Name of the row.
    pub name: String,
    /// Ring degree N.
    pub degree: usize,
    /// log2 QP.
    pub log_qp: f64,
    /// Width of the inputs.
    pub inputs: usize,
    /// Width of the features.
    pub features: usize,
    /// Packing.
    pub packing: Packing,
    /// Inputs in a full ciphertext.
    pub capacity: usize,
    /// Times by number of threads.
    pub times: Vec<BenchTimes>,
    /// Encoding and encrypting one query at the client, in ms.
    pub encrypt_ms: f64,
    /// Decrypting one reply at the client, in ms.
    pub decrypt_ms: f64,
    /// Generating all keys, in ms.
    pub keygen_ms: f64,
    /// Folding and encoding the weights, in ms.
    pub prepare_ms: f64,
    /// Evaluation keys sent, in bytes.
    pub key_bytes_sent: usize,
    /// Evaluation keys held by the server, in bytes.
    pub key_bytes_held: usize,
    /// Encoded weights held by the server, in bytes.
    pub weight_bytes_held: usize,
    /// A query, in bytes.
    pub query_bytes: usize,
    /// A reply, in bytes.
    pub reply_bytes: usize,
    /// Largest absolute error against the plain network.
    pub max_error: f64,
    /// Largest absolute output of the plain network.
    pub max_output: f64,
}

/// Measures one case with random weights and inputs drawn from `key` (values do not change times).
///
/// # Errors
/// If the case cannot be set up or a step fails.
pub fn bench(case: &Bench, key: &StreamKey) -> Result<BenchCase, CryptoTlError> {
    let shape = LowerShape::paper(case.inputs);
    let activation = Activation::cubic();
    let setup = Setup::new(
        shape,
        activation.degree(),
        case.parameters.clone(),
        case.packing,
    )?;
    let network = LowerNetwork::random(shape, activation, &key.child("network"))?;
    let (keys, keygen_ms) = timed(|| Client::new(&setup))?;
    let (client, keys) = keys;
    let (prepared, prepare_ms) = timed(|| PreparedNetwork::new(&setup, &network))?;
    let weight_bytes_held = prepared.bytes_held();
    let server = Server::new(Arc::new(prepared), &keys)?;

    let mut rng = key.rng(0);
    let inputs: Vec<Vec<f32>> = (0..setup.capacity())
        .map(|_| {
            (0..shape.inputs)
                .map(|_| StandardNormal.sample(&mut rng))
                .collect()
        })
        .collect();
    let (one, encrypt_ms) = timed(|| client.encrypt(&inputs[..1]))?;
    let full = client.encrypt(&inputs)?;
    let mut times = Vec::new();
    for &threads in &case.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let Ok(pool) = pool else {
            return shape_error("bench", format!("cannot start {threads} threads"));
        };
        let forward_ms = fastest(case.runs, || pool.install(|| server.forward(&one)))?;
        let full_ms = fastest(case.runs, || pool.install(|| server.forward(&full)))?;
        times.push(BenchTimes {
            threads,
            forward_ms,
            full_ms,
            per_input_ms: full_ms / setup.capacity() as f64,
        });
    }

    let reply = server.forward(&one)?;
    let (mut decrypted, decrypt_ms) = timed(|| client.decrypt(&reply))?;
    decrypted.extend(client.decrypt(&server.forward(&full)?)?);
    let (mut max_error, mut max_output) = (0.0f64, 0.0f64);
    for (input, features) in inputs[..1].iter().chain(&inputs).zip(&decrypted) {
        for (&expected, &found) in network.forward(input)?.iter().zip(features) {
            max_error = max_error.max(f64::from((expected - found).abs()));
            max_output = max_output.max(f64::from(expected.abs()));
        }
    }
    Ok(BenchCase {
        name: case.name.into(),
        degree: case.parameters.degree(),
        log_qp: case.parameters.log_qp(),
        inputs: shape.inputs,
        features: shape.features,
        packing: case.packing,
        capacity: setup.capacity(),
        times,
        encrypt_ms,
        decrypt_ms,
        keygen_ms,
        prepare_ms,
        key_bytes_sent: keys.len(),
        key_bytes_held: server.key_bytes_held(),
        weight_bytes_held,
        query_bytes: one.len(),
        reply_bytes: reply.len(),
        max_error,
        max_output,
    })
}

/// A result and how long it took, in ms.
fn timed<T>(mut f: impl FnMut() -> Result<T, CryptoTlError>) -> Result<(T, f64), CryptoTlError> {
    let start = Instant::now();
    let out = f()?;
    Ok((out, start.elapsed().as_secs_f64() * 1e3))
}

/// The fastest of several runs, in ms.
fn fastest<T>(
    runs: usize,
    mut f: impl FnMut() -> Result<T, CryptoTlError>,
) -> Result<f64, CryptoTlError> {
    let mut best = f64::INFINITY;
    for _ in 0..runs.max(1) {
        best = best.min(timed(&mut f)?.1);
    }
    Ok(best)
}
