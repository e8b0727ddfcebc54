//! Accuracy and attack success against ε: a colour for each number of shots, a panel for each attack.

use super::Figure;
use super::axis::Axis;
use super::numbers::{described, numbers};
use super::panel::{Estimate, Panel, aside};
use super::series::{Traits, evenly, undefended};
use super::sheet::{Entry, HEADED, Key, Layout, sheet, shortened};
use crate::groups::grouped;
use crate::phrases::{NEIGHBOURS, shots_name};
use crate::rows::ResultRow;
use crate::scene::{Scene, Stroke};
use crate::style::{INK, LINE, SOFT, colour, text};
use crate::words::is_private;

/// Numbers of shots that can be told apart.
const MOST: usize = 6;
/// Panels that a page can hold.
const PANELS: usize = 12;

/// What an attack may differ in while it meets the same heads.
const OF_ATTACK: [&str; 4] = ["attack", "release", "null", "queries"];

/// What a panel shows of its rows.
#[derive(Clone, Copy, PartialEq)]
enum Shows {
    /// The heads' accuracy.
    Accuracy,
    /// The rate of an attack at 1 % false positives.
    Rate,
    /// How often an attack comes within τ.
    Success,
}

impl Shows {
    fn label(self) -> &'static str {
        match self {
            Self::Accuracy => "test accuracy [%]",
            Self::Rate => "TPR at 1 % FPR [%]",
            Self::Success => "success at τ [%]",
        }
    }

    /// The value with the ends of its interval, where there are any.
    fn of(self, row: &ResultRow) -> [Option<f64>; 3] {
        match self {
            Self::Accuracy => [row.accuracy, row.accuracy_lo, row.accuracy_hi],
            Self::Rate => [
                row.tpr_at_fpr_1pct,
                row.tpr_at_fpr_1pct_lo,
                row.tpr_at_fpr_1pct_hi,
            ],
            Self::Success => [row.success_at_tau, None, None],
        }
    }

    /// The most that the mechanism allows.
    fn bound(self, row: &ResultRow) -> Option<f64> {
        match self {
            Self::Accuracy => None,
            Self::Rate => row.tpr_bound_at_fpr_1pct,
            Self::Success => row.success_bound_at_tau,
        }
    }
}

/// A panel: the rows that it shows, and the undefended heads that they are compared with.
struct Facet<'a> {
    /// What sets it apart.
    traits: Traits,
    shows: Shows,
    rows: Vec<&'a ResultRow>,
    undefended: Vec<&'a ResultRow>,
}

/// `None` unless an attack was run under DP-SGD at two ε or more.
pub fn figure(rows: &[&ResultRow], layout: Layout) -> Option<Figure> {
    let private = |row: &&ResultRow| is_private(&row.defence);
    let defended: Vec<&ResultRow> = rows
        .iter()
        .copied()
        .filter(|row| private(row) && row.epsilon.is_some_and(|e| e > 0.0))
        .collect();
    let mut groups = grouped(&defended, |row| {
        Traits::of(row).without(&["shots", "epsilon"])
    });
    groups.retain(|(_, rows)| rows.iter().any(|row| row.epsilon != rows[0].epsilon));
    if groups.is_empty() {
        return None;
    }
    let facets = facets(&groups, rows);
    let total = facets.len();
    let shown = &facets[..total.min(PANELS)];
    let drawn: Vec<&ResultRow> = groups
        .iter()
        .flat_map(|(_, rows)| rows.iter().map(|row| **row))
        .collect();
    let mut shots: Vec<u64> = drawn.iter().map(|row| row.shots).collect();
    shots.sort_unstable();
    shots.dedup();
    let all_shots = shots.len();
    let shots = evenly(shots, MOST);
    let mut legend: Vec<Entry> = shots
        .iter()
        .enumerate()
        .map(|(i, shots)| Entry::new(shots_name(*shots), colour(i), Key::Series(i)))
        .collect();
    if facets.iter().any(|facet| !facet.undefended.is_empty()) {
        legend.push(Entry::new("undefended", SOFT, Key::Dashed));
    }
    if facets.iter().any(Facet::is_bounded) {
        legend.push(Entry::new("bound on any attack", SOFT, Key::Dotted));
    }
    let title = "Differential privacy: accuracy and attack success against ε";
    let keys: Vec<Traits> = groups.iter().map(|(key, _)| key.clone()).collect();
    let common = Traits::common(&keys);
    let grid = (2, shown.len());
    let (mut scene, places) = sheet(
        layout,
        title,
        &common,
        &legend,
        grid,
        (380.0, 250.0),
        HEADED,
    );
    let x = Axis::log(
        drawn.iter().filter_map(|row| row.epsilon),
        "claimed ε (add/remove)",
    );
    let bold = text(12.5, INK).bold();
    for (facet, (from, to)) in shown.iter().zip(places) {
        let panel = Panel {
            x: x.clone(),
            y: Axis::percent(0.0, 1.0, facet.shows.label()),
            from,
            to,
        };
        let heading = shortened(&facet.heading(&keys), to.0 - from.0, &bold);
        panel.frame(&mut scene, &heading);
        facet.draw(&mut scene, &panel, &shots);
    }
    let mut left_out = String::new();
    if all_shots > shots.len() {
        left_out += &format!(
            " {} of {all_shots} numbers of shots are shown.",
            shots.len()
        );
    }
    if total > shown.len() {
        left_out += &format!(" {} of {total} panels are shown.", shown.len());
    }
    let told: Vec<String> = shown.iter().map(|facet| facet.heading(&keys)).collect();
    Some(Figure {
        name: "epsilon".to_owned(),
        title: title.to_owned(),
        caption: format!(
            "The victims' accuracy, and the true positive rate of each attack at 1 % false positives, against the claimed ε: one colour for each number of shots, with 95 % intervals over victims; where the mechanism bounds it, also how often the attack comes within τ of the target. Dashed levels are the undefended heads; dotted curves are the most that the mechanism allows any attack where an example is replaced. {NEIGHBOURS} A useful defence keeps the accuracy high where every rate is low.{left_out}"
        ),
        alt: described(title, &common, &told),
        narrow: None,
        source: "results.csv",
        numbers: numbers(
            &drawn,
            &[
                "epsilon_replace_one",
                "accuracy",
                "tpr_at_fpr_1pct",
                "tpr_bound_at_fpr_1pct",
                "success_at_tau",
                "success_at_tau_blind",
                "success_bound_at_tau",
            ],
        ),
        scene,
    })
}

/// For each kind of heads its accuracy, then a panel for each attack on them.
fn facets<'a>(groups: &[(Traits, Vec<&&'a ResultRow>)], all: &[&'a ResultRow]) -> Vec<Facet<'a>> {
    let beside = |key: &Traits| -> Vec<&'a ResultRow> {
        let mut heads = undefended(key, &["shots", "epsilon", "defence", "clip"], all);
        // Heads that were tuned like those under privacy come first: the others are no fair reference.
        heads.sort_by_key(|row| row.tuned.is_empty());
        heads
    };
    let mut facets = Vec::new();
    for (heads, attacks) in grouped(groups, |(key, _)| key.clone().without(&OF_ATTACK)) {
        let own = |(key, rows): &(Traits, Vec<&&'a ResultRow>), shows: Shows| Facet {
            traits: match shows {
                Shows::Accuracy => heads.clone(),
                _ => key.clone(),
            },
            shows,
            rows: rows.iter().map(|row| **row).collect(),
            undefended: beside(key),
        };
        // The accuracy does not depend on the attack: the first one's rows say it for all.
        facets.push(own(attacks[0], Shows::Accuracy));
        for attack in attacks {
            facets.push(own(attack, Shows::Rate));
            facets.extend(Some(own(attack, Shows::Success)).filter(Facet::is_bounded));
        }
        facets.retain(|facet| {
            let shown = |row: &&ResultRow| facet.shows.of(row)[0].is_some();
            facet.shows == Shows::Accuracy || facet.rows.iter().any(shown)
        });
    }
    facets
}

impl Facet<'_> {
    fn is_bounded(&self) -> bool {
        let bound = |row: &&ResultRow| self.shows.bound(row).is_some();
        self.rows.iter().any(bound)
    }

    /// What the panel shows, and of which heads where there are several kinds.
    fn heading(&self, keys: &[Traits]) -> String {
        if self.shows != Shows::Accuracy {
            let label = self.traits.label(keys);
            // Alone it would be named by its defence as well.
            return match (self.shows, keys.len()) {
                (Shows::Success, 1) => "Attack success at τ".to_owned(),
                (Shows::Success, _) => format!("{label}, success at τ"),
                (_, 1) => "Attack success at 1 % false positives".to_owned(),
                _ => label,
            };
        }
        let mut heads: Vec<Traits> = Vec::new();
        for key in keys {
            let own = key.clone().without(&OF_ATTACK);
            if !heads.contains(&own) {
                heads.push(own);
            }
        }
        match heads.len() {
            1 => "Accuracy of the victims".to_owned(),
            _ => format!("Accuracy, {}", self.traits.label(&heads)),
        }
    }

    fn draw(&self, scene: &mut Scene, panel: &Panel, shots: &[u64]) {
        if self.shows == Shows::Rate {
            panel.level(scene, 0.01, Stroke::solid(LINE, 1.0));
        }
        for (i, &own) in shots.iter().enumerate() {
            let paint = colour(i);
            if let Some(open) = self.undefended.iter().find(|row| row.shots == own)
                && let [Some(level), ..] = self.shows.of(open)
            {
                panel.level(scene, level, Stroke::dashed(paint, 1.6, 6.0, 4.0));
            }
            let of_shots = self.rows.iter().copied().filter(|row| row.shots == own);
            let mut rows: Vec<&ResultRow> = of_shots.collect();
            let epsilon = |row: &ResultRow| row.epsilon.unwrap_or(0.0);
            rows.sort_by(|a, b| epsilon(a).total_cmp(&epsilon(b)));
            let bound = rows.iter().copied();
            let bound = bound.filter_map(|row| Some((row.epsilon?, self.shows.bound(row)?)));
            let bound: Vec<(f64, f64)> = bound.collect();
            panel.line(scene, &bound, Stroke::dashed(paint, 1.6, 1.8, 2.8));
            let estimate = |row: &&ResultRow| {
                let [value, lo, hi] = self.shows.of(row);
                Estimate::new(row.epsilon?, value, lo, hi)
            };
            let estimates: Vec<Estimate> = rows.iter().filter_map(estimate).collect();
            panel.series(scene, &estimates, i, paint, aside(i, shots.len()));
        }
    }
}
