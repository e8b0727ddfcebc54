//! Heads with an adapter on the backbone's last layer: trained, attacked, encrypted whole or in part.

mod small;

use std::path::Path;
use std::process::Output;

use small::{results, said};

const SWEEP: &str = "
recipe: { optimiser: adam, learning_rate: 0.01, epochs: 60 }
sweep:
  - shots: 1
    head: [linear, { adapter: { rank: 2 } }]
    attack: [{ unmixing: { samples: 1500 } }, { reconstructor: { samples: 2000, hidden: 32, batch: 40 } }, membership]
  - shots: 1
    head: { adapter: { rank: 2 } }
    defence: [rhe, { rhe: { clear_adapter: true } }]
    release: [ciphertexts, known_secret]
    attack: { unmixing: { samples: 1500 } }";

fn harness(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = small::command(folder, arguments);
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{}", said(&output));
    output
}

/// A column of the table, cell by cell.
fn column(table: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let names = reader.headers().expect("a header").clone();
    let at = names.iter().position(|it| it == name).expect("a column");
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| row[at].to_owned()).collect()
}

#[test]
fn adapters_are_trained_attacked_and_encrypted() {
    let folder = small::folder(SWEEP);
    let here = folder.path();
    let plan = String::from_utf8(harness(here, &["plan", "small.yaml"]).stdout).unwrap();
    // One backbone, of which heads look at the features and adapters at what stands around the last layer.
    for (what, count) in [
        ("pre-train vgg_tiny", 1),
        ("  features of strokes digits", 1),
        (
            "  inputs and outputs of the last layer of strokes digits",
            1,
        ),
    ] {
        assert_eq!(plan.matches(what).count(), count, "{what}\n{plan}");
    }
    harness(here, &["small.yaml", "-q", "--jobs", "1"]);
    let table = results(here);
    let of = |name| column(&table, name);
    let kinds = of("head");
    let expected = [["linear"; 3].as_slice(), &["adapter(2)"; 7]].concat();
    assert_eq!(kinds, expected);
    assert!(of("error").iter().all(String::is_empty), "{table}");
    let number =
        |name: &str, at: usize| -> f64 { column(&table, name)[at].parse().expect("a number") };
    // Twelve victims with ten images each: what is read of undefended heads is far from chance, and with the key
    // known as well.
    let (defence, release) = (of("defence"), of("release"));
    for at in 0..kinds.len() {
        if of("attack")[at] != "unmixing" {
            continue;
        }
        let auc = number("auc", at);
        match (defence[at].as_str(), release[at].as_str()) {
            ("none", _) | (_, "known_secret") => assert!(auc > 0.6, "{at}: {auc}"),
            // An AUC of 120 scores has a standard error of .03 under chance, doubled for dependence.
            _ => assert!((auc - 0.5).abs() < 0.2, "{at}: {auc}"),
        }
    }
    let settings = of("setting");
    assert!(
        settings
            .iter()
            .any(|it| it.contains("adapter in the clear")),
        "{settings:?}"
    );

    // On any number of threads, and again.
    let again = small::folder(SWEEP);
    harness(again.path(), &["small.yaml", "-q", "--jobs", "3"]);
    assert_eq!(results(again.path()), table);
}
