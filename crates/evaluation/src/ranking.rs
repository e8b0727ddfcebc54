//! Scores sorted once, then read under any weights of their units.
//!
//! A bootstrap resample is a vector of counts, one a unit. Sorting does not depend on the counts, so
//! a resample costs one pass over the sorted null instead of a sort.

use crate::Scores;

/// Slack of a false positive budget, against `0.29 * 100 < 29`; far below one score.
const BUDGET_SLACK: f64 = 1e-9;

/// Scores of both hypotheses in ascending order, with the unit each belongs to.
pub(crate) struct Ranking {
    /// Null scores, ascending.
    pub null: Vec<f64>,
    /// Unit of each null score.
    null_unit: Vec<u32>,
    /// Victim scores, ascending.
    pub victims: Vec<f64>,
    /// Unit of each victim score.
    victim_unit: Vec<u32>,
    /// For each null score, how many victim scores lie strictly below it.
    victims_below: Vec<u32>,
    /// For each victim score, how many null scores lie strictly below it, and at or below it.
    nulls_below: Vec<(u32, u32)>,
}

/// What one pass over a ranking finds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    /// Largest TPR for each false positive rate asked for.
    pub tpr: Vec<f64>,
    /// Probability that a victim scores below a null, ties counted half.
    pub auc: f64,
}

/// Where the largest TPR within a false positive budget is reached.
pub(crate) struct OperatingPoint {
    pub tpr: f64,
    pub fpr: f64,
    /// Scores strictly below this are called positive; infinite if all may be.
    pub threshold: f64,
}

impl Ranking {
    pub fn new(scores: &Scores) -> Self {
        let (null, null_unit) = sorted(scores.null());
        let (victims, victim_unit) = sorted(scores.victims());
        let victims_below = null
            .iter()
            .map(|&score| victims.partition_point(|&v| v < score) as u32)
            .collect();
        let nulls_below = victims
            .iter()
            .map(|&score| {
                let below = null.partition_point(|&n| n < score) as u32;
                let within = null.partition_point(|&n| n <= score) as u32;
                (below, within)
            })
            .collect();
        Self {
            null,
            null_unit,
            victims,
            victim_unit,
            victims_below,
            nulls_below,
        }
    }

    /// The largest TPR whose FPR is at most `fpr`, on the sample itself.
    pub fn operating_point(&self, fpr: f64) -> OperatingPoint {
        let budget = (fpr * self.null.len() as f64 + BUDGET_SLACK) as usize;
        let Some(&threshold) = self.null.get(budget) else {
            return OperatingPoint {
                tpr: 1.0,
                fpr: 1.0,
                threshold: f64::INFINITY,
            };
        };
        // Ties with the threshold are negative, so the realised rate can be below the budget.
        let false_positives = self.null.partition_point(|&score| score < threshold);
        OperatingPoint {
            tpr: f64::from(self.victims_below[budget]) / self.victims.len() as f64,
            fpr: false_positives as f64 / self.null.len() as f64,
            threshold,
        }
    }

    /// Reads TPRs and AUC with unit `u` of the victims counted `victim_weight[u]` times, and of the
    /// null `null_weight[u]` times. `fprs` ascend; `cumulative` is scratch.
    pub fn read(
        &self,
        victim_weight: &[u32],
        null_weight: &[u32],
        fprs: &[f64],
        cumulative: &mut Vec<u64>,
        reading: &mut Reading,
    ) {
        cumulative.clear();
        cumulative.push(0);
        let mut total = 0_u64;
        for &unit in &self.null_unit {
            total += u64::from(null_weight[unit as usize]);
            cumulative.push(total);
        }
        let victim_total = weighted_len(&self.victim_unit, victim_weight);

        reading.tpr.clear();
        let mut called = 0_u64;
        let mut position = 0_usize;
        for &fpr in fprs {
            // The first null score that the budget cannot pay for is the (exclusive) threshold.
            let budget = (fpr * total as f64 + BUDGET_SLACK) as u64;
            let threshold = cumulative[1..].partition_point(|&weight| weight <= budget);
            let end = match self.victims_below.get(threshold) {
                Some(&below) => below as usize,
                None => self.victims.len(),
            };
            called += weighted_len(&self.victim_unit[position..end], victim_weight);
            position = end;
            reading.tpr.push(called as f64 / victim_total as f64);
        }

        // Twice the number of (victim, null) pairs in the right order; a tie is worth one.
        let mut pairs = 0_u64;
        for (&unit, &(below, within)) in self.victim_unit.iter().zip(&self.nulls_below) {
            let weight = u64::from(victim_weight[unit as usize]);
            let losses = cumulative[below as usize] + cumulative[within as usize];
            pairs += weight * (2 * total - losses);
        }
        reading.auc = pairs as f64 / (2.0 * victim_total as f64 * total as f64);
    }
}

fn weighted_len(units: &[u32], weight: &[u32]) -> u64 {
    units
        .iter()
        .map(|&unit| u64::from(weight[unit as usize]))
        .sum()
}

fn sorted(units: &[Vec<f64>]) -> (Vec<f64>, Vec<u32>) {
    let mut entries: Vec<(f64, u32)> = units
        .iter()
        .enumerate()
        .flat_map(|(unit, scores)| scores.iter().map(move |&score| (score, unit as u32)))
        .collect();
    entries.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    entries.into_iter().unzip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definitions, by comparing every pair.
    fn direct(victims: &[f64], null: &[f64], fpr: f64) -> (f64, f64) {
        let share = |scores: &[f64], t: f64, closed: bool| {
            let hit = |&&s: &&f64| s < t || (closed && s == t);
            scores.iter().filter(hit).count() as f64 / scores.len() as f64
        };
        let mut tpr = 0.0_f64;
        for &t in victims.iter().chain(null) {
            for closed in [false, true] {
                if share(null, t, closed) <= fpr + 1e-12 {
                    tpr = tpr.max(share(victims, t, closed));
                }
            }
        }
        let mut wins = 0.0;
        for v in victims {
            for n in null {
                wins += if v < n {
                    1.0
                } else if v == n {
                    0.5
                } else {
                    0.0
                };
            }
        }
        (tpr, wins / (victims.len() * null.len()) as f64)
    }

    fn repeated(units: &[Vec<f64>], weight: &[u32]) -> Vec<f64> {
        let each = |(unit, &w): (&Vec<f64>, &u32)| unit.repeat(w as usize);
        units.iter().zip(weight).flat_map(each).collect()
    }

    fn side() -> impl Strategy<Value = (Vec<Vec<f64>>, Vec<u32>)> {
        // Few distinct values, so that ties abound.
        let unit = prop::collection::vec((0..12_i32).prop_map(|v| f64::from(v) / 8.0), 1..4);
        prop::collection::vec((unit, 0..4_u32), 1..9)
            .prop_map(|units| units.into_iter().unzip())
            .prop_filter("some weight", |(_, w): &(Vec<_>, Vec<u32>)| {
                w.iter().any(|&w| w > 0)
            })
    }

    proptest! {
        #[test]
        fn weighted_reading_equals_the_definition((victims, vw) in side(), (null, nw) in side()) {
            let fprs = [0.001, 0.01, 0.1, 0.25, 0.5, 1.0];
            let scores = Scores::new(victims.clone(), null.clone()).unwrap();
            let ranking = Ranking::new(&scores);
            let mut reading = Reading::default();
            ranking.read(&vw, &nw, &fprs, &mut Vec::new(), &mut reading);
            let (v, n) = (repeated(&victims, &vw), repeated(&null, &nw));
            for (at, &fpr) in fprs.iter().enumerate() {
                let (tpr, auc) = direct(&v, &n, fpr);
                prop_assert!((reading.tpr[at] - tpr).abs() < 1e-12);
                prop_assert!((reading.auc - auc).abs() < 1e-12);
            }
        }

        #[test]
        fn the_sample_itself_has_weight_one((victims, _) in side(), (null, _) in side()) {
            let ranking = Ranking::new(&Scores::new(victims.clone(), null.clone()).unwrap());
            let mut reading = Reading::default();
            let ones = |units: &[Vec<f64>]| vec![1_u32; units.len()];
            let fprs = [0.0, 0.2, 0.6];
            ranking.read(&ones(&victims), &ones(&null), &fprs, &mut Vec::new(), &mut reading);
            for (at, &fpr) in fprs.iter().enumerate() {
                let point = ranking.operating_point(fpr);
                prop_assert_eq!(point.tpr, reading.tpr[at]);
                prop_assert!(point.fpr <= fpr + 1e-12);
            }
        }
    }
}
