//! What README and docs say is so: commands run or at least parse, YAML checks, links lead somewhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assert_cmd::cargo::CommandCargoExt;
use clap::CommandFactory;
use harness::cli::{Cli, DataCommand, PrivacyCommand, RheCommand};
use harness::exit::Exit;

mod pages;
#[path = "../shell/mod.rs"]
mod shell;
mod words;

use pages::{blocks, pages, prose, read, root, spans};
use words::{commands, expanded, of_harness};

/// A folder that holds what the pages speak of: the configs, a baseline and the same as results, a head,
/// features, an attack's scores.
fn stage() -> shell::Shell {
    let stage = shell::Shell::new();
    std::os::unix::fs::symlink(root().join("configs"), stage.path("configs")).expect("a link");
    for folder in ["results/baseline", "results/quickstart"] {
        std::fs::create_dir_all(stage.path(folder)).expect("a folder");
    }
    let baseline = root().join("results/baseline/quickstart.csv");
    for copy in [
        "results/baseline/quickstart.csv",
        "results/quickstart/results.csv",
    ] {
        shell::copy(&stage, &baseline, copy);
    }
    let values: Vec<f32> = (0..64)
        .map(|at| ((at * 37) % 64) as f32 / 64.0 - 0.5)
        .collect();
    let (weight, bias) = (
        ("weight", &[4_usize, 16][..], &values[..]),
        ("bias", &[4_usize][..], &values[..4]),
    );
    stage.head(&[weight, bias], &[]);
    stage.features("features.npy", 16, &values);
    stage.features("coef.npy", 16, &values);
    let mut intercept = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }";
    intercept.extend(format!("{header:<117}\n").bytes());
    intercept.extend(values[..4].iter().flat_map(|value| value.to_le_bytes()));
    std::fs::write(stage.path("intercept.npy"), intercept).expect("it is written");
    for (name, shift) in [("scores-in.txt", 1), ("scores-out.txt", 0)] {
        let scores: Vec<String> = (0..200)
            .map(|at| ((at * 17) % 200 + 40 * shift).to_string())
            .collect();
        std::fs::write(stage.path(name), scores.join("\n")).expect("it is written");
    }
    stage
}

/// Runs `harness` in the stage's folder; whatever it says, it must be done.
fn done(stage: &shell::Shell, arguments: &[&str], place: &str) {
    let mut command = Command::cargo_bin("harness").expect("the binary is built");
    let output = command
        .current_dir(stage.path("."))
        .env_remove("RHEA_DATA")
        .stdin(Stdio::null())
        .args(arguments)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{place}: harness {arguments:?}: {said}"
    );
}

/// Runs what needs no data, plans what would take long, and reads the rest.
fn check_harness(stage: &shell::Shell, words: &[String], place: &str) {
    let words: Vec<String> = words
        .iter()
        .flat_map(|word| expanded(word, &stage.path(".")))
        .collect();
    let line = ["harness".to_owned()]
        .into_iter()
        .chain(words.iter().cloned());
    let cli = Cli::read(line.map(Into::into)).unwrap_or_else(|error| panic!("{place}: {error}"));
    let as_written: Vec<&str> = words.iter().map(String::as_str).collect();
    use harness::cli::Command as C;
    let configs: &[PathBuf] = match &cli.command {
        C::Run(args) => &args.configs.configs,
        C::Plan(args) | C::Merge(args) => &args.configs,
        C::Slurm(args) => &args.configs.configs,
        // The reader's own config is not at hand.
        C::Audit(args) if !args.config.starts_with("configs") => return,
        C::Audit(args) => std::slice::from_ref(&args.config),
        C::Privacy(
            PrivacyCommand::Epsilon(_) | PrivacyCommand::Noise(_) | PrivacyCommand::Audit(_),
        )
        | C::Data(DataCommand::List)
        | C::Cache(_)
        | C::Schema(_)
        | C::Check(_)
        | C::Show(_)
        | C::Rhe(
            RheCommand::Keygen(_)
            | RheCommand::Protect(_)
            | RheCommand::Classify(_)
            | RheCommand::Reveal(_)
            | RheCommand::Count(_),
        ) => return done(stage, &as_written, place),
        C::Data(DataCommand::Verify { .. })
        | C::Bench(_)
        | C::Privacy(PrivacyCommand::Canary(_)) => return,
    };
    for config in configs {
        assert!(
            root().join(config).is_file(),
            "{place}: no {}",
            config.display()
        );
    }
    let at_hand = |config: &&PathBuf| !config.starts_with("configs/paper");
    let mut plan = vec!["plan".to_owned()];
    plan.extend(
        configs
            .iter()
            .filter(at_hand)
            .map(|config| config.display().to_string()),
    );
    for setting in &cli.options.overrides {
        plan.extend(["--set".to_owned(), setting.clone()]);
    }
    if configs.iter().any(|config| at_hand(&config)) {
        done(
            stage,
            &plan.iter().map(String::as_str).collect::<Vec<_>>(),
            place,
        );
    }
    let paths: Vec<PathBuf> = configs.iter().map(|config| root().join(config)).collect();
    config::load(&paths, &cli.options.overrides).unwrap_or_else(|error| panic!("{place}: {error}"));
}

fn check(stage: &shell::Shell, words: &[String], place: &str) {
    if let Some(words) = of_harness(words) {
        return check_harness(stage, words, place);
    }
    let exists = |path: &str| assert!(root().join(path).exists(), "{place}: no {path}");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["cargo", "install", ..] => {}
        ["cargo", "fuzz", "run", rest @ ..] => {
            let rest = rest.strip_prefix(&["--sanitizer", "none"]).unwrap_or(rest);
            exists(&format!("fuzz/fuzz_targets/{}.rs", rest[0]));
        }
        ["cargo", "build" | "test" | "run", rest @ ..] => {
            for pair in rest.windows(2) {
                match pair {
                    ["-p", name] => exists(&format!("crates/{name}")),
                    ["--test", name] => {
                        let all = std::fs::read_dir(root().join("crates")).expect("crates");
                        let file = format!("tests/{name}.rs");
                        let mut crates = all.map(|it| it.expect("an entry").path());
                        assert!(
                            crates.any(|it| it.join(&file).is_file()),
                            "{place}: no {file}"
                        );
                    }
                    _ => {}
                }
            }
        }
        // Others' programs, and scripts that are the reader's.
        ["pip", "install", ..] => {}
        ["python3", script, ..] if !script.starts_with("scripts/") => {}
        ["python3", script, ..] => exists(script),
        [script, ..] if script.starts_with("scripts/") => exists(script),
        ["just", recipe, ..] => {
            let recipes = read(&root().join("justfile"));
            assert!(
                recipes
                    .lines()
                    .any(|line| line.split([' ', ':']).next() == Some(recipe)),
                "{place}: no recipe {recipe}"
            );
        }
        ["head" | "tee", ..] => {}
        other => panic!("{place}: what is {other:?}?"),
    }
}

#[test]
fn every_command_runs_or_parses() {
    let mut count = 0;
    for block in blocks().iter().filter(|block| block.language == "sh") {
        // What a block writes stays in its own folder.
        let stage = stage();
        for words in commands(&block.text) {
            check(&stage, &words, &block.place());
            count += 1;
        }
    }
    assert!(count >= 30, "{count}");
}

#[test]
fn the_workflow_runs_commands_that_are_there() {
    let path = root().join("docs/ci/github-actions.yml");
    let workflow: serde_json::Value = serde_saphyr::from_str(&read(&path)).expect("it is YAML");
    let steps = workflow["jobs"]["attack-success"]["steps"]
        .as_array()
        .expect("steps");
    let stage = stage();
    let mut count = 0;
    for step in steps {
        let Some(run) = step["run"].as_str() else {
            continue;
        };
        // Without a shell by name GitHub takes the exit code of a pipe's last command.
        assert!(!run.contains('|') || step["shell"] == "bash", "{run}");
        for words in commands(run) {
            check(&stage, &words, &path.display().to_string());
            count += 1;
        }
    }
    assert!(count >= 3, "{count}");
}

/// Overrides that put a piece of YAML in its place in a config: a key of `data` or `sweep` beside those
/// that are there, any other in place of what is there.
fn overrides(piece: &serde_json::Value, place: &str) -> Vec<String> {
    let map = |value: &serde_json::Value| {
        let map = value.as_object();
        map.unwrap_or_else(|| panic!("{place}: no mapping")).clone()
    };
    let mut all = Vec::new();
    for (key, value) in map(piece) {
        let inside = value.is_object() && ["data", "sweep"].contains(&key.as_str());
        if inside {
            all.extend(
                map(&value)
                    .iter()
                    .map(|(inner, value)| format!("{key}.{inner}={value}")),
            );
        } else {
            all.push(format!("{key}={value}"));
        }
    }
    all
}

#[test]
fn every_piece_of_yaml_checks() {
    let mut count = 0;
    let quickstart = root().join("configs/quickstart.yaml");
    let base = read(&quickstart);
    for block in blocks().iter().filter(|block| block.language == "yaml") {
        let place = block.place();
        let name = Path::new(&place);
        let piece: serde_json::Value =
            serde_saphyr::from_str(&block.text).unwrap_or_else(|error| panic!("{place}: {error}"));
        let read = if piece.get("name").is_some() {
            config::from_text(&block.text, name, &[])
        } else {
            let mut overrides = overrides(&piece, &place);
            // A network from a file has no source.
            let features = piece["backbone"] == "features";
            if features
                || piece["backbone"]["onnx"].is_object()
                || piece["backbone"]["imported"].is_object()
            {
                overrides.push("data.source=".to_owned());
            }
            config::from_text(&base, name, &overrides)
        };
        if let Err(error) = read {
            panic!("{place}: {error}");
        }
        count += 1;
    }
    assert!(count >= 6, "{count}");
}

/// Every long option of a command and those below it.
fn options(command: &clap::Command, all: &mut BTreeSet<String>) {
    let longs = command
        .get_arguments()
        .filter_map(|argument| argument.get_long());
    all.extend(longs.map(|long| format!("--{long}")));
    for inner in command.get_subcommands() {
        options(inner, all);
    }
}

/// Follows words down the commands as far as they are ones; the first that should be and is not.
fn unknown_command<'a>(words: &[&'a str]) -> Option<&'a str> {
    let mut command = Cli::command();
    for word in words {
        if !command.has_subcommands() {
            return None;
        }
        // A config, an option or a place for one ends the names.
        if !word.chars().all(|c| c.is_ascii_lowercase()) {
            return None;
        }
        match command.find_subcommand(word) {
            Some(inner) => command = inner.clone(),
            None => return Some(word),
        }
    }
    None
}

#[test]
fn every_option_and_command_that_is_spoken_of_is_there() {
    let mut known = BTreeSet::new();
    options(&Cli::command(), &mut known);
    // Others' options.
    known.extend(
        [
            "--help",
            "--version",
            "--workspace",
            "--side",
            "--onnx",
            "--test",
            "--ignored",
            "--dependency",
            "--sanitizer",
        ]
        .map(str::to_owned),
    );
    for page in pages() {
        let text = prose(&page);
        let usage = read(&page);
        // The README's list of commands is a block without a language.
        let lines = usage.lines().filter(|line| line.starts_with("harness "));
        for line in spans(&text).into_iter().chain(lines) {
            let command = line.split("  ").next().unwrap_or(line);
            let words: Vec<&str> = command
                .split([' ', '|', ';'])
                .filter(|it| !it.is_empty())
                .collect();
            if words.first() == Some(&"harness")
                && let Some(word) = unknown_command(&words[1..])
            {
                panic!("{}: `{line}`: there is no command {word}", page.display());
            }
            let ours = words
                .first()
                .is_some_and(|word| *word == "harness" || word.starts_with("--"));
            for word in words
                .iter()
                .filter(|word| ours && word.starts_with("--") && word.len() > 2)
            {
                let name = word.split(['=', '[', ',']).next().unwrap_or(word);
                assert!(
                    known.contains(name),
                    "{}: `{line}`: no option {name}",
                    page.display()
                );
            }
            if let Some(rest) = line.strip_prefix("configs/")
                && rest.ends_with(".yaml")
                && !rest.contains(['<', '*'])
            {
                assert!(root().join(line).is_file(), "{}: no {line}", page.display());
            }
        }
    }
}

#[test]
fn links_lead_to_files() {
    let mut count = 0;
    for page in pages() {
        let text = prose(&page);
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            let path = page.parent().expect("a folder").join(file);
            assert!(path.exists(), "{}: no {target}", page.display());
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}

#[test]
fn the_exit_codes_of_the_page_are_those_of_the_command() {
    // A new way to end does not compile until it is here, and then not pass until it is on the page.
    let all = [
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::FellShort,
        Exit::Data,
        Exit::Interrupted,
    ];
    for exit in all {
        match exit {
            Exit::Done
            | Exit::Failed
            | Exit::Usage
            | Exit::FellShort
            | Exit::Data
            | Exit::Interrupted => {}
        }
    }
    let codes: Vec<String> = all.iter().map(|exit| (*exit as u8).to_string()).collect();
    let page = read(&root().join("docs/exit-codes.md"));
    let rows = page.lines().filter_map(|line| line.strip_prefix("| "));
    let written: Vec<&str> = rows
        .filter_map(|row| row.split(' ').next())
        .filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    assert_eq!(written, codes);
}
