//! `harness cache`: what is kept, and what of it goes.

use std::path::{Path, PathBuf};

use assert_cmd::Command;

const CONFIG: &str = "
name: small
data:
  source: { strokes: { classes: letters, images: 520 } }
  target: { strokes: { classes: digits, images: 1500 } }
backbone: { vgg_tiny: { width: 2, features: 32, epochs: 1 } }
victims: 12
nulls: 1000
sweep: { shots: 1, null: [independent, gaussian], attack: { unmixing: { samples: 1000 } } }
";

fn said(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::cargo_bin("harness")
        .expect("the binary is built")
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("it starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// The records of one kind of stage.
fn records(folder: &Path, stage: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join(".rhea-cache").join(stage)).expect("a stage");
    let mut records: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    records.retain(|path| path.extension().is_some_and(|it| it == "json"));
    records.sort();
    records
}

#[test]
fn what_is_of_no_use_is_listed_and_pruned_and_the_rest_stays() {
    let here = tempfile::tempdir().expect("a folder");
    let here = here.path();
    assert_eq!(said(here, &["cache", "list"]), "in all 0 products, 0 B\n");
    std::fs::write(here.join("small.yaml"), CONFIG).expect("it is written");
    said(here, &["small.yaml", "-q"]);
    let whole = said(here, &["cache", "list"]);
    assert!(
        whole.contains("\nin all 5 products, ") && !whole.contains("other code"),
        "{whole}"
    );
    assert_eq!(said(here, &["cache", "prune"]), "removed 0 products, 0 B\n");

    // As if other code had made the model, and a kill had come before an outcome's record.
    let model = &records(here, "model")[0];
    let text = std::fs::read_to_string(model).expect("it is there");
    let at = text.find("\"attacks\": \"").expect("a fingerprint") + 12;
    let other = format!("{}0000{}", &text[..at], &text[at + 4..]);
    assert_ne!(text, other);
    std::fs::write(model, other).expect("it is written");
    std::fs::remove_file(&records(here, "outcome")[0]).expect("it was there");
    std::fs::write(here.join(".rhea-cache/outcome/x-y.bin.q.part"), "half").expect("written");
    let each = said(here, &["cache", "list", "--each"]);
    for state in [
        "made by other code  unmixing, 1 shot",
        "damaged",
        "current  ",
    ] {
        assert!(each.contains(state), "{state}: {each}");
    }
    assert!(said(here, &["cache", "prune"]).starts_with("removed 2 products, "));
    let left = said(here, &["cache", "list"]);
    assert!(
        left.contains("in all 3 products, ") && !left.contains("other code"),
        "{left}"
    );
    assert!(!here.join(".rhea-cache/outcome/x-y.bin.q.part").exists());
    // What was pruned is made again, the rest is not.
    let plan = said(here, &["plan", "small.yaml"]);
    assert_eq!(plan.matches("to do").count(), 2, "{plan}");
    assert!(said(here, &["cache", "prune", "--all"]).starts_with("removed 3 products, "));
    assert_eq!(said(here, &["cache", "list"]), "in all 0 products, 0 B\n");
}
