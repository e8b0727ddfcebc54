//! Linear heads.

use super::{on_threads, random_rows, random_weights, shortest};
use crate::error::RheError;
use crate::head::PlainHead;
use crate::keys::SecretKey;
use crate::linear::{
    Decryptor, LinearClassifier, LinearResults, ProtectedLinear, Scheme, TagCheck,
};
use crate::quantise::{FeatureScale, Precision, QuantisedFeatures, QuantisedLinear};
use crate::transform::Backend;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Costs of a linear head; times in microseconds for one image on one thread.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct LinearBench {
    /// K.
    pub classes: usize,
    /// d.
    pub features: usize,
    /// What hides the weights.
    pub scheme: Scheme,
    /// One image, features in the clear to encrypted result, detected instructions.
    pub single_us: f64,
    /// One of `batch` images, detected instructions.
    pub batch_us: f64,
    /// One image, portable code.
    pub portable_us: f64,
    /// One of `batch` images in the clear: the product of f64 matrices of the same shape, by faer.
    pub clear_us: f64,
    /// `batch_us` over `clear_us`.
    pub times_clear: f64,
    /// Images in the batch.
    pub batch: usize,
    /// Encrypting the head.
    pub protect_us: f64,
    /// One of `batch` images authenticated and decrypted to logits.
    pub reveal_us: f64,
    /// What the owner does once a file before that: derive the secrets and expand the masks.
    pub open_us: f64,
    /// Bytes of the protected head's file.
    pub head_bytes: usize,
    /// Bytes that leave for one image.
    pub result_bytes: usize,
    /// Whether every integer logit of the batch was that of the quantised head.
    pub exact: bool,
}

/// Times a K × d head with random weights on `batch` random images, each step `rounds` times.
pub fn bench_linear(
    classes: usize,
    features: usize,
    scheme: Scheme,
    batch: usize,
    rounds: usize,
) -> Result<LinearBench, RheError> {
    let mut rng = ChaCha8Rng::seed_from_u64(2505);
    let weights = random_weights(classes, features, &mut rng);
    let head = PlainHead::linear(features, classes, &weights)?;
    let rows = random_rows(batch, features, &mut rng);
    let (key, precision) = (SecretKey::generate()?, Precision::default());
    let scale = FeatureScale::none;
    let protect = || ProtectedLinear::protect_as(&head, &key, precision, scale(), scheme);
    let protected = protect()?;
    let fast = LinearClassifier::new(&protected, Backend::Detected);
    let plain = LinearClassifier::new(&protected, Backend::Portable);
    let (one, mut out) = (&rows[..features], fast.classify(&rows)?);
    let mut failure = None;
    let mut keep = |result: Result<(), RheError>| failure = failure.take().or(result.err());
    let mut single = fast.classify(one)?;
    let single_us = shortest(20 * rounds, 1, || {
        keep(fast.classify_into(one, &mut single))
    });
    let portable_us = shortest(5 * rounds, 1, || {
        keep(plain.classify_into(one, &mut single))
    });
    let batch_us = on_threads(1, || {
        let mut failure = None;
        let time = shortest(rounds, batch, || {
            failure = fast.classify_into(&rows, &mut out).err();
        });
        failure.map_or(Ok(time), Err)
    })??;
    let clear_us = clear(&weights, &rows, classes, features, rounds);
    let protect_us = shortest(rounds.min(20), 1, || keep(protect().map(drop)));
    let opened = || open(&key, &out);
    let open_us = shortest(rounds.min(20), 1, || keep(opened().map(drop)));
    let (check, decryptor) = opened()?;
    let mut logits = Vec::new();
    let reveal_us = on_threads(1, || {
        shortest(rounds, batch, || {
            if check.accepts(&out) {
                logits = decryptor.logits(&out);
            }
        })
    })?;
    if let Some(error) = failure {
        return Err(error);
    }
    let quantised = QuantisedLinear::new(&head.layers()[0], precision)?;
    let mut exact = logits.len() == batch;
    for (row, logits) in rows.chunks_exact(features).zip(&logits) {
        let x = QuantisedFeatures::new(row, protected.space(), 0)?;
        exact &= logits.integers == quantised.logits(&x);
    }
    Ok(LinearBench {
        classes,
        features,
        scheme,
        single_us,
        batch_us,
        portable_us,
        clear_us,
        times_clear: batch_us / clear_us,
        batch,
        protect_us,
        reveal_us,
        open_us,
        head_bytes: protected.to_bytes().len(),
        result_bytes: out.bytes_per_image(),
        exact,
    })
}

fn open(key: &SecretKey, results: &LinearResults) -> Result<(TagCheck, Decryptor), RheError> {
    let check = TagCheck::new(key, &results.binding).ok_or(RheError::Refused)?;
    Ok((check, Decryptor::new(key, &results.binding)?))
}

/// The logits of the same images in the clear.
fn clear(weights: &[f32], rows: &[f32], classes: usize, features: usize, rounds: usize) -> f64 {
    let images = rows.len() / features;
    let (w, x): (Vec<f64>, Vec<f64>) = (
        weights
            .chunks_exact(features + 1)
            .flat_map(|row| row[..features].iter().map(|&w| f64::from(w)))
            .collect(),
        rows.iter().map(|&x| f64::from(x)).collect(),
    );
    let w = MatRef::from_row_major_slice(&w, classes, features);
    let x = MatRef::from_column_major_slice(&x, features, images);
    let mut logits = Mat::<f64>::zeros(classes, images);
    shortest(rounds, images, || {
        matmul(logits.as_mut(), Accum::Replace, w, x, 1.0, Par::Seq);
    })
}
