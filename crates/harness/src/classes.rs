//! Rates of every class of a cell: the rows of `classes.csv`.

use std::collections::BTreeSet;

use datasets::StreamKey;
use evaluation::{
    Bootstrap, EvaluationError, FittedNormals, RocReport, Scores, Subject, neyman_pearson, roc,
};
use report::{ClassRow, ResultRow};

use crate::error::HarnessError;
use crate::heads::{About, Errors, Outcome};

/// A row for each class of which both sides have scores; none where nothing is read back, or only one
/// class. `key` is the cell's, for resampling.
///
/// # Errors
/// If scores cannot be compared.
pub fn rows(
    row: &ResultRow,
    outcome: &Outcome,
    key: StreamKey,
) -> Result<Vec<ClassRow>, HarnessError> {
    let (Some(about), Some(errors)) = (&outcome.about, &outcome.errors) else {
        return Ok(Vec::new());
    };
    let classes = |units: &[Vec<Subject>]| -> BTreeSet<u32> {
        units.iter().flatten().map(|it| it.class).collect()
    };
    let both = &classes(&about.victims) & &classes(&about.null);
    if both.len() < 2 {
        return Ok(Vec::new());
    }
    let each = both.into_iter().map(|class| {
        let found = OfClass::new(class, outcome, about, errors)?;
        found.row(row, class, key.child(&class.to_string()))
    });
    each.collect()
}

/// What there is of one class.
struct OfClass {
    scores: Scores,
    errors: Scores,
    images: usize,
}

impl OfClass {
    fn new(
        class: u32,
        outcome: &Outcome,
        about: &About,
        errors: &Errors,
    ) -> Result<Self, EvaluationError> {
        let (victims, null) = (&about.victims, &about.null);
        let own = (of(class, victims, victims), of(class, null, null));
        let images: BTreeSet<u32> = own.0.iter().flatten().map(|it| it.image).collect();
        let victim_scores = of(class, victims, &outcome.victims);
        let null_scores = of(class, null, &outcome.null);
        Ok(Self {
            scores: Scores::new(victim_scores, null_scores)?.about(own.0, own.1)?,
            errors: Scores::new(
                of(class, victims, &errors.victims),
                of(class, null, &errors.null),
            )?,
            images: images.len(),
        })
    }

    fn row(&self, cell: &ResultRow, class: u32, key: StreamKey) -> Result<ClassRow, HarnessError> {
        let report = roc(&self.scores, &Bootstrap::new(*key.bytes()))?;
        let rate = report.resolves(0.01).then_some(report.tpr_at_1pct);
        // Nothing of the paper's test needs an interval: it stands beside ours to be compared.
        let few = Bootstrap {
            resamples: 2,
            ..Bootstrap::new(*key.bytes())
        };
        let tested = neyman_pearson(&self.errors).ok();
        let exact: Option<RocReport> = tested
            .as_ref()
            .map(|it| roc(&it.statistics, &few))
            .transpose()?;
        let fitted = FittedNormals::fit(&self.errors).ok();
        Ok(ClassRow {
            dataset: cell.dataset.clone(),
            backbone: cell.backbone.clone(),
            head: cell.head.clone(),
            shots: cell.shots,
            defence: cell.defence.clone(),
            epsilon: cell.epsilon,
            clip: cell.clip,
            tuned: cell.tuned.clone(),
            release: cell.release.clone(),
            attack: cell.attack.clone(),
            null: cell.null.clone(),
            queries: cell.queries,
            class: u64::from(class),
            victims: report.victims as u64,
            images: self.images as u64,
            null_scores: report.null_scores as u64,
            tpr_at_fpr_1pct: rate.map(|it| it.value),
            tpr_at_fpr_1pct_lo: rate.map(|it| it.lo),
            tpr_at_fpr_1pct_hi: rate.map(|it| it.hi),
            fpr_realised: rate.map(|it| it.fpr_realised),
            tpr_neyman_pearson: rate.and(exact).map(|it| it.tpr_at_1pct.value),
            tpr_fitted: fitted.map(|it| it.tpr_at(0.01)),
            mse: mean(self.errors.victims()),
            mse_null: mean(self.errors.null()),
            config_hash: cell.config_hash.clone(),
            setting: cell.setting.clone(),
        })
    }
}

/// What of each unit's `values` is about `class`; units without are left out.
fn of<T: Copy>(class: u32, about: &[Vec<Subject>], values: &[Vec<T>]) -> Vec<Vec<T>> {
    let unit = |(about, values): (&Vec<Subject>, &Vec<T>)| -> Vec<T> {
        let both = about.iter().zip(values);
        both.filter(|(it, _)| it.class == class)
            .map(|(_, value)| *value)
            .collect()
    };
    let units = about.iter().zip(values).map(unit);
    units.filter(|unit| !unit.is_empty()).collect()
}

fn mean(units: &[Vec<f64>]) -> f64 {
    let count = units.iter().map(Vec::len).sum::<usize>().max(1);
    units.iter().flatten().sum::<f64>() / count as f64
}
