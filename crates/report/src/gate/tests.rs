use super::*;
use crate::rows::ResultRow;

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

fn held(before: &[ResultRow], now: &[ResultRow]) -> Result<Outcome, ReportError> {
    compare(
        &Table::from_rows(before).unwrap(),
        &Table::from_rows(now).unwrap(),
        &Gate::default(),
    )
}

fn findings(before: &[ResultRow], now: &[ResultRow]) -> Vec<Finding> {
    held(before, now).unwrap().findings
}

fn verdicts(before: ResultRow, now: ResultRow) -> Vec<(Measure, Verdict)> {
    findings(&[before], &[now])
        .iter()
        .map(|finding| (finding.measure, finding.verdict))
        .collect()
}

#[test]
fn accuracy_is_held_against_the_same_seed_and_attacks_against_any() {
    let of = |seed, tpr, accuracy| ResultRow {
        seed,
        ..row("none", tpr, accuracy)
    };
    let verdicts = |now| verdicts(of(1, 0.7, 0.66), now);
    let attack = |verdict| (Measure::AttackSuccess, verdict);
    let accuracy = |verdict| (Measure::Accuracy, verdict);
    let apart = accuracy(Verdict::OtherSeed);
    let (same, lower) = (attack(Verdict::Unchanged), attack(Verdict::Regressed));
    assert_eq!(verdicts(of(2, 0.7, 0.61)), [same, apart]);
    assert_eq!(verdicts(of(2, 0.5, 0.61)), [lower, apart]);
    assert_eq!(
        verdicts(of(1, 0.7, 0.61)),
        [same, accuracy(Verdict::Regressed)]
    );
    let outcome = held(&[of(1, 0.7, 0.66)], &[of(2, 0.7, 0.61)]).unwrap();
    assert!(outcome.passes());
    let summary = "ok: 2 comparisons (1 unchanged, 1 not compared: another seed)";
    assert_eq!(outcome.summary(), summary);
    // What is lost altogether is told whatever the seed.
    let without = ResultRow {
        accuracy: None,
        ..of(2, 0.7, 0.61)
    };
    assert_eq!(verdicts(without), [same, accuracy(Verdict::Missing)]);
}

#[test]
fn a_run_against_itself_is_unchanged_in_any_order() {
    let private = |epsilon| ResultRow {
        epsilon: Some(epsilon),
        ..row("dp_sgd", 0.1 * epsilon, 0.5)
    };
    let rows = [
        row("none", 0.7, 0.5),
        private(1.0),
        private(5.0),
        row("rhe", 0.01, 0.5),
    ];
    let mut shuffled = rows.to_vec();
    shuffled.reverse();
    shuffled.swap(0, 2);
    let outcome = held(&rows, &shuffled).unwrap();
    assert_eq!(outcome.findings.len(), 8);
    assert_eq!(outcome.count(Verdict::Unchanged), 8);
    assert!(outcome.passes());
    assert_eq!(outcome.summary(), "ok: 8 comparisons (8 unchanged)");
    // In the baseline's order.
    assert!(outcome.findings[2].cell.contains("epsilon 1"));
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

/// What a search chose is nobody's question: such cells are held against each other, and what was chosen is told.
#[test]
fn cells_whose_search_chose_otherwise_are_compared_and_both_choices_told() {
    let private = |tuned: &str, sampling: &str, tpr| ResultRow {
        epsilon: Some(80.0),
        tuned: tuned.to_owned(),
        sampling: sampling.to_owned(),
        ..row("dp_sgd", tpr, 0.5)
    };
    let before = private("rank 4, 48 epochs", "full", 0.06);
    let outcome = held(
        &[row("none", 0.7, 0.5), before.clone()],
        &[
            private("rank 8, 16 epochs", "poisson", 0.16),
            row("none", 0.7, 0.5),
        ],
    )
    .unwrap();
    let verdicts: Vec<Verdict> = outcome.findings.iter().map(|it| it.verdict).collect();
    let same = Verdict::Unchanged;
    assert_eq!(verdicts, [same, same, Verdict::Regressed, same]);
    assert_eq!(outcome.findings[0].chosen, None);
    let said = outcome.findings[2].to_string();
    let both = "; the search chose `rank 8, 16 epochs, poisson batches`; in the baseline `rank 4, 48 epochs, full batches`";
    assert!(said.ends_with(both), "{said}");
    let markdown = outcome.render(Format::Markdown).unwrap();
    assert!(markdown.contains(&both[2..]), "{markdown}");

    // Which of two it is cannot be told; and what was asked for is no choice.
    let two = [
        private("a", "poisson", 0.06),
        private("a", "without_replacement", 0.06),
    ];
    let outcome = held(std::slice::from_ref(&before), &two).unwrap();
    assert_eq!(outcome.count(Verdict::Missing), 1);
    let asked = private("", "poisson", 0.06);
    let outcome = held(&[private("", "full", 0.06)], &[asked]).unwrap();
    assert_eq!(outcome.count(Verdict::Missing), 1);
}

#[test]
fn thresholds_are_the_callers() {
    let (before, now) = ([row("none", 0.70, 0.5)], [row("none", 0.55, 0.5)]);
    let lenient = Gate {
        attack: 0.25,
        ..Gate::default()
    };
    let tables = [&before, &now].map(|rows| Table::from_rows(rows).unwrap());
    let outcome = compare(&tables[0], &tables[1], &lenient).unwrap();
    assert!(outcome.passes());
    assert!(!held(&before, &now).unwrap().passes());
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
fn the_area_stands_in_where_the_null_resolves_no_rate() {
    let small = |auc: f64| ResultRow {
        tpr_at_fpr_1pct: None,
        auc: Some(auc),
        ..row("none", 0.0, 0.5)
    };
    let got = findings(&[small(0.9)], &[small(0.6)]);
    assert_eq!(
        (got[0].statistic, got[0].verdict),
        ("AUC", Verdict::Regressed)
    );
}

#[test]
fn missing_failed_and_new_cells_are_told() {
    let mut failed = row("none", 0.7, 0.5);
    failed.error = "out of memory".to_owned();
    let fresh = row("rhe", 0.01, 0.5);
    let lost = row("dp_sgd", 0.1, 0.5);
    let outcome = held(&[row("none", 0.7, 0.5), lost], &[failed, fresh]).unwrap();
    let told: Vec<Verdict> = outcome.findings.iter().map(|it| it.verdict).collect();
    assert_eq!(told, [Verdict::Failed, Verdict::Missing, Verdict::New]);
    assert!(!outcome.passes());
    let findings = &outcome.findings;
    assert!(findings[0].fails() && findings[1].fails() && !findings[2].fails());
    assert!(
        findings[0]
            .to_string()
            .ends_with("cell failed: out of memory")
    );
}

#[test]
fn a_cell_that_failed_before_its_strength_was_known_is_still_that_cell() {
    let private = |epsilon: f64| ResultRow {
        epsilon: Some(epsilon),
        delta: Some(0.08),
        learning_rate: Some(0.1),
        ..row("dp_sgd", 0.1, 0.5)
    };
    let failed = ResultRow {
        learning_rate: Some(0.01),
        error: "no noise reaches it".to_owned(),
        ..row("dp_sgd", 0.0, 0.0)
    };
    let got = findings(
        &[private(1.0), private(5.0), private(20.0)],
        &[private(20.0), failed, private(1.0)],
    );
    let told: Vec<(bool, Verdict)> = got
        .iter()
        .filter(|finding| finding.measure == Measure::Cell)
        .map(|finding| (finding.cell.contains("epsilon 5"), finding.verdict))
        .collect();
    assert_eq!(told, [(true, Verdict::Failed)]);
}

#[test]
fn a_measure_that_vanished_is_missing() {
    let mut blind = row("none", 0.7, 0.5);
    blind.tpr_at_fpr_1pct = None;
    let got = verdicts(row("none", 0.7, 0.5), blind);
    assert_eq!(got[0], (Measure::AttackSuccess, Verdict::Missing));
}

#[test]
fn cells_are_told_apart_by_all_that_was_asked_for() {
    let apart: [fn(&mut ResultRow); 8] = [
        |row| row.setting = Some("epochs 8".into()),
        |row| row.steps = Some(8),
        |row| row.init_std = Some(0.1),
        |row| row.weight_decay = Some(0.01),
        |row| row.optimiser = Some("adam".into()),
        |row| row.learning_rate = Some(0.5),
        |row| row.queries = Some(300),
        |row| row.backbone = "wider".into(),
    ];
    for (at, change) in apart.iter().enumerate() {
        let (one, mut other) = (row("none", 0.2, 0.5), row("none", 0.9, 0.5));
        change(&mut other);
        let outcome = held(&[one.clone(), other.clone()], &[other, one]).unwrap();
        assert_eq!(outcome.count(Verdict::Unchanged), 4, "change {at}");
    }
}

#[test]
fn what_was_measured_does_not_name_a_cell() {
    let before = row("none", 0.7, 0.5);
    let now = ResultRow {
        seed: 7,
        victims: Some(3),
        samples: Some(9),
        commit: "later".into(),
        config_hash: "other".into(),
        ..before.clone()
    };
    let outcome = held(&[before], &[now]).unwrap();
    let counts = [Verdict::Unchanged, Verdict::OtherSeed].map(|it| outcome.count(it));
    assert_eq!((outcome.findings.len(), counts), (2, [1, 1]));
}

#[test]
fn an_accountant_may_find_its_last_digits_otherwise() {
    let private = |epsilon: f64| ResultRow {
        epsilon: Some(epsilon),
        ..row("dp_sgd", 0.1, 0.5)
    };
    let outcome = held(&[private(4.99997)], &[private(4.999981)]).unwrap();
    assert_eq!(outcome.count(Verdict::Unchanged), 2);
    let outcome = held(&[private(4.99997)], &[private(5.1)]).unwrap();
    assert_eq!(outcome.count(Verdict::Missing), 1);
}

#[test]
fn rows_that_ask_for_the_same_are_an_error() {
    let rows = [
        row("rhe", 0.1, 0.5),
        row("none", 0.7, 0.5),
        row("none", 0.2, 0.5),
    ];
    let error = held(&rows[..2], &rows).unwrap_err().to_string();
    assert!(
        error.contains("rows 2 and 3") && error.contains("hint:"),
        "{error}"
    );
    assert!(held(&rows, &rows[..2]).is_err());
}

#[test]
fn a_baseline_without_rows_is_an_error() {
    let error = held(&[], &[row("none", 0.7, 0.5)]).unwrap_err();
    assert!(error.to_string().contains("it holds no rows"), "{error}");
}

#[test]
fn columns_that_an_earlier_version_did_not_write_are_left_out() {
    let now = ResultRow {
        optimiser: Some("sgd".into()),
        steps: Some(32),
        ..row("none", 0.7, 0.5)
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.csv");
    let head = "experiment,dataset,backbone,head,shots,n,defence,release,attack,null,seed,config_hash,commit,sampling,tuned,error,tpr_at_fpr_1pct";
    std::fs::write(
        &path,
        format!("{head}\ne,,,,1,10,none,,unmixing,,1,,,,,,0.7\n"),
    )
    .unwrap();
    let outcome = compare(
        &Table::read(&path).unwrap(),
        &Table::from_rows(&[now]).unwrap(),
        &Gate::default(),
    )
    .unwrap();
    assert_eq!(outcome.findings.len(), 1);
    assert_eq!(outcome.count(Verdict::Unchanged), 1);
}

#[test]
fn findings_read_as_sentences() {
    let findings = findings(&[row("none", 0.7, 0.5)], &[row("none", 0.5, 0.5)]);
    assert_eq!(
        findings[0].to_string(),
        "e, 1 shot, none, unmixing: attack success (TPR at 1 % FPR) regressed, 70.0 % to 50.0 % (difference -24.2 to -15.8 points, threshold 2.0)"
    );
}

#[test]
fn the_formats_say_the_same() {
    let mut failed = row("rhe", 0.01, 0.5);
    failed.error = "a < b & c | d\nhint: none".to_owned();
    let outcome = held(
        &[row("none", 0.7, 0.5), row("rhe", 0.01, 0.5)],
        &[row("none", 0.5, 0.5), failed, row("dp_sgd", 0.1, 0.5)],
    )
    .unwrap();
    let summary = "fell short: 2 of 4 comparisons (1 regressed, 1 failed, 1 new, 1 unchanged)";
    assert!(
        outcome
            .render(Format::Text)
            .unwrap()
            .ends_with(&format!("{summary}\n"))
    );
    let markdown = outcome.render(Format::Markdown).unwrap();
    assert!(
        markdown.starts_with(&format!("❌ {summary}\n\n| verdict")),
        "{markdown}"
    );
    assert!(
        markdown.contains("a < b & c \\| d; hint: none"),
        "{markdown}"
    );
    let junit = outcome.render(Format::Junit).unwrap();
    for part in [
        "tests=\"4\"",
        "failures=\"1\"",
        "errors=\"1\"",
        "a &lt; b &amp; c | d",
        "type=\"regressed\"",
        "<skipped",
    ] {
        assert!(junit.contains(part), "{part} in {junit}");
    }
}

#[test]
fn a_baseline_is_saved_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baseline.csv");
    let rows = [row("none", 0.7, 0.5), row("rhe", 0.01, 0.5)];
    let table = Table::from_rows(&rows).unwrap();
    save_baseline(&table, &path).unwrap();
    let saved = Table::<ResultRow>::read(&path).unwrap();
    assert_eq!(saved.rows().unwrap(), rows);
    assert!(compare(&saved, &table, &Gate::default()).unwrap().passes());
    let mut failed = rows[0].clone();
    failed.error = "failed".to_owned();
    let twins = [rows[0].clone(), rows[0].clone()];
    for bad in [&[][..], &[failed][..], &twins[..]] {
        assert!(save_baseline(&Table::from_rows(bad).unwrap(), &path).is_err());
    }
    assert_eq!(
        Table::<ResultRow>::read(&path).unwrap().rows().unwrap(),
        rows
    );
}
