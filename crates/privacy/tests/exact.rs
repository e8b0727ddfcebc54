//! Bounds against exact values: `lower ≤ exact ≤ upper` on a thousand random points and on corners.

use std::path::Path;
use std::time::Instant;

use privacy::{
    Accountant, Composition, Delta, Neighbour, NoiseMultiplier, PrivacyError, SampleRate,
    SampledGaussian, Spent, Steps,
};
use rayon::prelude::*;

fn run(noise: f64, rate: f64, steps: u64) -> Result<Composition, PrivacyError> {
    let step = SampledGaussian::new(NoiseMultiplier::new(noise)?, SampleRate::new(rate)?);
    Ok(Composition::repeated(step, Steps::new(steps)?))
}

/// One row of the fixture.
struct Point {
    method: String,
    neighbour: Neighbour,
    run: Composition,
    delta: Delta,
    epsilon: f64,
    text: String,
}

fn points() -> Vec<Point> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/exact.csv");
    let mut reader = csv::Reader::from_path(path).expect("the fixture is there");
    reader
        .records()
        .map(|row| {
            let row = row.expect("a csv row");
            let number = |at: usize| row[at].parse::<f64>().expect("a number");
            Point {
                method: row[0].to_owned(),
                neighbour: row[1].parse().expect("a relation"),
                run: run(number(2), number(3), row[4].parse().expect("steps")).expect("a run"),
                delta: Delta::new(number(5)).expect("a delta"),
                epsilon: number(6),
                text: format!("{row:?}"),
            }
        })
        .collect()
}

impl Point {
    fn spent(&self, accountant: Accountant) -> Spent {
        self.run
            .epsilon(self.delta, accountant, self.neighbour)
            .unwrap_or_else(|error| panic!("{}: {error}", self.text))
    }

    /// What the exact value itself may be wrong by: digits in the first two methods, δ's 1e-9 in
    /// the last, where ε moves at most a hundred times as far as δ.
    fn tolerance(&self) -> f64 {
        if self.method == "contour" {
            1e-7
        } else {
            1e-13
        }
    }

    /// What is wrong with this answer, if anything.
    fn fault(&self, spent: &Spent) -> Option<String> {
        let hair = self.tolerance() * self.epsilon;
        let holds = spent.lower <= self.epsilon + hair && self.epsilon - hair <= spent.upper;
        (!holds).then(|| format!("{}: {spent:?}", self.text))
    }
}

#[test]
fn bounds_hold_on_a_thousand_exact_points() {
    let points = points();
    let of = |one: bool| points.iter().filter(|p| (p.method == "one") == one).count();
    assert!(
        of(true) >= 500 && of(false) >= 500,
        "{} points",
        points.len()
    );
    let started = Instant::now();
    let answers: Vec<(&Point, Spent)> = points
        .par_iter()
        .map(|point| (point, point.spent(Accountant::Prv)))
        .collect();
    let faults: Vec<String> = answers.iter().filter_map(|(p, s)| p.fault(s)).collect();
    let mut widths: Vec<(f64, &str)> = answers
        .iter()
        .map(|(p, s)| ((s.upper - s.lower) / s.upper.max(1e-12), p.text.as_str()))
        .collect();
    widths.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at = |share: f64| widths[((widths.len() - 1) as f64 * share) as usize];
    println!(
        "{} points in {:?}; relative width: median {:.1e}, 90 % {:.1e}, 99 % {:.1e}, widest {:?}",
        points.len(),
        started.elapsed(),
        at(0.5).0,
        at(0.9).0,
        at(0.99).0,
        &widths[widths.len() - 5..],
    );
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    // Bounds that hold by saying nothing would pass the check above.
    assert!(
        at(0.5).0 < 1e-3 && at(0.9).0 < 1e-2,
        "{:?} {:?}",
        at(0.5),
        at(0.9)
    );
}

#[test]
fn rdp_is_never_below_the_exact_value() {
    let faults: Vec<String> = points()
        .par_iter()
        .filter_map(|point| {
            // No order that is tried bounds some of the points with very little noise.
            let spent = point
                .run
                .epsilon(point.delta, Accountant::Rdp, point.neighbour)
                .ok()?;
            (spent.upper < point.epsilon * (1.0 - point.tolerance()))
                .then(|| format!("{}: {spent:?}", point.text))
        })
        .collect();
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}
