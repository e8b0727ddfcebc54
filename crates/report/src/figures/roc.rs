//! ROC curves on linear and on logarithmic axes: a colour for each attack on each defence, a pair of
//! panels for each number of shots, head and so on.

use super::Figure;
use super::axis::Axis;
use super::numbers::{described, numbers};
use super::panel::Panel;
use super::series::{Traits, evenly};
use super::sheet::{Entry, HEADED, Key, Layout, sheet, shortened};
use crate::groups::grouped;
use crate::rows::{ResultRow, RocRow};
use crate::scene::{Paint, Scene, Stroke};
use crate::style::{INK, LINE, SOFT, colour, text};

/// More curves than this in one picture cannot be told apart.
const MOST: usize = 8;
/// Pairs of panels that a page can hold.
const PAIRS: usize = 4;
/// What curves of one panel may differ in.
const TOGETHER: [&str; 6] = ["defence", "epsilon", "clip", "attack", "release", "queries"];

struct Curve<'a> {
    traits: Traits,
    points: Vec<&'a RocRow>,
}

/// `None` without curves.
pub fn figure(curves: &[RocRow], results: &[&ResultRow], layout: Layout) -> Option<Figure> {
    let groups = grouped(curves, Traits::of_curve);
    let curves: Vec<Curve> = groups
        .into_iter()
        .map(|(traits, points)| Curve { traits, points })
        .collect();
    // Few curves fit in one pair of panels, whatever they differ in; so do those of one attack on one
    // defence, of which some are chosen.
    let kinds = grouped(&curves, |curve| curve.traits.clone().only(&TOGETHER));
    let split: &[&str] = match curves.len() <= MOST || kinds.len() == 1 {
        true => &Traits::COLUMNS,
        false => &TOGETHER,
    };
    let mut sheets = grouped(&curves, |curve| curve.traits.clone().without(split));
    sheets.sort_by_key(|(_, curves)| curves[0].points[0].shots);
    let first = curves.first()?;
    let keys: Vec<Traits> = sheets.iter().map(|(key, _)| key.clone()).collect();
    let kinds = grouped(&curves, |curve| curve.traits.clone().only(split));
    let (curves_in_all, sheets_in_all) = (curves.len(), sheets.len());
    let mut kinds: Vec<Traits> = kinds.into_iter().map(|(kind, _)| kind).collect();
    if sheets_in_all == 1 {
        let strength = |kind: &Traits| {
            let own = curves
                .iter()
                .find(|curve| curve.traits.clone().only(split) == *kind);
            own.map_or((0, 0.0), |own| {
                (own.points[0].shots, own.points[0].epsilon.unwrap_or(0.0))
            })
        };
        kinds.sort_by(|a, b| {
            let (a, b) = (strength(a), strength(b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
    }
    let kinds = evenly(kinds, MOST);
    let sheets = &sheets[..sheets_in_all.min(PAIRS)];
    let kind_of = |curve: &Curve| {
        let own = curve.traits.clone().only(split);
        kinds.iter().position(|kind| *kind == own)
    };
    let shown: Vec<&Curve> = sheets
        .iter()
        .flat_map(|(_, curves)| curves.iter().copied())
        .filter(|curve| kind_of(curve).is_some())
        .collect();

    let labels: Vec<String> = kinds.iter().map(|kind| kind.label(&kinds)).collect();
    let has = |pick: fn(&RocRow) -> Option<f64>| {
        let mut points = shown.iter().flat_map(|curve| &curve.points);
        points.any(|point| pick(point).is_some())
    };
    let mut legend: Vec<Entry> = labels
        .iter()
        .enumerate()
        .map(|(i, label)| Entry::new(label, colour(i), Key::Line))
        .collect();
    legend.push(Entry::new("chance", LINE, Key::Dashed));
    if has(|point| point.tpr_fitted) {
        legend.push(Entry::new("fitted normals", SOFT, Key::Dashed));
    }
    if has(|point| point.tpr_bound) {
        legend.push(Entry::new("bound on any attack", SOFT, Key::Dotted));
    }

    let title = "How often the attack finds a training image, against how often it is fooled";
    let traits: Vec<Traits> = shown.iter().map(|curve| curve.traits.clone()).collect();
    let common = match traits.is_empty() {
        true => Traits::common(std::slice::from_ref(&first.traits)),
        false => Traits::common(&traits),
    };
    let grid = (2, 2 * sheets.len());
    let (mut scene, places) = sheet(
        layout,
        title,
        &common,
        &legend,
        grid,
        (380.0, 300.0),
        HEADED,
    );
    let least = least_fpr(&shown);
    let bold = text(12.5, INK).bold();
    for (at, (from, to)) in places.into_iter().enumerate() {
        let (key, curves) = &sheets[at / 2];
        let (x, y, heading) = axes(at % 2 == 1, least);
        let panel = Panel { x, y, from, to };
        let heading = match sheets_in_all {
            1 => heading.to_owned(),
            _ => match key.label(&keys).as_str() {
                "" => heading.to_owned(),
                label => format!("{label}, {}", heading.to_lowercase()),
            },
        };
        panel.frame(&mut scene, &shortened(&heading, to.0 - from.0, &bold));
        let diagonal: Vec<(f64, f64)> = panel.x.samples(60).map(|f| (f, f)).collect();
        // On logarithmic axes the diagonal leaves the panel at the bottom before the left edge.
        let within = diagonal.into_iter().filter(|(f, _)| *f >= panel.y.ends().0);
        let within: Vec<(f64, f64)> = within.collect();
        panel.line(&mut scene, &within, Stroke::dashed(LINE, 1.6, 6.0, 4.0));
        let coloured = curves
            .iter()
            .filter_map(|curve| Some((curve, colour(kind_of(curve)?))));
        for (curve, paint) in coloured.clone() {
            draw(&mut scene, &panel, curve, paint);
        }
        for (curve, paint) in coloured {
            quoted(&mut scene, &panel, curve, results, paint);
        }
    }
    let left_out = if curves_in_all > shown.len() {
        format!(
            " {} of {curves_in_all} curves are shown; roc.csv holds all.",
            shown.len()
        )
    } else {
        String::new()
    };
    let drawn = results
        .iter()
        .copied()
        .filter(|row| traits.contains(&Traits::of(row)));
    let drawn: Vec<&ResultRow> = drawn.collect();
    let rates = [
        "epsilon_replace_one",
        "tpr_at_fpr_0_1pct",
        "tpr_at_fpr_1pct",
        "tpr_at_fpr_10pct",
        "auc",
    ];
    Some(Figure {
        name: "roc".to_owned(),
        title: title.to_owned(),
        caption: format!(
            "ROC curves at exact thresholds: the share of victims' classes called reconstructed, against the share of the null's. Bars at 1 % are 95 % intervals with victims as the unit. Dotted curves are the most that the mechanism allows any attack where an example is replaced. Dashed curves of the same colour are normals fitted to the logit of the error: drawn as a guide, not quoted. An attack that learns nothing lies on the dashed grey diagonal.{left_out}"
        ),
        alt: described(title, &common, &labels),
        narrow: None,
        source: "roc.csv",
        numbers: numbers(&drawn, &rates),
        scene,
    })
}

fn axes(logarithmic: bool, least: f64) -> (Axis, Axis, &'static str) {
    let (fpr, tpr) = ("false positive rate [%]", "true positive rate [%]");
    if logarithmic {
        return (
            Axis::log_percent(least, fpr),
            Axis::log_percent(1e-3, tpr),
            "Logarithmic axes",
        );
    }
    (
        Axis::percent(0.0, 1.0, fpr),
        Axis::percent(0.0, 1.0, tpr),
        "Linear axes",
    )
}

fn draw(scene: &mut Scene, panel: &Panel, curve: &Curve, paint: Paint) {
    let smooth = |pick: fn(&RocRow) -> Option<f64>| -> Vec<(f64, f64)> {
        let (least, low) = (panel.x.ends().0, panel.y.ends().0);
        let points = curve
            .points
            .iter()
            .filter_map(|p| pick(p).map(|tpr| (p.fpr, tpr)));
        points
            .filter(|&(fpr, tpr)| fpr >= least && tpr >= low)
            .collect()
    };
    let bound = smooth(|point| point.tpr_bound);
    panel.line(scene, &bound, Stroke::dashed(paint, 1.6, 1.8, 2.8));
    let fitted = smooth(|point| point.tpr_fitted);
    panel.line(
        scene,
        &fitted,
        Stroke::dashed(paint.faded(0.7), 1.2, 5.0, 3.5),
    );
    let exact: Vec<(f64, f64)> = curve.points.iter().map(|p| (p.fpr, p.tpr)).collect();
    panel.stairs(scene, &exact, Stroke::solid(paint, 2.0));
}

/// The interval at 1 %, from the row of the same cell.
fn quoted(scene: &mut Scene, panel: &Panel, curve: &Curve, results: &[&ResultRow], paint: Paint) {
    let Some(row) = results.iter().find(|row| Traits::of(row) == curve.traits) else {
        return;
    };
    if let (Some(lo), Some(hi)) = (row.tpr_at_fpr_1pct_lo, row.tpr_at_fpr_1pct_hi) {
        panel.interval(scene, 0.01, lo, hi, paint);
    }
}

/// Left end of the logarithmic axis: the decade of the smallest rate that the null resolves.
fn least_fpr(curves: &[&Curve]) -> f64 {
    let rates = curves
        .iter()
        .flat_map(|curve| &curve.points)
        .map(|point| point.fpr);
    let least = rates.filter(|&fpr| fpr > 0.0).fold(1.0, f64::min);
    10_f64.powf(least.log10().floor()).clamp(1e-5, 1e-2)
}
