//! Results of unlike processors: recorded, and not mixed.

mod small;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::CommandCargoExt;
use harness::instructions::instruction_set;
use harness::stages::Record;
use small::{results, said, table};
use tempfile::TempDir;

fn folder() -> TempDir {
    small::folder(
        "sweep: { shots: [1, 2], null: [independent, gaussian], attack: { unmixing: { samples: 1000 } } }",
    )
}

fn harness(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = small::command(folder, arguments);
    command.output().expect("it starts")
}

fn done(output: Output) -> Output {
    assert!(output.status.success(), "{}", said(&output));
    output
}

fn provenance(folder: &Path) -> Vec<String> {
    let json = table(folder, "provenance.json");
    let provenance: serde_json::Value = serde_json::from_str(&json).unwrap();
    serde_json::from_value(provenance["instructions"].clone()).unwrap()
}

/// The records of the stages that measure cells.
fn outcomes(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join(".rhea-cache/outcome")).unwrap();
    let mut records: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    records.retain(|path| path.extension().is_some_and(|it| it == "json"));
    records.sort();
    records
}

/// Makes a product one of another processor's, as that would have recorded it.
fn made_elsewhere(path: &Path, set: &str) {
    let mut record: Record = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let product = std::fs::read(path.with_extension(&record.extension)).unwrap();
    assert_eq!(record.check(&product), Ok(()));
    assert!(
        record.instructions.contains(&instruction_set()),
        "{record:?}"
    );
    record.instructions.insert(set.into());
    record.checksum = String::new();
    let sum = blake3::hash(&[record.to_json(), product].concat());
    record.checksum = sum.to_hex().to_string();
    std::fs::write(path, record.to_json()).unwrap();
}

#[test]
fn unlike_processors_are_recorded_and_merge_does_not_mix_them() {
    let folder = folder();
    let here = folder.path();
    for shard in ["1/2", "2/2"] {
        done(harness(
            here,
            &["run", "small.yaml", "-q", "--shard", shard],
        ));
    }
    done(harness(here, &["merge", "small.yaml", "-q"]));
    let expected = results(here);
    assert_eq!(provenance(here), [instruction_set()]);

    made_elsewhere(&outcomes(here)[0], "mmx");
    let merged = harness(here, &["merge", "small.yaml", "-q"]);
    let message = said(&merged);
    assert_eq!(merged.status.code(), Some(4), "{message}");
    let sets = format!("{} (4 cells), mmx (1 cell)", instruction_set());
    assert!(
        message.contains(&sets) && message.contains("\nhint: "),
        "{message}"
    );
    // Who goes on with another's cache does so, and says it.
    done(harness(here, &["small.yaml", "-q"]));
    assert_eq!(provenance(here), [instruction_set(), "mmx".into()]);

    // The mend that the message names.
    let pruned = done(harness(here, &["cache", "prune", "--instructions", "mmx"]));
    let pruned = String::from_utf8_lossy(&pruned.stdout).into_owned();
    assert!(pruned.starts_with("removed 1 product, "), "{pruned}");
    for shard in ["1/2", "2/2"] {
        done(harness(
            here,
            &["run", "small.yaml", "-q", "--shard", shard],
        ));
    }
    done(harness(here, &["merge", "small.yaml", "-q"]));
    assert_eq!(results(here), expected);
    assert_eq!(provenance(here), [instruction_set()]);
}

#[test]
#[cfg(target_arch = "x86_64")]
#[ignore = "needs qemu-x86_64 (Debian's qemu-user), which takes some minutes"]
fn an_emulated_processor_measures_the_same_up_to_the_last_digits_and_is_not_mixed_in() {
    // The next smaller set than this machine's.
    let (cpu, set) = match instruction_set().as_str() {
        "avx512" | "avx512f" => ("Haswell", "avx2"),
        _ => ("Nehalem", "sse2"),
    };
    let emulated = |folder: &Path, arguments: &[&str]| {
        let mut command = Command::new("qemu-x86_64");
        let program = Command::cargo_bin("harness").unwrap();
        command.args(["-cpu", cpu]).arg(program.get_program());
        let mut command = small::in_folder(command, folder, arguments);
        command.output().expect("it starts")
    };
    let (mixed, other) = (folder(), folder());
    done(emulated(other.path(), &["small.yaml", "-q"]));
    assert_eq!(provenance(other.path()), [set]);
    done(harness(
        mixed.path(),
        &["run", "small.yaml", "-q", "--shard", "1/2"],
    ));
    done(emulated(
        mixed.path(),
        &["run", "small.yaml", "-q", "--shard", "2/2"],
    ));
    let merged = harness(mixed.path(), &["merge", "small.yaml", "-q"]);
    let message = said(&merged);
    assert_eq!(merged.status.code(), Some(4), "{message}");
    // The second shard has its features from the first.
    let mut sets = [
        format!("{} (4 cells)", instruction_set()),
        format!("{set} (2 cells)"),
    ];
    sets.sort();
    assert!(message.contains(&sets.join(", ")), "{message}");

    // The same up to rounding: no rate of a victim or two, and no mean error in its sixth digit.
    let whole = folder();
    done(harness(whole.path(), &["small.yaml", "-q"]));
    let (here, there) = (results(whole.path()), results(other.path()));
    let header: Vec<&str> = here.lines().next().unwrap().split(',').collect();
    let column = header
        .iter()
        .position(|name| *name == "mse")
        .expect("a column");
    let mut compared = 0;
    let rows = |text: &str| {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows = reader
            .records()
            .map(|row| row.unwrap()[column].parse::<f64>().unwrap());
        rows.collect::<Vec<_>>()
    };
    for (a, b) in rows(&here).into_iter().zip(rows(&there)) {
        assert!((a - b).abs() < 1e-4 * a, "{a} against {b}");
        compared += 1;
    }
    assert_eq!(compared, 4);
}
