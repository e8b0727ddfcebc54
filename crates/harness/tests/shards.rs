//! Several runs on one experiment, one after another and at once; runs that are stopped.

mod small;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use small::{command, leftovers, said, table, with_room};
use tempfile::TempDir;

const SWEEP: &str = "
sweep:
  shots: [1, 2]
  learning_rate: [0.01, 1.0e30]
  null: [independent, gaussian]
  attack:
    - unmixing: { samples: 1000 }
    - membership: { samples: 800 }
";

fn folder() -> TempDir {
    small::folder(SWEEP)
}

fn harness(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn spawn(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn shards_at_once_make_every_stage_once_and_merge_byte_for_byte() {
    let whole = folder();
    // Heads that diverge fail, in one run as in shards.
    assert_eq!(
        harness(whole.path(), &["small.yaml", "-q"]).status.code(),
        Some(1)
    );
    let expected = table(whole.path(), "results.csv");
    let cells = expected.lines().count() - 1;
    assert!(cells >= 12, "{expected}");

    let parts = folder();
    let early = harness(parts.path(), &["merge", "small.yaml"]);
    assert_eq!(early.status.code(), Some(1));
    assert!(
        said(&early).contains(&format!(
            "small: {cells} of {cells} cells are not measured yet"
        )),
        "{}",
        said(&early)
    );
    let shards = ["1/3", "2/3", "3/3"];
    let running = shards.map(|shard| {
        spawn(command(
            parts.path(),
            &["run", "small.yaml", "--shard", shard],
        ))
    });
    let outputs = running.map(|child| child.wait_with_output().unwrap());
    let lines: Vec<String> = outputs
        .iter()
        .flat_map(|output| said(output).lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    for stage in ["  backbone ", "  features "] {
        let made = |line: &&String| line.starts_with(stage) && line.contains(" in ");
        assert_eq!(lines.iter().filter(made).count(), 1, "{lines:#?}");
    }
    // Each cell was some shard's, and no shard was idle.
    let of = |shard: usize| {
        let said = said(&outputs[shard]);
        let cells = said
            .lines()
            .filter(|line| line.starts_with("small ["))
            .count();
        assert!(cells > 0, "{said}");
        cells
    };
    assert_eq!(of(0) + of(1) + of(2), cells);
    let merged = harness(parts.path(), &["merge", "small.yaml"]);
    assert_eq!(merged.status.code(), Some(1), "{}", said(&merged));
    assert_eq!(table(parts.path(), "results.csv"), expected);
    assert_eq!(
        table(parts.path(), "roc.csv"),
        table(whole.path(), "roc.csv")
    );
    // A shard that is put to work again finds nothing to do.
    let again = harness(parts.path(), &["run", "small.yaml", "--shard", "2/3"]);
    assert!(
        said(&again).contains(" 0 cells measured, "),
        "{}",
        said(&again)
    );
    let left = leftovers(parts.path());
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn two_runs_do_not_write_the_same_results() {
    let folder = folder();
    let results = folder.path().join("results/small");
    let lock = files::Lock::try_take(&results.join("run.lock")).unwrap();
    let output = harness(folder.path(), &["small.yaml", "-q"]);
    assert_eq!(output.status.code(), Some(1));
    let message = said(&output);
    let holder = format!("small is in use by process {}", std::process::id());
    assert!(
        message.contains(&holder) && message.contains("hint: "),
        "{message}"
    );
    assert!(!results.join("results.csv").exists());
    drop(lock);
    // A lock that a killed run left is no lock.
    std::fs::write(results.join("run.lock"), "process 1").unwrap();
    std::fs::write(results.join("results.csv.x.part"), "half").unwrap();
    harness(folder.path(), &["small.yaml", "-q"]);
    let left = leftovers(folder.path());
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn places_that_cannot_be_written_are_named_with_a_way_out() {
    let folder = folder();
    std::fs::write(folder.path().join("file"), "no folder").unwrap();
    for (option, hint) in [("--results", "with --results"), ("--cache", "with --cache")] {
        let output = harness(folder.path(), &["small.yaml", "-q", option, "file"]);
        assert_eq!(output.status.code(), Some(1));
        let message = said(&output);
        assert!(
            message.contains("cannot write ") && message.contains(hint),
            "{message}"
        );
        assert!(!message.contains("panicked"), "{message}");
    }
}

#[cfg(unix)]
#[test]
fn a_run_that_is_stopped_says_how_to_go_on_and_leaves_nothing_half_done() {
    let folder = folder();
    let child = spawn(command(folder.path(), &["small.yaml"]));
    let started = Instant::now();
    let table_path = folder.path().join("results/small/results.csv");
    while !table_path.exists() && started.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert!(
        said(&output).contains("the same command goes on"),
        "{}",
        said(&output)
    );
    let left = leftovers(folder.path());
    assert!(left.is_empty(), "{left:?}");
    harness(folder.path(), &["small.yaml", "-q"]);
    let whole = self::folder();
    harness(whole.path(), &["small.yaml", "-q"]);
    assert_eq!(
        table(folder.path(), "results.csv"),
        table(whole.path(), "results.csv")
    );
}

#[cfg(unix)]
#[test]
#[ignore = "takes minutes: kills a small run at RHEA_KILLS (100) random moments"]
fn kills_at_any_moment_change_nothing() {
    let kills: u64 = std::env::var("RHEA_KILLS").map_or(100, |it| it.parse().expect("a number"));
    let sweep = SWEEP.replace(", 1.0e30", "");
    let whole = small::folder(&sweep);
    let started = Instant::now();
    harness(whole.path(), &["small.yaml", "-q"]);
    let whole_run = started.elapsed().as_micros() as u64;
    let expected = table(whole.path(), "results.csv");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut cut = small::folder(&sweep);
    for _ in 0..kills {
        // One in eight has hardly room to write.
        let mut child = match state % 8 {
            0 => spawn(with_room(cut.path(), state >> 32 & 63)),
            _ => spawn(command(cut.path(), &["small.yaml", "-q"])),
        };
        // xorshift: moments spread over a whole run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        std::thread::sleep(Duration::from_micros(state % whole_run));
        child.kill().unwrap();
        child.wait().unwrap();
        if let Ok(kept) = std::fs::read_to_string(cut.path().join("results/small/results.csv")) {
            assert!(kept.ends_with('\n'), "half a row");
            let same = kept
                .lines()
                .zip(expected.lines())
                .all(|(one, two)| one == two);
            assert!(same, "another row");
        }
        if harness(cut.path(), &["plan", "small.yaml"])
            .stdout
            .ends_with(b"all is cached\n")
        {
            cut = small::folder(&sweep);
        }
    }
    harness(cut.path(), &["small.yaml", "-q"]);
    assert_eq!(table(cut.path(), "results.csv"), expected);
    let left = leftovers(cut.path());
    assert!(left.is_empty(), "{left:?}");
}
