//! Tables: their bytes, and what comes back from them.

mod common;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use report::{
    ReportError, ResultRow, Row, TimingRow, read_csv, read_results_csv, write_csv,
    write_results_csv, write_roc_csv,
};

/// The columns that every results.csv starts with, in this order.
const AGREED: &str = "experiment,dataset,backbone,head,shots,n,defence,epsilon,delta,noise_multiplier,clip,release,attack,null,victims,accuracy,accuracy_lo,accuracy_hi,tpr_at_fpr_0_1pct,tpr_at_fpr_1pct,tpr_at_fpr_1pct_lo,tpr_at_fpr_1pct_hi,tpr_at_fpr_10pct,fpr_realised,auc,mse,mse_null,success_at_tau,epsilon_lower_bound,queries,seed,config_hash,commit,";

fn written(rows: &[ResultRow]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.csv");
    write_results_csv(&path, rows).unwrap();
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names, ["results.csv"], "no temporary file is left");
    fs::read_to_string(path).unwrap()
}

fn read_back(text: &str) -> Result<Vec<ResultRow>, ReportError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.csv");
    fs::write(&path, text).unwrap();
    read_results_csv(&path)
}

#[test]
fn the_bytes_of_a_results_table() {
    let text = written(&common::sweep());
    assert!(text.starts_with(AGREED));
    assert!(text.lines().next().unwrap().ends_with(",error"));
    insta::assert_snapshot!(text);
}

#[test]
fn a_sweep_comes_back_as_it_was() {
    let rows = common::sweep();
    assert_eq!(read_back(&written(&rows)).unwrap(), rows);
}

#[test]
fn curves_and_timings_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let curves = common::curves(&common::sweep());
    let path = folder.path().join("roc.csv");
    write_roc_csv(&path, &curves).unwrap();
    assert_eq!(read_csv::<report::RocRow>(&path).unwrap(), curves);
    let timings = [TimingRow {
        stage: "a, \"b\"".to_owned(),
        seconds: 0.1,
        ..TimingRow::default()
    }];
    let path = folder.path().join("timings.csv");
    write_csv(&path, &timings).unwrap();
    assert_eq!(read_csv::<TimingRow>(&path).unwrap(), timings);
}

#[test]
fn an_empty_table_has_its_header() {
    let text = written(&[]);
    assert_eq!(text.lines().count(), 1);
    assert_eq!(read_back(&text).unwrap(), []);
}

#[test]
fn numbers_that_are_none_are_empty_and_told() {
    let mut row = common::row(1, "none", None, 0.5, 0.2);
    row.auc = Some(f64::NAN);
    row.epsilon = Some(f64::INFINITY);
    let back = read_back(&written(&[row])).unwrap();
    assert_eq!((back[0].auc, back[0].epsilon), (None, None));
    assert_eq!(back[0].error, "not a finite number: epsilon, auc");
}

#[test]
fn columns_are_found_by_name() {
    let text = "shots,later,seed,n,attack,experiment,dataset,backbone,head,defence,release,null,config_hash,commit,sampling,tuned,error\n4,x,7,40,unmixing,,,,,none,,,,,,,\n";
    let rows = read_back(text);
    let message = rows.as_ref().map_err(ToString::to_string);
    let rows = message.unwrap();
    assert_eq!(
        (rows[0].shots, rows[0].seed, rows[0].attack.as_str()),
        (4, 7, "unmixing")
    );
    assert_eq!(rows[0].auc, None);
}

#[test]
fn broken_tables_are_named_with_their_place() {
    let whole = written(&common::sweep()[..2]);
    let missing = read_back(&whole.replacen("shots", "shoots", 1))
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains("no column \"shots\"") && missing.contains("hint:"),
        "{missing}"
    );
    let wrong = read_back(&whole.replacen("vgg_tiny,linear,1,10", "vgg_tiny,linear,one,10", 1));
    let wrong = wrong.unwrap_err().to_string();
    assert!(
        wrong.contains("row 1, column \"shots\" is \"one\", expected a whole number"),
        "{wrong}"
    );
    let nan = read_back(&whole.replacen(",500,0.5,", ",500,NaN,", 1))
        .unwrap_err()
        .to_string();
    assert!(
        nan.contains("column \"accuracy\" is \"NaN\", expected a finite number"),
        "{nan}"
    );
    let absent = read_results_csv(Path::new("/no/such/results.csv"))
        .unwrap_err()
        .to_string();
    assert!(
        absent.contains("cannot open /no/such/results.csv"),
        "{absent}"
    );
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z_]{1,12}",
        // Separators, quotes, breaks and letters beyond ASCII.
        "[a-zε,\"'; \n<>&-]{0,20}[a-z]",
    ]
}

fn number() -> impl Strategy<Value = Option<f64>> {
    let finite = any::<f64>().prop_filter("finite", |number| number.is_finite());
    prop_oneof![
        Just(None),
        finite.prop_map(Some),
        (0.0..1.0_f64).prop_map(Some),
        Just(Some(0.0))
    ]
}

prop_compose! {
    fn any_row()(
        (experiment, attack, error) in (text(), text(), text()),
        (shots, seed) in any::<(u64, u64)>(),
        queries in any::<Option<u64>>(),
        (epsilon, accuracy, auc, ssim) in (number(), number(), number(), number()),
    ) -> ResultRow {
        ResultRow {
            experiment, attack, error, shots, seed, queries, epsilon, accuracy, auc, ssim,
            ..ResultRow::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_table_comes_back_and_has_the_same_bytes_again(rows in prop::collection::vec(any_row(), 0..6)) {
        let text = written(&rows);
        let back = read_back(&text).unwrap();
        prop_assert_eq!(&back, &rows);
        prop_assert_eq!(written(&back), text);
    }
}

#[test]
fn numbers_keep_their_form() {
    let mut row = common::row(1, "none", None, 0.5, 0.2);
    row.weight_decay = Some(1e-5);
    row.delta = Some(1.2345e-7);
    row.mse = Some(1e16);
    row.clip = Some(4.0);
    let text = written(&[row]);
    for form in [",1e-5,", ",1.2345e-7,", ",1e16,", ",4.0,"] {
        assert!(text.contains(form), "{form}: {text}");
    }
}

#[test]
fn every_column_is_written_once() {
    let mut names: Vec<&str> = ResultRow::COLUMNS.iter().map(|spec| spec.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ResultRow::COLUMNS.len());
}
