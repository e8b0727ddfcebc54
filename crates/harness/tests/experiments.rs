//! Whole runs of the binary on small procedural experiments.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::CommandCargoExt;
use tempfile::TempDir;

const CONFIG: &str = "
name: small
seed: 7
data:
  source: { strokes: { classes: letters, images: 520 } }
  target: { strokes: { classes: digits, images: 1500 } }
backbone: { vgg_tiny: { width: 2, features: 32, epochs: 1 } }
victims: 24
nulls: 1000
sweep:
  shots: [1, 2]
  defence: [none, { dp_sgd: { epsilon: [10], clip: 1 } }]
  attack:
    - unmixing: { samples: 1000 }
    - reconstructor: { samples: 4000, hidden: 32, batch: 100 }
    - reconstructor: { samples: 8000, hidden: 32, batch: 100, shared: true }
    - membership: { samples: 800 }
";

fn harness() -> Command {
    let mut command = Command::cargo_bin("harness").expect("the binary is built for this test");
    command.stdin(Stdio::null()).env_remove("RHEA_DATA");
    command
}

/// A folder with the config in it.
fn folder(config: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("small.yaml"), config).unwrap();
    folder
}

fn run(folder: &Path, extra: &[&str]) -> std::process::Output {
    harness()
        .current_dir(folder)
        .args(["small.yaml", "--quiet"])
        .args(extra)
        .output()
        .unwrap()
}

fn results(folder: &Path) -> Vec<u8> {
    std::fs::read(folder.join("results/small/results.csv")).unwrap()
}

#[test]
fn a_run_writes_every_file_and_resuming_measures_nothing_again() {
    let folder = folder(CONFIG);
    let output = run(folder.path(), &[]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let out = folder.path().join("results/small");
    for name in [
        "resolved.yaml",
        "results.csv",
        "roc.csv",
        "timings.csv",
        "provenance.json",
        "report.html",
    ] {
        assert!(out.join(name).metadata().unwrap().len() > 0, "{name}");
    }
    let figures = std::fs::read_dir(out.join("figures")).unwrap().count();
    assert!(figures >= 6, "{figures} figures");
    let first = results(folder.path());
    let mut rows = csv::Reader::from_reader(first.as_slice());
    assert_eq!(rows.records().count(), 16);

    let plan = harness()
        .current_dir(folder.path())
        .args(["plan", "small.yaml"])
        .output()
        .unwrap();
    let plan = String::from_utf8(plan.stdout).unwrap();
    assert!(!plan.contains("to do"), "{plan}");
    std::fs::remove_dir_all(&out).unwrap();
    assert!(run(folder.path(), &[]).status.success());
    assert_eq!(results(folder.path()), first);
    let timings = std::fs::read_to_string(out.join("timings.csv")).unwrap();
    assert!(!timings.contains(",no,"), "{timings}");
}

#[test]
fn results_do_not_depend_on_threads_cache_or_interruption() {
    let one = folder(CONFIG);
    assert!(run(one.path(), &["--jobs", "1"]).status.success());
    let expected = results(one.path());

    let two = folder(CONFIG);
    assert!(run(two.path(), &["--jobs", "3"]).status.success());
    assert_eq!(results(two.path()), expected, "threads");

    // Killed once the first rows are on disk, then resumed.
    let cut = folder(CONFIG);
    let mut child = harness()
        .current_dir(cut.path())
        .args(["small.yaml", "--quiet"])
        .spawn()
        .unwrap();
    let table = cut.path().join("results/small/results.csv");
    let started = Instant::now();
    while !table.exists() && started.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(run(cut.path(), &[]).status.success());
    assert_eq!(results(cut.path()), expected, "interruption");

    // A damaged cache is rebuilt.
    let cache = cut.path().join(".rhea-cache");
    for stage in ["features", "outcome", "model", "backbone"] {
        for entry in std::fs::read_dir(cache.join(stage)).unwrap() {
            let path = entry.unwrap().path();
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x40;
            std::fs::write(&path, bytes).unwrap();
        }
    }
    let output = run(cut.path(), &[]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(results(cut.path()), expected, "damaged cache");
}

const ENCRYPTED: &str = "
name: small
seed: 7
data:
  source: { strokes: { classes: letters, images: 520 } }
  target: { strokes: { classes: digits, images: 1500 } }
  task: { binary: { positive: [1, 3, 5, 7, 9] } }
backbone: { vgg_tiny: { width: 2, features: 32, epochs: 1 } }
victims: 100
nulls: 1000
sweep:
  shots: 2
  defence: [none, rhe]
  release: weights
  attack:
    - unmixing: { samples: 1000 }
    - membership: { samples: 3200 }
    - property: { group: { classes: [7] }, samples: 1024 }
    - scores: { queries: 40, kind: logits, then: { unmixing: { samples: 1000 } } }
";

#[test]
fn attacks_on_encrypted_heads_are_right_by_chance_and_repeat() {
    let first = folder(ENCRYPTED);
    let output = run(first.path(), &["--jobs", "1"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let second = folder(ENCRYPTED);
    assert!(run(second.path(), &["--jobs", "2"]).status.success());
    assert_eq!(results(first.path()), results(second.path()));
    let table = results(first.path());
    let mut reader = csv::Reader::from_reader(table.as_slice());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|it| it == name).expect("a column");
    let mut encrypted = 0;
    for row in reader.records() {
        let row = row.unwrap();
        let number = |name: &str| row[column(name)].parse::<f64>().expect("a number");
        if &row[column("defence")] == "rhe" {
            encrypted += 1;
            assert_eq!(&row[column("release")], "ciphertexts");
            let name = &row[column("attack")];
            let from = number("tpr_at_fpr_1pct_lo");
            let to = number("tpr_at_fpr_1pct_hi");
            assert!(from <= 0.01 && to >= 0.01, "{name}: {from} to {to}");
            if name.starts_with("scores") {
                // Answers in the clear give the head to a cosine near one with as many queries.
                assert!(number("cosine") < 0.5, "{name}: {}", number("cosine"));
            } else {
                assert!(number("label_agreement") > 0.95, "{name}");
            }
        }
    }
    assert_eq!(encrypted, 4);
}

#[test]
fn heads_with_squares_are_refused_under_encryption() {
    let head = "head: { mlp: { hidden: 2, activation: square } }\nvictims: 24";
    let config = ENCRYPTED.replace("victims: 100", head);
    let folder = folder(&config);
    let output = run(folder.path(), &["--set", "sweep.attack=reconstructor"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = "an attack on `rhe` does not go with a head with squares in its hidden layer";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn missing_data_ends_with_4_and_names_the_place() {
    let folder = folder(
        "
name: small
data: { source: mnist, target: mnist }
sweep: { shots: [1], attack: [unmixing] }
",
    );
    let output = run(folder.path(), &["--data", "nowhere"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{message}");
    assert!(
        message.contains("nowhere") && message.contains("hint:"),
        "{message}"
    );
    assert!(!message.contains("panicked"), "{message}");
}

#[test]
fn a_failed_cell_is_a_row_and_the_others_still_run() {
    // A step this large diverges with the second learning rate only.
    let config = CONFIG
        .replace(
            "  shots: [1, 2]",
            "  shots: [1]\n  learning_rate: [0.01, 1.0e30]",
        )
        .replace(
            "  defence: [none, { dp_sgd: { epsilon: [10], clip: 1 } }]\n",
            "",
        );
    let folder = folder(&config);
    let output = run(folder.path(), &[]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let table = results(folder.path());
    let mut rows = csv::Reader::from_reader(table.as_slice());
    let header = rows.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let (error, auc) = (at("error"), at("auc"));
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 8);
    assert_eq!(rows.iter().filter(|row| !row[error].is_empty()).count(), 4);
    assert!(
        rows.iter()
            .all(|row| row[error].is_empty() != row[auc].is_empty())
    );
}

#[test]
fn the_gate_holds_results_against_a_baseline() {
    let folder = folder(
        &CONFIG
            .replace("  shots: [1, 2]", "  shots: [1]")
            .replace("    - membership: { samples: 800 }\n", ""),
    );
    assert!(run(folder.path(), &[]).status.success());
    let table = folder.path().join("results/small/results.csv");
    let check = |baseline: &Path| {
        harness()
            .current_dir(folder.path())
            .args(["check", "results/small", "--baseline"])
            .arg(baseline)
            .output()
            .unwrap()
    };
    assert_eq!(check(&table).status.code(), Some(0));
    // A baseline whose attack always succeeds and never errs cannot be held.
    let text = std::fs::read_to_string(&table).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let baseline = folder.path().join("baseline.csv");
    let mut writer = csv::Writer::from_path(&baseline).unwrap();
    writer.write_record(&header).unwrap();
    for row in reader.records() {
        let row = row.unwrap();
        let fields = header.iter().zip(&row).map(|(name, field)| {
            if name.starts_with("tpr_at_fpr_1pct") || name.starts_with("accuracy") {
                "1.0"
            } else {
                field
            }
        });
        writer.write_record(fields).unwrap();
    }
    writer.flush().unwrap();
    let output = check(&baseline);
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!(check(Path::new("absent.csv")).status.code(), Some(4));
    // A header without rows holds nothing back.
    let empty = folder.path().join("empty.csv");
    std::fs::write(&empty, text.lines().next().unwrap()).unwrap();
    let output = check(&empty);
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("it holds no rows"));
}
