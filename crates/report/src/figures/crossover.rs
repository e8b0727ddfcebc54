//! The smallest number of shots at which a private defence stops the attack at a bearable cost.

use polars::prelude::{self, Column, DataFrame, NamedFrom};

use super::Figure;
use super::axis::Axis;
use super::numbers::described;
use super::panel::Panel;
use super::series::{Traits, evenly, undefended};
use super::sheet::{Entry, Key, Layout, PLAIN, sheet};
use crate::answer::STOPPED;
use crate::digits::number;
use crate::groups::grouped;
use crate::phrases::{NEIGHBOURS, shots_name};
use crate::rows::ResultRow;
use crate::scene::{Anchor, Scene, Stroke};
use crate::strongest::made_alike;
use crate::style::{BAD, GOOD, INK, SOFT, colour, text};
use crate::words::defence_name;
use spec::DefenceKind;

/// The defence counts as bearable below this loss of accuracy.
const BEARABLE: f64 = 0.05;
const MOST: usize = 6;

/// The cheapest ε that stops the attack at one number of shots.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cheapest {
    shots: u64,
    /// `None` if no ε tried stops the attack.
    found: Option<Found>,
}

impl Cheapest {
    /// Shots, and the points of accuracy that are lost; `None` if no ε tried stops the attack.
    fn place(&self) -> Option<(f64, f64)> {
        Some((self.shots as f64, 100.0 * self.found?.lost))
    }
}

/// Both ε, and the loss of accuracy as a share.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Found {
    epsilon: f64,
    epsilon_replace_one: Option<f64>,
    lost: f64,
}

/// Which ends of the intervals are taken: of what leaks and of what is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// What was measured.
    Measured,
    /// The ends that speak for the defence.
    AtBest,
    /// The ends that speak against it.
    AtWorst,
}

impl Taken {
    fn leak(self, row: &ResultRow) -> Option<f64> {
        let end = match self {
            Self::Measured => None,
            Self::AtBest => row.tpr_at_fpr_1pct_lo,
            Self::AtWorst => row.tpr_at_fpr_1pct_hi,
        };
        end.or(row.tpr_at_fpr_1pct)
    }

    /// Accuracy of an undefended row against that of a private one.
    fn lost(self, open: &ResultRow, private: &ResultRow) -> Option<f64> {
        let (high, low) = match self {
            Self::Measured => (None, None),
            Self::AtBest => (open.accuracy_lo, private.accuracy_hi),
            Self::AtWorst => (open.accuracy_hi, private.accuracy_lo),
        };
        let lost = high.or(open.accuracy)? - low.or(private.accuracy)?;
        Some(lost.max(0.0))
    }
}

/// The points of one private defence.
struct Series {
    /// What its heads are.
    traits: Traits,
    defence: DefenceKind,
    points: Vec<Cheapest>,
    /// The crossover where the intervals' ends speak for the defence, and where against it.
    ends: [Option<u64>; 2],
}

impl Series {
    /// What sets it apart from `all`.
    fn label(&self, all: &[Self]) -> String {
        let keys: Vec<Traits> = all.iter().map(|it| it.traits.clone()).collect();
        let mut parts = Vec::new();
        if all.iter().any(|it| it.defence != self.defence) {
            parts.push(defence_name(self.defence.word()).to_owned());
        }
        if keys.iter().any(|key| *key != self.traits) {
            parts.push(self.traits.label(&keys));
        }
        // What sets a private release apart has no word: its best is looked for.
        parts.retain(|part| !part.is_empty());
        parts.join(", ")
    }
}

/// What private heads and the undefended ones beside them may differ in.
const APART: [&str; 8] = [
    "shots", "defence", "epsilon", "clip", "attack", "release", "null", "queries",
];

/// What tells private heads apart: what a release is made from does not, its best is looked for.
fn heads(row: &ResultRow) -> Traits {
    let setting = row.setting.clone();
    let setting = setting.filter(|_| row.defence != DefenceKind::OneRelease);
    Traits::of(&ResultRow {
        setting,
        ..row.clone()
    })
    .without(&APART)
}

/// `None` unless private and undefended heads were attacked at two numbers of shots.
pub fn figure(rows: &[&ResultRow], layout: Layout) -> Option<Figure> {
    let attacked: Vec<&ResultRow> = rows
        .iter()
        .copied()
        .filter(|row| row.tpr_at_fpr_1pct.is_some() && row.accuracy.is_some())
        .collect();
    let mut series: Vec<Series> = Vec::new();
    for &defence in DefenceKind::ALL.iter().filter(|it| it.is_private()) {
        let private = attacked.iter().filter(|row| row.defence == defence);
        for (traits, rows) in grouped(private, |row| heads(row)) {
            let mut rows: Vec<&ResultRow> = rows.into_iter().copied().collect();
            rows.extend(undefended(&traits, &APART, &attacked));
            series.push(Series {
                defence,
                points: cheapest(&rows, defence, Taken::Measured),
                ends: [Taken::AtBest, Taken::AtWorst]
                    .map(|taken| Some(crossover(&cheapest(&rows, defence, taken))?.0)),
                traits,
            });
        }
    }
    series.retain(|it| it.points.len() >= 2);
    if series.is_empty() {
        return None;
    }
    let series = evenly(series, MOST);
    let named = |of: &Series| {
        if series.len() > 1 {
            of.label(&series)
        } else {
            "cheapest ε that stops the attack".to_owned()
        }
    };
    let mut legend: Vec<Entry> = series
        .iter()
        .enumerate()
        .map(|(i, of)| Entry::new(named(of), colour(i + 1), Key::Series(i)))
        .collect();
    legend.push(Entry::new(
        "bearable: under 5 points",
        GOOD.faded(0.16),
        Key::Patch,
    ));
    if series
        .iter()
        .any(|of| of.points.iter().any(|point| point.found.is_none()))
    {
        legend.push(Entry::new("no ε tried stops it", BAD, Key::Mark(4)));
    }

    let verdicts: Vec<String> = series.iter().map(|of| verdict(of, &series)).collect();
    let title = "From how many shots on does differential privacy work?";
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
        .flat_map(|of| &of.points)
        .map(|point| point.shots as f64)
        .collect();
    let losses = series
        .iter()
        .flat_map(|of| &of.points)
        .filter_map(|p| p.found);
    let highest = losses.map(|it| 100.0 * it.lost).fold(10.0, f64::max);
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
    for (i, of) in series.iter().enumerate() {
        draw(&mut scene, &panel, &of.points, i);
    }
    name_epsilons(&mut scene, &panel, &series);
    Some(Figure {
        name: "crossover".to_owned(),
        title: title.to_owned(),
        caption: format!(
            "For each number of shots, the least accuracy that a private defence costs (against undefended heads, tuned ones where there are any) among the settings at which the strongest attack's true positive rate (at 1 % false positives) is under {} %. In the green band the cost is under {} points: the crossover is the number of shots from which on all are there; in brackets, that where the ends of the 95 % intervals that speak for the defence are taken, and that where those against it are. A red triangle at the top says that no ε tried stopped the attack. {NEIGHBOURS}",
            number(100.0 * STOPPED),
            number(100.0 * BEARABLE)
        ),
        alt: described(title, "", &verdicts),
        narrow: None,
        source: "results.csv",
        numbers: numbers(&series),
        scene,
    })
}

/// The drawn points: accuracy lost as a share; nothing where no ε stops the attack.
fn numbers(series: &[Series]) -> DataFrame {
    let points: Vec<(String, Cheapest)> = series
        .iter()
        .flat_map(|of| of.points.iter().map(|point| (of.label(series), *point)))
        .collect();
    let found = |pick: fn(Found) -> f64| -> Vec<Option<f64>> {
        points
            .iter()
            .map(|(_, point)| point.found.map(pick))
            .collect()
    };
    let replaced: Vec<Option<f64>> = points
        .iter()
        .map(|(_, point)| point.found.and_then(|it| it.epsilon_replace_one))
        .collect();
    let names: Vec<&str> = points.iter().map(|(name, _)| name.as_str()).collect();
    let shots: Vec<u64> = points.iter().map(|(_, point)| point.shots).collect();
    let mut columns: Vec<Column> = vec![
        prelude::Series::new("shots".into(), shots).into(),
        prelude::Series::new("cheapest_epsilon".into(), found(|it| it.epsilon)).into(),
        Column::from(prelude::Series::new("epsilon_replace_one".into(), replaced)),
        prelude::Series::new("accuracy_lost".into(), found(|it| it.lost)).into(),
    ];
    if series.len() > 1 {
        columns.insert(0, prelude::Series::new("series".into(), names).into());
    }
    DataFrame::new(points.len(), columns).unwrap_or_default()
}

/// Of the settings of `defence` that stop every attack the one that costs least, for each number of
/// shots.
fn cheapest(rows: &[&ResultRow], defence: DefenceKind, taken: Taken) -> Vec<Cheapest> {
    let mut by_shots = grouped(rows, |row| row.shots);
    by_shots.sort_by_key(|(shots, _)| *shots);
    by_shots
        .into_iter()
        .filter_map(|(shots, rows)| {
            let mut bare = rows.iter().filter(|row| row.defence == DefenceKind::None);
            let first = bare.clone().next()?;
            let open = bare.find(|row| !row.tuned.is_empty()).unwrap_or(first);
            open.accuracy?;
            let defended: Vec<&ResultRow> = rows
                .iter()
                .map(|row| **row)
                .filter(|row| row.defence == defence)
                .collect();
            if defended.is_empty() {
                return None;
            }
            let cells = grouped(defended.iter().copied(), |row| {
                (row.epsilon, row.clip, made_alike(row))
            });
            let found = cells
                .into_iter()
                .filter_map(|((epsilon, ..), attacks)| {
                    let stopped = attacks
                        .iter()
                        .all(|row| taken.leak(row).is_some_and(|t| t < STOPPED));
                    let loss = taken.lost(open, attacks[0])?;
                    stopped.then_some(Found {
                        epsilon: epsilon?,
                        epsilon_replace_one: attacks[0].epsilon_replace_one,
                        lost: loss,
                    })
                })
                .min_by(|a, b| a.lost.total_cmp(&b.lost));
            Some(Cheapest { shots, found })
        })
        .collect()
}

/// The first number of shots from which on the defence stops every attack at a bearable cost, and the ε
/// there.
fn crossover(points: &[Cheapest]) -> Option<(u64, f64)> {
    let bearable = points.iter().rev().map_while(|point| {
        let found = point.found.filter(|it| it.lost < BEARABLE)?;
        Some((point.shots, found.epsilon))
    });
    bearable.last()
}

fn verdict(of: &Series, all: &[Series]) -> String {
    let name = if all.len() > 1 {
        format!("{}: ", of.label(all))
    } else {
        String::new()
    };
    let most = of.points.iter().map(|point| point.shots).max().unwrap_or(0);
    let ends = of.ends.map(|end| match end {
        Some(shots) => shots.to_string(),
        None => format!("over {most}"),
    });
    let within = match of.ends {
        [best, worst] if best == worst => String::new(),
        _ => format!(" [{}, {}]", ends[0], ends[1]),
    };
    match crossover(&of.points) {
        Some((shots, epsilon)) => {
            format!(
                "{name}from {}{within} on, at ε = {}",
                shots_name(shots),
                number(epsilon)
            )
        }
        None => format!("{name}not up to {}{within}", shots_name(most)),
    }
}

fn draw(scene: &mut Scene, panel: &Panel, points: &[Cheapest], at: usize) {
    let paint = colour(at + 1);
    // No line across a number of shots at which nothing stops the attack.
    for found in points.split(|point| point.found.is_none()) {
        let found = found.iter().filter_map(Cheapest::place);
        let line: Vec<(f64, f64)> = found.collect();
        panel.line(scene, &line, Stroke::solid(paint, 2.0));
        for &(x, y) in &line {
            panel.mark(scene, x, y, at, paint);
        }
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

/// The ε of each point, those of one number of shots one above the other.
fn name_epsilons(scene: &mut Scene, panel: &Panel, series: &[Series]) {
    let several = series.len() > 1;
    let mut named: Vec<((f64, f64), f64, usize)> = Vec::new();
    for (i, of) in series.iter().enumerate() {
        named.extend(of.points.iter().filter_map(|point| {
            let (x, y) = point.place()?;
            Some((panel.at(x, y), point.found?.epsilon, i))
        }));
    }
    // From left to right, and from below.
    named.sort_by(|((ax, ay), ..), ((bx, by), ..)| ax.total_cmp(bx).then(by.total_cmp(ay)));
    let mut above: Option<(f64, f64)> = None;
    for ((px, py), epsilon, i) in named {
        // To the right of the mark, where a falling line leaves room; at the edge, to its left.
        let ((x, y), anchor) = if px + 60.0 < panel.to.0 {
            ((px + 8.0, py - 10.0), Anchor::Start)
        } else {
            ((px - 8.0, py - 10.0), Anchor::End)
        };
        let y = match above {
            Some((column, last)) if column == px => y.min(last - 13.0),
            _ => y,
        };
        above = Some((px, y));
        let paint = if several { colour(i + 1) } else { SOFT };
        let style = text(10.5, paint).anchored(anchor);
        scene.text((x, y), format!("ε = {}", number(epsilon)), style);
    }
}

#[cfg(test)]
mod tests;
