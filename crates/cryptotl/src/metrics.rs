//! How good a binary classifier is, with intervals.

use crate::{CryptoTlError, error::shape_error};
use datasets::StreamKey;
use evaluation::clopper_pearson;
use rand::RngExt;

/// Accuracy, F1 of class 1 and Cohen's κ, each with a 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct BinaryReport {
    /// Examples.
    pub n: usize,
    /// Share of right answers.
    pub accuracy: f64,
    /// Its Clopper-Pearson interval.
    pub accuracy_interval: (f64, f64),
    /// Harmonic mean of precision and recall of class 1; 0 if class 1 is never right.
    pub f1: f64,
    /// Its percentile interval over 1 000 bootstrap samples of the examples.
    pub f1_interval: (f64, f64),
    /// (p_o − p_e)/(1 − p_e): agreement beyond chance; 0 where chance is all there is.
    pub kappa: f64,
    /// Its percentile interval.
    pub kappa_interval: (f64, f64),
}

/// Examples by (true class, answer): [true 0 said 0, true 0 said 1, true 1 said 0, true 1 said 1].
type Table = [u64; 4];

impl BinaryReport {
    /// Compares answers with the truth (both 0 or 1).
    ///
    /// # Errors
    /// If there is none, the numbers differ, or a class is neither 0 nor 1.
    pub fn new(truth: &[u32], answers: &[u32], key: &StreamKey) -> Result<Self, CryptoTlError> {
        let n = truth.len();
        if n == 0 || n != answers.len() || truth.iter().chain(answers).any(|&class| class > 1) {
            return shape_error(
                "evaluate answers",
                format!("{n} truths and {} answers must be 0 or 1", answers.len()),
            );
        }
        let cells: Vec<usize> = truth
            .iter()
            .zip(answers)
            .map(|(&t, &a)| (2 * t + a) as usize)
            .collect();
        let mut table = Table::default();
        for &cell in &cells {
            table[cell] += 1;
        }
        let mut samples: [Vec<f64>; 2] = Default::default();
        for draw in 0..1000 {
            let mut rng = key.rng(draw);
            let mut table = Table::default();
            for _ in 0..n {
                table[cells[rng.random_range(0..n)]] += 1;
            }
            samples[0].push(f1(&table));
            samples[1].push(kappa(&table));
        }
        let [f1_interval, kappa_interval] = samples.map(|mut values| {
            values.sort_unstable_by(f64::total_cmp);
            (values[24], values[974])
        });
        let right = table[0] + table[3];
        Ok(Self {
            n,
            accuracy: right as f64 / n as f64,
            accuracy_interval: clopper_pearson(right, n as u64, 0.95)?,
            f1: f1(&table),
            f1_interval,
            kappa: kappa(&table),
            kappa_interval,
        })
    }
}

fn f1(&[_, false_positive, false_negative, hit]: &Table) -> f64 {
    if hit == 0 {
        return 0.0;
    }
    2.0 * hit as f64 / (2 * hit + false_positive + false_negative) as f64
}

fn kappa(&[a, b, c, d]: &Table) -> f64 {
    let n = (a + b + c + d) as f64;
    let observed = (a + d) as f64 / n;
    let expected = ((a + b) as f64 * (a + c) as f64 + (c + d) as f64 * (b + d) as f64) / (n * n);
    if expected < 1.0 {
        (observed - expected) / (1.0 - expected)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_tables() {
        // 45 + 25 right of 100, margins 60/40 and 70/30: p_o = .7, p_e = .54, κ = .3478.
        assert!((kappa(&[50, 10, 20, 20]) - (0.7 - 0.54) / 0.46).abs() < 1e-12);
        assert!((f1(&[50, 10, 20, 20]) - 40.0 / 70.0).abs() < 1e-12);
        assert_eq!((kappa(&[9, 0, 0, 0]), f1(&[9, 0, 0, 0])), (0.0, 0.0));
    }

    #[test]
    fn intervals_hold_their_values() {
        let truth: Vec<u32> = (0..200).map(|i| i % 2).collect();
        let answers: Vec<u32> = (0..200)
            .map(|i| u32::from(i % 2 == 1 && i % 10 != 1))
            .collect();
        let key = StreamKey::from_seed(1);
        let report = BinaryReport::new(&truth, &answers, &key).unwrap();
        assert_eq!(report, BinaryReport::new(&truth, &answers, &key).unwrap());
        assert!((report.accuracy - 0.9).abs() < 1e-12);
        for (value, (lo, hi)) in [
            (report.accuracy, report.accuracy_interval),
            (report.f1, report.f1_interval),
            (report.kappa, report.kappa_interval),
        ] {
            assert!(lo < value && value < hi && hi - lo < 0.2);
        }
        assert!(BinaryReport::new(&[2], &[0], &key).is_err());
        assert!(BinaryReport::new(&[], &[], &key).is_err());
    }
}
