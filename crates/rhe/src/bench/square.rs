//! Square heads.

use super::{on_threads, random_mlp, random_rows, shortest};
use crate::error::RheError;
use crate::head::Activation;
use crate::keys::SecretKey;
use crate::protected::EncryptedResults;
use crate::square::{DEFAULT_MAX_NORM, ProtectedSquare, SquareClassifier};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Costs of a d → hidden → 1 square head; times in milliseconds for one image.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct SquareBench {
    /// d.
    pub features: usize,
    /// Hidden units.
    pub hidden: usize,
    /// One image on one thread.
    pub one_thread_ms: f64,
    /// Bytes of the protected head's file, evaluation keys included.
    pub head_bytes: usize,
    /// Bytes that leave for one image.
    pub result_bytes: usize,
    /// Largest error of a logit relative to the largest logit, over the images.
    pub relative_error: f64,
    /// Part of the images given the class of the head in the clear.
    pub agreement: f64,
}

/// Times a random head on random images.
pub fn bench_square(
    features: usize,
    hidden: usize,
    images: usize,
) -> Result<SquareBench, RheError> {
    let mut rng = ChaCha8Rng::seed_from_u64(2505);
    let head = random_mlp(features, hidden, Activation::Square, &mut rng)?;
    let rows = random_rows(images, features, &mut rng);
    let key = SecretKey::generate()?;
    let protected = ProtectedSquare::protect(&head, &key, DEFAULT_MAX_NORM)?;
    let classifier = SquareClassifier::new(&protected)?;
    let one_thread_ms = on_threads(1, || {
        let mut result = Ok(());
        let one = &rows[..features];
        let time = shortest(20, 1, || result = classifier.classify(one).map(drop));
        result.map(|()| time / 1e3)
    })??;
    let results = EncryptedResults::Square(classifier.classify(&rows)?);
    let (mut same, mut error, mut largest) = (0, 0f64, 0f64);
    for (row, logits) in rows
        .chunks_exact(features)
        .zip(key.reveal_trusted_logits(&results)?)
    {
        same += usize::from(head.predict(row)? == logits.class);
        for (value, exact) in logits.values.iter().zip(head.logits(row)?) {
            error = error.max((value - exact).abs());
            largest = largest.max(exact.abs());
        }
    }
    Ok(SquareBench {
        features,
        hidden,
        one_thread_ms,
        head_bytes: protected.to_bytes().len(),
        result_bytes: results.to_bytes().len() / results.images(),
        relative_error: error / largest,
        agreement: same as f64 / results.images() as f64,
    })
}
