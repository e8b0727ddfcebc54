use super::*;
use crate::{neyman_pearson, success_at};
use proptest::prelude::*;
use std::path::Path;

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn column(name: &str) -> Vec<Vec<f64>> {
    fixture(name)
        .lines()
        .map(|line| vec![line.trim().parse().unwrap()])
        .collect()
}

/// The reference takes H0 for the positives, as here.
fn golden_scores() -> (Scores, serde_json::Value) {
    let scores = Scores::new(column("roc_h0.csv"), column("roc_h1.csv")).unwrap();
    (scores, serde_json::from_str(&fixture("roc.json")).unwrap())
}

fn close(got: f64, expected: &serde_json::Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!(
        (got - expected).abs() < 1e-9,
        "{what}: {got}, expected {expected}"
    );
}

#[test]
fn exact_thresholds_match_the_reference() {
    let (scores, golden) = golden_scores();
    let report = roc(&scores, &Bootstrap::new([7; 32])).unwrap();
    let rates = [
        ("0.1", report.tpr_at_10pct, 0.1),
        ("0.01", report.tpr_at_1pct, 0.01),
        ("0.001", report.tpr_at_0_1pct, 0.001),
    ];
    for (key, rate, fpr) in rates {
        let reference = &golden["fpr"][key];
        close(
            rate.value,
            &reference["cumulative_exact_sup_tpr_with_fpr_at_most"],
            key,
        );
        assert_eq!(rate.fpr_realised, fpr);
        // The reference's closed threshold is the last null score called, ours the first one not.
        let closed = reference["cumulative_exact_threshold_x_le"]
            .as_f64()
            .unwrap();
        let at_closed = success_at(&scores, closed, 0.95).unwrap();
        close(
            at_closed.tpr.value,
            &reference["cumulative_exact_tpr_at_that_threshold"],
            key,
        );
        assert!(rate.threshold > closed);
        assert!(rate.lo < rate.value && rate.value < rate.hi);
    }
    let success = success_at(&scores, golden["mse_threshold"].as_f64().unwrap(), 0.95).unwrap();
    close(success.tpr.value, &golden["tpr_at_threshold"], "tpr at tau");
    close(success.fpr.value, &golden["fpr_at_threshold"], "fpr at tau");
}

#[test]
fn neyman_pearson_matches_the_reference() {
    let (scores, golden) = golden_scores();
    let test = neyman_pearson(&scores).unwrap();
    close(test.fitted.mu0, &golden["mu0"], "mu0");
    close(test.fitted.sigma0, &golden["sigma0"], "sigma0");
    close(test.fitted.mu1, &golden["mu1"], "mu1");
    close(test.fitted.sigma1, &golden["sigma1"], "sigma1");
    for i in 0..3 {
        close(
            -test.statistics.victims()[i][0],
            &golden["lr_first3_h0"][i],
            "ratio, H0",
        );
        close(
            -test.statistics.null()[i][0],
            &golden["lr_first3_h1"][i],
            "ratio, H1",
        );
    }
    let report = roc(&test.statistics, &Bootstrap::new([7; 32])).unwrap();
    let rates = [
        ("0.1", report.tpr_at_10pct, 0.1),
        ("0.01", report.tpr_at_1pct, 0.01),
        ("0.001", report.tpr_at_0_1pct, 0.001),
    ];
    for (key, rate, fpr) in rates {
        let reference = &golden["fpr"][key];
        close(rate.value, &reference["np_exact_tpr_lr_gt_C"], key);
        close(-rate.threshold, &reference["np_exact_C"], key);
        close(test.fitted.tpr_at(fpr), &reference["analytic_tpr"], key);
    }
}

#[test]
fn a_perfect_attack_and_a_useless_one() {
    let low: Vec<Vec<f64>> = (0..100).map(|i| vec![0.01 + 1e-4 * f64::from(i)]).collect();
    let high: Vec<Vec<f64>> = (0..1000).map(|i| vec![0.5 + 1e-4 * f64::from(i)]).collect();
    let perfect = roc(
        &Scores::new(low, high.clone()).unwrap(),
        &Bootstrap::new([1; 32]),
    )
    .unwrap();
    assert_eq!(perfect.tpr_at_0_1pct.value, 1.0);
    assert_eq!(perfect.auc.value, 1.0);
    // All of 100 victims: the interval is the one of 100 in 100, not a point.
    assert!((perfect.tpr_at_1pct.lo - 0.025_f64.powf(0.01)).abs() < 1e-9);
    assert_eq!(perfect.tpr_at_1pct.hi, 1.0);

    let tied = Scores::new(vec![vec![0.2]; 50], vec![vec![0.2]; 50]).unwrap();
    let tied = roc(&tied, &Bootstrap::new([1; 32])).unwrap();
    assert_eq!(tied.auc.value, 0.5);
    assert_eq!(
        (tied.tpr_at_10pct.value, tied.tpr_at_10pct.fpr_realised),
        (0.0, 0.0)
    );
    assert!(tied.fitted.is_none());
    assert_eq!(tied.curve.len(), 2);
}

#[test]
fn a_null_too_small_for_the_rate_is_seen() {
    let side: Vec<Vec<f64>> = (1..=200).map(|i| vec![f64::from(i) / 100.0]).collect();
    let report = roc(
        &Scores::new(side.clone(), side).unwrap(),
        &Bootstrap::new([1; 32]),
    )
    .unwrap();
    assert!(report.resolves(0.01) && !report.resolves(0.001));
    assert_eq!(report.tpr_at_0_1pct.fpr_realised, 0.0);
}

#[test]
fn the_key_alone_decides_the_interval() {
    let side = |offset: f64| -> Vec<Vec<f64>> {
        (0..60)
            .map(|i| vec![0.3 + offset + 0.2 * f64::from(i * 37 % 60) / 60.0])
            .collect()
    };
    let scores = Scores::new(side(0.0), side(0.05)).unwrap();
    let with = |key, threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| roc(&scores, &Bootstrap::new([key; 32])).unwrap())
    };
    assert_eq!(with(1, 1), with(1, 3));
    assert_ne!(with(1, 1).tpr_at_10pct.hi, with(2, 1).tpr_at_10pct.hi);
}

#[test]
fn options_out_of_range_are_errors() {
    let scores = Scores::new(vec![vec![0.1]], vec![vec![0.2]]).unwrap();
    let key = Bootstrap::new([0; 32]);
    assert!(
        roc(
            &scores,
            &Bootstrap {
                resamples: 1,
                ..key
            }
        )
        .is_err()
    );
    assert!(roc(&scores, &Bootstrap { level: 0.0, ..key }).is_err());
    assert!(
        roc(
            &scores,
            &Bootstrap {
                level: f64::NAN,
                ..key
            }
        )
        .is_err()
    );
}

proptest! {
    #[test]
    fn the_curve_climbs_and_holds_every_quoted_rate(
        victims in prop::collection::vec(0.0_f64..1.0, 1..80),
        null in prop::collection::vec(0.2_f64..1.2, 1..300),
    ) {
        let each = |scores: Vec<f64>| scores.into_iter().map(|score| vec![score]).collect();
        let scores = Scores::new(each(victims), each(null)).unwrap();
        let report = roc(&scores, &Bootstrap { resamples: 2, ..Bootstrap::new([0; 32]) }).unwrap();
        for curve in [report.curve.clone(), thin_curve(&report.curve, 40)] {
            prop_assert!(curve.is_sorted_by(|a, b| a.fpr <= b.fpr && a.tpr <= b.tpr));
            prop_assert_eq!((curve[0].fpr, curve[0].tpr), (0.0, 0.0));
            prop_assert_eq!(curve.last().map(|p| (p.fpr, p.tpr)).unwrap().1, 1.0);
            for (fpr, rate) in [(0.01, report.tpr_at_1pct), (0.1, report.tpr_at_10pct)] {
                let read = curve.iter().rfind(|point| point.fpr <= fpr).unwrap();
                prop_assert_eq!(read.tpr, rate.value);
            }
        }
        // The area under the staircase is the AUC (no ties here).
        let area: f64 = report.curve.windows(2).map(|w| (w[1].fpr - w[0].fpr) * w[0].tpr).sum();
        prop_assert!((area - report.auc.value).abs() < 1e-9);
    }
}

#[test]
fn the_strength_of_shifted_normals_is_their_shift_and_the_better_of_both_readings_counts() {
    let law = Normal::standard();
    let normals = |shift: f64| -> Vec<Vec<f64>> {
        let at = |i| vec![law.inverse_cdf((f64::from(i) + 0.5) / 2_000.0) - shift];
        (0..2_000).map(at).collect()
    };
    for shift in [0.0, 0.5, 1.5] {
        let scores = Scores::new(normals(shift), normals(0.0)).unwrap();
        assert!((strength(&scores) - shift).abs() < 0.02, "{shift}");
    }
    // One victim in five is read back, the others are as the null: little area, a high rate.
    let mut few = normals(0.0);
    few[..400].fill(vec![-10.0]);
    let few = Scores::new(few, normals(0.0)).unwrap();
    let rate = law.inverse_cdf(0.2) - law.inverse_cdf(0.01);
    assert!((strength(&few) - rate).abs() < 0.05);
    // A null of fifty scores says nothing of one per cent, and none of a rate of 1 is infinite.
    let fifty = normals(0.0).into_iter().skip(20).step_by(40).collect();
    let short = Scores::new(normals(1.0), fifty).unwrap();
    assert!((strength(&short) - 1.0).abs() < 0.1);
    let whole = Scores::new(vec![vec![-9.0]; 10], normals(0.0)).unwrap();
    assert!(strength(&whole).is_finite());
}
