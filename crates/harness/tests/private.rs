//! What rows say of private heads: both ε, bounds beside the null they speak of, how they were tuned.

mod small;

use std::collections::HashMap;

use privacy::{GaussianRelease, NoiseMultiplier, gaussian_tpr};

/// The rows of a run of this sweep, by the names of their columns.
fn rows(sweep: &str) -> Vec<HashMap<String, String>> {
    let folder = small::folder(sweep);
    let output = small::command(folder.path(), &["small.yaml", "-q"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", small::said(&output));
    let table = small::results(folder.path());
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    reader
        .deserialize()
        .map(|row| row.expect("a row"))
        .collect()
}

fn number(row: &HashMap<String, String>, column: &str) -> Option<f64> {
    match row[column].as_str() {
        "" => None,
        text => Some(text.parse().unwrap_or_else(|_| panic!("{column}: {text}"))),
    }
}

const BOUNDS: [&str; 3] = [
    "tpr_bound_at_fpr_1pct",
    "success_bound_at_tau",
    "epsilon_lower_bound",
];

#[test]
fn rows_have_both_epsilons_and_bounds_beside_their_null_alone() {
    let rows = rows(
        "sweep:
  - shots: 2
    defence: [none, { dp_sgd: { noise_multiplier: 2, sampling: full, epochs: 4, delta: 0.01 } }, { one_release: { noise_multiplier: 1, rank: 8, delta: 0.01 } }]
    attack: { unmixing: { samples: 600 } }
    null: [independent, replace_one]",
    );
    assert_eq!(rows.len(), 6);
    for row in &rows {
        let what = format!("{} {}", row["defence"], row["null"]);
        let private = row["defence"] != "none";
        // Four full batches of noise 2 are one release of noise 1.
        let release = GaussianRelease::new(NoiseMultiplier::new(1.0).unwrap());
        for (column, neighbour) in [
            ("epsilon", privacy::Neighbour::AddRemove),
            ("epsilon_replace_one", privacy::Neighbour::ReplaceOne),
        ] {
            let expected = release.epsilon(privacy::Delta::new(0.01).unwrap(), neighbour);
            match number(row, column) {
                Some(found) => assert!((found - expected).abs() < 1e-6, "{what}: {found}"),
                None => assert!(!private, "{what}: no {column}"),
            }
        }
        let bounded = private && row["null"] == "replace_one";
        for column in BOUNDS {
            assert_eq!(number(row, column).is_some(), bounded, "{what}: {column}");
        }
        let Some(bound) = number(row, "success_bound_at_tau") else {
            continue;
        };
        let tpr = number(row, "tpr_bound_at_fpr_1pct").expect("a bound");
        assert!(
            (tpr - gaussian_tpr(2.0, 0.01)).abs() < 1e-9,
            "{what}: {tpr}"
        );
        let blind = number(row, "success_at_tau_blind").expect("a guess");
        let null = number(row, "success_at_tau_null").expect("a rate");
        // Of κ's interval the upper end counts: the bound lies above that of κ itself.
        assert!(blind >= null, "{what}: {blind} {null}");
        assert!(
            bound > gaussian_tpr(2.0, blind) && bound <= 1.0,
            "{what}: {bound} for {blind}"
        );
    }
}

#[test]
fn undefended_heads_are_tuned_the_same_way_and_say_so() {
    let rows = rows(
        "sweep:
  shots: 1
  defence:
    - none: { tuned: { learning_rate: [0.1, 1], epochs: [8, 32] } }
    - none
    - dp_sgd: { epsilon: 50, tuned: { clip: [1, 2], learning_rate: [0.01, 0.02], epochs: [4], momentum: [0, 0.9] } }
  attack: { unmixing: { samples: 600 } }",
    );
    let [tuned, plain, private] = rows.as_slice() else {
        panic!("{rows:?}");
    };
    // The paper's rate is far too small for features as narrow as these.
    let accuracy = |row| number(row, "accuracy").expect("an accuracy");
    assert!(accuracy(tuned) > accuracy(plain), "{tuned:?} {plain:?}");
    assert!(tuned["tuned"].contains("learning rate") && !tuned["tuned"].contains("clip"));
    assert_eq!(
        (plain["tuned"].as_str(), &tuned["epsilon"]),
        ("", &plain["epsilon"])
    );
    assert!(private["tuned"].contains("momentum") && private["tuned"].contains("4 epochs"));
    assert_ne!(tuned["config_hash"], plain["config_hash"]);
}

#[test]
fn ranks_are_searched_for_and_labels_of_public_images_give_directions() {
    let rows = rows(
        "sweep:
  shots: 2
  defence: [{ one_release: { noise_multiplier: 0.5, method: [whitened_prototypes, least_squares], directions: [principal, source_labels, class_labels], tuned: { rank: [2, 4], clip: [1], ridge: [0.1] } } }]
  attack: { unmixing: { samples: 600, informed: true } }
  null: replace_one",
    );
    assert_eq!(rows.len(), 6);
    let mut settings: Vec<&str> = rows.iter().map(|row| row["setting"].as_str()).collect();
    settings.sort_unstable();
    settings.dedup();
    assert_eq!(settings.len(), 6, "{settings:?}");
    for row in &rows {
        assert_eq!(row["attack"], "informed+unmixing");
        let (tuned, method) = (&row["tuned"], &row["setting"]);
        assert!(tuned.starts_with("rank "), "{tuned}");
        assert_eq!(
            tuned.contains("ridge 0.1"),
            method.contains("least_squares")
        );
        // No steps were taken, so no rate was chosen.
        assert_eq!(number(row, "learning_rate"), None);
    }
    // Of ten classes the labels of the same classes tell most.
    let accuracy = |words: &str| {
        let own = rows.iter().filter(|row| row["setting"].contains(words));
        own.map(|row| number(row, "accuracy").expect("an accuracy"))
            .sum::<f64>()
    };
    let (told, untold) = (accuracy("the classes' labels"), accuracy("no labels"));
    assert!(told > untold, "{told} {untold}");
}

#[test]
fn dp_sgd_trains_along_public_directions_whose_number_is_searched_for() {
    let rows = rows(
        "sweep:
  - shots: 2
    defence: &along [{ dp_sgd: { epsilon: 20, directions: [principal, class_labels], tuned: { rank: [2, 4], clip: [1], learning_rate: [0.05, 0.1], epochs: [4] } } }]
    attack: { unmixing: { samples: 600, informed: true } }
    null: replace_one
  - { shots: 2, defence: *along, attack: { membership: { samples: 600 } } }",
    );
    assert_eq!(rows.len(), 4);
    for row in &rows {
        let tuned = &row["tuned"];
        assert!(
            tuned.starts_with("rank ") && tuned.contains("clip 1, "),
            "{tuned}"
        );
        assert_eq!(number(row, "epsilon").map(|it| it.round()), Some(20.0));
        assert!(number(row, "tpr_bound_at_fpr_1pct").is_some());
        assert!(row["setting"].contains("labels"), "{}", row["setting"]);
    }
    assert_ne!(rows[0]["setting"], rows[1]["setting"]);
}
