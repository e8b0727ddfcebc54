//! Linear heads whose results hide the features.

use super::{on_threads, random_rows, random_weights, shortest};
use crate::error::RheError;
use crate::head::PlainHead;
use crate::keys::SecretKey;
use crate::private::{PrivateClassifier, ProtectedPrivate};
use crate::quantise::Precision;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Costs of a private head; times in microseconds for one image on one thread.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct PrivateBench {
    /// K.
    pub classes: usize,
    /// d.
    pub features: usize,
    /// Features in the clear to a result that hides them.
    pub classify_us: f64,
    /// Decrypting one image's logits.
    pub reveal_us: f64,
    /// Bytes of the protected head's file.
    pub head_bytes: usize,
    /// Bytes of ciphertext that leave for one image.
    pub result_bytes: usize,
    /// log2 of the bound on the statistical distance between results of equal logits.
    pub log2_distance: f64,
    /// The share of images whose class is that of the head in the clear.
    pub agreement: f64,
}

/// Times a K × d head with random weights on `batch` random images.
pub fn bench_private(
    classes: usize,
    features: usize,
    batch: usize,
) -> Result<PrivateBench, RheError> {
    let mut rng = ChaCha8Rng::seed_from_u64(2507);
    let weights = random_weights(classes, features, &mut rng);
    let head = PlainHead::linear(features, classes, &weights)?;
    let rows = random_rows(batch, features, &mut rng);
    let key = SecretKey::generate()?;
    let bits = Precision::default().weight_bits;
    let protected = ProtectedPrivate::protect(&head, &key, bits, &rows)?;
    let classifier = PrivateClassifier::new(&protected);
    let results = classifier.classify(&rows)?;
    let (classify_us, reveal_us) = on_threads(1, || {
        let mut failure = None;
        let mut keep = |result: Result<(), RheError>| failure = failure.take().or(result.err());
        let classify = shortest(10, batch, || keep(classifier.classify(&rows).map(drop)));
        let reveal = shortest(10, batch, || {
            keep(key.reveal_private_logits(&results).map(drop))
        });
        failure.map_or(Ok((classify, reveal)), Err)
    })??;
    let logits = key.reveal_private_logits(&results)?;
    let mut agree = 0;
    for (row, logits) in rows.chunks_exact(features).zip(&logits) {
        agree += usize::from(head.predict(row)? == logits.class);
    }
    Ok(PrivateBench {
        classes,
        features,
        classify_us,
        reveal_us,
        head_bytes: protected.to_bytes().len(),
        result_bytes: results.bytes_per_image(),
        log2_distance: protected.log2_distance(),
        agreement: agree as f64 / logits.len() as f64,
    })
}
