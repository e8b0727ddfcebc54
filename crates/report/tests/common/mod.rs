//! Made-up rows for tests of files and pictures; nothing here was measured.

use report::{Gallery, GridPair, Raster, ResultRow, RocRow};

/// Pictures of the first cell.
#[allow(dead_code)] // not every test binary shows pictures
pub fn gallery() -> Gallery {
    let picture = |value: f32| Raster::from_pixels(1, 4, 4, &[value; 16]);
    Gallery {
        cell: 0,
        label: "unmixing, 1 shot & more".to_owned(),
        figure: "reconstructions-01".to_owned(),
        criterion: "min-MSE at most 0.07".to_owned(),
        pairs: [0.01, 0.2]
            .map(|mse| GridPair {
                original: picture(0.5),
                reconstruction: picture(-0.5),
                mse,
                success: mse < 0.07,
            })
            .to_vec(),
    }
}

/// A cell with plausible numbers.
pub fn row(shots: u64, defence: &str, epsilon: Option<f64>, accuracy: f64, tpr: f64) -> ResultRow {
    ResultRow {
        experiment: "made-up".to_owned(),
        dataset: "strokes digits".to_owned(),
        backbone: "vgg_tiny".to_owned(),
        head: "linear".to_owned(),
        shots,
        n: 10 * shots,
        defence: defence.to_owned(),
        epsilon,
        delta: epsilon.map(|_| 0.1),
        release: if defence == "rhe" {
            "ciphertexts"
        } else {
            "weights"
        }
        .to_owned(),
        attack: "unmixing".to_owned(),
        null: "independent".to_owned(),
        victims: Some(500),
        accuracy: Some(accuracy),
        accuracy_lo: Some(accuracy - 0.01),
        accuracy_hi: Some(accuracy + 0.01),
        tpr_at_fpr_1pct: Some(tpr),
        tpr_at_fpr_1pct_lo: Some(0.8 * tpr),
        tpr_at_fpr_1pct_hi: Some(1.2 * tpr),
        fpr_realised: Some(0.01),
        auc: Some(0.5 + 0.5 * tpr),
        epsilon_lower_bound: epsilon.map(|e| 0.1 * e),
        tpr_bound_at_fpr_1pct: epsilon.map(|e| (0.02 * e).min(1.0)),
        seed: 2505,
        config_hash: "c0ffee".to_owned(),
        commit: "abc123".to_owned(),
        ..ResultRow::default()
    }
}

/// A sweep over shots, ε and defences, with a failed cell.
pub fn sweep() -> Vec<ResultRow> {
    let mut rows = Vec::new();
    for (shots, accuracy, tpr) in [(1, 0.5, 0.8), (4, 0.7, 0.2), (16, 0.8, 0.03)] {
        rows.push(row(shots, "none", None, accuracy, tpr));
        for (epsilon, kept) in [(5.0, 0.3), (20.0, 0.7), (80.0, 0.98)] {
            rows.push(row(
                shots,
                "dp_sgd",
                Some(epsilon),
                kept * accuracy,
                kept * tpr,
            ));
        }
        rows.push(row(shots, "rhe", None, accuracy, 0.01));
    }
    let mut failed = row(4, "dp_sgd", Some(0.5), 0.0, 0.0);
    (failed.accuracy, failed.accuracy_lo, failed.accuracy_hi) = (None, None, None);
    (
        failed.tpr_at_fpr_1pct,
        failed.tpr_at_fpr_1pct_lo,
        failed.tpr_at_fpr_1pct_hi,
    ) = (None, None, None);
    failed.error = "no noise reaches epsilon 0.5, \"really\"\nhint: raise <epsilon>".to_owned();
    rows.push(failed);
    rows
}

/// A black-box attack at several budgets.
#[allow(dead_code)] // not every test binary looks at queries
pub fn black_box() -> Vec<ResultRow> {
    let budgets = [(8_600, 0.5, 0.1), (44_000, 0.8, 0.5), (100_000, 0.9, 0.6)];
    let each = |(queries, cosine, tpr)| ResultRow {
        release: "labels".to_owned(),
        queries: Some(queries),
        cosine: Some(cosine),
        label_agreement: Some(cosine + 0.05),
        ..row(1, "none", None, 0.5, tpr)
    };
    budgets.into_iter().map(each).collect()
}

/// ROC curves of some of the cells.
#[allow(dead_code)] // as above
pub fn curves(rows: &[ResultRow]) -> Vec<RocRow> {
    let points = [0.0, 0.001, 0.01, 0.1, 0.5, 1.0];
    let open = rows.iter().filter(|row| row.defence == "none");
    open.flat_map(|row| {
        points.map(|fpr: f64| RocRow {
            dataset: row.dataset.clone(),
            backbone: row.backbone.clone(),
            head: row.head.clone(),
            shots: row.shots,
            defence: row.defence.clone(),
            release: row.release.clone(),
            attack: row.attack.clone(),
            null: row.null.clone(),
            fpr,
            tpr: fpr.powf(0.3),
            threshold: (fpr < 1.0).then_some(0.05 + fpr),
            tpr_fitted: (fpr > 0.0).then(|| fpr.powf(0.28)),
            ..RocRow::default()
        })
    })
    .collect()
}

/// One task both ways round.
#[allow(dead_code, reason = "not every test file draws it")]
pub fn both_ways() -> Vec<report::BothWaysRow> {
    let row = report::BothWaysRow {
        system: "cryptotl".into(),
        encrypted: "inputs and features, under the client's key".into(),
        clear: "lower network at the server, upper network at the client".into(),
        protects: "the client's inputs from the server".into(),
        accuracy: Some(0.912),
        label_agreement: Some(1.0),
        latency_ms: Some(312.4),
        bytes_once: Some(96_100_000),
        bytes_up: Some(182_000),
        bytes_down: Some(98_500),
        tpr_at_fpr_1pct: Some(0.124),
        tpr_at_fpr_1pct_lo: Some(0.08),
        tpr_at_fpr_1pct_hi: Some(0.19),
        auc: Some(0.71),
        n: 400,
        accuracy_lo: Some(0.905),
        accuracy_hi: Some(0.919),
        auc_lo: Some(0.66),
        auc_hi: Some(0.75),
        victims: Some(50),
    };
    let rhe = report::BothWaysRow {
        system: "rhe".into(),
        encrypted: "the head, under its owner's key".into(),
        clear: "inputs and backbone at whoever runs the head".into(),
        protects: "the head's training examples from whoever holds the head".into(),
        accuracy: Some(0.918),
        latency_ms: Some(0.061),
        bytes_once: Some(163_840),
        bytes_up: Some(0),
        bytes_down: Some(33_000),
        tpr_at_fpr_1pct: Some(0.011),
        tpr_at_fpr_1pct_lo: Some(0.004),
        tpr_at_fpr_1pct_hi: Some(0.024),
        auc: Some(0.503),
        ..row.clone()
    };
    vec![row, rhe]
}
