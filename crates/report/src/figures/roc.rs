//! ROC curves on linear and on logarithmic axes.

use super::Figure;
use super::axis::Axis;
use super::panel::Panel;
use super::series::{Traits, evenly, grouped, suffix};
use super::sheet::{Entry, HEADED, Key, sheet};
use crate::rows::{ResultRow, RocRow};
use crate::scene::{Paint, Scene, Stroke};
use crate::style::{LINE, SOFT, colour};

/// More curves than this in one picture cannot be told apart.
const MOST: usize = 8;

struct Curve<'a> {
    traits: Traits,
    points: Vec<&'a RocRow>,
}

/// One figure where the curves fit in one, else one for each number of shots.
pub fn figures(curves: &[RocRow], results: &[&ResultRow]) -> Vec<Figure> {
    let groups = grouped(curves, Traits::of_curve);
    let curves: Vec<Curve> = groups
        .into_iter()
        .map(|(traits, points)| Curve { traits, points })
        .collect();
    let apart = [
        "defence", "epsilon", "clip", "attack", "release", "queries", "shots",
    ];
    let split: &[&str] = if curves.len() <= MOST {
        &apart
    } else {
        &apart[..6]
    };
    let sheets = grouped(&curves, |curve| curve.traits.clone().without(split));
    let keys: Vec<Traits> = sheets.iter().map(|(key, _)| key.clone()).collect();
    sheets
        .iter()
        .map(|(key, curves)| figure(&suffix(&key.label(&keys), keys.len()), curves, results))
        .collect()
}

fn figure(suffix: &str, curves: &[&Curve], results: &[&ResultRow]) -> Figure {
    let total = curves.len();
    let mut curves: Vec<&Curve> = curves.to_vec();
    curves.sort_by(|a, b| {
        let first = |curve: &Curve| {
            (
                curve.points[0].shots,
                curve.points[0].epsilon.unwrap_or(0.0),
            )
        };
        first(a)
            .partial_cmp(&first(b))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let curves = evenly(curves, MOST);
    let traits: Vec<Traits> = curves.iter().map(|curve| curve.traits.clone()).collect();

    let has = |pick: fn(&RocRow) -> Option<f64>| {
        curves
            .iter()
            .flat_map(|curve| &curve.points)
            .any(|point| pick(point).is_some())
    };
    let mut legend: Vec<Entry> = traits
        .iter()
        .enumerate()
        .map(|(i, own)| Entry::new(own.label(&traits), colour(i), Key::Line))
        .collect();
    legend.push(Entry::new("chance", LINE, Key::Dashed));
    if has(|point| point.tpr_fitted) {
        legend.push(Entry::new("fitted normals", SOFT, Key::Dashed));
    }
    if has(|point| point.tpr_bound) {
        legend.push(Entry::new("bound by (ε, δ)", SOFT, Key::Dotted));
    }

    let title = "How often the attack finds a training image, against how often it is fooled";
    let (mut scene, places) = sheet(
        title,
        &Traits::common(&traits),
        &legend,
        (2, 1),
        (380.0, 330.0),
        HEADED,
    );
    let (fpr, tpr) = ("false positive rate [%]", "true positive rate [%]");
    let least = least_fpr(&curves);
    let axes = [
        (
            Axis::percent(0.0, 1.0, fpr),
            Axis::percent(0.0, 1.0, tpr),
            "Linear axes",
        ),
        (
            Axis::log_percent(least, fpr),
            Axis::log_percent(1e-3, tpr),
            "Logarithmic axes",
        ),
    ];
    for ((x, y, heading), (from, to)) in axes.into_iter().zip(places) {
        let panel = Panel { x, y, from, to };
        panel.frame(&mut scene, heading);
        let diagonal: Vec<(f64, f64)> = panel.x.samples(200).map(|f| (f, f)).collect();
        // On logarithmic axes the diagonal leaves the panel at the bottom before the left edge.
        let within: Vec<(f64, f64)> = diagonal
            .into_iter()
            .filter(|(f, _)| *f >= panel.y.ends().0)
            .collect();
        panel.line(&mut scene, &within, Stroke::dashed(LINE, 1.6, 6.0, 4.0));
        for (i, curve) in curves.iter().enumerate() {
            draw(&mut scene, &panel, curve, colour(i));
        }
        for (i, curve) in curves.iter().enumerate() {
            quoted(&mut scene, &panel, curve, results, colour(i));
        }
    }
    let shown = if total > curves.len() {
        format!(
            " {} of {total} curves are shown; roc.csv holds all.",
            curves.len()
        )
    } else {
        String::new()
    };
    Figure {
        name: format!("roc{suffix}"),
        title: title.to_owned(),
        caption: format!(
            "ROC curves at exact thresholds: the share of victims' classes called reconstructed, against the share of the null's. Bars at 1 % are 95 % intervals with victims as the unit. Dashed curves of the same colour are normals fitted to the logit of the error: drawn as a guide, not quoted. An attack that learns nothing lies on the dashed grey diagonal.{shown}"
        ),
        scene,
    }
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
