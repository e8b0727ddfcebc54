//! Other people's files: refused before anything runs, or measured with what was left out said.

use std::io::BufRead as _;
use std::path::Path;
use std::process::{Output, Stdio};

use assert_cmd::Command;

fn harness(folder: &Path, args: &[&str]) -> Output {
    Command::cargo_bin("harness")
        .expect("the binary is built")
        .current_dir(folder)
        .env_remove("RHEA_DATA")
        .args(args)
        .output()
        .expect("it starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ends by itself")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    std::fs::write(path, bytes).expect("it is written");
}

/// A table of `rows` rows of 16 features around the mean of their class, one of `classes`.
fn table(rows: usize, classes: usize, label: impl Fn(usize) -> String) -> String {
    let header: String = (0..16).map(|column| format!("f{column},")).collect();
    let row = |i: usize| -> String {
        let value = |column: usize| {
            let near = if column % classes == i % classes {
                3.0
            } else {
                0.0
            };
            near + ((i * 37 + column * 11) as f64).sin()
        };
        let values: String = (0..16)
            .map(|column| format!("{:.4},", value(column)))
            .collect();
        format!("{values}{}\n", label(i % classes))
    };
    format!("{header}label\n{}", (0..rows).map(row).collect::<String>())
}

/// A config on `data/table.csv`.
fn config(attack: &str) -> String {
    format!(
        "name: features\nseed: 11\ndata:\n  target: {{ features: {{ path: table.csv }} }}\nhead: linear\nvictims: 4\nnulls: 20\nsweep:\n  shots: 1\n  attack: {attack}\n"
    )
}

const UNMIXING: &str = "[{ unmixing: { samples: 600 } }]";
const MEMBERSHIP: &str = "[{ membership: { samples: 400 } }]";

#[test]
fn tables_that_cannot_be_used_end_with_four_and_name_the_column_or_class() {
    let good = table(400, 10, |class| class.to_string());
    let second = |text: &str, name: &str| -> String {
        let mut lines = text.lines();
        let header = lines.next().expect("a header");
        let rows: String = lines
            .enumerate()
            .map(|(i, line)| format!("{i},{line}\n"))
            .collect();
        format!("{name},{header}\n{rows}")
    };
    let first = |text: &str, value: &str| -> String {
        let (header, rows) = text.split_once('\n').expect("a header");
        let (_, rest) = rows.split_once(',').expect("a field");
        format!("{header}\n{value},{rest}")
    };
    let constant: String = (0..400).map(|i| format!("1,1,{}\n", i % 10)).collect();
    for (text, why) in [
        (second(&good, ""), "column 1 of 18 (``) has no name"),
        (second(&good, "id"), "column `id`: counts the rows"),
        (second(&good, "Label"), "both called"),
        (
            table(400, 10, |class| (class + 1).to_string()),
            "no row has label 0",
        ),
        (
            table(400, 10, |class| (class + class / 3).to_string()),
            "no row has label 3",
        ),
        (
            format!("a,b,label\n{constant}"),
            "is constant over all 400 rows",
        ),
        // One row has one number, whatever is wrong with it.
        (first(&good, "x"), "row 1: column `f0`: `x` is no number"),
        (
            first(&good, "nan"),
            "row 1: column `f0`: `nan` is not a finite number",
        ),
    ] {
        let here = folder();
        put(here.path(), "data/table.csv", text);
        put(here.path(), "c.yaml", config(UNMIXING));
        for command in ["plan", "run"] {
            let output = harness(here.path(), &[command, "c.yaml"]);
            assert_eq!(code(&output), 4, "{why}: {}", err(&output));
            assert!(err(&output).contains(why), "{why}: {}", err(&output));
            assert!(err(&output).contains("table.csv"), "{}", err(&output));
        }
        assert!(!here.path().join("results").exists(), "{why}");
    }
}

#[test]
fn parts_that_are_too_small_are_refused_before_anything_runs() {
    for (rows, attack, why) in [
        (
            12,
            MEMBERSHIP,
            "the victims' part of `data.target` has 1 of the 3 examples",
        ),
        (12, UNMIXING, "2 are needed"),
        (
            16,
            UNMIXING,
            "leaves no example of any class to measure accuracy on",
        ),
    ] {
        let here = folder();
        put(
            here.path(),
            "data/table.csv",
            table(rows, 4, |class| class.to_string()),
        );
        put(here.path(), "c.yaml", config(attack));
        for command in ["plan", "run"] {
            let output = harness(here.path(), &[command, "c.yaml"]);
            assert_eq!(code(&output), 2, "{}", err(&output));
            assert!(err(&output).contains(why), "{}", err(&output));
        }
        assert!(!here.path().join("results").exists());
    }
}

#[test]
fn absurd_sizes_end_with_two() {
    let here = folder();
    put(
        here.path(),
        "data/table.csv",
        table(400, 10, |class| class.to_string()),
    );
    put(here.path(), "c.yaml", config(UNMIXING));
    for set in [
        "sweep.shots=18446744073709551615",
        "victims=18446744073709551615",
    ] {
        for command in ["plan", "run"] {
            let output = harness(here.path(), &[command, "c.yaml", "--set", set]);
            assert_eq!((code(&output), out(&output).as_str()), (2, ""), "{set}");
            assert!(
                err(&output).contains("hint: ") || err(&output).contains("expected"),
                "{set}"
            );
        }
    }
}

#[test]
fn labels_beside_features_belong_to_the_key() {
    let here = folder();
    let values: Vec<u8> = (0..400 * 16)
        .flat_map(|i| {
            let (row, column) = (i / 16, i % 16);
            let near = if column % 10 == row % 10 { 3.0 } else { 0.0 };
            (near + ((row * 37 + column * 11) as f32).sin()).to_le_bytes()
        })
        .collect();
    let npy = |kind: &str, shape: &str, data: &[u8]| {
        let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let length = (header.len() as u16).to_le_bytes();
        [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes(), data].concat()
    };
    let labels = |shift: usize| -> Vec<u8> {
        (0..400)
            .map(|i| ((i + i / 40 * shift) % 10) as u8)
            .collect()
    };
    put(here.path(), "data/x.npy", npy("<f4", "(400, 16)", &values));
    put(
        here.path(),
        "data/x-labels.npy",
        npy("|u1", "(400,)", &labels(0)),
    );
    put(
        here.path(),
        "c.yaml",
        config(UNMIXING).replace("table.csv", "x.npy"),
    );
    let run = || {
        let output = harness(here.path(), &["c.yaml"]);
        assert_eq!(code(&output), 0, "{}", err(&output));
        err(&output)
    };
    assert!(run().contains("1 cells measured"));
    assert!(run().contains("0 cells measured, 1 from the cache"));
    put(
        here.path(),
        "data/x-labels.npy",
        npy("|u1", "(400,)", &labels(1)),
    );
    assert!(run().contains("1 cells measured, 0 from the cache"));
}

/// A grey drawing of `side` x `side` as PGM.
fn pgm(side: usize, class: usize, number: usize) -> Vec<u8> {
    let pixel = |at: usize| {
        let (row, column) = (at / side, at % side);
        let bar = if class == 0 { column } else { row };
        if bar.abs_diff(side / 2 + number % 5) < 3 {
            255
        } else {
            (number * 7 + at) as u8 % 60
        }
    };
    let mut bytes = format!("P5 {side} {side} 255\n").into_bytes();
    bytes.extend((0..side * side).map(pixel));
    bytes
}

const FOLDER: &str = "name: folder\nseed: 11\ndata:\n  source: { strokes: { classes: letters, images: 520 } }\n  target: { image_folder: { path: set } }\nbackbone: { vgg_tiny: { width: 2, features: 32, epochs: 1 } }\nvictims: 4\nnulls: 20\nsweep:\n  shots: 1\n  attack: [{ unmixing: { samples: 600 } }]\n";

#[test]
fn a_folder_of_grey_pictures_needs_nothing_but_its_path() {
    let here = folder();
    for number in 0..60 {
        let name = format!("data/set/c{}/{number}.pgm", number % 2);
        put(here.path(), &name, pgm(28, number % 2, number));
    }
    put(here.path(), "data/set/c0/.hidden.pgm", "x");
    put(here.path(), "data/set/c1/notes.txt", "x");
    put(here.path(), "c.yaml", FOLDER);
    let output = harness(here.path(), &["c.yaml"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    for line in [
        "data.target: 1 hidden file left out (c0/.hidden.pgm)",
        "data.target: 1 file of another ending left out (c1/notes.txt)",
        "1 cells measured",
    ] {
        assert!(err(&output).contains(line), "{line}: {}", err(&output));
    }
}

#[test]
fn images_that_one_backbone_cannot_take_are_refused_by_plan() {
    let here = folder();
    put(here.path(), "c.yaml", FOLDER);
    for (set, why) in [
        (
            "data.target=cifar10",
            "cifar10 is RGB, strokes in `data.source` is grey",
        ),
        ("data.target=celeba", "celeba has images of 64 x 64"),
        (
            "data.target={ image_folder: { path: set, colour: rgb } }",
            "an `image_folder` without `colour` follows the others",
        ),
        (
            "data.target={ mixed: [mnist, cifar10] }",
            "data.target.mixed[1]",
        ),
    ] {
        for command in ["plan", "run"] {
            let output = harness(here.path(), &[command, "c.yaml", "--set", set]);
            assert_eq!(code(&output), 2, "{set}: {}", err(&output));
            assert!(err(&output).contains(why), "{set}: {}", err(&output));
            assert!(!err(&output).contains("ImageShape"), "{}", err(&output));
        }
    }
}

#[test]
fn nobody_reading_what_is_said_does_not_end_the_work() {
    let here = folder();
    put(
        here.path(),
        "data/table.csv",
        table(400, 10, |class| class.to_string()),
    );
    put(here.path(), "c.yaml", config(UNMIXING));
    // `2>&1 | head -0` and `2>&1 | head -1`.
    for lines in [0, 1] {
        let results = format!("after {lines}");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("harness"))
            .current_dir(here.path())
            .env_remove("RHEA_DATA")
            .args(["c.yaml", "--results", &results])
            .stdout(writer.try_clone().expect("a second end"))
            .stderr(writer)
            .stdin(Stdio::null())
            .spawn()
            .expect("it starts");
        let said = std::io::BufReader::new(reader).lines().take(lines);
        let said: Vec<String> = said.map(|line| line.expect("a line")).collect();
        assert_eq!(said.len(), lines);
        // The reader is gone by now.
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
        for file in [
            "resolved.yaml",
            "results.csv",
            "report.html",
            "provenance.json",
        ] {
            let path = here.path().join(&results).join("features").join(file);
            assert!(path.exists(), "{}", path.display());
        }
    }
}

#[test]
fn an_empty_data_folder_in_the_environment_is_none() {
    let here = folder();
    let list = |value: &str| {
        Command::cargo_bin("harness")
            .expect("the binary is built")
            .current_dir(here.path())
            .env("RHEA_DATA", value)
            .args(["data", "list"])
            .output()
            .expect("it starts")
    };
    let empty = list("");
    assert_eq!(code(&empty), 0, "{}", err(&empty));
    assert!(
        out(&empty).contains("looked for data/mnist/"),
        "{}",
        out(&empty)
    );
    assert!(out(&list("elsewhere")).contains("looked for elsewhere/mnist/"));
}

#[test]
fn damaged_archives_are_named_without_what_a_terminal_obeys() {
    let here = folder();
    put(
        here.path(),
        "data/tinyimagenet32/tiny-imagenet-200.zip",
        b"\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    );
    let output = harness(here.path(), &["data", "verify", "tiny_imagenet32"]);
    assert_eq!(code(&output), 4);
    let said = out(&output);
    assert!(said.contains("tiny-imagenet-200.zip"), "{said}");
    assert!(said.contains("neither a zip nor a tar archive"), "{said}");
    assert!(
        !said.chars().any(|c| c.is_control() && c != '\n'),
        "{said:?}"
    );
}
