//! Attacks on the same victims, held against one another.
//!
//! What two attacks read of the same heads and images varies together: a victim that is easily read
//! is so by both. Their difference is known better than either, if it is taken on the same resamples.

use crate::bootstrap::{Bootstrap, Sides, variance};
use crate::intervals::proportion_ends;
use crate::ranking::{Entry, Ranking, Reading};
use crate::roc::{QUOTED, independent, shared};
use crate::subjects::{Drawn, Shared};
use crate::{EvaluationError, Scores};

/// One attack's rates on victims that others attack too.
#[derive(Debug, Clone, PartialEq)]
pub struct Paired {
    tpr: [Ends; 3],
    /// One for each resample, which is the same for all attacks.
    readings: Vec<[f64; 3]>,
    null_scores: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Ends {
    value: f64,
    lo: f64,
    hi: f64,
}

/// How much higher one attack's TPR is than another's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The first attack's TPR.
    pub first: f64,
    /// The second attack's TPR.
    pub second: f64,
    /// First minus second.
    pub value: f64,
    /// Lower end of the difference's interval.
    pub lo: f64,
    /// Upper end of the difference's interval.
    pub hi: f64,
    /// Correlation of the two TPRs over resamples; 0 where one of them never varies.
    pub correlation: f64,
}

/// Reads several attacks on the same victims.
///
/// Each attack has its scores with, for each null unit, the number of the victim that it is: nulls are
/// made of the victims' own releases, compared with other victims' images. Unit u of the victims is
/// victim u of every attack. Victims, and images that several of them name, are drawn again together
/// for all attacks and on both sides.
///
/// # Errors
/// If the bootstrap's parameters are out of range, or the attacks do not have the same victims.
pub fn paired(
    attacks: &[(&Scores, &[u32])],
    bootstrap: &Bootstrap,
) -> Result<Vec<Paired>, EvaluationError> {
    bootstrap.check()?;
    let mut sides: Vec<(Side, Side)> = Vec::with_capacity(attacks.len());
    for (number, &(scores, null_of)) in attacks.iter().enumerate() {
        let victims = attacks[0].0.victims().len();
        let refuse = |why: String| Err(EvaluationError::Unpaired { why });
        if scores.victims().len() != victims {
            let found = scores.victims().len();
            return refuse(format!(
                "attack 0 has {victims} victims, attack {number} has {found}"
            ));
        }
        let units = scores.null().len();
        if null_of.len() != units {
            let named = null_of.len();
            return refuse(format!(
                "attack {number} has {units} null units and names {named} victims"
            ));
        }
        if let Some(strange) = null_of.iter().find(|&&it| it as usize >= victims) {
            return refuse(format!(
                "attack {number} has a null unit of victim {strange} of {victims}"
            ));
        }
        let null = scores.null_entries().map(|it| Entry {
            unit: null_of[it.unit as usize],
            ..it
        });
        sides.push((Side::new(scores.victim_entries()), Side::new(null)));
    }
    let drawn = Drawn::new(
        sides
            .iter()
            .flat_map(|(own, null)| [&own.shared, &null.shared]),
    );
    let each = attacks
        .iter()
        .zip(&sides)
        .map(|((scores, _), (own, null))| {
            let (victims, trials) = (scores.victims().len(), own.entries.len());
            let ranking = Ranking::new(own.parts(), null.parts(), &drawn);
            let readings = bootstrap.readings(&ranking, Sides::Victims(victims), &drawn, &QUOTED);
            let units = independent(scores);
            let tpr = std::array::from_fn(|at| {
                let value = ranking.operating_point(QUOTED[at]).tpr;
                let spread = variance(readings.iter().map(|it| it.tpr[at]));
                let (lo, hi) = proportion_ends(value, spread, units, trials, bootstrap.level);
                Ends { value, lo, hi }
            });
            let readings = readings
                .iter()
                .map(|it: &Reading| std::array::from_fn(|at| it.tpr[at]));
            Paired {
                tpr,
                readings: readings.collect(),
                null_scores: ranking.null.len(),
            }
        });
    Ok(each.collect())
}

/// The scores of one side, and the images that several of its units name.
struct Side {
    entries: Vec<Entry>,
    shared: Shared,
}

impl Side {
    fn new(entries: impl Iterator<Item = Entry>) -> Self {
        let entries: Vec<Entry> = entries.collect();
        let shared = shared(&entries);
        Self { entries, shared }
    }

    fn parts(&self) -> (&[Entry], &Shared) {
        (&self.entries, &self.shared)
    }
}

impl Paired {
    /// The TPR at .1 % FPR less another attack's, read by the same call; `None` where a null is too
    /// small for that rate.
    pub fn at_0_1pct(&self, other: &Self) -> Option<Difference> {
        self.less(other, 0)
    }

    /// The TPR at 1 % FPR less another attack's, read by the same call; `None` where a null is too
    /// small for that rate.
    pub fn at_1pct(&self, other: &Self) -> Option<Difference> {
        self.less(other, 1)
    }

    /// Scores of the null behind the thresholds.
    pub fn null_scores(&self) -> usize {
        self.null_scores
    }

    /// The interval is Newcombe's hybrid for paired proportions (1998, method 10; Zou and Donner 2008):
    /// each TPR's own ends, which are sound near 0 and 1, joined by the correlation over resamples.
    fn less(&self, other: &Self, at: usize) -> Option<Difference> {
        let scores = self.null_scores.min(other.null_scores) as f64;
        if QUOTED[at] * scores < 1.0 - 1e-9 {
            return None;
        }
        let (a, b) = (self.tpr[at], other.tpr[at]);
        let correlation = self.correlation(other, at);
        let half = |x: f64, y: f64| (x * x + y * y - 2.0 * correlation * x * y).max(0.0).sqrt();
        let value = a.value - b.value;
        Some(Difference {
            first: a.value,
            second: b.value,
            value,
            lo: value - half(a.value - a.lo, b.hi - b.value),
            hi: value + half(a.hi - a.value, b.value - b.lo),
            correlation,
        })
    }

    fn correlation(&self, other: &Self, at: usize) -> f64 {
        let pairs = || self.readings.iter().zip(&other.readings);
        let n = self.readings.len() as f64;
        let mean = |readings: &[[f64; 3]]| readings.iter().map(|it| it[at]).sum::<f64>() / n;
        let (a, b) = (mean(&self.readings), mean(&other.readings));
        let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            pairs().map(|(x, y)| of(x[at] - a, y[at] - b)).sum()
        };
        let (both, first, second) = (sum(&|x, y| x * y), sum(&|x, _| x * x), sum(&|_, y| y * y));
        let scale = (first * second).sqrt();
        if scale > 0.0 {
            (both / scale).clamp(-1.0, 1.0)
        } else {
            0.0
        }
    }
}
