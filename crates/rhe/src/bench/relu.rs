//! ReLU heads.

use super::{on_threads, random_mlp, random_rows, shortest};
use crate::bootstrap::EvaluationKeys;
use crate::error::RheError;
use crate::head::Activation;
use crate::keys::SecretKey;
use crate::protected::EncryptedResults;
use crate::relu::{ProtectedRelu, Ranges, ReluClassifier};
use crate::rows::Form;
use crate::transform::Backend;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Costs of a d → hidden → 1 ReLU head; times in milliseconds for one image.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ReluBench {
    /// d.
    pub features: usize,
    /// Hidden units.
    pub hidden: usize,
    /// One image on one thread.
    pub one_thread_ms: f64,
    /// One image on two threads.
    pub two_threads_ms: f64,
    /// One image to its encrypted class in place of the logit, on one thread.
    pub decision_ms: f64,
    /// Making the evaluation keys.
    pub keygen_ms: f64,
    /// Bytes of the evaluation keys' file.
    pub keys_bytes: usize,
    /// Bytes of the protected head's file.
    pub head_bytes: usize,
    /// Bytes that leave for one image.
    pub result_bytes: usize,
    /// Images classified for the agreement.
    pub images: usize,
    /// Part of the images given the class of the head in the clear.
    pub agreement: f64,
}

/// Times a random head on random images, calibrated on other ones.
pub fn bench_relu(features: usize, hidden: usize, images: usize) -> Result<ReluBench, RheError> {
    let mut rng = ChaCha8Rng::seed_from_u64(2505);
    let head = random_mlp(features, hidden, Activation::Relu, &mut rng)?;
    let mut draw = |rows: usize| random_rows(rows, features, &mut rng);
    let (sample, rows) = (draw(200), draw(images));
    let key = SecretKey::generate()?;
    let start = std::time::Instant::now();
    let keys = EvaluationKeys::generate(&key)?;
    let keygen_ms = start.elapsed().as_secs_f64() * 1e3;
    let ranges = Ranges::calibrated(&head, &sample)?;
    let protected = ProtectedRelu::protect(&head, &key, &ranges, Form::Seeded)?;
    let classifier = ReluClassifier::new(&protected, &keys, Backend::Detected)?;
    let time = |threads: usize| {
        on_threads(threads, || {
            let mut result = Ok(());
            let one = &rows[..features];
            let time = shortest(10, 1, || result = classifier.classify(one).map(drop));
            result.map(|()| time / 1e3)
        })?
    };
    let (one_thread_ms, two_threads_ms) = (time(1)?, time(2)?);
    let decision_ms = on_threads(1, || {
        let mut result = Ok(());
        let one = &rows[..features];
        let time = shortest(5, 1, || result = classifier.decide(one).map(drop));
        result.map(|()| time / 1e3)
    })??;
    let results = EncryptedResults::Relu(classifier.classify(&rows)?);
    let result_bytes = results.to_bytes().len() / results.images();
    let classes = key.reveal_trusted(&results)?;
    let mut same = 0;
    for (row, class) in rows.chunks_exact(features).zip(&classes) {
        same += usize::from(head.predict(row)? == *class);
    }
    Ok(ReluBench {
        features,
        hidden,
        one_thread_ms,
        two_threads_ms,
        decision_ms,
        keygen_ms,
        keys_bytes: keys.to_bytes().len(),
        head_bytes: protected.to_bytes().len(),
        result_bytes,
        images: classes.len(),
        agreement: same as f64 / classes.len() as f64,
    })
}
