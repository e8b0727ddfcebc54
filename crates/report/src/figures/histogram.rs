//! Histograms of the reconstruction error under both hypotheses.

use super::Figure;
use super::axis::{Axis, extent};
use super::panel::Panel;
use super::sheet::{Entry, HEADED, Key, sheet};
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
pub fn histograms(samples: &[ScoreSample]) -> Option<Figure> {
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
    let rows = samples.len().div_ceil(columns);
    let title = "Reconstruction error from a victim and under the null";
    let (mut scene, places) = sheet(title, "", &legend, (columns, rows), (400.0, 230.0), HEADED);
    for (sample, (from, to)) in samples.iter().zip(places) {
        draw(&mut scene, sample, from, to);
    }
    Some(Figure {
        name: "min-mse".to_owned(),
        title: title.to_owned(),
        caption: "Distribution of the smallest mean squared error between a reconstruction and the training images of its class (pixels in [-1, 1], so 4 is the most), on a logarithmic axis. The further the red lies to the left of the blue, the more the release gives away.".to_owned(),
        scene,
    })
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
    panel.frame(scene, &sample.label);
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
        assert!(histograms(&[]).is_none());
        assert!(histograms(&[ScoreSample::default()]).is_none());
    }
}
