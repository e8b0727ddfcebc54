//! CryptoTL from the shell: a whole small run, and what the bench says that does not depend on speed.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::CommandCargoExt;

const CONFIG: &str = "
name: small
seed: 3
cryptotl:
  source: { messages: { topic: sentiment, count: 300 } }
  target: { messages: { topic: spam, count: 300 } }
  embedding: { hashing: { width: 64 } }
  sizes: [20]
  dp: [none, { dp_sgd: { epsilon: 20, epochs: 10 } }]
  folds: 2
  source_epochs: 1
  epochs: 5
  encrypted: 8
  both_ways: true
  victims: 10
";

fn harness(folder: &Path, threads: &str, arguments: &[&str]) -> Output {
    let output = Command::cargo_bin("harness")
        .expect("the binary is built for this test")
        .stdin(Stdio::null())
        .env("RAYON_NUM_THREADS", threads)
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

#[test]
fn a_run_compares_both_ways_round_and_does_not_depend_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("small.yaml"), CONFIG).unwrap();
    let results = |threads: &str, cache: &str| {
        let arguments = ["small.yaml", "--quiet", "--cache", cache];
        harness(folder.path(), threads, &arguments);
        std::fs::read_to_string(folder.path().join("results/small/results.csv")).unwrap()
    };
    let one = results("1", "a");
    assert_eq!(one, results("2", "b"), "threads change the results");
    assert_eq!(one, results("2", "a"), "the cache changes the results");

    let rows: Vec<&str> = one.lines().collect();
    assert_eq!(rows.len(), 4, "{one}");
    let column = |row: usize, name: &str| {
        let at = rows[0].split(',').position(|column| column == name);
        rows[row].split(',').nth(at.unwrap()).unwrap()
    };
    assert_eq!(
        [1, 2, 3].map(|row| column(row, "defence")),
        ["none", "dp_sgd", "rhe"]
    );
    for name in [
        "accuracy",
        "f1",
        "kappa",
        "baseline_accuracy",
        "auc",
        "label_agreement",
    ] {
        let value: f64 = column(1, name).parse().unwrap();
        assert!((0.0..=1.0).contains(&value), "{name}: {value}");
    }
    assert_eq!(column(1, "label_agreement"), "1.0");
    let epsilon: f64 = column(2, "epsilon").parse().unwrap();
    assert!(epsilon > 19.0 && epsilon <= 20.0, "{epsilon}");

    let out = folder.path().join("results/small");
    for name in [
        "both_ways.csv",
        "figures/both-ways.svg",
        "figures/both-ways.png",
    ] {
        assert!(out.join(name).metadata().unwrap().len() > 0, "{name}");
    }
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("<h2>Both ways round</h2>") && page.contains("id=\"both-ways\""));
}

#[test]
fn the_fast_set_keeps_its_bars_on_memory_keys_and_error() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["bench", "cryptotl", "--case", "fast", "--json"];
    let output = harness(folder.path(), "1", &arguments);
    let all: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let cases = all["cryptotl"].as_array().unwrap();
    assert_eq!(cases.len(), 1);
    let number = |name: &str| cases[0][name].as_f64().unwrap();
    assert_eq!((number("degree"), number("inputs")), (8192.0, 768.0));
    // Linux alone tells the peak.
    if let Some(peak) = cases[0]["peak_memory_bytes"].as_f64() {
        assert!(peak > 1e8 && peak <= 1.5 * 1024f64.powi(3), "{peak}");
    }
    assert!(number("key_bytes_sent") <= 150e6);
    assert!(number("max_error") <= 1e-3 * number("max_output"));
    let threads: Vec<f64> = cases[0]["times"]
        .as_array()
        .unwrap()
        .iter()
        .map(|times| times["threads"].as_f64().unwrap())
        .collect();
    assert_eq!(threads, [1.0, 2.0]);
}
