//! The smallest number of shots at which DP-SGD stops the attack at a bearable cost.

use polars::prelude::{Column, DataFrame, NamedFrom, Series};

use super::Figure;
use super::axis::{Axis, number};
use super::numbers::described;
use super::panel::Panel;
use super::series::{Traits, evenly, grouped};
use super::sheet::{Entry, Key, Layout, PLAIN, sheet};
use crate::answer::STOPPED;
use crate::phrases::shots_name;
use crate::rows::ResultRow;
use crate::scene::{Anchor, Scene, Stroke};
use crate::style::{BAD, GOOD, INK, SOFT, colour, text};
use spec::DefenceKind;

/// The defence counts as bearable below this loss of accuracy.
const BEARABLE: f64 = 0.05;
const MOST: usize = 6;

/// The cheapest ε that stops the attack at one number of shots.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cheapest {
    shots: u64,
    /// ε and loss of accuracy; `None` if no ε tried stops the attack.
    found: Option<(f64, f64)>,
}

/// `None` unless DP-SGD and undefended heads were attacked at two numbers of shots.
pub fn figure(rows: &[&ResultRow], layout: Layout) -> Option<Figure> {
    let apart = [
        "shots", "defence", "epsilon", "clip", "attack", "release", "null", "queries",
    ];
    let attacked: Vec<&ResultRow> = rows
        .iter()
        .copied()
        .filter(|row| row.tpr_at_fpr_1pct.is_some() && row.accuracy.is_some())
        .collect();
    let groups = grouped(&attacked, |row| Traits::of(row).without(&apart));
    let mut series: Vec<(Traits, Vec<Cheapest>)> = groups
        .into_iter()
        .map(|(key, rows)| (key, cheapest(&rows)))
        .collect();
    series.retain(|(_, points)| points.len() >= 2);
    if series.is_empty() {
        return None;
    }
    let series = evenly(series, MOST);
    let keys: Vec<Traits> = series.iter().map(|(key, _)| key.clone()).collect();
    let named = |key: &Traits| {
        if keys.len() > 1 {
            key.label(&keys)
        } else {
            "cheapest ε that stops the attack".to_owned()
        }
    };
    let mut legend: Vec<Entry> = keys
        .iter()
        .enumerate()
        .map(|(i, key)| Entry::new(named(key), colour(i + 1), Key::Series(i)))
        .collect();
    legend.push(Entry::new(
        "bearable: under 5 points",
        GOOD.faded(0.16),
        Key::Patch,
    ));
    if series
        .iter()
        .any(|(_, points)| points.iter().any(|point| point.found.is_none()))
    {
        legend.push(Entry::new("no ε tried stops it", BAD, Key::Mark(4)));
    }

    let verdicts: Vec<String> = series
        .iter()
        .map(|(key, points)| verdict(key, points, &keys))
        .collect();
    let title = "From how many shots on does DP-SGD work?";
    let (mut scene, places) = sheet(
        layout,
        title,
        &verdicts.join(" · "),
        &legend,
        (1, 1),
        (640.0, 320.0),
        PLAIN,
    );
    let shots: Vec<f64> = series
        .iter()
        .flat_map(|(_, points)| points)
        .map(|point| point.shots as f64)
        .collect();
    let losses = series
        .iter()
        .flat_map(|(_, points)| points)
        .filter_map(|p| p.found);
    let highest = losses.map(|(_, loss)| 100.0 * loss).fold(10.0, f64::max);
    let panel = Panel {
        x: Axis::log_at(&shots, "shots (training examples a class)"),
        y: Axis::linear([0.0, 1.1 * highest].into_iter(), "accuracy lost [points]"),
        from: places[0].0,
        to: places[0].1,
    };
    let (left, right) = panel.x.ends();
    let bearable = [panel.at(left, 100.0 * BEARABLE), panel.at(right, 0.0)];
    panel.frame(&mut scene, "");
    scene.rect(bearable[0], bearable[1], GOOD.faded(0.12));
    for (i, (_, points)) in series.iter().enumerate() {
        draw(&mut scene, &panel, points, i);
    }
    Some(Figure {
        name: "crossover".to_owned(),
        title: title.to_owned(),
        caption: format!(
            "For each number of shots, the least accuracy that DP-SGD costs among the ε at which the strongest attack's true positive rate (at 1 % false positives) is under {} %. In the green band the cost is under {} points: the crossover is the first number of shots there. A red triangle at the top says that no ε tried stopped the attack.",
            number(100.0 * STOPPED),
            number(100.0 * BEARABLE)
        ),
        alt: described(title, "", &verdicts),
        narrow: None,
        source: "results.csv",
        numbers: numbers(&series, &keys),
        scene,
    })
}

/// The drawn points: accuracy lost as a share; nothing where no ε stops the attack.
fn numbers(series: &[(Traits, Vec<Cheapest>)], keys: &[Traits]) -> DataFrame {
    let points: Vec<(String, Cheapest)> = series
        .iter()
        .flat_map(|(key, points)| points.iter().map(|point| (key.label(keys), *point)))
        .collect();
    let found = |pick: fn((f64, f64)) -> f64| -> Vec<Option<f64>> {
        points
            .iter()
            .map(|(_, point)| point.found.map(pick))
            .collect()
    };
    let names: Vec<&str> = points.iter().map(|(name, _)| name.as_str()).collect();
    let shots: Vec<u64> = points.iter().map(|(_, point)| point.shots).collect();
    let mut columns: Vec<Column> = vec![
        Series::new("shots".into(), shots).into(),
        Series::new("cheapest_epsilon".into(), found(|(epsilon, _)| epsilon)).into(),
        Series::new("accuracy_lost".into(), found(|(_, lost)| lost)).into(),
    ];
    if keys.len() > 1 {
        columns.insert(0, Series::new("series".into(), names).into());
    }
    DataFrame::new(points.len(), columns).unwrap_or_default()
}

fn cheapest(rows: &[&&ResultRow]) -> Vec<Cheapest> {
    let mut by_shots = grouped(rows.iter().copied(), |row| row.shots);
    by_shots.sort_by_key(|(shots, _)| *shots);
    by_shots
        .into_iter()
        .filter_map(|(shots, rows)| {
            let open = rows
                .iter()
                .find(|row| row.defence == DefenceKind::None)?
                .accuracy?;
            let defended: Vec<&ResultRow> = rows
                .into_iter()
                .copied()
                .filter(|row| row.defence == DefenceKind::DpSgd)
                .collect();
            if defended.is_empty() {
                return None;
            }
            let cells = grouped(defended.iter().copied(), |row| (row.epsilon, row.clip));
            let found = cells
                .into_iter()
                .filter_map(|((epsilon, _), attacks)| {
                    let stopped = attacks
                        .iter()
                        .all(|row| row.tpr_at_fpr_1pct.is_some_and(|t| t < STOPPED));
                    let loss = (open - attacks[0].accuracy?).max(0.0);
                    stopped.then_some((epsilon?, loss))
                })
                .min_by(|a, b| a.1.total_cmp(&b.1));
            Some(Cheapest { shots, found })
        })
        .collect()
}

fn crossover(points: &[Cheapest]) -> Option<(u64, f64)> {
    points.iter().find_map(|p| {
        p.found
            .filter(|(_, loss)| *loss < BEARABLE)
            .map(|(e, _)| (p.shots, e))
    })
}

fn verdict(key: &Traits, points: &[Cheapest], keys: &[Traits]) -> String {
    let name = if keys.len() > 1 {
        format!("{}: ", key.label(keys))
    } else {
        String::new()
    };
    match crossover(points) {
        Some((shots, epsilon)) => {
            format!(
                "{name}from {} on, at ε = {}",
                shots_name(shots),
                number(epsilon)
            )
        }
        None => {
            let most = points.iter().map(|point| point.shots).max().unwrap_or(0);
            format!("{name}not up to {}", shots_name(most))
        }
    }
}

fn draw(scene: &mut Scene, panel: &Panel, points: &[Cheapest], at: usize) {
    let paint = colour(at + 1);
    let values: Vec<(f64, f64, f64)> = points
        .iter()
        .filter_map(|p| {
            p.found
                .map(|(epsilon, loss)| (p.shots as f64, 100.0 * loss, epsilon))
        })
        .collect();
    let line: Vec<(f64, f64)> = values.iter().map(|&(x, y, _)| (x, y)).collect();
    panel.line(scene, &line, Stroke::solid(paint, 2.0));
    for &(x, y, epsilon) in &values {
        panel.mark(scene, x, y, at, paint);
        let (px, py) = panel.at(x, y);
        // To the right of the mark, where a falling line leaves room; at the edge, to its left.
        let (place, anchor) = if px + 60.0 < panel.to.0 {
            ((px + 8.0, py - 10.0), Anchor::Start)
        } else {
            ((px - 4.0, py - 13.0), Anchor::End)
        };
        let style = text(10.5, SOFT).anchored(anchor);
        scene.text(place, format!("ε = {}", number(epsilon)), style);
    }
    let top = panel.y.ends().1;
    for point in points.iter().filter(|point| point.found.is_none()) {
        panel.mark(scene, point.shots as f64, 0.97 * top, 4, BAD);
    }
    if let Some((shots, _)) = crossover(points) {
        let x = shots as f64;
        panel.line(
            scene,
            &[(x, 0.0), (x, top)],
            Stroke::dashed(INK, 1.2, 4.0, 3.0),
        );
    }
}

#[cfg(test)]
mod tests {
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
        let rows: Vec<&&ResultRow> = rows.iter().collect();
        let points = cheapest(&rows);
        let losses: Vec<(u64, f64)> = points
            .iter()
            .map(|p| (p.shots, p.found.unwrap().0))
            .collect();
        assert_eq!(losses, [(4, 5.0), (16, 20.0)]);
        assert_eq!(crossover(&points), Some((16, 20.0)));
    }
}
