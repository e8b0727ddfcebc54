//! The accountants against Opacus 1.5.3, dp-accounting 0.6.0 and prv-accountant 0.2.0.

use std::path::Path;

use privacy::{
    Accountant, Composition, Delta, Neighbour, NoiseMultiplier, Orders, RdpCurve, SampleRate,
    SampledGaussian, Steps, rdp_one_step,
};

/// A fixture's rows.
fn rows(name: &str) -> Vec<csv::StringRecord> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    let mut reader = csv::Reader::from_path(&path).expect("the fixture is there");
    reader.records().map(|r| r.expect("a csv row")).collect()
}

fn number(row: &csv::StringRecord, column: usize) -> f64 {
    row[column].parse().expect("a number")
}

fn mechanism(row: &csv::StringRecord) -> SampledGaussian {
    SampledGaussian::new(
        NoiseMultiplier::new(number(row, 3)).expect("noise"),
        SampleRate::new(number(row, 4)).expect("rate"),
    )
}

#[test]
fn every_accountant_row() {
    let rows = rows("accountants.csv");
    assert!(rows.len() >= 290, "only {} rows", rows.len());
    let mut nested = 0;
    for row in &rows {
        let run = Composition::repeated(
            mechanism(row),
            Steps::new(row[5].parse().expect("steps")).expect("steps"),
        );
        let delta = Delta::new(number(row, 6)).expect("delta");
        let theirs = number(row, 7);
        let what = format!("{row:?}");
        match (&row[0], &row[1]) {
            ("rdp", "opacus") => {
                let curve = |orders: &Orders| {
                    RdpCurve::new(&run, Neighbour::AddRemove, orders)
                        .expect("a curve")
                        .epsilon(delta)
                        .0
                };
                let same = curve(&Orders::opacus());
                assert!((same / theirs - 1.0).abs() < 1e-6, "{what}: {same}");
                let wide = curve(&Orders::wide());
                assert!(wide <= theirs * (1.0 + 1e-6), "{what}: {wide}");
            }
            // Its series is cut short at large rates, which only raises its epsilon.
            ("rdp", _) => {
                let ours = run
                    .epsilon(delta, Accountant::Rdp, Neighbour::AddRemove)
                    .expect("epsilon")
                    .upper;
                assert!(ours <= theirs * (1.0 + 1e-4), "{what}: {ours}");
            }
            (kind, _) => {
                let ours = run
                    .epsilon(delta, Accountant::Prv, Neighbour::AddRemove)
                    .expect("epsilon");
                assert!(ours.lower <= ours.estimate && ours.estimate <= ours.upper);
                // Tighter than asked: both sides within 0.1 % of each other.
                assert!(
                    ours.upper - ours.lower <= 1e-3 * ours.upper,
                    "{what}: {ours:?}"
                );
                match kind {
                    "prv_estimate" | "pld_add_or_remove" => {
                        let off = ours.estimate / theirs - 1.0;
                        assert!(off.abs() < 5e-4, "{what}: {ours:?} is off by {off}");
                    }
                    // Our bounds lie inside theirs, which carry a margin of 0.01.
                    "prv" => assert!(ours.upper <= theirs, "{what}: {ours:?}"),
                    "prv_lower" => assert!(ours.lower >= theirs, "{what}: {ours:?}"),
                    other => panic!("unknown accountant {other}"),
                }
                nested += 1;
            }
        }
    }
    assert!(
        nested >= 220,
        "only {nested} rows of privacy-loss accountants"
    );
}

#[test]
fn the_twenty_published_pairs() {
    // (steps, delta exponent base N, noise by epsilon) as the source paper's released code has them.
    let published = [
        (
            64,
            10,
            [
                (1.82, 5.0),
                (1.23, 10.0),
                (0.85, 20.0),
                (0.6, 40.0),
                (0.435, 80.0),
            ],
        ),
        (
            100,
            40,
            [
                (5.21, 2.0),
                (2.75, 5.0),
                (1.75, 10.0),
                (1.15, 20.0),
                (0.79, 40.0),
            ],
        ),
        (
            96,
            10,
            [
                (1.48, 10.0),
                (1.02, 20.0),
                (0.714, 40.0),
                (0.514, 80.0),
                (0.374, 160.0),
            ],
        ),
        (
            156,
            40,
            [
                (2.15, 10.0),
                (1.41, 20.0),
                (0.953, 40.0),
                (0.666, 80.0),
                (0.477, 160.0),
            ],
        ),
    ];
    for (steps, records, pairs) in published {
        let delta = Delta::for_records(records).expect("delta");
        for (noise, epsilon) in pairs {
            let step = SampledGaussian::new(
                NoiseMultiplier::new(noise).expect("noise"),
                SampleRate::new(0.5).expect("rate"),
            );
            let ours = Composition::repeated(step, Steps::new(steps).expect("steps"))
                .epsilon(delta, Accountant::Prv, Neighbour::AddRemove)
                .expect("epsilon");
            for value in [ours.lower, ours.estimate, ours.upper] {
                let off = value / epsilon - 1.0;
                assert!(
                    off.abs() < 0.012,
                    "noise {noise}: {ours:?} against {epsilon}"
                );
            }
        }
    }
}

#[test]
fn every_rdp_row() {
    let rows = rows("rdp.csv");
    assert!(rows.len() >= 110, "only {} rows", rows.len());
    for row in &rows {
        let step = SampledGaussian::new(
            NoiseMultiplier::new(number(row, 2)).expect("noise"),
            SampleRate::new(number(row, 3)).expect("rate"),
        );
        let ours = rdp_one_step(step, number(row, 4), Neighbour::AddRemove).expect("rdp");
        let off = ours / number(row, 5) - 1.0;
        assert!(off.abs() < 1e-6, "{row:?}: {ours} is off by {off}");
    }
}
