//! Configs that must check, what they become, and that a resolved config gives itself back.

use std::path::{Path, PathBuf};

use config::{Attack, Defence, Experiment, Kind, Release, from_text, to_yaml};

fn read(name: &str) -> Experiment {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/good")
        .join(name);
    let text = std::fs::read_to_string(&path).expect("the config is there");
    from_text(&text, Path::new(name), &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn every_config() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["tests/good", "../../configs", "../../configs/paper"];
    let mut paths = Vec::new();
    for folder in folders {
        let entries = std::fs::read_dir(root.join(folder)).expect("the folder is there");
        paths.extend(
            entries
                .map(|entry| entry.expect("an entry").path())
                .filter(|path| path.extension().is_some_and(|e| e == "yaml")),
        );
    }
    assert!(paths.len() >= 12, "{paths:?}");
    paths
}

#[test]
fn the_design_example_becomes_its_cells() {
    let experiment = read("design.yaml");
    let cells = experiment.cells();
    // Two shots x (none + three epsilons + rhe) x two attacks.
    assert_eq!(cells.len(), 2 * 5 * 2);
    for cell in &cells {
        let encrypted = matches!(cell.defence, Defence::Rhe(_));
        assert_eq!(cell.release == Release::Ciphertexts, encrypted);
    }
    assert!(
        cells
            .iter()
            .any(|cell| matches!(&cell.attack, Attack::Reconstructor(r) if r.samples == 2_000_000))
    );
    let shots: Vec<usize> = cells.iter().map(|cell| cell.shots).collect();
    assert!(shots.is_sorted());
}

#[test]
fn every_kept_config_checks_and_resolves_to_itself() {
    for path in every_config() {
        let text = std::fs::read_to_string(&path).expect("the config can be read");
        let experiment = from_text(&text, &path, &[]).unwrap_or_else(|error| panic!("{error}"));
        let resolved = to_yaml(&experiment).expect("an experiment is YAML");
        let again = from_text(&resolved, Path::new("resolved.yaml"), &[])
            .unwrap_or_else(|error| panic!("{error}\n{resolved}"));
        assert_eq!(again, experiment, "{}", path.display());
        assert_eq!(to_yaml(&again).expect("an experiment is YAML"), resolved);
        match &experiment.kind {
            Kind::Heads(_) | Kind::Audit(_) => assert!(!experiment.cells().is_empty()),
            Kind::CryptoTl { cryptotl } => assert!(!cryptotl.sizes.is_empty()),
        }
    }
}

#[test]
fn the_resolved_design_example_reads_well() {
    insta::assert_snapshot!(to_yaml(&read("design.yaml")).expect("an experiment is YAML"));
}

#[test]
fn overrides_come_last_and_errors_name_them() {
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good/design.yaml"),
    )
    .expect("it is there");
    let set = |overrides: &[&str]| {
        let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
        from_text(&text, Path::new("design.yaml"), &overrides)
    };
    let experiment = set(&[
        "sweep.shots=[2]",
        "sweep.defence=none",
        "victims=7",
        "recipe.optimiser=adam",
    ])
    .expect("it checks");
    let Kind::Heads(heads) = &experiment.kind else {
        panic!("an experiment on heads")
    };
    assert_eq!(
        (heads.victims, heads.sweep[0].shots.as_slice()),
        (7, [2].as_slice())
    );
    assert_eq!(experiment.cells().len(), 2);
    let error = set(&["victims=0"]).expect_err("no victims").to_string();
    insta::assert_snapshot!(error, @"--set victims=0: `victims`: found 0, expected a whole number of 1 or more");
    let error = set(&["sweep.shot=1"]).expect_err("a slip").to_string();
    assert!(
        error.starts_with("--set sweep.shot=1: `sweep.shot`: unknown key"),
        "{error}"
    );
    assert!(error.ends_with("hint: did you mean `shots`?"), "{error}");
    let error = set(&["sweep.attack[1].reconstructor.samples=ten"])
        .expect_err("no number")
        .to_string();
    assert!(
        error.contains(
            "`sweep.attack[1].reconstructor.samples`: found `ten`, expected a whole number"
        ),
        "{error}"
    );
}

#[test]
fn the_schema_describes_every_section() {
    let schema = config::schema();
    let properties = schema["properties"].as_object().expect("an object");
    for key in [
        "name",
        "seed",
        "data",
        "backbone",
        "head",
        "recipe",
        "adversary",
        "victims",
        "nulls",
        "tau",
        "sweep",
        "cryptotl",
    ] {
        assert!(properties.contains_key(key), "{key}");
    }
    assert_eq!(schema["additionalProperties"], false);
    for definition in [
        "Sweep",
        "DpSgd",
        "Reconstructor",
        "Labels",
        "DatasetSpec",
        "CryptoTl",
    ] {
        assert!(schema["$defs"][definition].is_object(), "{definition}");
    }
}

#[test]
fn a_list_of_grids_is_their_union() {
    let text = "name: union
data:
  source: { strokes: { classes: letters, images: 2600 } }
  target: { strokes: { classes: digits, images: 2000 } }
sweep:
  - { shots: [1, 2] }
  - { shots: [2, 4], epochs: 8 }
  - { shots: 2, null: [independent, gaussian] }
";
    let experiment = from_text(text, Path::new("union.yaml"), &[]).expect("it checks");
    let cells = experiment.cells();
    let shots: Vec<usize> = cells.iter().map(|cell| cell.shots).collect();
    // Two shots under the independent null are in the first grid and in the third.
    assert_eq!(shots, [1, 2, 2, 4, 2]);
    let wrong = text.replace("shots: [2, 4]", "shots: [2, 0]");
    let error = from_text(&wrong, Path::new("union.yaml"), &[]).expect_err("no shots");
    assert!(error.to_string().contains("`sweep[1].shots[1]`"), "{error}");
}
