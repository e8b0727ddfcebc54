use super::*;

fn row(shots: u64, defence: &str, epsilon: Option<f64>, accuracy: f64, tpr: f64) -> ResultRow {
    ResultRow {
        shots,
        defence: defence.to_owned(),
        epsilon,
        accuracy: Some(accuracy),
        tpr_at_fpr_1pct: Some(tpr),
        ..ResultRow::default()
    }
}

#[test]
fn a_private_release_is_judged_by_its_best_method_and_tuned_heads_are_the_reference() {
    let release = |shots, method: &str, accuracy, tpr| ResultRow {
        setting: Some(method.to_owned()),
        ..row(shots, "one_release", Some(5.0), accuracy, tpr)
    };
    let tuned = ResultRow {
        tuned: "learning rate 0.1, 64 epochs".to_owned(),
        ..row(1, "none", None, 0.7, 0.9)
    };
    let rows = [
        row(1, "none", None, 0.6, 0.8),
        tuned,
        release(1, "prototypes", 0.4, 0.01),
        release(1, "least squares", 0.5, 0.02),
        release(1, "output perturbation", 0.6, 0.2),
    ];
    let rows: Vec<&ResultRow> = rows.iter().collect();
    let points = cheapest(&rows, DefenceKind::OneRelease, Taken::Measured);
    let lost = points[0].found.map(|it| (100.0 * it.lost).round());
    assert_eq!((points.len(), lost), (1, Some(20.0)));
    assert!(cheapest(&rows, DefenceKind::DpSgd, Taken::Measured).is_empty());
    let [release, other] = [rows[2], rows[3]].map(heads);
    assert!(release == other);
}

#[test]
fn directions_of_private_heads_do_not_set_undefended_ones_apart() {
    let along = |shots, directions: &str, accuracy| ResultRow {
        setting: Some(directions.to_owned()),
        ..row(shots, "dp_sgd", Some(5.0), accuracy, 0.01)
    };
    let rows = [
        row(1, "none", None, 0.6, 0.9),
        row(4, "none", None, 0.8, 0.5),
        along(1, "all directions", 0.3),
        along(4, "all directions", 0.6),
        along(1, "no labels", 0.4),
        along(4, "no labels", 0.79),
    ];
    let rows: Vec<&ResultRow> = rows.iter().collect();
    let drawn = figure(&rows, Layout::Wide).expect("two numbers of shots");
    for told in [
        "all directions: not up to 4 shots",
        "no labels: from 4 shots on",
    ] {
        assert!(drawn.alt.contains(told), "{told}: {}", drawn.alt);
    }
}

#[test]
fn the_cheapest_epsilon_that_stops_every_attack() {
    let rows = [
        row(4, "none", None, 0.8, 0.9),
        row(4, "dp_sgd", Some(5.0), 0.4, 0.01),
        row(4, "dp_sgd", Some(20.0), 0.7, 0.03),
        row(4, "dp_sgd", Some(20.0), 0.7, 0.06),
        row(16, "none", None, 0.9, 0.2),
        row(16, "dp_sgd", Some(20.0), 0.88, 0.02),
        row(16, "dp_sgd", Some(80.0), 0.89, 0.07),
    ];
    let rows: Vec<&ResultRow> = rows.iter().collect();
    let points = cheapest(&rows, DefenceKind::DpSgd, Taken::Measured);
    let losses: Vec<(u64, f64)> = points
        .iter()
        .map(|p| (p.shots, p.found.unwrap().epsilon))
        .collect();
    assert_eq!(losses, [(4, 5.0), (16, 20.0)]);
    assert_eq!(crossover(&points), Some((16, 20.0)));
}

#[test]
fn what_comes_back_with_more_shots_is_not_stopped_before() {
    let rows = [
        row(1, "none", None, 0.6, 0.9),
        row(1, "dp_sgd", Some(5.0), 0.58, 0.01),
        row(4, "none", None, 0.8, 0.5),
        row(4, "dp_sgd", Some(5.0), 0.78, 0.10),
        row(16, "none", None, 0.9, 0.2),
        row(16, "dp_sgd", Some(20.0), 0.88, 0.02),
    ];
    let rows: Vec<&ResultRow> = rows.iter().collect();
    let drawn = figure(&rows, Layout::Wide).expect("three numbers of shots");
    assert!(drawn.alt.contains("from 16 shots on"), "{}", drawn.alt);
    let points = cheapest(&rows[..4], DefenceKind::DpSgd, Taken::Measured);
    assert_eq!(crossover(&points), None);
}

#[test]
fn names_of_several_defences_have_no_empty_part() {
    let of = |shots, defence: &str, setting: Option<&str>| ResultRow {
        setting: setting.map(ToOwned::to_owned),
        ..row(shots, defence, Some(5.0), 0.7, 0.01)
    };
    let mut rows = Vec::new();
    for shots in [1, 4] {
        rows.push(row(shots, "none", None, 0.8, 0.5));
        rows.push(of(shots, "dp_sgd", Some("all directions")));
        rows.push(of(shots, "dp_sgd", Some("no labels")));
        rows.push(of(shots, "one_release", Some("prototypes")));
    }
    let rows: Vec<&ResultRow> = rows.iter().collect();
    let drawn = figure(&rows, Layout::Wide).expect("two numbers of shots");
    let names = drawn.numbers.column("series").expect("several");
    let names = names.str().expect("words");
    let named: Vec<&str> = (0..names.len()).filter_map(|at| names.get(at)).collect();
    assert_eq!(named.len(), 6);
    for name in &named {
        assert!(name.split(", ").all(|part| !part.is_empty()), "`{name}`");
    }
    assert!(named.contains(&"one private release"), "{named:?}");
    assert!(named.contains(&"DP-SGD, no labels"), "{named:?}");
}

#[test]
fn the_ends_of_intervals_bound_the_crossover() {
    let with = |row: ResultRow, leak: [f64; 2], accuracy: [f64; 2]| ResultRow {
        tpr_at_fpr_1pct_lo: Some(leak[0]),
        tpr_at_fpr_1pct_hi: Some(leak[1]),
        accuracy_lo: Some(accuracy[0]),
        accuracy_hi: Some(accuracy[1]),
        ..row
    };
    let rows = [
        with(row(1, "none", None, 0.70, 0.9), [0.8, 0.95], [0.69, 0.71]),
        // Costs six points, perhaps four.
        with(
            row(1, "dp_sgd", Some(20.0), 0.64, 0.02),
            [0.01, 0.03],
            [0.63, 0.65],
        ),
        with(row(4, "none", None, 0.80, 0.5), [0.4, 0.6], [0.79, 0.81]),
        // Leaks four hundredths, perhaps six.
        with(
            row(4, "dp_sgd", Some(20.0), 0.78, 0.04),
            [0.02, 0.06],
            [0.77, 0.79],
        ),
        with(row(16, "none", None, 0.90, 0.2), [0.1, 0.3], [0.89, 0.91]),
        with(
            row(16, "dp_sgd", Some(20.0), 0.89, 0.02),
            [0.01, 0.03],
            [0.88, 0.90],
        ),
    ];
    let rows: Vec<&ResultRow> = rows.iter().collect();
    let drawn = figure(&rows, Layout::Wide).expect("two numbers of shots");
    assert!(
        drawn.alt.contains("from 4 shots [1, 16] on"),
        "{}",
        drawn.alt
    );
}
