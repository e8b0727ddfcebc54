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

/// The hold of a command, or `None` where the machine cannot hide a part of its processor.
fn held(folder: &Path, arguments: &[&str], set: &str) -> Option<Output> {
    let output = harness(folder, &[arguments, &["--instructions", set]].concat());
    let message = said(&output);
    if message.contains("cannot be hidden") {
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains("\nhint: "), "{message}");
        eprintln!("not tested here: {message}");
        return None;
    }
    Some(output)
}

/// The sets that this machine has, the smallest first: the option's word, and that of tables.
#[cfg(target_arch = "x86_64")]
fn sets_here() -> Vec<(&'static str, &'static str)> {
    let mut sets = vec![
        ("portable", "sse4.2"),
        ("avx2", "avx2"),
        ("avx512", "avx512"),
    ];
    sets.truncate(match processor::instruction_set().word() {
        "avx512" => 3,
        "avx2" | "avx512f" => 2,
        _ => 1,
    });
    sets
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_held_run_computes_with_its_set_and_is_not_mixed_with_another() {
    let mut whole = Vec::new();
    for (word, set) in sets_here() {
        let folder = folder();
        let here = folder.path();
        let Some(output) = held(here, &["small.yaml", "-q"], word) else {
            return;
        };
        done(output);
        assert_eq!(provenance(here), [set]);
        whole.push((word, set, results(here)));
    }
    // Each set has its own last digits: what was held computed with it.
    for pair in whole.windows(2) {
        assert_ne!(pair[0].2, pair[1].2, "{} and {}", pair[0].0, pair[1].0);
    }
    // The largest is what this machine computes with by itself.
    let (_, set, results_held) = whole.last().expect("one");
    if *set == instruction_set() {
        let folder = folder();
        done(harness(folder.path(), &["small.yaml", "-q"]));
        assert_eq!(&results(folder.path()), results_held);
    }
    // Shards that are held to one set merge into what one run gives, and those of unlike sets do not.
    let [(small, _, expected), .., (large, _, _)] = whole.as_slice() else {
        return;
    };
    let folder = folder();
    let here = folder.path();
    let shard =
        |part, set| done(held(here, &["run", "small.yaml", "-q", "--shard", part], set).unwrap());
    shard("1/2", small);
    shard("2/2", large);
    let merged = harness(here, &["merge", "small.yaml", "-q"]);
    assert_eq!(merged.status.code(), Some(4), "{}", said(&merged));
    let (_, set, _) = whole.last().unwrap();
    done(harness(here, &["cache", "prune", "--instructions", set]));
    shard("2/2", small);
    done(held(here, &["merge", "small.yaml", "-q"], small).unwrap());
    assert_eq!(&results(here), expected);
}

#[test]
fn a_set_that_the_processor_lacks_is_refused_before_anything_runs() {
    // Only on processors without AVX-512 there is something to refuse.
    if processor::instruction_set().word() == "avx512" {
        return;
    }
    let folder = folder();
    let before = small::files(folder.path());
    let output = harness(folder.path(), &["small.yaml", "--instructions", "avx512"]);
    let message = said(&output);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(
        message.contains("this processor has ") && message.contains("\nhint: "),
        "{message}"
    );
    assert_eq!(small::files(folder.path()), before);
}

/// The mean errors of the cells.
#[cfg(target_arch = "x86_64")]
fn errors(table: &str) -> Vec<f64> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let names = reader.headers().expect("a header").clone();
    let at = names
        .iter()
        .position(|name| name == "mse")
        .expect("a column");
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| row[at].parse().expect("a number")).collect()
}

#[test]
#[cfg(target_arch = "x86_64")]
#[ignore = "needs qemu-x86_64 (Debian's qemu-user), which takes some minutes"]
fn an_emulated_processor_and_one_that_is_held_to_its_set_merge_byte_for_byte() {
    // The next smaller set than this machine's. An emulator tells the caches of the machine beneath it, so that the
    // emulated processor is held too: what libraries sum at once follows from them.
    let (cpu, set, held_to) = match processor::instruction_set().word() {
        "avx512" | "avx512f" => ("Haswell", "avx2", "avx2"),
        _ => ("Nehalem", "sse4.2", "portable"),
    };
    let emulated = |folder: &Path, arguments: &[&str]| {
        let mut command = Command::new("qemu-x86_64");
        let program = Command::cargo_bin("harness").unwrap();
        command.args(["-cpu", cpu]).arg(program.get_program());
        let mut command = small::in_folder(command, folder, arguments);
        command.args(["--instructions", held_to]);
        command.output().expect("it starts")
    };
    // Backbone, features, an attack's model and its cells, all by the emulated processor.
    let there = folder();
    let there = there.path();
    done(emulated(
        there,
        &["run", "small.yaml", "-q", "--shard", "2/2"],
    ));

    // This machine's own cells are not mixed with those.
    let natively = folder();
    done(harness(natively.path(), &["small.yaml", "-q"]));
    let mixed = folder();
    copy(
        &there.join(".rhea-cache"),
        &mixed.path().join(".rhea-cache"),
    );
    done(harness(
        mixed.path(),
        &["run", "small.yaml", "-q", "--shard", "1/2"],
    ));
    let merged = harness(mixed.path(), &["merge", "small.yaml", "-q"]);
    let message = said(&merged);
    assert_eq!(merged.status.code(), Some(4), "{message}");
    // The first shard has its features from the second.
    let mut sets = [
        format!("{} (2 cells)", instruction_set()),
        format!("{set} (4 cells)"),
    ];
    sets.sort();
    assert!(message.contains(&sets.join(", ")), "{message}");

    // Held to that set, this machine writes the same bytes, and the two merge.
    let here = folder();
    let Some(output) = held(here.path(), &["small.yaml", "-q"], held_to) else {
        return;
    };
    done(output);
    let shard = held(
        there,
        &["run", "small.yaml", "-q", "--shard", "1/2"],
        held_to,
    );
    done(shard.expect("it could be held"));
    done(harness(there, &["merge", "small.yaml", "-q"]));
    assert_eq!(results(there), results(here.path()));
    assert_eq!(provenance(there), [set]);
    assert_eq!(provenance(here.path()), [set]);

    // Another set gives the same up to rounding: no mean error differs in its fourth digit.
    let (a, b) = (results(natively.path()), results(here.path()));
    assert_ne!(a, b);
    let (a, b) = (errors(&a), errors(&b));
    assert_eq!((a.len(), b.len()), (4, 4));
    for (a, b) in a.into_iter().zip(b) {
        assert!((a - b).abs() < 1e-4 * a, "{a} against {b}");
    }
}

/// Copies a folder of folders of files.
#[cfg(target_arch = "x86_64")]
fn copy(from: &Path, to: &Path) {
    for file in small::files(from) {
        let copied = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(copied.parent().unwrap()).unwrap();
        std::fs::copy(&file, &copied).unwrap();
    }
}
