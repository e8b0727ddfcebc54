//! The attack on what CryptoTL leaves in the clear: was a text among the fine-tuning examples?

use config::experiment::CryptoTl;
use cryptotl::FineTune;
use rayon::prelude::*;

use super::lower::{Bench, select};
use crate::error::HarnessError;

/// Examples a victim on each side.
const EXAMPLES: usize = 10;

/// Scores of training examples and of other examples, a list a victim: minus the margin of the
/// right class, which is larger for examples that the network was tuned on (Yeom et al. 2018).
pub fn scores(
    bench: &Bench,
    wanted: &CryptoTl,
    recipe: &FineTune,
    size: usize,
    progress: impl Fn(usize) + Sync,
) -> Result<(Vec<Vec<f64>>, Vec<Vec<f64>>), HarnessError> {
    let done = std::sync::atomic::AtomicUsize::new(0);
    let pairs = (0..wanted.victims)
        .into_par_iter()
        .map(|victim| {
            let number = wanted.folds + victim;
            let rows = bench.draw(size, number);
            let key = bench
                .root
                .child("victims")
                .child(&format!("{size} {victim}"));
            let network = recipe
                .run(None, &select(&bench.features, &rows)?, &key)?
                .upper;
            let score = |row: usize| -> Result<f64, HarnessError> {
                let logit = f64::from(network.logit(bench.features.row(row))?);
                Ok(if bench.features.labels()[row] == 1 {
                    -logit
                } else {
                    logit
                })
            };
            let inside = rows.iter().take(EXAMPLES).map(|&row| score(row));
            let start = victim * EXAMPLES;
            let outside = bench.test.iter().cycle().skip(start).take(EXAMPLES);
            let outside = outside.map(|&row| score(row));
            let pair = (
                inside.collect::<Result<Vec<f64>, HarnessError>>()?,
                outside.collect::<Result<Vec<f64>, HarnessError>>()?,
            );
            progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1);
            Ok(pair)
        })
        .collect::<Result<Vec<_>, HarnessError>>()?;
    Ok(pairs.into_iter().unzip())
}
