//! `check` and `show` on tables that are kept with the project.

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn harness(args: &[&str]) -> Output {
    Command::cargo_bin("harness")
        .expect("the binary is built")
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

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Every table of results that is kept.
fn kept() -> Vec<PathBuf> {
    let mut tables = vec![project("results/baseline/quickstart.csv")];
    for folder in std::fs::read_dir(project("experiments")).expect("experiments") {
        let Ok(files) = std::fs::read_dir(folder.expect("an entry").path()) else {
            continue;
        };
        for file in files {
            let path = file.expect("an entry").path();
            let csv = path.extension().is_some_and(|ending| ending == "csv");
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            // Tables of something else than cells.
            let others = ["both_ways", "classes", "pairs"];
            if csv && !others.iter().any(|other| name.starts_with(other)) {
                tables.push(path);
            }
        }
    }
    tables
}

#[test]
fn no_kept_table_has_two_rows_that_ask_for_the_same_and_order_does_not_matter() {
    let folder = tempfile::tempdir().expect("a folder");
    for table in kept() {
        let original = std::fs::read_to_string(&table).expect("a table");
        let mut lines: Vec<&str> = original.lines().collect();
        lines[1..].reverse();
        let reversed = folder.path().join("reversed.csv");
        std::fs::write(&reversed, lines.join("\n") + "\n").expect("it is written");
        let check = harness(&["check", &text(&reversed), "--baseline", &text(&table)]);
        let said = out(&check);
        assert_eq!(code(&check), 0, "{}: {said}", table.display());
        assert!(said.contains("ok: ") && !said.contains(" new"), "{said}");
    }
}

#[test]
fn rows_that_cannot_be_told_apart_are_an_error() {
    let table = project("results/baseline/quickstart.csv");
    let original = std::fs::read_to_string(&table).expect("a table");
    let twice = format!("{original}{}\n", original.lines().nth(1).expect("a row"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("twice.csv");
    std::fs::write(&path, twice).expect("it is written");
    let check = harness(&["check", &text(&path), "--baseline", &text(&table)]);
    assert_eq!(code(&check), 4);
    let said = String::from_utf8_lossy(&check.stderr).into_owned();
    assert!(said.contains("cannot tell rows 1 and 5 of "), "{said}");
}

/// Rows of a table without quoted line ends.
fn rows(path: &str) -> usize {
    let table = std::fs::read_to_string(path).expect("a table");
    table.lines().count() - 1
}

#[test]
fn thresholds_and_formats_are_asked_for() {
    let table = text(&project("results/baseline/quickstart.csv"));
    let other = text(&project("experiments/rhe/results.csv"));
    let check = |more: &[&str]| {
        let mut args = vec!["check", &other, "--baseline", &table];
        args.extend(more);
        harness(&args)
    };
    // Another experiment: everything is missing, and everything is new.
    let rows = rows(&other);
    let plain = check(&[]);
    assert_eq!(code(&plain), 3);
    let end = format!("(4 missing, {rows} new)\n");
    assert!(out(&plain).ends_with(&end), "{}", out(&plain));
    let markdown = check(&["--format", "markdown"]);
    assert_eq!(code(&markdown), 3);
    assert!(
        out(&markdown).contains("| **missing**"),
        "{}",
        out(&markdown)
    );
    let junit = check(&["--format", "junit"]);
    assert_eq!(code(&junit), 3);
    assert!(out(&junit).starts_with("<?xml") && out(&junit).contains("errors=\"4\""));
    assert_eq!(code(&check(&["--attack-fall", "2"])), 2);
    assert_eq!(code(&check(&["--leak-rise", "nan"])), 2);
}

#[test]
fn a_baseline_is_saved_and_held() {
    let table = text(&project("experiments/rhe/results.csv"));
    let folder = tempfile::tempdir().expect("a folder");
    let baseline = text(&folder.path().join("baseline.csv"));
    let save = harness(&["check", &table, "--baseline", &baseline, "--save"]);
    assert_eq!(code(&save), 0);
    assert!(
        out(&save).starts_with(&format!("saved: {} cells in ", rows(&table))),
        "{}",
        out(&save)
    );
    assert_eq!(
        std::fs::read_to_string(&baseline).expect("it was saved"),
        std::fs::read_to_string(&table).expect("a table"),
        "the bytes of a table do not change when it is saved"
    );
    assert_eq!(
        code(&harness(&["check", &table, "--baseline", &baseline])),
        0
    );
}

#[test]
fn several_results_have_a_folder_of_baselines() {
    let tables =
        ["rhe", "quickstart"].map(|it| text(&project(&format!("experiments/{it}/results.csv"))));
    let folder = tempfile::tempdir().expect("a folder");
    let results = |name: &str| folder.path().join("results").join(name);
    let mut given = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let own = results(&format!("run {at}"));
        std::fs::create_dir_all(&own).expect("a folder");
        std::fs::copy(table, own.join("results.csv")).expect("a copy");
        given.push(text(&own));
    }
    let baseline = text(&results("baseline"));
    let check = |results: &[String], more: &[&str]| {
        let mut args: Vec<&str> = vec!["check", "--baseline", &baseline];
        args.extend(results.iter().map(String::as_str));
        args.extend(more);
        harness(&args)
    };
    let err = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let saved = check(&given, &["--save"]);
    assert_eq!(code(&saved), 0, "{}", err(&saved));
    for (at, name) in ["rhe", "quickstart"].iter().enumerate() {
        let file = results("baseline").join(format!("{name}.csv"));
        assert_eq!(
            std::fs::read_to_string(file).expect("it was saved"),
            std::fs::read_to_string(&tables[at]).expect("a table")
        );
    }
    // As a shell gives `results/*`: the baselines are among them.
    let all = [&given[..], std::slice::from_ref(&baseline)].concat();
    let held = check(&all, &[]);
    assert_eq!(code(&held), 0, "{}", err(&held));
    let cells: usize = tables.iter().map(|table| rows(table)).sum();
    let said = out(&held);
    assert!(
        said.starts_with("ok: ") || said.contains("\nok: "),
        "{said}"
    );
    let compared: usize = said
        .split("ok: ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .and_then(|count| count.parse().ok())
        .expect("a count");
    assert!(compared >= cells, "{said}");
    // One experiment that fell short is enough.
    let worse = results("run 1").join("results.csv");
    let text = std::fs::read_to_string(&worse).expect("a table");
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&worse, format!("{}\n", lines[..2].join("\n"))).expect("it is written");
    let short = check(&all, &[]);
    assert_eq!(code(&short), 3);
    assert!(out(&short).contains("missing"), "{}", out(&short));

    let refused = |output: Output, exit: i32, words: &str| {
        let said = err(&output);
        assert_eq!(code(&output), exit, "{said}");
        assert!(said.contains(words) && said.contains("hint: "), "{said}");
    };
    let twice = [given[0].clone(), given[0].clone()];
    refused(check(&twice, &[]), 2, "results of one experiment");
    refused(
        check(std::slice::from_ref(&baseline), &[]),
        2,
        "no results beside the baselines",
    );
    let one = harness(&["check", &given[0], &given[1], "--baseline", &tables[0]]);
    refused(one, 2, "one baseline for several results");
    std::fs::remove_file(results("baseline").join("quickstart.csv")).expect("it is there");
    refused(check(&given, &[]), 4, "has no baseline for");
    // A name from elsewhere does not lead out of the folder.
    std::fs::write(&worse, text.replace("\nquickstart,", "\n../quickstart,")).expect("written");
    refused(check(&given, &["--save"]), 4, "names no file");
    assert!(!results("quickstart.csv").exists());
}

#[test]
fn runs_are_shown_by_what_leaked() {
    let one = text(&project("experiments/rhe/results.csv"));
    let other = text(&project("experiments/quickstart/results.csv"));
    let show = harness(&["show", &one, &other]);
    assert_eq!(code(&show), 0);
    let said = out(&show);
    let rates: Vec<f64> = said
        .lines()
        .filter_map(|line| {
            line.split(" % [")
                .next()?
                .rsplit("  ")
                .next()?
                .trim()
                .parse()
                .ok()
        })
        .collect();
    let all = rows(&one) + rows(&other);
    assert_eq!(rates.len(), all, "{said}");
    assert!(rates.windows(2).all(|pair| pair[0] >= pair[1]), "{said}");
    assert!(
        said.lines()
            .next()
            .is_some_and(|line| line.contains("dataset: strokes digits"))
    );
    let csv = out(&harness(&["show", &one, &other, "--format", "csv"]));
    assert!(csv.starts_with("run,experiment,dataset,") && csv.lines().count() == all + 1);

    let compared = harness(&["show", "--compare", &other, &one]);
    assert_eq!(code(&compared), 0);
    let said = out(&compared);
    assert!(said.contains("1 shot, none, weights, unmixing"), "{said}");
    assert_eq!(code(&harness(&["show"])), 2);
    assert_eq!(code(&harness(&["show", "absent.csv"])), 4);
}

#[test]
fn figures_are_drawn_from_kept_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let drawn = text(&folder.path().join("drawn"));
    let kept = text(&project("experiments/few_shots/shots.csv"));
    let shown = harness(&["show", &kept, "--figures", &drawn]);
    assert_eq!(code(&shown), 0);
    let said = out(&shown);
    for name in ["crossover", "shots", "trade-off"] {
        for ending in ["svg", "png", "csv"] {
            let path = format!("{drawn}/{name}.{ending}");
            assert!(said.lines().any(|line| line == path), "{path}: {said}");
            assert!(std::fs::metadata(&path).is_ok_and(|it| it.len() > 0));
        }
    }
    // The rows of two runs are drawn as one, and nothing is drawn of what has no figure.
    let (head, rows) = std::fs::read_to_string(&kept)
        .map(|all| {
            let (head, rows) = all.split_once('\n').expect("a head");
            (head.to_owned(), rows.to_owned())
        })
        .expect("it is kept");
    let parts = [true, false].map(|first| {
        let path = folder.path().join(format!("{first}.csv"));
        let few = rows
            .lines()
            .filter(|row| row.contains(",linear,1,") == first);
        let few: Vec<&str> = few.collect();
        std::fs::write(&path, format!("{head}\n{}\n", few.join("\n"))).expect("written");
        text(&path)
    });
    let again = text(&folder.path().join("again"));
    assert_eq!(
        code(&harness(&[
            "show",
            &parts[0],
            &parts[1],
            "--figures",
            &again
        ])),
        0
    );
    let numbers = |of: &str| std::fs::read(format!("{of}/crossover.csv")).expect("drawn");
    assert_eq!(numbers(&drawn), numbers(&again));
    let none = folder.path().join("none.csv");
    std::fs::write(&none, format!("{head}\n")).expect("written");
    let refused = harness(&["show", &text(&none), "--figures", &again]);
    assert_eq!(code(&refused), 4);
    let twice = harness(&["show", &kept, &kept, "--figures", &again]);
    assert_eq!(code(&twice), 4);
    // What is read, or any other results, is not written over: `shots.csv` is a figure's name too.
    let own = folder.path().join("own");
    std::fs::create_dir(&own).expect("made");
    let whole = std::fs::read(&kept).expect("kept");
    for left in [whole.len(), whole.len() / 2 + 7] {
        std::fs::write(own.join("shots.csv"), &whole[..left]).expect("written");
        let over = harness(&["show", &kept, "--figures", &text(&own)]);
        assert_eq!(code(&over), 2);
        let now = std::fs::read(own.join("shots.csv")).expect("kept");
        assert_eq!(now, whole[..left]);
    }
    assert_eq!(code(&harness(&["show", &kept, "--figures", &again])), 0);
}
