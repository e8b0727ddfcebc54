//! Plans say what runs do; results of other code are never passed off as this code's.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use config::experiment::Experiment;
use harness::contents::Contents;
use harness::context::Context;
use harness::costs::Costs;
use harness::plan::Plan;
use harness::progress::Progress;
use harness::run::{RunOptions, run};
use harness::stages::{Fingerprints, Maker, State, Store};

const CONFIG: &str = "
name: small
seed: 7
data:
  source: { strokes: { classes: letters, images: 520 } }
  target: { strokes: { classes: digits, images: 1500 } }
backbone: { vgg_tiny: { width: 2, features: 32, epochs: 1 } }
victims: 12
nulls: 1000
sweep:
  - shots: [1, 2]
    defence: [none, { dp_sgd: { epsilon: 10, tuned: { clip: [1], learning_rate: [0.01, 0.1], epochs: [4] } } }]
    null: [independent, gaussian]
    attack: [{ unmixing: { samples: 1000 } }]
  - shots: [1, 2]
    defence: [none, { dp_sgd: { epsilon: 10, tuned: { clip: [1], learning_rate: [0.01, 0.1], epochs: [4] } } }]
    attack:
      - reconstructor: { samples: 4000, hidden: 32, batch: 100, shared: true }
      - membership: { samples: 800 }
  - shots: 1
    release: scores
    attack: [{ scores: { queries: 40, then: { unmixing: { samples: 1000 } } } }]
  - shots: 1
    defence: rhe
    attack: [{ unmixing: { samples: 1000 } }]
";

fn experiment(text: &str) -> Experiment {
    config::from_text(text, Path::new("small.yaml"), &[]).expect("it checks")
}

fn context(folder: &Path, code: Fingerprints) -> Context {
    Context {
        results: folder.join("results"),
        data: folder.join("data"),
        store: Store::new(folder.join("cache")),
        code,
        contents: Contents::default(),
        progress: Progress::new(true),
    }
}

/// Kind and short hash of the stages that `states` picks.
fn stages(plan: &Plan, states: impl Fn(&State) -> bool) -> BTreeSet<(String, String)> {
    let picked = plan.stages().filter(|(_, state)| states(state));
    picked
        .map(|(node, _)| (node.key.stage().into(), node.key.hash()[..12].into()))
        .collect()
}

fn kinds(stages: &BTreeSet<(String, String)>) -> BTreeSet<&str> {
    stages.iter().map(|(kind, _)| kind.as_str()).collect()
}

#[test]
fn plans_say_what_runs_do_and_why_it_is_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let experiment = experiment(CONFIG);
    let now = Fingerprints::of_this_build();
    let plan_with =
        |code: Fingerprints| Plan::new(&context(folder.path(), code), &experiment).unwrap();

    let before = plan_with(now.clone());
    assert_eq!(before.cells, 18);
    let words: BTreeSet<&str> = before
        .stages()
        .map(|(node, _)| node.what.as_str())
        .collect();
    assert_eq!(
        words.len(),
        before.stages().count(),
        "{}",
        before.render(&Costs::default())
    );
    let planned = stages(&before, |state| *state == State::Missing);
    let all = [
        "backbone", "features", "model", "network", "outcome", "tuning",
    ];
    assert_eq!(kinds(&planned).into_iter().collect::<Vec<_>>(), all);

    let counts = run(
        &context(folder.path(), now.clone()),
        std::slice::from_ref(&experiment),
        RunOptions::default(),
    );
    let counts = counts.unwrap();
    assert_eq!((counts.measured, counts.cached, counts.failed), (18, 0, 0));
    let timings = csv::Reader::from_path(folder.path().join("results/small/timings.csv"));
    let made: BTreeSet<(String, String)> = timings
        .unwrap()
        .records()
        .map(|row| row.unwrap())
        .filter(|row| &row[3] == "no")
        .map(|row| (row[1].to_owned(), row[2].to_owned()))
        .collect();
    assert_eq!(made, planned);

    // Now everything is there, and nothing beneath the outcomes is looked at.
    let done = plan_with(now.clone());
    assert_eq!(
        stages(&done, |state| *state == State::Cached).len(),
        done.stages().count()
    );
    assert_eq!(done.stages().count(), 18);

    let stale = |part: &str| {
        let plan = plan_with(now.clone().changed(part));
        let why = State::Stale(format!("code changed: {part}"));
        let stale = stages(&plan, |state| *state == why);
        let cached = stages(&plan, |state| *state == State::Cached);
        assert_eq!(stale.len() + cached.len(), plan.stages().count(), "{part}");
        (stale, cached)
    };
    // A constant of an attack: backbone, features and the search stay.
    let (attacks, cached) = stale("attacks");
    assert_eq!(
        kinds(&attacks).into_iter().collect::<Vec<_>>(),
        ["model", "network", "outcome"]
    );
    assert_eq!(
        kinds(&cached).into_iter().collect::<Vec<_>>(),
        ["backbone", "features", "tuning"]
    );
    for part in [
        "report",
        "harness/rows",
        "harness/cli",
        "harness/run",
        "cryptotl",
    ] {
        let (stale, _) = stale(part);
        assert!(stale.is_empty(), "{part}: {stale:?}");
    }
    let (encrypted, _) = stale("rhe");
    let of = |kind: &str| encrypted.iter().filter(|stage| stage.0 == kind).count();
    assert_eq!((of("outcome"), of("model"), encrypted.len()), (1, 1, 2));
    let (everything, cached) = stale("datasets");
    assert_eq!((everything.len(), cached.len()), (planned.len(), 0));
    // The plan says it in words.
    let text = plan_with(now.clone().changed("attacks")).render(&Costs::default());
    assert!(
        text.contains("to do again (code changed: attacks), "),
        "{text}"
    );
    for odd in ["1 shots", "about under"] {
        assert!(!text.contains(odd), "{text}");
    }
}

#[test]
fn rows_name_the_commit_that_measured_them() {
    let folder = tempfile::tempdir().unwrap();
    let text = CONFIG.split("  - shots: [1, 2]").next().unwrap().to_owned()
        + "  shots: 1\n  attack: { unmixing: { samples: 1000 } }\n";
    let experiment = experiment(&text);
    let context = context(folder.path(), Fingerprints::of_this_build());
    let run = || {
        run(
            &context,
            std::slice::from_ref(&experiment),
            RunOptions::default(),
        )
        .unwrap()
    };
    run();
    let table = folder.path().join("results/small/results.csv");
    let commit = || {
        let mut rows = csv::Reader::from_path(&table).unwrap();
        let at = rows
            .headers()
            .unwrap()
            .iter()
            .position(|it| it == "commit")
            .unwrap();
        rows.records().next().unwrap().unwrap()[at].to_owned()
    };
    assert_eq!(commit(), harness::provenance::COMMIT);
    // As another commit of the same code would have kept it.
    let plan = Plan::new(&context, &experiment).unwrap();
    let key = &plan.stages().next().unwrap().0.key;
    let load = context
        .store
        .load::<harness::heads::Outcome>(key, &harness::stages::Postcard);
    let outcome = load.unwrap().product;
    let form = harness::stages::Postcard;
    let by = Maker {
        commit: "0123abc+dirty".into(),
        ..Maker::default()
    };
    context.store.save(key, "", &by, &form, &outcome).unwrap();
    assert_eq!(run().cached, 1);
    assert_eq!(commit(), "0123abc+dirty");
}

#[test]
fn plans_grow_no_faster_than_their_cells() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path(), Fingerprints::of_this_build());
    let time = |cells: usize| {
        let rates: Vec<String> = (1..=cells / 8).map(|rate| format!("{}e-6", rate)).collect();
        let text = format!(
            "{}  shots: [1, 2]\n  null: [independent, gaussian]\n  learning_rate: [{}]\n  attack: [unmixing, {{ reconstructor: {{ shared: true }} }}]\n",
            CONFIG.split("  - shots: [1, 2]").next().unwrap(),
            rates.join(", ")
        );
        let experiment = experiment(&text);
        let started = Instant::now();
        let plan = Plan::new(&context, &experiment).unwrap();
        let text = plan.render(&Costs::default());
        let took = started.elapsed();
        assert_eq!(plan.cells, cells);
        assert!(text.lines().count() > cells);
        took
    };
    time(80);
    let (some, many) = (time(1000), time(10_000));
    eprintln!("1 000 cells: {some:?}; 10 000 cells: {many:?}");
    assert!(
        many < 40 * some.max(Duration::from_millis(5)),
        "{some:?} {many:?}"
    );
}
