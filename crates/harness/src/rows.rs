//! From what a cell measured to its row of `results.csv`, its ROC and its pictures.

use config::experiment::{Cell, Defence, Heads};
use evaluation::{
    Interval, RocReport, Scores, cluster_proportion, mean_interval, mean_psnr, psnr, success_at,
};
use privacy::{AttackCounts, Delta, TradeOff, epsilon_lower_bound};
use report::{ClassRow, ResultRow};
use spec::{AttackKind, Null};

use crate::classes;
use crate::error::HarnessError;
use crate::heads::{Grid, Outcome, Readings, Spending, recipe};
use crate::names;
use crate::provenance::COMMIT;

/// Confidence of every interval.
const LEVEL: f64 = 0.95;
/// Thresholds of an audit, fixed beforehand as quantiles of one half of the null.
const AUDIT_QUANTILES: [f64; 5] = [0.002, 0.01, 0.05, 0.2, 0.5];

/// A cell's row with what figures need beside it.
pub struct Measured {
    /// The row.
    pub row: ResultRow,
    /// The ROC, where there are scores.
    pub roc: Option<RocReport>,
    /// Its classes one by one, where it reads images back.
    pub classes: Vec<ClassRow>,
    /// What the mechanism allows any attack, where it speaks of the null.
    pub trade_off: Option<TradeOff>,
    /// Scores and pictures; none where the cell failed.
    pub outcome: Option<Outcome>,
}

impl Measured {
    /// Largest TPR of any attack at this FPR, where the mechanism speaks of the null.
    pub fn bound(&self, fpr: f64) -> Option<f64> {
        Some(self.trade_off.as_ref()?.tpr_bound(fpr))
    }
}

/// Whether victims and null differ in one example. A membership test's do whatever its null is
/// called: it asks about an example that is in the set, and about another that is not.
fn replaces_one(row: &ResultRow) -> bool {
    row.null == Null::ReplaceOne || row.attack == AttackKind::Membership
}

/// Statistics of the cell at `at` of a grid, which the code of `commit` measured.
///
/// # Errors
/// If there are none.
pub fn measured(
    grid: &Grid<'_>,
    at: usize,
    outcome: Outcome,
    commit: &str,
) -> Result<Measured, HarnessError> {
    let cell = &grid.cells[at];
    let mut row = described(grid, cell);
    row.commit = commit.into();
    row.n = outcome.n;
    row.config_hash = grid.config_hash(at).into();
    row.victims = Some(outcome.accuracy.len() as u64);
    if !outcome.accuracy.is_empty() {
        let accuracy = mean_interval(&outcome.accuracy, LEVEL)?;
        row.accuracy = Some(accuracy.value);
        row.accuracy_lo = Some(accuracy.lo.max(0.0));
        row.accuracy_hi = Some(accuracy.hi.min(1.0));
    }
    if let Some(spending) = &outcome.spending {
        spent(&mut row, spending, cell);
    }
    if let Some(tuned) = &outcome.tuned {
        row.tuned = tuned.words();
        if let Some(training) = tuned.training() {
            row.learning_rate = Some(training.learning_rate);
            if outcome.spending.is_none() {
                row.steps = Some(training.epochs as u64);
            }
        }
    }
    let trade_off = match &outcome.spending {
        Some(spending) if replaces_one(&row) => Some(spending.trade_off()?),
        _ => None,
    };
    row.tpr_bound_at_fpr_1pct = trade_off.as_ref().map(|it| it.tpr_bound(0.01));
    row.queries = outcome.queries;
    row.samples = Some(outcome.samples);
    row.attack_steps = Some(outcome.steps);
    row.label_agreement = outcome.label_agreement;
    row.encrypted_agreement = outcome.encrypted_agreement;
    row.cosine = outcome.cosine;
    let (mut roc, mut classes) = (None, Vec::new());
    if let Some(readings) = &outcome.readings {
        scored(&mut row, grid.heads, &outcome, readings, trade_off.as_ref())?;
        roc = Some(readings.roc.clone());
        classes = classes::rows(&row, &readings.classes);
    }
    Ok(Measured {
        row,
        roc,
        classes,
        trade_off,
        outcome: Some(outcome),
    })
}

/// The row of a cell that failed: what it was, and why it failed.
pub fn failed(grid: &Grid<'_>, at: usize, error: &str) -> Measured {
    let mut row = described(grid, &grid.cells[at]);
    row.error = error.replace('\n', "; ");
    Measured {
        row,
        roc: None,
        classes: Vec::new(),
        trade_off: None,
        outcome: None,
    }
}

/// What a cell is, before anything is measured.
fn described(grid: &Grid<'_>, cell: &Cell) -> ResultRow {
    let Grid {
        experiment, heads, ..
    } = grid;
    let trained = recipe(cell, &heads.data.target);
    ResultRow {
        experiment: experiment.name.clone(),
        dataset: names::dataset(&heads.data.target),
        backbone: names::backbone(&cell.backbone),
        head: names::head(cell.head),
        shots: cell.shots as u64,
        defence: cell.defence.word().into(),
        release: cell.release.word().into(),
        attack: names::attack(&cell.attack),
        null: cell.null.word().into(),
        seed: experiment.seed,
        commit: COMMIT.into(),
        learning_rate: Some(decimal(trained.learning_rate)),
        steps: Some(trained.steps as u64),
        setting: Some(grid.differences().of(cell).whole()).filter(|words| !words.is_empty()),
        optimiser: Some(cell.recipe.optimiser.word().into()),
        init_std: Some(decimal(trained.init_std)),
        weight_decay: Some(decimal(trained.weight_decay)),
        ..ResultRow::default()
    }
}

/// The number that was meant: the decimal with the fewest digits that the trainer's single precision
/// stands for.
fn decimal(value: f32) -> f64 {
    let exact = f64::from(value);
    if exact == 0.0 || !exact.is_finite() {
        return exact;
    }
    let magnitude = exact.abs().log10().floor() as i32;
    let rounded = |digits: i32| {
        let places = digits - 1 - magnitude;
        let scale = 10f64.powi(places.abs());
        if places < 0 {
            (exact / scale).round() * scale
        } else {
            (exact * scale).round() / scale
        }
    };
    // Nine digits tell all single-precision numbers apart.
    let mut candidates = (1..=9).map(rounded);
    let shortest = candidates.find(|&candidate| candidate as f32 == value);
    shortest.unwrap_or(exact)
}

fn spent(row: &mut ResultRow, spending: &Spending, cell: &Cell) {
    row.epsilon = Some(spending.epsilon);
    row.epsilon_replace_one = Some(spending.epsilon_replace_one);
    row.delta = Some(spending.delta);
    row.noise_multiplier = Some(spending.noise_multiplier);
    row.clip = Some(spending.clip);
    row.learning_rate = spending.learning_rate;
    row.steps = Some(spending.steps as u64);
    row.sampling = if spending.sample_rate < 1.0 {
        format!("poisson({})", spending.sample_rate)
    } else {
        "full".into()
    };
    if let Defence::OneRelease(_) = &cell.defence {
        // No training: its settings had no part in it.
        (row.optimiser, row.init_std, row.weight_decay) = (None, None, None);
    }
}

fn scored(
    row: &mut ResultRow,
    heads: &Heads,
    outcome: &Outcome,
    readings: &Readings,
    trade_off: Option<&TradeOff>,
) -> Result<(), HarnessError> {
    let report = &readings.roc;
    row.victims = Some(report.victims as u64);
    row.null_scores = Some(report.null_scores as u64);
    // A null sample too small for a rate leaves its cell empty.
    if report.resolves(0.001) {
        row.tpr_at_fpr_0_1pct = Some(report.tpr_at_0_1pct.value);
        row.tpr_at_fpr_0_1pct_lo = Some(report.tpr_at_0_1pct.lo);
        row.tpr_at_fpr_0_1pct_hi = Some(report.tpr_at_0_1pct.hi);
    }
    if report.resolves(0.01) {
        row.tpr_at_fpr_1pct = Some(report.tpr_at_1pct.value);
        row.tpr_at_fpr_1pct_lo = Some(report.tpr_at_1pct.lo);
        row.tpr_at_fpr_1pct_hi = Some(report.tpr_at_1pct.hi);
        row.fpr_realised = Some(report.tpr_at_1pct.fpr_realised);
    }
    if report.resolves(0.1) {
        row.tpr_at_fpr_10pct = Some(report.tpr_at_10pct.value);
        row.tpr_at_fpr_10pct_lo = Some(report.tpr_at_10pct.lo);
        row.tpr_at_fpr_10pct_hi = Some(report.tpr_at_10pct.hi);
    }
    row.auc = Some(report.auc.value);
    row.auc_lo = Some(report.auc.lo);
    row.auc_hi = Some(report.auc.hi);
    if let Some(halves) = &readings.halves {
        row.strength_first_half = Some(halves.strength);
        row.tpr_second_half = halves.tpr_at_1pct.map(|it| it.value);
        row.tpr_second_half_lo = halves.tpr_at_1pct.map(|it| it.lo);
        row.tpr_second_half_hi = halves.tpr_at_1pct.map(|it| it.hi);
    }
    if let Some(errors) = &outcome.errors {
        let mse = mean(&errors.victims);
        let tau = heads.tau.unwrap_or(outcome.tau);
        let raw = Scores::new(errors.victims.clone(), errors.null.clone())?;
        let success = success_at(&raw, tau, LEVEL)?;
        row.mse = Some(mse);
        row.mse_null = Some(mean(&errors.null));
        row.psnr = Some(psnr(mse));
        row.psnr_images = Some(mean_psnr(errors.victims.iter().flatten().copied()));
        row.ssim = outcome.ssim;
        row.tau = Some(tau);
        row.success_at_tau = Some(success.tpr.value);
        row.success_at_tau_null = Some(success.fpr.value);
        if let (Some(trade_off), Some(guesses)) = (trade_off, &outcome.blind) {
            let blind = best_blind(guesses, tau, success.fpr)?;
            row.success_at_tau_blind = Some(blind.value);
            row.success_bound_at_tau = Some(trade_off.reconstruction_bound(blind.hi));
        }
    }
    if let (Some(spending), true) = (&outcome.spending, replaces_one(row)) {
        row.epsilon_lower_bound = Some(audit(outcome, spending.delta)?);
    }
    Ok(())
}

/// How often the better of two blind guesses is right: the attack itself where it sees a head without
/// the target, and the best image that public data gives. The upper end is the larger of both.
fn best_blind(
    guesses: &[Vec<f64>],
    tau: f64,
    of_attack: Interval,
) -> Result<Interval, HarnessError> {
    let hits = guesses.iter().map(|unit| {
        let hits = unit.iter().filter(|&&error| error <= tau).count();
        (hits as u64, unit.len() as u64)
    });
    let of_guess = cluster_proportion(hits, LEVEL)?;
    let larger = if of_guess.value > of_attack.value {
        of_guess
    } else {
        of_attack
    };
    Ok(Interval {
        hi: of_guess.hi.max(of_attack.hi),
        ..larger
    })
}

/// An ε that the attack shows to be exceeded. One score a victim and a null unit, so that trials
/// are independent; thresholds are quantiles of half of the null, which then takes no further part.
fn audit(outcome: &Outcome, delta: f64) -> Result<f64, HarnessError> {
    let single = |units: &[Vec<f64>]| -> Vec<f64> {
        units
            .iter()
            .enumerate()
            .map(|(i, unit)| unit[i % unit.len()])
            .collect()
    };
    let victims = single(&outcome.victims);
    let null = single(&outcome.null);
    let (mut fixed, null): (Vec<f64>, Vec<f64>) = {
        let half = null.len() / 2;
        (null[..half].to_vec(), null[half..].to_vec())
    };
    if fixed.is_empty() {
        return Ok(0.0);
    }
    fixed.sort_by(f64::total_cmp);
    let count = |scores: &[f64], at: f64| scores.iter().filter(|&&score| score < at).count() as u64;
    let counts: Vec<AttackCounts> = AUDIT_QUANTILES
        .iter()
        .map(|quantile| {
            let at = fixed[((fixed.len() as f64 * quantile) as usize).min(fixed.len() - 1)];
            AttackCounts {
                true_positives: count(&victims, at),
                positives: victims.len() as u64,
                false_positives: count(&null, at),
                negatives: null.len() as u64,
            }
        })
        .collect();
    Ok(epsilon_lower_bound(&counts, Delta::new(delta)?, LEVEL)?.epsilon)
}

fn mean(units: &[Vec<f64>]) -> f64 {
    let (sum, count) = units
        .iter()
        .flatten()
        .fold((0.0, 0_usize), |(sum, count), score| {
            (sum + score, count + 1)
        });
    sum / count as f64
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn the_decimal_that_was_meant_is_found() {
        for meant in [
            0.01,
            0.002,
            1e-5,
            0.003,
            0.1,
            1.0,
            26.0,
            0.018_042,
            1e30,
            -0.7,
            3.402_823_5e38,
            1.5e-40,
        ] {
            let kept = decimal(meant as f32);
            assert_eq!(kept as f32, meant as f32);
            assert!(
                (kept - meant).abs() <= 1e-15 * meant.abs(),
                "{kept} {meant}"
            );
        }
        assert_eq!(decimal(0.0), 0.0);
        assert!(decimal(f32::NAN).is_nan());
    }
}
