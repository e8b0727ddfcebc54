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

/// A row of results by the names of its columns.
struct Row(std::collections::HashMap<String, String>);

impl Row {
    fn text(&self, column: &str) -> &str {
        &self.0[column]
    }

    fn number(&self, column: &str) -> f64 {
        let text = self.text(column);
        text.parse()
            .unwrap_or_else(|_| panic!("{column}: {text:?}"))
    }
}

fn rows(folder: &Path) -> Vec<Row> {
    let table = results(folder);
    let mut reader = csv::Reader::from_reader(table.as_slice());
    reader
        .deserialize()
        .map(|row| Row(row.expect("a row")))
        .collect()
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

    let record = folder.path().join("kept");
    let shown = harness()
        .args(["show", "results/small", "--record", "kept"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(shown.status.success(), "{shown:?}");
    let page = std::fs::read_to_string(record.join("small/RECORD.md")).unwrap();
    for part in [
        "Measured by commit ",
        " threads, in ",
        "TPR at 1 % FPR",
        ".png)",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert_eq!(
        std::fs::read(record.join("small/results.csv")).unwrap(),
        first
    );
    // No record is written over a run, and no table says where one goes.
    let refused = |results: &str, into: &str| {
        let shown = harness()
            .args(["show", results, "--record", into])
            .current_dir(folder.path())
            .output()
            .unwrap();
        (
            shown.status.code(),
            String::from_utf8(shown.stderr).unwrap(),
        )
    };
    let (code, said) = refused("results/small", "results");
    assert!(
        code == Some(2) && said.contains("the folder of a run"),
        "{said}"
    );
    let strange = String::from_utf8(first.clone())
        .unwrap()
        .replace("\nsmall,", "\n../small,");
    std::fs::write(record.join("small/results.csv"), strange).unwrap();
    std::fs::write(record.join("small/provenance.json"), "{}").unwrap();
    let (code, said) = refused("kept/small", "elsewhere");
    assert!(code == Some(4) && said.contains("`../small`"), "{said}");

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
  release: [weights, known_secret]
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
    let rows = rows(first.path());
    let of = |release: &'static str| {
        rows.iter()
            .filter(move |row| row.text("release") == release)
    };
    assert_eq!(of("ciphertexts").count(), 4);
    for row in of("ciphertexts") {
        let name = row.text("attack");
        assert_eq!(row.text("defence"), "rhe");
        let from = row.number("tpr_at_fpr_1pct_lo");
        let to = row.number("tpr_at_fpr_1pct_hi");
        assert!(from <= 0.01 && to >= 0.01, "{name}: {from} to {to}");
        if name.starts_with("scores") {
            // Answers in the clear give the head to a cosine near one with as many queries.
            assert!(
                row.number("cosine") < 0.5,
                "{name}: {}",
                row.number("cosine")
            );
        }
        assert!(row.number("encrypted_agreement") >= 0.999, "{name}");
    }
    // The control: with the key the same attacks on the same numbers do what they do on the weights.
    assert_eq!(of("known_secret").count(), 3);
    for row in of("known_secret") {
        let name = row.text("attack");
        let clear = of("weights").find(|it| it.text("attack") == name);
        let (area, clear) = (row.number("auc"), clear.expect(name).number("auc"));
        assert!((area - clear).abs() < 0.04, "{name}: {area} {clear}");
        // So few images a class mix too much for `unmixing` to see many of them.
        let least = if name == "unmixing" { 0.53 } else { 0.6 };
        assert!(area > least, "{name}: {area}");
    }
}

/// The owner of an encrypted head who reveals classes to whoever asks gives what an undefended head
/// gives whose labels are seen.
#[test]
fn revealed_classes_are_the_labels_of_an_undefended_head() {
    let (before, _) = ENCRYPTED.split_once("victims").expect("the key");
    let config = format!(
        "{before}victims: 30\nnulls: 300\nsweep:\n  shots: 2\n  defence: [none, rhe]\n  attack: {{ labels: {{ queries: [80, 300], then: {{ unmixing: {{ samples: 1000 }} }} }} }}\n"
    );
    let folder = folder(&config);
    let output = run(folder.path(), &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let rows = rows(folder.path());
    assert_eq!(rows.len(), 4);
    let (clear, revealed) = rows.split_at(2);
    for (clear, revealed) in clear.iter().zip(revealed) {
        assert_eq!(
            (clear.text("defence"), revealed.text("defence")),
            ("none", "rhe")
        );
        assert_eq!(
            (clear.text("release"), revealed.text("release")),
            ("labels", "labels")
        );
        for (column, most) in [
            ("queries", 0.0),
            ("cosine", 0.05),
            ("label_agreement", 0.03),
        ] {
            let (a, b) = (clear.number(column), revealed.number(column));
            assert!((a - b).abs() <= most, "{column}: {a} {b}");
        }
        assert!(revealed.number("encrypted_agreement") >= 0.999);
    }
    assert!(rows[3].number("cosine") > rows[2].number("cosine"));
}

/// CKKS ciphertexts of heads with squares: nothing is read from them, and with the key as much as from
/// the weights.
#[test]
fn heads_with_squares_are_attacked_under_encryption() {
    let (before, _) = ENCRYPTED.split_once("victims").expect("the key");
    let config = format!(
        "{before}head: {{ mlp: {{ hidden: 4, activation: square }} }}\nvictims: 100\nnulls: 1000\n\
         recipe: {{ init_std: 1, learning_rate: 0.02, epochs: 200 }}\n\
         sweep:\n  shots: 1\n  defence: [none, rhe]\n  release: [weights, known_secret]\n  \
         attack: {{ membership: {{ samples: 3200 }} }}\n"
    );
    let folder = folder(&config);
    let output = run(folder.path(), &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let rows = rows(folder.path());
    let area = |release: &str| {
        let row = rows.iter().find(|row| row.text("release") == release);
        row.expect(release).number("auc")
    };
    let (clear, opened, hidden) = (area("weights"), area("known_secret"), area("ciphertexts"));
    assert!(clear > 0.6, "{clear}");
    assert!((opened - clear).abs() < 0.06, "{opened} {clear}");
    // Four standard errors of the area of 100 victims.
    assert!((hidden - 0.5).abs() < 0.12, "{hidden}");
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
