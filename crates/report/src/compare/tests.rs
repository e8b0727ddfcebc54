use super::*;

fn row(defence: &str, tpr: f64, accuracy: f64) -> ResultRow {
    ResultRow {
        experiment: "e".to_owned(),
        defence: defence.to_owned(),
        shots: 1,
        attack: "unmixing".to_owned(),
        tpr_at_fpr_1pct: Some(tpr),
        tpr_at_fpr_1pct_lo: Some(tpr - 0.03),
        tpr_at_fpr_1pct_hi: Some(tpr + 0.03),
        accuracy: Some(accuracy),
        accuracy_lo: Some(accuracy - 0.005),
        accuracy_hi: Some(accuracy + 0.005),
        ..ResultRow::default()
    }
}

fn verdicts(before: ResultRow, now: ResultRow) -> Vec<(Measure, Verdict)> {
    let findings = compare(&[before], &[now], &Gate::default());
    findings
        .iter()
        .map(|finding| (finding.measure, finding.verdict))
        .collect()
}

#[test]
fn a_run_against_itself_is_unchanged() {
    let rows = [row("none", 0.7, 0.5), row("rhe", 0.01, 0.5)];
    let findings = compare(&rows, &rows, &Gate::default());
    assert_eq!(findings.len(), 4);
    assert!(
        findings
            .iter()
            .all(|finding| finding.verdict == Verdict::Unchanged)
    );
}

#[test]
fn each_side_has_its_own_direction() {
    use Measure::{Accuracy, AttackSuccess, DefenceLeak};
    use Verdict::{Improved, Regressed, Unchanged};
    let cases = [
        ("none", 0.70, 0.55, AttackSuccess, Regressed),
        ("none", 0.70, 0.85, AttackSuccess, Improved),
        ("rhe", 0.02, 0.20, DefenceLeak, Regressed),
        ("dp_sgd", 0.20, 0.02, DefenceLeak, Improved),
        // Within the intervals: 5 points down, each interval 3 points to either side.
        ("none", 0.70, 0.65, AttackSuccess, Unchanged),
    ];
    for (defence, before, now, measure, verdict) in cases {
        let got = verdicts(row(defence, before, 0.5), row(defence, now, 0.5));
        assert_eq!(
            got,
            [(measure, verdict), (Accuracy, Unchanged)],
            "{defence} {before} {now}"
        );
    }
    let fell = verdicts(row("none", 0.7, 0.50), row("none", 0.7, 0.46));
    assert_eq!(fell[1], (Accuracy, Regressed));
}

#[test]
fn a_certain_change_too_small_to_matter_passes() {
    let exact = |tpr: f64| ResultRow {
        tpr_at_fpr_1pct_lo: None,
        tpr_at_fpr_1pct_hi: None,
        ..row("none", tpr, 0.5)
    };
    assert_eq!(verdicts(exact(0.70), exact(0.69))[0].1, Verdict::Unchanged);
    assert_eq!(verdicts(exact(0.70), exact(0.67))[0].1, Verdict::Regressed);
}

#[test]
fn missing_failed_and_new_cells_are_told() {
    let mut failed = row("none", 0.7, 0.5);
    failed.error = "out of memory".to_owned();
    let fresh = row("rhe", 0.01, 0.5);
    let lost = row("dp_sgd", 0.1, 0.5);
    let findings = compare(
        &[row("none", 0.7, 0.5), lost],
        &[failed, fresh],
        &Gate::default(),
    );
    let told: Vec<Verdict> = findings.iter().map(|finding| finding.verdict).collect();
    assert_eq!(told, [Verdict::Failed, Verdict::Missing, Verdict::New]);
    assert!(findings[0].fails() && findings[1].fails() && !findings[2].fails());
    assert!(
        findings[0]
            .to_string()
            .ends_with("cell failed: out of memory")
    );
}

#[test]
fn a_measure_that_vanished_is_missing() {
    let mut blind = row("none", 0.7, 0.5);
    blind.tpr_at_fpr_1pct = None;
    let got = verdicts(row("none", 0.7, 0.5), blind);
    assert_eq!(got[0], (Measure::AttackSuccess, Verdict::Missing));
}

#[test]
fn findings_read_as_sentences() {
    let findings = compare(
        &[row("none", 0.7, 0.5)],
        &[row("none", 0.5, 0.5)],
        &Gate::default(),
    );
    assert_eq!(
        findings[0].to_string(),
        "e, 1 shots, none, unmixing: attack success (TPR at 1 % FPR) regressed, 70.0 % to 50.0 % (difference -24.2 to -15.8 points, threshold 2.0)"
    );
}
