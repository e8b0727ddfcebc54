//! Histograms of the reconstruction error under both hypotheses.

use polars::prelude::{Column, DataFrame, NamedFrom, Series};

use super::Figure;
use super::axis::{Axis, extent};
use super::numbers::described;
use super::panel::Panel;
use super::sheet::{Entry, HEADED, Key, Layout, sheet, shortened};
use crate::scene::{Paint, Point, Scene, Stroke};
use crate::style::{INK, PALETTE, SOFT};

/// The scores of one cell under both hypotheses.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScoreSample {
    /// Which cell, as a heading.
    pub label: String,
    /// min-MSE of reconstructions from victims.
    pub victims: Vec<f64>,
    /// min-MSE of reconstructions under the null.
    pub null: Vec<f64>,
    /// The success threshold τ.
    pub tau: Option<f64>,
    /// Threshold at a false positive rate of 1 %.
    pub threshold: Option<f64>,
}

const VICTIMS: Paint = PALETTE[0];
const NULL: Paint = PALETTE[1];
const BINS: usize = 48;

/// One panel a sample, two a row; `None` if no sample has positive scores on both sides.
pub fn figure(samples: &[ScoreSample], layout: Layout) -> Option<Figure> {
    let positive = |scores: &[f64]| scores.iter().any(|&score| score > 0.0);
    let samples: Vec<&ScoreSample> = samples
        .iter()
        .filter(|s| positive(&s.victims) && positive(&s.null))
        .collect();
    if samples.is_empty() {
        return None;
    }
    let mut legend = vec![
        Entry::new("from victims", VICTIMS.faded(0.55), Key::Patch),
        Entry::new("null", NULL.faded(0.55), Key::Patch),
    ];
    if samples.iter().any(|sample| sample.threshold.is_some()) {
        legend.push(Entry::new(
            "threshold at 1 % false positives",
            INK,
            Key::Dashed,
        ));
    }
    if samples.iter().any(|sample| sample.tau.is_some()) {
        legend.push(Entry::new("success threshold τ", SOFT, Key::Dotted));
    }
    let columns = samples.len().min(2);
    let title = "Reconstruction error from a victim and under the null";
    let grid = (columns, samples.len());
    let (mut scene, places) = sheet(layout, title, "", &legend, grid, (400.0, 230.0), HEADED);
    let told: Vec<String> = samples.iter().map(|sample| sample.label.clone()).collect();
    for (sample, (from, to)) in samples.iter().zip(places) {
        draw(&mut scene, sample, from, to);
    }
    Some(Figure {
        name: "min-mse".to_owned(),
        title: title.to_owned(),
        caption: "Distribution of the smallest mean squared error between a reconstruction and the training images of its class (pixels in [-1, 1], so 4 is the most), on a logarithmic axis. The further the red lies to the left of the blue, the more the release gives away.".to_owned(),
        alt: described(title, "", &told),
        narrow: None,
        source: "results.csv",
        numbers: numbers(&samples),
        scene,
    })
}

/// Median and 90 % range of each sample's scores.
fn numbers(samples: &[&ScoreSample]) -> DataFrame {
    let quantiles = |name: &str, scores: fn(&ScoreSample) -> &[f64]| -> Vec<Column> {
        let parts = [("median", 0.5), ("p05", 0.05), ("p95", 0.95)];
        let column = |(part, share): (&str, f64)| {
            let values = samples.iter().map(|sample| quantile(scores(sample), share));
            let name = format!("{name}_{part}");
            Series::new(name.into(), values.collect::<Vec<_>>()).into()
        };
        parts.into_iter().map(column).collect()
    };
    let labels: Vec<&str> = samples.iter().map(|sample| sample.label.as_str()).collect();
    let tau: Vec<Option<f64>> = samples.iter().map(|sample| sample.tau).collect();
    let mut columns: Vec<Column> = vec![Series::new("cell".into(), labels).into()];
    columns.extend(quantiles("victims", |sample| &sample.victims));
    columns.extend(quantiles("null", |sample| &sample.null));
    columns.push(Series::new("tau".into(), tau).into());
    DataFrame::new(samples.len(), columns).unwrap_or_default()
}

/// The score that this share of the scores is at most.
fn quantile(scores: &[f64], share: f64) -> Option<f64> {
    let mut sorted = scores.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    sorted.get((share * last as f64).round() as usize).copied()
}

fn draw(scene: &mut Scene, sample: &ScoreSample, from: Point, to: Point) {
    let all = || {
        sample
            .victims
            .iter()
            .chain(&sample.null)
            .copied()
            .filter(|&score| score > 0.0)
    };
    let x = Axis::log(all(), "smallest mean squared error");
    let edges: Vec<f64> = x.samples(BINS + 1).collect();
    let victims = shares(&sample.victims, &x);
    let null = shares(&sample.null, &x);
    let top = extent(victims.iter().chain(&null).copied()).map_or(1.0, |(_, high)| 1.08 * high);
    let panel = Panel {
        x,
        y: Axis::percent(0.0, top, "share of scores [%]"),
        from,
        to,
    };
    let bold = crate::style::text(12.5, INK).bold();
    panel.frame(scene, &shortened(&sample.label, to.0 - from.0, &bold));
    for (shares, paint) in [(&null, NULL), (&victims, VICTIMS)] {
        let mut outline: Vec<(f64, f64)> = vec![(edges[0], 0.0)];
        for (bin, &share) in shares.iter().enumerate() {
            outline.push((edges[bin], share));
            outline.push((edges[bin + 1], share));
        }
        outline.push((edges[BINS], 0.0));
        let points = outline.iter().map(|&(x, y)| panel.at(x, y)).collect();
        scene.polygon(points, paint.faded(0.35));
        panel.line(scene, &outline, Stroke::solid(paint, 1.4));
    }
    let (low, high) = panel.y.ends();
    if let Some(threshold) = sample.threshold.filter(|t| t.is_finite()) {
        let line = [(threshold, low), (threshold, high)];
        panel.line(scene, &line, Stroke::dashed(INK, 1.6, 6.0, 4.0));
    }
    if let Some(tau) = sample.tau {
        panel.line(
            scene,
            &[(tau, low), (tau, high)],
            Stroke::dashed(SOFT, 1.6, 1.8, 2.8),
        );
    }
}

fn shares(scores: &[f64], x: &Axis) -> Vec<f64> {
    let mut shares = vec![0.0; BINS];
    for &score in scores {
        let bin = (x.place(score) * BINS as f64) as usize;
        shares[bin.min(BINS - 1)] += 1.0 / scores.len() as f64;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_score_is_in_a_bin() {
        let scores = [0.0, 0.01, 0.02, 0.5, 3.9];
        let x = Axis::log(scores.into_iter(), "");
        assert!((shares(&scores, &x).iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_to_show_is_no_figure() {
        assert!(figure(&[], Layout::Wide).is_none());
        assert!(figure(&[ScoreSample::default()], Layout::Wide).is_none());
    }

    #[test]
    fn quantiles_are_scores() {
        let scores = [0.3, 0.1, 0.2, 0.5, 0.4];
        assert_eq!(quantile(&scores, 0.5), Some(0.3));
        assert_eq!(quantile(&scores, 0.05), Some(0.1));
        assert_eq!(quantile(&scores, 0.95), Some(0.5));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
