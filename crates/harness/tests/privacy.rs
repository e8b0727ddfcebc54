//! `harness privacy` as a shell sees it: both relations, noise from risk, audits of plain files.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const RUN: [&str; 6] = [
    "--sample-rate",
    "0.5",
    "--steps",
    "64",
    "--delta",
    "0.07943282347242814",
];

fn privacy(folder: &Path, args: &[&str]) -> Output {
    Command::cargo_bin("harness")
        .expect("the binary is built")
        .current_dir(folder)
        .env_remove("RHEA_DATA")
        .arg("privacy")
        .args(args)
        .output()
        .expect("it starts")
}

fn json(output: &Output) -> serde_json::Value {
    let (text, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn number(answer: &serde_json::Value, key: &str) -> f64 {
    answer[key]
        .as_f64()
        .unwrap_or_else(|| panic!("{key} in {answer}"))
}

#[test]
fn every_answer_has_both_relations() {
    let here = tempfile::tempdir().expect("a folder");
    let noise = json(&privacy(
        here.path(),
        &[&["noise", "--epsilon", "20", "--json"][..], &RUN].concat(),
    ));
    assert!(number(&noise, "epsilon_add_remove") <= 20.0, "{noise}");
    let replaced = number(&noise, "epsilon_replace_one");
    assert!((replaced - 44.1).abs() < 0.06, "{noise}");
    let sigma = number(&noise, "noise_multiplier").to_string();
    for relation in ["add_remove", "replace_one"] {
        let question = [
            "epsilon",
            "--noise-multiplier",
            &sigma,
            "--neighbour",
            relation,
        ];
        let output = privacy(here.path(), &[&question[..], &RUN].concat());
        let said = text(&output.stdout);
        assert!(
            said.contains("add_remove") && said.contains("replace_one"),
            "{said}"
        );
        let answer = json(&privacy(
            here.path(),
            &[&question[..], &RUN, &["--json"]].concat(),
        ));
        assert_eq!(
            number(&answer, "epsilon"),
            number(&answer, &format!("epsilon_{relation}"))
        );
        assert!(number(&answer, "epsilon_add_remove") <= 20.0, "{answer}");
    }
}

#[test]
fn noise_follows_from_a_risk() {
    let here = tempfile::tempdir().expect("a folder");
    for (asked, most) in [
        (["--max-tpr", "0.05", "--at-fpr", "0.01"], 0.05),
        (["--max-reconstruction", "0.1", "--blind", "0.02"], 0.1),
    ] {
        let question = [
            &["noise", "--neighbour", "replace_one", "--json"][..],
            &asked,
            &RUN,
        ]
        .concat();
        let answer = json(&privacy(here.path(), &question));
        let bound = number(&answer["risk"], "bound");
        assert!(bound <= most && bound > most * (1.0 - 1e-4), "{answer}");
        assert!(number(&answer, "epsilon_replace_one") > 0.0, "{answer}");
        // Text says it in words.
        let question = [&["noise", "--neighbour", "replace_one"][..], &asked, &RUN].concat();
        let said = text(&privacy(here.path(), &question).stdout);
        assert!(said.contains("; no attack "), "{said}");
    }
    for (asked, why) in [
        (vec!["noise"], "required"),
        (vec!["noise", "--max-tpr", "0.05"], "--at-fpr"),
        (
            vec![
                "noise",
                "--epsilon",
                "1",
                "--max-tpr",
                "0.05",
                "--at-fpr",
                "0.01",
            ],
            "cannot be used with",
        ),
        (
            vec!["noise", "--max-tpr", "0.01", "--at-fpr", "0.05"],
            "largest TPR is 0.01",
        ),
        (
            vec!["noise", "--max-reconstruction", "nan", "--blind", "0.05"],
            "NaN",
        ),
        (vec!["noise", "--epsilon", "1e300"], "gives epsilon "),
        (
            vec!["epsilon", "--noise-multiplier", "nan"],
            "noise multiplier is NaN",
        ),
    ] {
        let output = privacy(here.path(), &[&asked[..], &RUN].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{asked:?}: {said}");
        assert!(said.contains(why), "{asked:?}: {said}");
    }
    let huge = privacy(
        here.path(),
        &[&["epsilon", "--noise-multiplier", "1e155"][..], &RUN].concat(),
    );
    assert_eq!(huge.status.code(), Some(0), "{}", text(&huge.stderr));
}

/// Scores of a threshold attack on Laplace noise of scale 1/ε, which is ε-private and no more.
fn laplace(path: &Path, shift: f64, epsilon: f64, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let scores: Vec<String> = (0..20_000)
        .map(|_| {
            let u: f64 = rng.random::<f64>() - 0.5;
            let noise = -u.signum() * (1.0 - 2.0 * u.abs()).ln() / epsilon;
            (shift + noise).to_string()
        })
        .collect();
    std::fs::write(path, format!("# scores\n\n{}\n", scores.join("\n"))).expect("it is written");
}

#[test]
fn audits_take_plain_files_from_any_mechanism() {
    let here = tempfile::tempdir().expect("a folder");
    laplace(&here.path().join("in.txt"), 1.0, 1.5, 1);
    laplace(&here.path().join("out.txt"), 0.0, 1.5, 2);
    let ask = |more: &[&str]| {
        let question = [&["audit", "in.txt", "out.txt", "--json"], more].concat();
        json(&privacy(here.path(), &question))
    };
    let answer = ask(&[]);
    let shown = number(&answer, "epsilon_lower_bound");
    assert!((1.2..=1.5).contains(&shown), "{answer}");
    assert!(answer.get("delta").is_none(), "{answer}");
    // A δ allows a little more to a mechanism, and shows a little less.
    let with_delta = ask(&["--delta", "0.01"]);
    assert!(
        number(&with_delta, "epsilon_lower_bound") < shown,
        "{with_delta}"
    );
    assert!(number(&with_delta, "gaussian_epsilon_lower_bound") > 0.0);
    // Small scores may speak for the target as well as large ones.
    let swapped = json(&privacy(
        here.path(),
        &["audit", "out.txt", "in.txt", "--json"],
    ));
    assert!(number(&swapped, "epsilon_lower_bound") > 1.2, "{swapped}");
    // The same scores on both sides show nothing.
    let nothing = json(&privacy(
        here.path(),
        &["audit", "out.txt", "out.txt", "--json"],
    ));
    assert!(number(&nothing, "epsilon_lower_bound") < 0.1, "{nothing}");
    let one_run = ask(&["--one-run", "--delta", "1e-6"]);
    let shown = number(&one_run, "one_run_epsilon_lower_bound");
    assert!((0.9..=1.5).contains(&shown), "{one_run}");
    let said = text(&privacy(here.path(), &["audit", "in.txt", "out.txt"]).stdout);
    assert!(said.starts_with("epsilon is above 1."), "{said}");
    assert!(
        said.contains("were it a Gaussian mechanism: mu is above "),
        "{said}"
    );
}

#[test]
fn files_that_hold_no_scores_are_named_with_the_line() {
    let here = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(here.path().join(name), bytes).expect("it is written");
    };
    write("good.txt", b"1\n2\n3\n4\n");
    write("one.txt", b"1\n");
    write("equal.txt", b"4\n4\n");
    write("same.txt", b"4\n4\n4\n");
    write("empty.txt", b"\n# nothing\n");
    write("words.txt", b"1.5\nscore\n");
    write("nan.txt", b"1\n2\nNaN\n");
    write("binary.txt", &[b'1', b'\n', 0xff, 0xfe, 0x00]);
    write("escape.txt", b"1\n\x1b[31mred\n");
    std::fs::create_dir(here.path().join("folder")).expect("a folder");
    for (inside, outside, code, why) in [
        ("missing.txt", "good.txt", 4, "missing.txt: cannot read"),
        ("folder", "good.txt", 4, "folder: not a file"),
        ("empty.txt", "good.txt", 4, "empty.txt: no scores"),
        ("words.txt", "good.txt", 4, "words.txt: line 2 is `score`"),
        ("good.txt", "nan.txt", 4, "nan.txt: line 3 is `NaN`"),
        (
            "binary.txt",
            "good.txt",
            4,
            "binary.txt: no text after byte 2",
        ),
        ("escape.txt", "good.txt", 4, "line 2 is `\\u{1b}[31mred`"),
        ("one.txt", "good.txt", 2, "1 IN scores"),
        ("equal.txt", "same.txt", 2, "all equal"),
    ] {
        let output = privacy(here.path(), &["audit", inside, outside]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{inside}: {said}");
        assert!(said.contains(why), "{inside}: {said}");
        assert!(said.contains("\nhint: "), "{inside}: {said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn a_canary_audits_the_trainer_itself() {
    let here = tempfile::tempdir().expect("a folder");
    let ask = |more: &[&str]| {
        let run = ["canary", "--sample-rate", "0.5", "--steps", "64"];
        privacy(here.path(), &[&run[..], more].concat())
    };
    let few = ["--heads", "2000", "--json"];
    let answer = json(&ask(&[&["--epsilon", "10"][..], &few].concat()));
    let (claimed, shown) = (
        number(&answer, "epsilon_claimed"),
        number(&answer, "epsilon_lower_bound"),
    );
    assert!((9.999..=10.0).contains(&claimed), "{answer}");
    assert!(shown > 4.0 && shown <= claimed, "{answer}");
    // The same noise, asked for by itself, has the same claim and the same heads.
    let noise = number(&answer, "noise_multiplier").to_string();
    let same = json(&ask(&[&["--noise-multiplier", &noise][..], &few].concat()));
    assert_eq!(same, answer);
    let said = text(&ask(&["--epsilon", "10", "--heads", "500"]).stdout);
    assert!(said.starts_with("claimed: epsilon "), "{said}");
    assert!(said.contains("\nshown by 500 heads a side: "), "{said}");
    assert!(!said.contains("does not hold"), "{said}");
    for (more, why) in [
        (&["--epsilon", "10", "--records", "2"][..], "expected batch"),
        (&["--epsilon", "10", "--records", "1"], "records"),
        (&["--epsilon", "10", "--heads", "1"], "1 IN scores"),
        (&["--epsilon", "10", "--heads", "99999999999"], "at most"),
        (&["--epsilon", "0"], "epsilon is 0"),
        (&["--noise-multiplier", "0"], "noise multiplier 0"),
        (&[], "--epsilon"),
    ] {
        let output = ask(more);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {said}");
        assert!(said.contains(why), "{more:?}: {said}");
    }
}
