//! The command as a shell sees it: what it prints, where, and how it ends.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

const BROKEN: &str = "name: broken\ndata:\n  source: { strokes: { classes: letters, images: 2600 } }\n  target: { strokes: { classes: digits, images: 2000 } }\nsweep:\n  shots: [1, 0]\n  defense: none\n";

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

#[test]
fn help_names_the_commands_and_the_exit_codes() {
    let here = folder();
    let help = harness(here.path(), &["--help"]);
    assert_eq!(code(&help), 0);
    for word in [
        "run",
        "plan",
        "audit",
        "check",
        "show",
        "privacy",
        "rhe",
        "bench",
        "data",
        "schema",
        "Exit codes",
        "--set",
        "--jobs",
    ] {
        assert!(out(&help).contains(word), "{word}");
    }
    let nothing = harness(here.path(), &[]);
    assert_eq!((code(&nothing), out(&nothing).as_str()), (2, ""));
}

#[test]
fn a_broken_config_ends_with_two_before_anything_is_written() {
    let here = folder();
    std::fs::write(here.path().join("broken.yaml"), BROKEN).expect("it is written");
    for args in [["run", "broken.yaml"], ["plan", "broken.yaml"]] {
        let output = harness(here.path(), &args);
        assert_eq!((code(&output), out(&output).as_str()), (2, ""));
        let said = err(&output);
        assert!(
            said.starts_with("error: broken.yaml:7:3: `sweep.defense`: unknown key, expected "),
            "{said}"
        );
        assert!(
            said.ends_with("\nhint: did you mean `defence`?\n"),
            "{said}"
        );
    }
    assert_eq!(std::fs::read_dir(here.path()).expect("a folder").count(), 1);
}

#[test]
fn overrides_and_missing_files_end_with_two() {
    let here = folder();
    std::fs::write(
        here.path().join("good.yaml"),
        BROKEN
            .replace("  defense: none\n", "")
            .replace("[1, 0]", "1"),
    )
    .expect("it is written");
    let output = harness(here.path(), &["good.yaml", "--set", "victims=none"]);
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).starts_with(
            "error: --set victims=none: `victims`: found `none`, expected a whole number"
        ),
        "{}",
        err(&output)
    );
    let output = harness(here.path(), &["good.yaml", "--set", "victims"]);
    assert_eq!(code(&output), 2);
    let output = harness(here.path(), &["absent.yaml"]);
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).starts_with("error: cannot read the config absent.yaml: "),
        "{}",
        err(&output)
    );
    let output = harness(here.path(), &["good.yaml", "good.yaml"]);
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("hint: give one of them another `name`"),
        "{}",
        err(&output)
    );
}

#[test]
fn messages_have_no_colour_where_there_is_no_terminal_or_none_is_wanted() {
    let here = folder();
    for no_colour in [None, Some("1")] {
        let mut command = Command::cargo_bin("harness").expect("the binary is built");
        command
            .current_dir(here.path())
            .arg("absent.yaml")
            .env_remove("NO_COLOR");
        if let Some(value) = no_colour {
            command.env("NO_COLOR", value);
        }
        let output = command.output().expect("it starts");
        assert!(!output.stderr.contains(&0x1b), "{}", err(&output));
    }
}

#[test]
fn the_schema_is_json_and_knows_the_keys() {
    let here = folder();
    let output = harness(here.path(), &["schema"]);
    assert_eq!((code(&output), err(&output).as_str()), (0, ""));
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert!(schema["properties"]["sweep"].is_object());
    assert!(schema["$defs"]["DpSgd"]["properties"]["epsilon"].is_object());
}

#[test]
fn epsilon_and_noise_answer_each_other() {
    let here = folder();
    let run = [
        "--sample-rate",
        "0.5",
        "--steps",
        "64",
        "--delta",
        "0.07943282347242814",
    ];
    let ask = |question: &[&str]| {
        let output = harness(here.path(), &[&["privacy"], question, &run].concat());
        assert_eq!(code(&output), 0, "{}", err(&output));
        assert_eq!(out(&output).lines().count(), 1);
        out(&output)
    };
    // Opacus 1.5.3: the RDP accountant spends 6.4079 here, the PRV accountant 5.03 to 5.05.
    let rdp: serde_json::Value = serde_json::from_str(&ask(&[
        "epsilon",
        "--noise-multiplier",
        "1.82",
        "--accountant",
        "rdp",
        "--json",
    ]))
    .expect("JSON");
    let epsilon = rdp["epsilon"].as_f64().expect("a number");
    assert!((6.40..=6.4080).contains(&epsilon), "{epsilon}");
    let prv: serde_json::Value =
        serde_json::from_str(&ask(&["epsilon", "--noise-multiplier", "1.82", "--json"]))
            .expect("JSON");
    let epsilon = prv["epsilon"].as_f64().expect("a number");
    assert!((5.02..=5.05).contains(&epsilon), "{epsilon}");
    let noise: serde_json::Value = serde_json::from_str(&ask(&[
        "noise",
        "--epsilon",
        &epsilon.to_string(),
        "--json",
    ]))
    .expect("JSON");
    let sigma = noise["noise_multiplier"].as_f64().expect("a number");
    assert!((sigma - 1.82).abs() < 1e-3, "{sigma}");
    assert!(ask(&["epsilon", "--noise-multiplier", "1.82"]).starts_with("epsilon 5.0"));
}

#[test]
fn privacy_questions_without_an_answer_end_with_two_and_say_why() {
    let here = folder();
    for (args, why) in [
        (
            [
                "epsilon",
                "--noise-multiplier",
                "0",
                "--sample-rate",
                "0.5",
                "--steps",
                "64",
                "--delta",
                "0.1",
            ],
            "noise multiplier 0",
        ),
        (
            [
                "epsilon",
                "--noise-multiplier",
                "1",
                "--sample-rate",
                "1.5",
                "--steps",
                "64",
                "--delta",
                "0.1",
            ],
            "sample rate is 1.5",
        ),
        (
            [
                "noise",
                "--epsilon",
                "-1",
                "--sample-rate",
                "0.5",
                "--steps",
                "64",
                "--delta",
                "0.1",
            ],
            "epsilon is -1",
        ),
        (
            [
                "noise",
                "--epsilon",
                "1",
                "--sample-rate",
                "0.5",
                "--steps",
                "0",
                "--delta",
                "0.1",
            ],
            "steps is 0",
        ),
        (
            [
                "noise",
                "--epsilon",
                "1",
                "--sample-rate",
                "0.5",
                "--steps",
                "64",
                "--delta",
                "1",
            ],
            "delta is 1",
        ),
    ] {
        let output = harness(here.path(), &[&["privacy"], args.as_slice()].concat());
        assert_eq!((code(&output), out(&output).as_str()), (2, ""), "{args:?}");
        assert!(err(&output).contains(why), "{}", err(&output));
        assert!(err(&output).contains("\nhint: "), "{}", err(&output));
    }
}

#[test]
fn data_is_listed_and_verified() {
    let here = folder();
    let list = harness(here.path(), &["data", "list"]);
    assert_eq!(code(&list), 0);
    assert!(
        out(&list).starts_with("strokes: embedded\n"),
        "{}",
        out(&list)
    );
    assert!(
        out(&list).contains("\nmnist: not there\n"),
        "{}",
        out(&list)
    );
    assert_eq!(code(&harness(here.path(), &["data", "verify"])), 0);
    let named = harness(here.path(), &["data", "verify", "mnist"]);
    assert_eq!(code(&named), 4, "{}", out(&named));
    let unknown = harness(here.path(), &["data", "verify", "mnits"]);
    assert_eq!(code(&unknown), 2);
    assert!(
        err(&unknown).contains("no dataset is called `mnits`"),
        "{}",
        err(&unknown)
    );

    std::fs::create_dir_all(here.path().join("other/mnist")).expect("a folder");
    for part in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"] {
        std::fs::write(here.path().join("other/mnist").join(part), [0; 9]).expect("it is written");
    }
    let damaged = harness(here.path(), &["--data", "other", "data", "verify", "mnist"]);
    assert_eq!(code(&damaged), 4, "{}", out(&damaged));
    assert!(
        out(&damaged).starts_with("mnist: damaged: "),
        "{}",
        out(&damaged)
    );
    assert!(
        out(&damaged).contains("train-images-idx3-ubyte"),
        "{}",
        out(&damaged)
    );
}
