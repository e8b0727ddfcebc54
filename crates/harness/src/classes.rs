//! Rates of every class of a cell: the rows of `classes.csv`.

use report::{ClassRow, ResultRow};

use crate::heads::ClassReading;

/// A row for each class of the cell that `row` is of.
pub fn rows(row: &ResultRow, classes: &[ClassReading]) -> Vec<ClassRow> {
    classes.iter().map(|it| class(row, it)).collect()
}

fn class(cell: &ResultRow, found: &ClassReading) -> ClassRow {
    let rate = found.tpr_at_1pct;
    ClassRow {
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
        class: u64::from(found.class),
        victims: found.victims as u64,
        images: found.images as u64,
        null_scores: found.null_scores as u64,
        tpr_at_fpr_1pct: rate.map(|it| it.value),
        tpr_at_fpr_1pct_lo: rate.map(|it| it.lo),
        tpr_at_fpr_1pct_hi: rate.map(|it| it.hi),
        fpr_realised: rate.map(|it| it.fpr_realised),
        tpr_neyman_pearson: found.neyman_pearson,
        tpr_fitted: found.fitted,
        mse: found.mse,
        mse_null: found.mse_null,
        config_hash: cell.config_hash.clone(),
        setting: cell.setting.clone(),
    }
}
