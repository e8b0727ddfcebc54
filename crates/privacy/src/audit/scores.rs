//! Lower bounds on ε from the scores of anyone's attack on anyone's mechanism.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::counts::{AttackCounts, epsilon_of};
use super::limits::check_confidence;
use super::one_run::{OneRun, one_run_epsilon};
use crate::exact::gaussian_epsilons;
use crate::normal::quantile;
use crate::{Delta, PrivacyError};

/// Scores of independent trials with the target in the training set and without it.
///
/// Half of each side, drawn by `seed`, chooses what is tested: the threshold, whether large or
/// small scores speak for the target, and whether its presence or its absence is claimed. The other
/// half is counted, once: its two rates get exact one-sided limits, each wrong with half of what
/// the confidence leaves. Nothing is corrected for the choice because nothing has to be.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreAudit {
    /// Scores with the target in.
    pub inside: Vec<f64>,
    /// Scores with the target out.
    pub outside: Vec<f64>,
    /// δ; `None` audits pure ε-differential privacy.
    pub delta: Option<Delta>,
    /// The probability, at least, that a bound is true.
    pub confidence: f64,
    /// Whether all scores are of one run, in which each record was in by its own fair coin.
    pub one_run: bool,
    /// Draws the halves.
    pub seed: u64,
}

/// What scores have shown. Each bound holds at the confidence by itself, not all at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoreAuditAnswer {
    /// ε is above this.
    pub epsilon_lower_bound: f64,
    /// The most that this many scores could have shown, by a perfect attack.
    pub epsilon_lower_bound_at_best: f64,
    /// μ of a Gaussian mechanism is above this, were it one.
    pub gaussian_mu_lower_bound: f64,
    /// The ε at δ of that μ, where δ is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gaussian_epsilon_lower_bound: Option<f64>,
    /// ε under `add_remove` is above this by the guesses about one run, where it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_run_epsilon_lower_bound: Option<f64>,
    /// δ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<Delta>,
    /// The probability, at least, with which each bound is true.
    pub confidence: f64,
    /// The score at which the test says yes.
    pub threshold: f64,
    /// Whether scores at the threshold and above say yes, or those below it.
    pub large_says_in: bool,
    /// What was counted, of the half that did not choose the threshold.
    pub counts: AttackCounts,
}

/// A test: which scores say that the target was in.
#[derive(Debug, Clone, Copy)]
struct Test {
    threshold: f64,
    large_says_in: bool,
}

impl Test {
    fn says_in(&self, score: f64) -> bool {
        (score >= self.threshold) == self.large_says_in
    }

    fn count(&self, inside: &[f64], outside: &[f64]) -> AttackCounts {
        let yes = |scores: &[f64]| scores.iter().filter(|&&s| self.says_in(s)).count() as u64;
        AttackCounts {
            true_positives: yes(inside),
            positives: inside.len() as u64,
            false_positives: yes(outside),
            negatives: outside.len() as u64,
        }
    }
}

/// What is to be shown by a test: that its "yes" tells of the target, or its "no" of no target.
#[derive(Debug, Clone, Copy)]
struct Claim {
    test: Test,
    absent: bool,
}

impl Claim {
    /// The counts as those of a test for what is claimed.
    fn of(self, counts: AttackCounts) -> AttackCounts {
        if self.absent {
            counts.swapped()
        } else {
            counts
        }
    }
}

/// Scores that a side needs: one to choose with and one to count.
const LEAST: usize = 2;

/// Thresholds tried, at most.
const TRIED: usize = 1_000;

/// Both halves of one side.
struct Halves {
    choosing: Vec<f64>,
    counted: Vec<f64>,
}

impl ScoreAudit {
    /// The bounds.
    ///
    /// # Errors
    /// [`PrivacyError::Scores`] where a side has fewer than two scores, one that is no number, or
    /// all scores are equal; [`PrivacyError::OutOfRange`] for a confidence outside (0, 1).
    pub fn solve(&self) -> Result<ScoreAuditAnswer, PrivacyError> {
        check_confidence(self.confidence)?;
        check(&self.inside, "IN")?;
        check(&self.outside, "OUT")?;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let inside = halves(&self.inside, &mut rng);
        let outside = halves(&self.outside, &mut rng);
        let share = (1.0 - self.confidence) / 2.0;
        let delta = self.delta.map_or(0.0, Delta::get);

        let tests = candidates(&inside.choosing, &outside.choosing)?;
        let judged: Vec<(Claim, (f64, f64))> = tests
            .into_par_iter()
            .flat_map_iter(|test| {
                let counts = test.count_sorted(&inside.choosing, &outside.choosing);
                [false, true].map(|absent| {
                    let claim = Claim { test, absent };
                    (claim, claim.of(counts).limits(share))
                })
            })
            .collect();
        let best = |value: fn(f64, f64, f64) -> f64| {
            judged
                .iter()
                .max_by(|a, b| {
                    let of = |(tpr, fpr): (f64, f64)| value(tpr, fpr, delta);
                    of(a.1).total_cmp(&of(b.1))
                })
                .map_or(judged[0].0, |found| found.0)
        };
        let shown = |claim: Claim, value: fn(f64, f64, f64) -> f64| {
            let counts = claim.test.count(&inside.counted, &outside.counted);
            let (tpr, fpr) = claim.of(counts).limits(share);
            value(tpr, fpr, delta)
        };
        let chosen = best(epsilon_of);
        let mu = shown(best(mu_of), mu_of);
        let counts = chosen.test.count(&inside.counted, &outside.counted);
        let perfect = AttackCounts {
            true_positives: counts.positives,
            false_positives: 0,
            ..counts
        };
        let at_best = [perfect, perfect.swapped()]
            .map(|c| c.limits(share))
            .map(|(tpr, fpr)| epsilon_of(tpr, fpr, delta))
            .into_iter()
            .fold(0.0, f64::max);
        let one_run = self
            .one_run
            .then(|| self.of_one_run(&inside, &outside, delta))
            .transpose()?;
        Ok(ScoreAuditAnswer {
            epsilon_lower_bound: shown(chosen, epsilon_of),
            epsilon_lower_bound_at_best: at_best,
            gaussian_mu_lower_bound: mu,
            gaussian_epsilon_lower_bound: self.delta.map(|d| gaussian_epsilons(mu, d.get()).0),
            one_run_epsilon_lower_bound: one_run,
            delta: self.delta,
            confidence: self.confidence,
            threshold: chosen.test.threshold,
            large_says_in: chosen.test.large_says_in,
            counts,
        })
    }

    /// Guesses "in" for the scores that speak for it most and "out" for those that do least, as
    /// many of each as the choosing half finds best: the other half's coins are still fair when
    /// that half's are known.
    fn of_one_run(
        &self,
        inside: &Halves,
        outside: &Halves,
        delta: f64,
    ) -> Result<f64, PrivacyError> {
        let mut best = (-1.0, (f64::INFINITY, f64::NEG_INFINITY, true));
        for large_says_in in [true, false] {
            let side = |scores: &[f64]| -> Vec<f64> {
                let sign = if large_says_in { 1.0 } else { -1.0 };
                let mut signed: Vec<f64> = scores.iter().map(|s| sign * s).collect();
                signed.sort_by(f64::total_cmp);
                signed
            };
            let (ins, outs) = (side(&inside.choosing), side(&outside.choosing));
            let mut all = [ins.clone(), outs.clone()].concat();
            all.sort_by(f64::total_cmp);
            for share in [0.5, 0.25, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001] {
                let each = ((all.len() as f64 * share) as usize).max(1);
                let (low, high) = (all[each - 1], all[all.len() - each]);
                if low >= high {
                    continue;
                }
                let run = guesses(&ins, &outs, low, high);
                let found = one_run_epsilon(run, delta, self.confidence)?;
                if found > best.0 {
                    best = (found, (high, low, large_says_in));
                }
            }
        }
        let (high, low, large_says_in) = best.1;
        let sign = if large_says_in { 1.0 } else { -1.0 };
        let signed = |scores: &[f64]| -> Vec<f64> { scores.iter().map(|s| sign * s).collect() };
        let run = guesses(
            &signed(&inside.counted),
            &signed(&outside.counted),
            low,
            high,
        );
        one_run_epsilon(run, delta, self.confidence)
    }
}

/// "In" at `high` and above, "out" at `low` and below, nothing between.
fn guesses(ins: &[f64], outs: &[f64], low: f64, high: f64) -> OneRun {
    let said = |scores: &[f64], yes: &dyn Fn(f64) -> bool| {
        scores.iter().filter(|&&s| yes(s)).count() as u64
    };
    let (is_in, is_out) = (move |s: f64| s >= high, move |s: f64| s <= low);
    let right = said(ins, &is_in) + said(outs, &is_out);
    let wrong = said(outs, &is_in) + said(ins, &is_out);
    OneRun {
        records: (ins.len() + outs.len()) as u64,
        guesses: right + wrong,
        right,
    }
}

impl Test {
    /// As [`Test::count`] on ascending scores.
    fn count_sorted(&self, inside: &[f64], outside: &[f64]) -> AttackCounts {
        let yes = |scores: &[f64]| {
            let below = scores.partition_point(|&s| s < self.threshold);
            (if self.large_says_in {
                scores.len() - below
            } else {
                below
            }) as u64
        };
        AttackCounts {
            true_positives: yes(inside),
            positives: inside.len() as u64,
            false_positives: yes(outside),
            negatives: outside.len() as u64,
        }
    }
}

fn check(scores: &[f64], which: &'static str) -> Result<(), PrivacyError> {
    if scores.len() < LEAST {
        return Err(PrivacyError::Scores {
            which,
            count: scores.len(),
            why: String::new(),
            hint: "half of the scores choose the threshold and the other half are counted: give at least two on each side, better a thousand",
        });
    }
    if let Some(at) = scores.iter().position(|s| s.is_nan()) {
        return Err(PrivacyError::Scores {
            which,
            count: scores.len(),
            why: format!(", of which number {} is not a number", at + 1),
            hint: "a trial without a score must be left out by a rule that does not know the side",
        });
    }
    Ok(())
}

/// A random half to choose with, ascending, and the rest to count.
fn halves(scores: &[f64], rng: &mut ChaCha8Rng) -> Halves {
    let mut all = scores.to_vec();
    all.shuffle(rng);
    let counted = all.split_off(all.len() / 2);
    all.sort_by(f64::total_cmp);
    Halves {
        choosing: all,
        counted,
    }
}

/// Thresholds at scores that were seen: all of the most extreme, and a share of the rest.
fn candidates(inside: &[f64], outside: &[f64]) -> Result<Vec<Test>, PrivacyError> {
    let mut seen = [inside, outside].concat();
    seen.sort_by(f64::total_cmp);
    seen.dedup();
    if seen.len() < 2 {
        return Err(PrivacyError::Scores {
            which: "IN and OUT",
            count: inside.len() + outside.len(),
            why: ", which are all equal".to_owned(),
            hint: "these scores cannot tell the two sides apart at all",
        });
    }
    let ends = TRIED / 4;
    let stride = (seen.len() / (TRIED / 2)).max(1);
    let last = seen.len() - 1;
    let kept = seen
        .iter()
        .enumerate()
        .filter(|(i, _)| *i < ends || last - i < ends || i % stride == 0);
    Ok(kept
        .flat_map(|(_, &threshold)| {
            [true, false].map(|large_says_in| Test {
                threshold,
                large_says_in,
            })
        })
        .collect())
}

/// μ ≥ Φ⁻¹(TPR) − Φ⁻¹(FPR) of a Gaussian mechanism, from limits of both (Nasr et al. 2023).
fn mu_of(tpr: f64, fpr: f64, _delta: f64) -> f64 {
    let mu = quantile(tpr) - quantile(fpr);
    if mu > 0.0 { mu } else { 0.0 }
}

impl std::fmt::Display for ScoreAuditAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "epsilon is above {:.4} at ", self.epsilon_lower_bound)?;
        match self.delta {
            Some(delta) => write!(f, "delta {:e}", delta.get())?,
            None => f.write_str("delta 0")?,
        }
        let side = if self.large_says_in {
            "at least"
        } else {
            "below"
        };
        write!(
            f,
            ", with confidence {} (scores {side} {} say in: {} of {} in, {} of {} out; a perfect attack would show {:.4})",
            self.confidence,
            self.threshold,
            self.counts.true_positives,
            self.counts.positives,
            self.counts.false_positives,
            self.counts.negatives,
            self.epsilon_lower_bound_at_best,
        )?;
        write!(
            f,
            "\nwere it a Gaussian mechanism: mu is above {:.4}",
            self.gaussian_mu_lower_bound
        )?;
        if let Some(epsilon) = self.gaussian_epsilon_lower_bound {
            write!(f, ", epsilon above {epsilon:.4}")?;
        }
        if let Some(epsilon) = self.one_run_epsilon_lower_bound {
            write!(
                f,
                "\nfrom one run with fair coins: epsilon is above {epsilon:.4}"
            )?;
        }
        Ok(())
    }
}
