//! The cluster bootstrap: victims and null units are drawn again, with replacement.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::EvaluationError;
use crate::intervals::check_level;
use crate::ranking::{Ranking, Reading};

/// How intervals of ROC readings are made.
///
/// Each resample draws as many victims as there are, and as many null units as there are, with
/// replacement, and reads every rate again at the threshold which that null gives: the threshold's
/// own uncertainty is part of the interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// Number of resamples; 1 000 leaves about 2 % of Monte Carlo error in an interval's width.
    pub resamples: u32,
    /// Key of the ChaCha stream; resample `i` reads stream `i`, whatever thread makes it.
    pub key: [u8; 32],
    /// Confidence level, .95 for 95 %.
    pub level: f64,
}

impl Bootstrap {
    /// 1 000 resamples at 95 % under this key.
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            resamples: 1_000,
            key,
            level: 0.95,
        }
    }

    pub(crate) fn check(&self) -> Result<(), EvaluationError> {
        check_level(self.level)?;
        if self.resamples < 2 {
            return Err(EvaluationError::OutOfRange {
                name: "bootstrap resamples",
                value: f64::from(self.resamples),
                expected: "at least 2",
            });
        }
        Ok(())
    }

    /// Sampling variances of the TPR at each of `fprs` (ascending) and of the AUC.
    pub(crate) fn variances(
        &self,
        ranking: &Ranking,
        victims: usize,
        null: usize,
        fprs: &[f64],
    ) -> (Vec<f64>, f64) {
        let readings: Vec<Reading> = (0..u64::from(self.resamples))
            .into_par_iter()
            .map_init(Scratch::default, |scratch, resample| {
                let mut rng = ChaCha8Rng::from_seed(self.key);
                rng.set_stream(resample);
                draw(&mut rng, victims, &mut scratch.victims);
                draw(&mut rng, null, &mut scratch.null);
                let mut reading = Reading::default();
                ranking.read(
                    &scratch.victims,
                    &scratch.null,
                    fprs,
                    &mut scratch.cumulative,
                    &mut reading,
                );
                reading
            })
            .collect();
        let tpr = (0..fprs.len())
            .map(|at| variance(readings.iter().map(|reading| reading.tpr[at])))
            .collect();
        (tpr, variance(readings.iter().map(|reading| reading.auc)))
    }
}

#[derive(Default)]
struct Scratch {
    victims: Vec<u32>,
    null: Vec<u32>,
    cumulative: Vec<u64>,
}

/// Multinomial counts of `units` draws with replacement among `units`.
fn draw(rng: &mut ChaCha8Rng, units: usize, counts: &mut Vec<u32>) {
    counts.clear();
    counts.resize(units, 0);
    // 32-bit draws are half the price; a unit count beyond them would not fit in memory.
    let end = u32::try_from(units).unwrap_or(u32::MAX);
    for _ in 0..units {
        counts[rng.random_range(0..end) as usize] += 1;
    }
}

fn variance(values: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let n = values.len() as f64;
    let mean = values.clone().sum::<f64>() / n;
    values.map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)
}
