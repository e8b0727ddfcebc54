//! Attacks on the same victims against one another: the rows of `pairs.csv`.
//!
//! Cells that differ in release, attack and null alone have the same victims, head for head. What sets
//! their rates apart may still be their nulls: attacks on copied heads are compared with other victims'
//! images, attacks on weights with heads made for it. Here all are read against the former.

use std::collections::{HashMap, HashSet};

use config::experiment::{Attack, Cell, GradientForm};
use datasets::StreamKey;
use evaluation::{Bootstrap, Difference, Paired, Scores, paired};
use report::{PairRow, ResultRow};

use crate::error::HarnessError;
use crate::heads::Outcome;
use crate::rows::Measured;

/// A row for every two cells that attack the same victims, in the order of the cells.
///
/// # Errors
/// If scores cannot be compared.
pub fn rows(
    cells: &[Cell],
    measured: &[Measured],
    seed: u64,
) -> Result<Vec<PairRow>, HarnessError> {
    let mut rows = Vec::new();
    for group in groups(cells, measured) {
        let read: Vec<Readable<'_>> = group
            .iter()
            .map(|&at| readable(&measured[at]))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect();
        if read.len() < 2 {
            continue;
        }
        let key = StreamKey::from_seed(seed)
            .child("pairs")
            .child(&read[0].0.config_hash);
        let attacks: Vec<(&Scores, &[u32])> = read.iter().map(|(_, it, of)| (it, *of)).collect();
        let rates = paired(&attacks, &Bootstrap::new(*key.bytes()))?;
        for (a, (first, ..)) in read.iter().enumerate() {
            for (b, (second, ..)) in read.iter().enumerate().skip(a + 1) {
                rows.push(row((first, &rates[a]), (second, &rates[b])));
            }
        }
    }
    Ok(rows)
}

/// Cells with the same victims, each release and attack once.
fn groups(cells: &[Cell], measured: &[Measured]) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = Vec::new();
    let mut by_victims: HashMap<String, usize> = HashMap::new();
    let mut known: HashSet<(usize, String)> = HashSet::new();
    for (at, cell) in cells.iter().take(measured.len()).enumerate() {
        let has_null = |it: &Outcome| it.others.is_some();
        if !measured[at].outcome.as_ref().is_some_and(has_null) {
            continue;
        }
        let victims = (&cell.backbone, cell.head, &cell.recipe, cell.shots);
        let single = matches!(&cell.attack, Attack::GradientInversion(options)
            if options.form == GradientForm::SingleGradient);
        let name = json(&(victims, &cell.defence, &cell.adversary, single));
        let group = *by_victims.entry(name).or_insert_with(|| {
            all.push(Vec::new());
            all.len() - 1
        });
        let own = json(&(cell.release, &cell.attack));
        if known.insert((group, own)) {
            all[group].push(at);
        }
    }
    all
}

/// A cell with its scores on its victims and on the null that it shares, and the victims that this null's
/// units are.
type Readable<'a> = (&'a ResultRow, Scores, &'a [u32]);

/// What there is of a cell; none where no score is left.
fn readable(measured: &Measured) -> Result<Option<Readable<'_>>, HarnessError> {
    let Some(outcome) = &measured.outcome else {
        return Ok(None);
    };
    let (Some(about), Some(others)) = (&outcome.about, &outcome.others) else {
        return Ok(None);
    };
    if others.scores.is_empty() {
        return Ok(None);
    }
    let scores = Scores::new(outcome.victims.clone(), others.scores.clone())?;
    let scores = scores.about(about.victims.clone(), others.about.clone())?;
    Ok(Some((&measured.row, scores, &others.of)))
}

fn row((a, first): (&ResultRow, &Paired), (b, second): (&ResultRow, &Paired)) -> PairRow {
    let (low, one) = (first.at_0_1pct(second), first.at_1pct(second));
    let of = |found: Option<Difference>, number: fn(Difference) -> f64| found.map(number);
    PairRow {
        dataset: a.dataset.clone(),
        backbone: a.backbone.clone(),
        head: a.head.clone(),
        shots: a.shots,
        defence: a.defence.clone(),
        epsilon: a.epsilon,
        victims: a.victims.unwrap_or_default(),
        release_a: a.release.clone(),
        attack_a: a.attack.clone(),
        queries_a: a.queries,
        setting_a: a.setting.clone(),
        release_b: b.release.clone(),
        attack_b: b.attack.clone(),
        queries_b: b.queries,
        setting_b: b.setting.clone(),
        null_scores: first.null_scores().min(second.null_scores()) as u64,
        tpr_at_fpr_1pct_a: of(one, |it| it.first),
        tpr_at_fpr_1pct_b: of(one, |it| it.second),
        difference_at_fpr_1pct: of(one, |it| it.value),
        difference_at_fpr_1pct_lo: of(one, |it| it.lo),
        difference_at_fpr_1pct_hi: of(one, |it| it.hi),
        tpr_at_fpr_0_1pct_a: of(low, |it| it.first),
        tpr_at_fpr_0_1pct_b: of(low, |it| it.second),
        difference_at_fpr_0_1pct: of(low, |it| it.value),
        difference_at_fpr_0_1pct_lo: of(low, |it| it.lo),
        difference_at_fpr_0_1pct_hi: of(low, |it| it.hi),
        config_hash_a: a.config_hash.clone(),
        config_hash_b: b.config_hash.clone(),
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("parts of a cell have a JSON form")
}
