//! Linear heads.

use super::{on_threads, shortest};
use crate::error::RheError;
use crate::head::PlainHead;
use crate::keys::SecretKey;
use crate::linear::{LinearClassifier, ProtectedLinear};
use crate::protected::EncryptedResults;
use crate::quantise::{Precision, QuantisedFeatures, QuantisedLinear};
use crate::rows::Form;
use crate::transform::Backend;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Costs of a linear head; times in microseconds for one image on one thread.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct LinearBench {
    /// K.
    pub classes: usize,
    /// d.
    pub features: usize,
    /// One image, detected instructions.
    pub single_us: f64,
    /// One of `batch` images, detected instructions.
    pub batch_us: f64,
    /// One image, portable code.
    pub portable_us: f64,
    /// Images in the batch.
    pub batch: usize,
    /// Encrypting the head.
    pub protect_us: f64,
    /// Decrypting one image's logits.
    pub reveal_us: f64,
    /// Bytes of the protected head's file, masks as a seed.
    pub seeded_bytes: usize,
    /// Bytes of the protected head's file, masks written out.
    pub full_bytes: usize,
    /// Bytes of ciphertext that leave for one image.
    pub result_bytes: usize,
    /// Whether every integer logit of the batch was that of the quantised head.
    pub exact: bool,
}

/// Times a K × d head with random weights on `batch` random images.
pub fn bench_linear(
    classes: usize,
    features: usize,
    batch: usize,
) -> Result<LinearBench, RheError> {
    // The numbers benchmarked on are no secrets: keys and noise come from the system as always.
    let mut rng = ChaCha8Rng::seed_from_u64(2505);
    let weights: Vec<f32> = (0..classes * (features + 1))
        .map(|_| rng.random_range(-0.1..0.1))
        .collect();
    let head = PlainHead::linear(features, classes, &weights)?;
    let rows: Vec<f32> = (0..batch.max(1) * features)
        .map(|_| rng.random_range(-3f32..3.0).max(0.0))
        .collect();
    let (key, precision) = (SecretKey::generate()?, Precision::default());
    let protected = ProtectedLinear::protect(&head, &key, precision, Form::Full)?;
    let fast = LinearClassifier::new(&protected, Backend::Detected);
    let plain = LinearClassifier::new(&protected, Backend::Portable);
    let (one, mut out) = (&rows[..features], fast.classify(&rows)?);
    let mut failure = None;
    let mut keep = |result: Result<(), RheError>| failure = failure.take().or(result.err());
    let mut single = fast.classify(one)?;
    let single_us = shortest(2000, 1, || keep(fast.classify_into(one, &mut single)));
    let portable_us = shortest(500, 1, || keep(plain.classify_into(one, &mut single)));
    let batch_us = on_threads(1, || {
        let mut failure = None;
        let time = shortest(30, batch, || {
            failure = fast.classify_into(&rows, &mut out).err()
        });
        failure.map_or(Ok(time), Err)
    })??;
    let protect = || ProtectedLinear::protect(&head, &key, precision, Form::Full).map(drop);
    let protect_us = shortest(30, 1, || keep(protect()));
    let (result_bytes, results) = (out.bytes_per_image(), EncryptedResults::Linear(out));
    let reveal_us = shortest(10, batch, || keep(key.reveal_logits(&results).map(drop)));
    if let Some(error) = failure {
        return Err(error);
    }
    let quantised = QuantisedLinear::new(&head.layers()[0], precision)?;
    let mut exact = true;
    for (row, logits) in rows
        .chunks_exact(features)
        .zip(key.reveal_logits(&results)?)
    {
        let x = QuantisedFeatures::new(row, protected.space(), 0)?;
        exact &= logits.integers == quantised.logits(&x);
    }
    let full_bytes = protected.to_bytes().len();
    Ok(LinearBench {
        classes,
        features,
        single_us,
        batch_us,
        portable_us,
        batch,
        protect_us,
        reveal_us,
        seeded_bytes: protected.into_form(Form::Seeded).to_bytes().len(),
        full_bytes,
        result_bytes,
        exact,
    })
}
