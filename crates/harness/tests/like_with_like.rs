//! Attacks on the same victims against one another, and rates class by class.

mod small;

use std::collections::HashMap;
use std::path::Path;

const SWEEP: &str = "
sweep:
  shots: [1]
  attack:
    - unmixing: { samples: 1000 }
    - scores: { queries: 60, kind: logits, then: { unmixing: { samples: 1000 } } }
    - membership: { samples: 400 }
  null: [independent, gaussian]
";

fn run(folder: &Path, arguments: &[&str]) {
    let output = small::command(folder, &[&["small.yaml", "-q"], arguments].concat())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", small::said(&output));
}

fn rows(table: &str) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn number(row: &HashMap<String, String>, column: &str) -> f64 {
    let text = &row[column];
    text.parse()
        .unwrap_or_else(|_| panic!("{column}: {text:?}"))
}

#[test]
fn the_same_victims_are_compared_on_one_null_and_class_by_class() {
    let folder = small::folder(SWEEP);
    run(folder.path(), &["--jobs", "1"]);
    let pairs = small::table(folder.path(), "pairs.csv");
    let classes = small::table(folder.path(), "classes.csv");
    let results = rows(&small::results(folder.path()));

    // The weights against the scores, once, whatever the nulls.
    let read = rows(&pairs);
    assert_eq!(read.len(), 1);
    for row in &read {
        assert_eq!(
            (&*row["attack_a"], &*row["attack_b"]),
            ("unmixing", "scores+unmixing")
        );
        assert_eq!(number(row, "victims"), 12.0);
        let [a, b] = ["tpr_at_fpr_1pct_a", "tpr_at_fpr_1pct_b"].map(|it| number(row, it));
        let difference = number(row, "difference_at_fpr_1pct");
        assert!((a - b - difference).abs() < 1e-12);
        let [lo, hi] =
            ["lo", "hi"].map(|end| number(row, &format!("difference_at_fpr_1pct_{end}")));
        assert!(-1.0 <= lo && lo <= difference && difference <= hi && hi <= 1.0);
        // The black box has this null already, so that its rate is that of its cell.
        let cell = results
            .iter()
            .find(|it| it["config_hash"] == row["config_hash_b"]);
        assert_eq!(number(cell.unwrap(), "tpr_at_fpr_1pct"), b);
    }

    // Two kinds of null for the weights and one for the scores.
    let read = rows(&classes);
    assert_eq!(read.len(), 3 * 10);
    for row in &read {
        let cell = results
            .iter()
            .find(|it| it["config_hash"] == row["config_hash"]);
        assert!(["unmixing", "scores+unmixing"].contains(&&*row["attack"]));
        assert_eq!(number(row, "victims"), 12.0);
        assert!(number(row, "images") <= 12.0);
        assert!(number(row, "null_scores") <= number(cell.unwrap(), "null_scores"));
        assert!((0.0..=1.0).contains(&number(row, "tpr_fitted")));
    }
    // The classes' victims make up the cells'.
    for cell in results.iter().filter(|it| it["attack"] != "membership") {
        let own = read
            .iter()
            .filter(|it| it["config_hash"] == cell["config_hash"]);
        let mse = own.map(|it| number(it, "mse")).sum::<f64>() / 10.0;
        assert!((mse - number(cell, "mse")).abs() < 1e-12);
    }
    let page = small::table(folder.path(), "report.html");
    assert!(page.contains("Like with like") && page.contains("Class by class"));

    // Threads change nothing, and tables that a narrower sweep has not are taken away.
    run(folder.path(), &["--jobs", "2"]);
    assert_eq!(small::table(folder.path(), "pairs.csv"), pairs);
    assert_eq!(small::table(folder.path(), "classes.csv"), classes);
    let narrow = [
        "--set",
        "sweep.attack=[membership: { samples: 400 }]",
        "--set",
        "sweep.null=[independent]",
    ];
    run(folder.path(), &narrow);
    for gone in ["pairs.csv", "classes.csv"] {
        assert!(!folder.path().join("results/small").join(gone).exists());
    }
}
