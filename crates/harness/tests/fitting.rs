//! Extraction of heads with a hidden layer by labels, as cells of an experiment.

use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::CommandCargoExt;

const CONFIG: &str = "
name: small
seed: 9
data:
  source: { strokes: { classes: letters, images: 1300 } }
  target: { strokes: { classes: digits, images: 1500 } }
backbone: { vgg_tiny: { width: 2, features: 64, epochs: 3 } }
head: { mlp: { hidden: 6, activation: relu } }
victims: 12
nulls: 600
sweep:
  shots: [1]
  init_std: 0.1
  learning_rate: 0.3
  epochs: 100
  attack:
    - reconstructor: { samples: 4000, hidden: 32, batch: 100 }
    - labels: { queries: [150, 900], then: { reconstructor: { samples: 4000, hidden: 32, batch: 100 } } }
";

fn run(folder: &Path, config: &str, threads: &str) -> Output {
    std::fs::write(folder.join("small.yaml"), config).unwrap();
    Command::cargo_bin("harness")
        .expect("the binary is built for this test")
        .env_remove("RHEA_DATA")
        .env("RAYON_NUM_THREADS", threads)
        .current_dir(folder)
        .args(["small.yaml", "--quiet"])
        .output()
        .unwrap()
}

fn results(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("results/small/results.csv")).unwrap()
}

#[test]
fn more_queries_bring_the_copy_nearer_and_threads_change_nothing() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for (folder, threads) in folders.iter().zip(["1", "2"]) {
        let output = run(folder.path(), CONFIG, threads);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
    let table = results(folders[0].path());
    assert_eq!(table, results(folders[1].path()));

    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let header = rows.headers().unwrap().clone();
    let rows: Vec<_> = rows.records().map(|row| row.unwrap()).collect();
    let number = |row: usize, name: &str| -> f64 {
        let at = header.iter().position(|column| column == name).unwrap();
        rows[row][at].parse().unwrap()
    };
    assert_eq!(rows.len(), 3);
    for (row, budget) in [(1, 150.0), (2, 900.0)] {
        let queries = number(row, "queries");
        assert!(queries <= budget && queries > 0.7 * budget, "{queries}");
        assert!((0.0..=1.0).contains(&number(row, "auc")));
        assert_eq!(number(row, "samples"), number(0, "samples"));
    }
    let accuracy = number(0, "accuracy");
    assert!(accuracy > 0.12, "the victims learned nothing: {accuracy}");
    let [few, many] = [1, 2].map(|row| number(row, "label_agreement"));
    assert!(few + 0.03 < many && many > 0.85, "{few} {many}");
    let [few, many] = [1, 2].map(|row| number(row, "cosine"));
    assert!(few.min(many) > 0.2 && few.max(many) < 1.0, "{few} {many}");
}

#[test]
fn what_cannot_follow_is_said_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let from = CONFIG.find("  attack:").unwrap();
    let config = format!(
        "{}  attack: [labels: {{ queries: 150 }}]\n",
        &CONFIG[..from]
    );
    let output = run(folder.path(), &config, "2");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = "`sweep.attack[0]`: unmixing does not go with a head with a hidden layer";
    assert!(said.contains(expected), "{said}");
    assert!(!folder.path().join("results").exists());
}
