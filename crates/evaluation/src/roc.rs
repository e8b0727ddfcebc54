//! ROC curves at exact thresholds.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::bootstrap::{Bootstrap, Sides, variance};
use crate::intervals::{Interval, logit_ends, proportion_ends};
use crate::neyman_pearson::FittedNormals;
use crate::ranking::{Entry, Ranking};
use crate::subjects::{Drawn, Shared};
use crate::{EvaluationError, Scores};

/// The false positive rates that reports quote.
pub(crate) const QUOTED: [f64; 3] = [0.001, 0.01, 0.1];

/// A true positive rate at a false positive budget.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// The largest TPR whose FPR is within the budget.
    pub value: f64,
    /// Lower end of its interval.
    pub lo: f64,
    /// Upper end of its interval.
    pub hi: f64,
    /// Victims behind it.
    pub n: usize,
    /// The FPR that the threshold realises on the null sample, at most the budget.
    pub fpr_realised: f64,
    /// Scores strictly below this are called positive; infinite if all may be.
    pub threshold: f64,
}

/// A corner of the empirical ROC: calling scores below `threshold` gives these rates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RocPoint {
    /// Share of null scores called.
    pub fpr: f64,
    /// Share of victim scores called.
    pub tpr: f64,
    /// Scores strictly below it are called positive.
    pub threshold: f64,
}

/// Everything a ROC says about an attack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RocReport {
    /// TPR at a false positive rate of .1 %.
    pub tpr_at_0_1pct: Rate,
    /// TPR at a false positive rate of 1 %.
    pub tpr_at_1pct: Rate,
    /// TPR at a false positive rate of 10 %.
    pub tpr_at_10pct: Rate,
    /// Probability that a victim's score is below a null's, ties counted half.
    pub auc: Interval,
    /// The exact staircase, one point a corner, by ascending FPR, from (0, 0) to (1, 1).
    pub curve: Vec<RocPoint>,
    /// Normals fitted to φ of both sides, for a smooth curve to draw; `None` where φ is undefined.
    pub fitted: Option<FittedNormals>,
    /// Number of victims.
    pub victims: usize,
    /// Number of null units.
    pub null: usize,
    /// Number of null scores: an FPR below its reciprocal cannot be resolved.
    pub null_scores: usize,
}

impl RocReport {
    /// Whether the null sample is large enough for this false positive rate to be seen at all.
    pub fn resolves(&self, fpr: f64) -> bool {
        fpr * self.null_scores as f64 >= 1.0 - 1e-9
    }
}

/// Compares victims with the null over all thresholds.
///
/// TPR at FPR f is the largest TPR over all thresholds whose FPR is at most f, on the sample, without
/// interpolation. Intervals come from the bootstrap's variance (victims, null units and, where scores
/// name them, images drawn again) and take Clopper-Pearson's shape at the effective number of trials,
/// so that they are sound near 0 and 1 too; the AUC's is normal on its logit.
///
/// # Errors
/// If the bootstrap's parameters are out of range.
pub fn roc(scores: &Scores, bootstrap: &Bootstrap) -> Result<RocReport, EvaluationError> {
    bootstrap.check()?;
    let own: Vec<Entry> = scores.victim_entries().collect();
    let others: Vec<Entry> = scores.null_entries().collect();
    let (of_victims, of_null) = (shared(&own), shared(&others));
    let drawn = Drawn::new([&of_victims, &of_null].into_iter());
    let ranking = Ranking::new((&own, &of_victims), (&others, &of_null), &drawn);
    let (victims, null) = (scores.victims().len(), scores.null().len());
    let sides = Sides::Apart(victims, null);
    let readings = bootstrap.readings(&ranking, sides, &drawn, &QUOTED);
    let level = bootstrap.level;
    let trials = ranking.victims.len();
    let units = independent(scores);

    let rate = |at: usize| {
        let point = ranking.operating_point(QUOTED[at]);
        let spread = variance(readings.iter().map(|it| it.tpr[at]));
        let (lo, hi) = proportion_ends(point.tpr, spread, units, trials, level);
        Rate {
            value: point.tpr,
            lo,
            hi,
            n: victims,
            fpr_realised: point.fpr,
            threshold: point.threshold,
        }
    };
    let auc = area(&ranking);
    let spread = variance(readings.iter().map(|it| it.auc));
    let (auc_lo, auc_hi) = logit_ends(auc, spread, units.min(null), level);
    Ok(RocReport {
        tpr_at_0_1pct: rate(0),
        tpr_at_1pct: rate(1),
        tpr_at_10pct: rate(2),
        auc: Interval {
            value: auc,
            lo: auc_lo,
            hi: auc_hi,
            n: victims,
        },
        curve: staircase(&ranking),
        fitted: FittedNormals::fit(scores).ok(),
        victims,
        null,
        null_scores: ranking.null.len(),
    })
}

/// How strong an attack is, by AUC and TPR at 1 % FPR both: each as the distance μ of two normals of
/// variance 1 whose ROC it is on, and the larger of them. AUC = Φ(μ/√2), TPR = Φ(Φ⁻¹(FPR) + μ): the μ
/// of Gaussian differential privacy (Dong, Roth and Su 2022, definition 2.6).
///
/// A rate of 0 or 1 counts as half a score more or less; a null that does not resolve 1 % leaves the
/// AUC alone.
pub fn strength(scores: &Scores) -> f64 {
    let own: Vec<Entry> = scores.victim_entries().collect();
    let others: Vec<Entry> = scores.null_entries().collect();
    let (of_victims, of_null) = (shared(&own), shared(&others));
    let drawn = Drawn::new([&of_victims, &of_null].into_iter());
    let ranking = Ranking::new((&own, &of_victims), (&others, &of_null), &drawn);
    let normal = Normal::standard();
    let quantile = |share: f64, of: usize| {
        let edge = 0.5 / of as f64;
        normal.inverse_cdf(share.clamp(edge, 1.0 - edge))
    };
    let of_area = 2.0_f64.sqrt() * quantile(area(&ranking), own.len() * others.len());
    let fpr = QUOTED[1];
    if (others.len() as f64) * fpr < 1.0 {
        return of_area;
    }
    let of_rate = quantile(ranking.operating_point(fpr).tpr, own.len());
    of_area.max(of_rate - normal.inverse_cdf(fpr))
}

/// At most `points + 2` corners of a curve: both ends, and the exact reading at FPRs spaced evenly
/// on the linear and on the logarithmic axis (down to 1e-5), among them .1 %, 1 % and 10 %.
pub fn thin_curve(curve: &[RocPoint], points: usize) -> Vec<RocPoint> {
    let (Some(first), Some(last)) = (curve.first(), curve.last()) else {
        return Vec::new();
    };
    if curve.len() <= points + 2 {
        return curve.to_vec();
    }
    let half = (points.saturating_sub(QUOTED.len()) / 2).max(1);
    let linear = (1..=half).map(|i| i as f64 / half as f64);
    let logarithmic = (1..=half).map(|i| 10_f64.powf(-5.0 * i as f64 / half as f64));
    let mut grid: Vec<f64> = linear.chain(logarithmic).chain(QUOTED).collect();
    grid.sort_unstable_by(f64::total_cmp);

    let mut thinned = vec![*first];
    for fpr in grid {
        let within = curve.partition_point(|point| point.fpr <= fpr + 1e-12);
        let point = curve[within.saturating_sub(1)];
        if thinned.last() != Some(&point) {
            thinned.push(point);
        }
    }
    if thinned.last() != Some(last) {
        thinned.push(*last);
    }
    thinned
}

/// The images that several units of a side name.
pub(crate) fn shared(scores: &[Entry]) -> Shared {
    Shared::of(scores.iter().filter_map(|it| Some((it.unit, it.about?))))
}

/// Independent things behind the victims' scores: victims, or images where there are fewer.
pub(crate) fn independent(scores: &Scores) -> usize {
    let victims = scores.victims().len();
    scores
        .images()
        .map_or(victims, |images| images.min(victims))
}

fn area(ranking: &Ranking) -> f64 {
    let (victims, null) = (&ranking.victims, &ranking.null);
    let losses: u64 = victims
        .iter()
        .map(|&score| {
            let below = null.partition_point(|&other| other < score);
            let within = null.partition_point(|&other| other <= score);
            (below + within) as u64
        })
        .sum();
    1.0 - losses as f64 / (2.0 * victims.len() as f64 * null.len() as f64)
}

fn staircase(ranking: &Ranking) -> Vec<RocPoint> {
    let (victims, null) = (&ranking.victims, &ranking.null);
    let origin = RocPoint {
        fpr: 0.0,
        tpr: 0.0,
        threshold: victims[0].min(null[0]),
    };
    let mut curve = vec![origin];
    let mut called = 0;
    let mut position = 0;
    while position < null.len() {
        let threshold = null[position];
        let below = called + victims[called..].partition_point(|&score| score < threshold);
        if below > called {
            called = below;
            curve.push(RocPoint {
                fpr: position as f64 / null.len() as f64,
                tpr: called as f64 / victims.len() as f64,
                threshold,
            });
        }
        position += null[position..].partition_point(|&score| score <= threshold);
    }
    if curve.last().is_some_and(|point| point.fpr < 1.0) {
        curve.push(RocPoint {
            fpr: 1.0,
            tpr: 1.0,
            threshold: f64::INFINITY,
        });
    }
    curve
}

#[cfg(test)]
mod tests;
