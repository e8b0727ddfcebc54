//! Scales, their ticks and their labels.

use crate::digits::number;

/// How values map to places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By their logarithm.
    Log,
}

/// One axis of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    scale: Scale,
    min: f64,
    max: f64,
    /// Where the grid is, and what is written there (empty: a line only).
    pub ticks: Vec<(f64, String)>,
    /// What the axis shows, with its unit.
    pub label: String,
}

impl Axis {
    /// A linear axis around the values, widened to whole ticks.
    pub fn linear(values: impl Iterator<Item = f64>, label: &str) -> Self {
        let (lo, hi) = extent(values).unwrap_or((0.0, 1.0));
        let (lo, hi) = if hi > lo {
            (lo, hi)
        } else {
            (lo - 0.5, hi + 0.5)
        };
        let step = nice_step((hi - lo) / 5.0);
        let (first, last) = ((lo / step).floor() as i64, (hi / step).ceil() as i64);
        let ticks = (first..=last).map(|i| {
            let value = i as f64 * step;
            (value, number(value))
        });
        Self {
            scale: Scale::Linear,
            min: first as f64 * step,
            max: last as f64 * step,
            ticks: ticks.collect(),
            label: label.to_owned(),
        }
    }

    /// Shares written in per cent, from `min` to `max` (as shares).
    pub fn percent(min: f64, max: f64, label: &str) -> Self {
        let step = nice_step((max - min) / 5.0);
        let (first, last) = (
            (min / step).ceil() as i64,
            (max / step + 1e-9).floor() as i64,
        );
        let ticks = (first..=last).map(|i| {
            let value = i as f64 * step;
            (value, number(100.0 * value))
        });
        let ticks = ticks.collect();
        Self {
            scale: Scale::Linear,
            min,
            max,
            ticks,
            label: label.to_owned(),
        }
    }

    /// Shares in per cent by their logarithm, from `min` (as a share, above 0) to 1.
    pub fn log_percent(min: f64, label: &str) -> Self {
        let steps: &[f64] = if min >= 1e-3 { &[1.0, 3.0] } else { &[1.0] };
        let ticks = steps_of_decades(min, 1.0, steps).into_iter();
        let ticks = ticks.map(|value| (value, number(100.0 * value))).collect();
        Self {
            scale: Scale::Log,
            min,
            max: 1.0,
            ticks,
            label: label.to_owned(),
        }
    }

    /// A logarithmic axis around the positive values, with room at both ends.
    pub fn log(values: impl Iterator<Item = f64>, label: &str) -> Self {
        let (lo, hi) = extent(values.filter(|&value| value > 0.0)).unwrap_or((1.0, 10.0));
        let room = (hi / lo).powf(0.06).max(1.2);
        let (min, max) = (lo / room, hi * room);
        let mut ticks = decades(min, max);
        if ticks.len() < 3 {
            ticks = steps_of_decades(min, max, &[1.0, 2.0, 5.0]);
        }
        if ticks.len() < 3 {
            ticks = steps_of_decades(min, max, &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0]);
        }
        let ticks = ticks
            .into_iter()
            .map(|value| (value, number(value)))
            .collect();
        Self {
            scale: Scale::Log,
            min,
            max,
            ticks,
            label: label.to_owned(),
        }
    }

    /// A logarithmic axis with a tick at each of the given values and at no other place.
    pub fn log_at(values: &[f64], label: &str) -> Self {
        let mut axis = Self::log(values.iter().copied(), label);
        let mut values: Vec<f64> = values
            .iter()
            .copied()
            .filter(|&value| value > 0.0)
            .collect();
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
        axis.ticks = values
            .into_iter()
            .map(|value| (value, number(value)))
            .collect();
        axis
    }

    /// Where a value lies between the ends, 0 to 1; values beyond are held at the ends.
    pub fn place(&self, value: f64) -> f64 {
        let place = match self.scale {
            Scale::Linear => (value - self.min) / (self.max - self.min),
            Scale::Log => (value.max(self.min) / self.min).ln() / (self.max / self.min).ln(),
        };
        place.clamp(0.0, 1.0)
    }

    /// `count` values from end to end, evenly placed.
    pub fn samples(&self, count: usize) -> impl Iterator<Item = f64> + '_ {
        let last = count.max(2) - 1;
        (0..=last).map(move |i| {
            let place = i as f64 / last as f64;
            match self.scale {
                Scale::Linear => self.min + place * (self.max - self.min),
                Scale::Log => self.min * (self.max / self.min).powf(place),
            }
        })
    }

    /// Both ends.
    pub fn ends(&self) -> (f64, f64) {
        (self.min, self.max)
    }
}

/// Smallest and largest finite value.
pub fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .filter(|value| value.is_finite())
        .fold(None, |ends, value| {
            let (lo, hi) = ends.unwrap_or((value, value));
            Some((value.min(lo), value.max(hi)))
        })
}

fn nice_step(rough: f64) -> f64 {
    let decade = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    steps
        .into_iter()
        .map(|step| step * decade)
        .find(|&step| step >= rough * 0.999)
        .unwrap_or(decade)
}

fn decades(min: f64, max: f64) -> Vec<f64> {
    steps_of_decades(min, max, &[1.0])
}

fn steps_of_decades(min: f64, max: f64, steps: &[f64]) -> Vec<f64> {
    let (first, last) = (min.log10().floor() as i32, max.log10().ceil() as i32);
    let all = (first..=last).flat_map(|e| steps.iter().map(move |step| step * 10_f64.powi(e)));
    all.filter(|&value| value >= min * (1.0 - 1e-9) && value <= max * (1.0 + 1e-9))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_within_the_panel_whatever_the_value() {
        let axes = [
            Axis::linear([0.2, 0.9].into_iter(), ""),
            Axis::log([0.5, 200.0].into_iter(), ""),
            Axis::log_percent(1e-4, ""),
            Axis::linear([3.0].into_iter(), ""),
            Axis::log(std::iter::empty(), ""),
        ];
        for axis in axes {
            for value in [-1.0, 0.0, 1e-9, 0.3, 5.0, 1e9] {
                assert!(
                    (0.0..=1.0).contains(&axis.place(value)),
                    "{axis:?} at {value}"
                );
            }
            assert!(axis.ticks.len() >= 3, "{axis:?}");
        }
    }
}
