//! Encrypted decisions.

use super::{on_threads, random_rows, random_weights, shortest};
use crate::bootstrap::EvaluationKeys;
use crate::decision::{DecisionBudget, DecisionRange, LinearDecider, ProtectedDecision};
use crate::error::RheError;
use crate::head::PlainHead;
use crate::keys::SecretKey;
use crate::quantise::Precision;
use crate::rows::Form;
use crate::transform::Backend;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Costs of a K × d linear head that gives the class alone; times in milliseconds for one image.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct DecisionBench {
    /// K.
    pub classes: usize,
    /// d.
    pub features: usize,
    /// Bootstraps an image takes.
    pub bootstraps: usize,
    /// One image on one thread.
    pub one_thread_ms: f64,
    /// One image on two threads.
    pub two_threads_ms: f64,
    /// Bytes of the protected head's file, logits' part included, masks as seeds.
    pub head_bytes: usize,
    /// Bytes that leave for one image.
    pub result_bytes: usize,
    /// Standard deviation of a comparison as a part of the mean of the images' largest differences.
    pub relative_deviation: f64,
    /// log2 of the failure probability's bound.
    pub log2_failure: f64,
    /// Images decided for the agreement.
    pub images: usize,
    /// Part of the images given the class of the head in the clear.
    pub agreement: f64,
}

/// Times a random head on random images, calibrated on other ones.
pub fn bench_decision(
    classes: usize,
    features: usize,
    images: usize,
) -> Result<DecisionBench, RheError> {
    let mut rng = ChaCha8Rng::seed_from_u64(2505);
    let weights = random_weights(classes, features, &mut rng);
    let head = PlainHead::linear(features, classes, &weights)?;
    let mut draw = |rows: usize| random_rows(rows, features, &mut rng);
    let (sample, rows) = (draw(200), draw(images));
    let key = SecretKey::generate()?;
    let keys = EvaluationKeys::generate(&key)?;
    let range = DecisionRange::calibrated(&head, &sample)?;
    let budget = DecisionBudget::new(classes, range)?;
    let protected =
        ProtectedDecision::protect(&head, &key, Precision::default(), range, Form::Seeded)?;
    let decider = LinearDecider::new(&protected, &keys, Backend::Detected)?;
    let time = |threads: usize| {
        on_threads(threads, || {
            let mut result = Ok(());
            let one = &rows[..features];
            let time = shortest(3, 1, || result = decider.decide(one).map(drop));
            result.map(|()| time / 1e3)
        })?
    };
    let (one_thread_ms, two_threads_ms) = (time(1)?, time(2)?);
    let results = decider.decide(&rows)?;
    let (mut same, mut relative) = (0, 0.0);
    let decided = key.reveal_trusted_decisions(&results)?;
    for (row, class) in rows.chunks_exact(features).zip(&decided) {
        same += usize::from(Some(head.predict(row)?) == *class);
        let logits = head.logits(row)?;
        let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = logits.iter().copied().fold(f64::INFINITY, f64::min);
        let norm = row.iter().map(|&f| f64::from(f).powi(2)).sum::<f64>() + 1.0;
        relative += budget.deviation * norm.sqrt() / (most - least).max(f64::MIN_POSITIVE);
    }
    Ok(DecisionBench {
        classes,
        features,
        bootstraps: budget.bootstraps,
        one_thread_ms,
        two_threads_ms,
        head_bytes: protected.to_bytes().len(),
        result_bytes: results.to_bytes().len() / results.images(),
        relative_deviation: relative / decided.len() as f64,
        log2_failure: budget.log2_failure,
        images: decided.len(),
        agreement: same as f64 / decided.len() as f64,
    })
}
