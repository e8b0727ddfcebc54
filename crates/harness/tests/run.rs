//! A small experiment from the shell: its files, resuming, threads, failures.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

const TINY: &str = "\
name: tiny
seed: 7
data:
  source: { strokes: { classes: letters, images: 520 } }
  target: { strokes: { classes: digits, images: 1_000 } }
backbone: { vgg_tiny: { width: 2, features: 32, epochs: 1 } }
victims: 8
nulls: 50
sweep:
  shots: [1, 2]
  attack: { unmixing: { samples: 400 } }
";

fn harness(folder: &Path, args: &[&str]) -> Output {
    Command::cargo_bin("harness")
        .expect("the binary is built")
        .current_dir(folder)
        .env_remove("RHEA_DATA")
        .args(args)
        .output()
        .expect("it starts")
}

fn written(folder: &Path, name: &str) -> Vec<u8> {
    let path = folder.join("results/tiny").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn ends(output: &Output, code: i32) {
    assert_eq!(
        output.status.code(),
        Some(code),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn started(config: &str) -> tempfile::TempDir {
    let here = tempfile::tempdir().expect("a folder");
    std::fs::write(here.path().join("tiny.yaml"), config).expect("it is written");
    here
}

#[test]
fn a_run_writes_its_files_resumes_and_does_not_depend_on_threads() {
    let one = started(TINY);
    let first = harness(one.path(), &["tiny.yaml", "--jobs", "1"]);
    ends(&first, 0);
    assert!(
        first.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&first.stdout)
    );
    assert!(
        !first.stderr.is_empty() && !first.stderr.contains(&0x1b) && !first.stderr.contains(&b'\r')
    );
    for file in [
        "resolved.yaml",
        "results.csv",
        "roc.csv",
        "timings.csv",
        "provenance.json",
        "report.html",
    ] {
        assert!(!written(one.path(), file).is_empty(), "{file}");
    }
    let results = written(one.path(), "results.csv");
    assert_eq!(String::from_utf8_lossy(&results).lines().count(), 3);

    // Resumed: nothing is done again, and the same comes out.
    let plan = harness(one.path(), &["plan", "tiny.yaml"]);
    ends(&plan, 0);
    let plan = String::from_utf8_lossy(&plan.stdout).into_owned();
    assert!(plan.contains("cached") && !plan.contains("to do"), "{plan}");
    ends(&harness(one.path(), &["run", "tiny.yaml", "--quiet"]), 0);
    assert_eq!(written(one.path(), "results.csv"), results);

    let two = started(TINY);
    ends(&harness(two.path(), &["tiny.yaml", "--jobs", "2"]), 0);
    assert_eq!(written(two.path(), "results.csv"), results);

    // The resolved config is a config, of the same cells.
    std::fs::copy(
        two.path().join("results/tiny/resolved.yaml"),
        two.path().join("again.yaml"),
    )
    .expect("it is copied");
    let plan = harness(two.path(), &["plan", "again.yaml"]);
    ends(&plan, 0);
    assert!(!String::from_utf8_lossy(&plan.stdout).contains("to do"));
}

#[test]
fn quiet_is_quiet_and_a_plan_runs_nothing() {
    let here = started(TINY);
    let plan = harness(here.path(), &["plan", "tiny.yaml"]);
    ends(&plan, 0);
    assert!(String::from_utf8_lossy(&plan.stdout).starts_with("tiny: 2 cells"));
    assert!(!here.path().join("results").exists());
    let run = harness(
        here.path(),
        &["tiny.yaml", "--quiet", "--set", "sweep.shots=1"],
    );
    ends(&run, 0);
    assert!(
        run.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    assert_eq!(
        String::from_utf8_lossy(&written(here.path(), "results.csv"))
            .lines()
            .count(),
        2
    );
}

#[test]
fn missing_data_ends_with_four_and_says_where_it_was_looked_for() {
    let here = started(&TINY.replace(
        "target: { strokes: { classes: digits, images: 1_000 } }",
        "target: mnist",
    ));
    let run = harness(here.path(), &["tiny.yaml", "--data", "nowhere"]);
    ends(&run, 4);
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(
        said.contains("nowhere/mnist/train-images-idx3-ubyte"),
        "{said}"
    );
    assert!(said.contains("hint: "), "{said}");
}

#[test]
fn a_damaged_cache_is_rebuilt() {
    let here = started(TINY);
    ends(&harness(here.path(), &["tiny.yaml", "-q"]), 0);
    let results = written(here.path(), "results.csv");
    let mut damaged = 0;
    for folder in walk(&here.path().join(".rhea-cache")) {
        let mut bytes = std::fs::read(&folder).expect("it can be read");
        if bytes.len() > 200 {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x20;
            std::fs::write(&folder, bytes).expect("it is written");
            damaged += 1;
        }
    }
    assert!(damaged > 0);
    ends(&harness(here.path(), &["tiny.yaml", "-q"]), 0);
    assert_eq!(written(here.path(), "results.csv"), results);
}

/// Every file below a folder.
fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(walk(&path))
        } else {
            files.push(path)
        }
    }
    files
}
