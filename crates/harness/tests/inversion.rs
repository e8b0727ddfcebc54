//! Gradient inversion as cells of an experiment.

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::CommandCargoExt;

const CONFIG: &str = "
name: small
seed: 9
data:
  source: { strokes: { classes: letters, images: 520 } }
  target: { strokes: { classes: digits, images: 1500 } }
backbone: { vgg_tiny: { width: 2, features: 32, epochs: 1 } }
victims: 12
nulls: 600
sweep:
  shots: [1]
  attack:
    - unmixing: { samples: 1000 }
    - gradient_inversion: { steps: 6, samples: 1000 }
    - gradient_inversion: { steps: 6, samples: 1000, distance: cosine, start: noise, total_variation: 0.1 }
    - gradient_inversion: { form: single_gradient, steps: 40 }
    - gradient_inversion: { form: single_gradient, steps: 6, batch: 2 }
  null: [independent, gaussian, replace_one]
";

fn run(folder: &Path, threads: &str) -> String {
    std::fs::write(folder.join("small.yaml"), CONFIG).unwrap();
    let output = Command::cargo_bin("harness")
        .expect("the binary is built for this test")
        .env_remove("RHEA_DATA")
        .env("RAYON_NUM_THREADS", threads)
        .current_dir(folder)
        .args(["small.yaml", "--quiet"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    std::fs::read_to_string(folder.join("results/small/results.csv")).unwrap()
}

#[test]
fn every_null_has_a_row_with_costs_and_threads_change_nothing() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let one = run(folders[0].path(), "1");
    let two = run(folders[1].path(), "2");
    for (one, two) in one.lines().zip(two.lines()) {
        assert_eq!(one, two);
    }
    assert_eq!(one, two);

    let mut rows = csv::Reader::from_reader(one.as_bytes());
    let header = rows.headers().unwrap().clone();
    let rows: Vec<_> = rows.records().map(|row| row.unwrap()).collect();
    // A single gradient is compared with those of other victims, whatever else is listed.
    assert_eq!(rows.len(), 11);
    let of = |row: &csv::StringRecord, name: &str| -> String {
        let at = header.iter().position(|column| column == name).unwrap();
        row[at].to_string()
    };
    let number = |row: &csv::StringRecord, name: &str| -> f64 { of(row, name).parse().unwrap() };
    let of_attack = |name: &str| rows.iter().filter(|row| of(row, "attack") == name).count();
    assert_eq!(of_attack("gradient_inversion"), 8);
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(of(row, "error"), "");
        assert_eq!(number(row, "victims"), 12.0);
        assert!((0.0..=1.0).contains(&number(row, "auc")));
        assert!(number(row, "mse") > 0.0 && number(row, "mse_null") > 0.0);
        // The single gradients are of one example and of two, and take no shadow head.
        let single = at >= 9;
        assert_eq!(number(row, "n"), [10.0, 1.0, 2.0][at.max(8) - 8]);
        assert_eq!(number(row, "samples") == 0.0, single, "row {at}");
    }
    // A single gradient gives much of its image away even through a network this narrow.
    assert!(number(&rows[9], "mse") < 0.7 * number(&rows[9], "mse_null"));
}
