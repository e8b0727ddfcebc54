//! The least noise that keeps a cost within a target, for any cost that falls as noise grows.

use crate::{NoiseMultiplier, PrivacyError, prv};

/// σ is looked for between these.
const SEARCHED: (f64, f64) = (prv::LEAST_NOISE, 1e6);

/// The cost ends at most this share of the target below it.
const TOLERANCE: f64 = 1e-5;

/// ln(cost/target) is not told apart below this: where the cost is 0 it is only known to be small.
const FAR: f64 = -20.0;

/// What a search ends with.
pub(crate) enum Searched {
    /// The least noise found whose cost is within the target.
    Found(NoiseMultiplier),
    /// The end of the range searched, and the cost there, which is still on the wrong side.
    Beyond { noise: f64, reached: f64 },
}

/// Finds σ in ln σ: by the `rough` cost from wherever it starts, then by the `exact` one near
/// what that found, which is asked once more about the rounded σ that is returned.
pub(crate) fn least_noise(
    target: f64,
    rough: impl Fn(NoiseMultiplier) -> Result<f64, PrivacyError>,
    exact: impl Fn(NoiseMultiplier) -> Result<f64, PrivacyError>,
) -> Result<Searched, PrivacyError> {
    let roughly = |x: f64| End::at(x, target, &rough);
    let exactly = |x: f64| End::at(x, target, &exact);
    let near = match bracket(0.0, 1.5, &roughly)? {
        Bracket::Root(low, high) => bisect(low, high, 1e-4, &roughly)?,
        Bracket::None(end) => return Ok(end.beyond()),
    };
    let found = match bracket(near, 1e-3, &exactly)? {
        Bracket::Root(low, high) => bisect(low, high, TOLERANCE, &exactly)?,
        Bracket::None(end) => return Ok(end.beyond()),
    };
    // Costs fall as noise grows but for the rounding of their bounds.
    let mut noise = round_up(found.exp());
    let mut reached = f64::INFINITY;
    for nudge in 0..30 {
        let sigma = NoiseMultiplier::new(noise)?;
        reached = exact(sigma)?;
        if reached <= target {
            return Ok(Searched::Found(sigma));
        }
        noise = round_up(noise * (1.0 + 1e-7 * f64::from(1u32 << nudge)));
    }
    Ok(Searched::Beyond { noise, reached })
}

/// The next number of seven digits, so that what is printed is what was accounted for.
fn round_up(noise: f64) -> f64 {
    let digits = 6 - noise.log10().floor() as i32;
    // Through the decimal text: it is the shortest that reads back as this number.
    let unit = 10f64.powi(digits);
    let rounded = (noise * unit).ceil() / unit;
    format!("{rounded:.*}", digits.max(0) as usize)
        .parse()
        .unwrap_or(rounded)
}

/// A point of the search.
#[derive(Debug, Clone, Copy)]
struct End {
    /// ln σ.
    x: f64,
    cost: f64,
    /// ln(cost/target), positive where σ is too small.
    gap: f64,
}

impl End {
    fn at(
        x: f64,
        target: f64,
        cost: &impl Fn(NoiseMultiplier) -> Result<f64, PrivacyError>,
    ) -> Result<Self, PrivacyError> {
        let cost = cost(NoiseMultiplier::new(x.exp())?)?;
        // A cost that is no number is no bound: it counts as too large.
        let gap = if cost.is_nan() {
            f64::INFINITY
        } else {
            (cost.ln() - target.ln()).clamp(FAR, -FAR)
        };
        Ok(Self { x, cost, gap })
    }

    /// This end of the range, as it was written down.
    fn beyond(self) -> Searched {
        let noise = if self.gap > 0.0 {
            SEARCHED.1
        } else {
            SEARCHED.0
        };
        Searched::Beyond {
            noise,
            reached: self.cost,
        }
    }
}

/// Two points with the root between them, or the end of the range that has none.
enum Bracket {
    Root(End, End),
    None(End),
}

/// Steps out from `start` by growing strides.
fn bracket(
    start: f64,
    stride: f64,
    gap: &impl Fn(f64) -> Result<End, PrivacyError>,
) -> Result<Bracket, PrivacyError> {
    let (least, most) = (SEARCHED.0.ln(), SEARCHED.1.ln());
    let mut here = gap(start.clamp(least, most))?;
    let outward = if here.gap > 0.0 { 1.0 } else { -1.0 };
    let mut stride = stride;
    loop {
        let next = (here.x + outward * stride).clamp(least, most);
        if next == here.x {
            return Ok(Bracket::None(here));
        }
        let there = gap(next)?;
        if (there.gap > 0.0) != (here.gap > 0.0) {
            return Ok(if outward > 0.0 {
                Bracket::Root(here, there)
            } else {
                Bracket::Root(there, here)
            });
        }
        here = there;
        stride *= 2.0;
    }
}

/// The x of a gap in [−tolerance, 0]: regula falsi (Illinois), kept inside a shrinking bracket and
/// aimed at the middle of the tolerance, with plain halving where that stalls.
fn bisect(
    mut low: End,
    mut high: End,
    tolerance: f64,
    gap: &impl Fn(f64) -> Result<End, PrivacyError>,
) -> Result<f64, PrivacyError> {
    let mut weights = (1.0, 1.0);
    for round in 0..200 {
        if high.gap >= -tolerance || high.x - low.x < 1e-12 {
            break;
        }
        let (a, b) = (
            weights.0 * (low.gap + 0.5 * tolerance),
            weights.1 * (high.gap + 0.5 * tolerance),
        );
        let share = if round % 4 == 3 || high.gap <= FAR || low.gap >= -FAR {
            0.5
        } else {
            a / (a - b)
        };
        let middle = gap(low.x + share.clamp(0.001, 0.999) * (high.x - low.x))?;
        if middle.gap > 0.0 {
            low = middle;
            weights = (1.0, weights.1 * 0.5);
        } else {
            high = middle;
            weights = (weights.0 * 0.5, 1.0);
        }
    }
    Ok(high.x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_goes_up_and_keeps_seven_digits() {
        for (given, expected) in [
            (1.234_567_01, 1.234_568),
            (0.020_000_000_1, 0.020_000_01),
            (0.02, 0.02),
            (123_456.71, 123_456.8),
            (1e6, 1e6),
            (999_999.96, 1e6),
        ] {
            assert_eq!(round_up(given), expected, "{given}");
        }
    }

    #[test]
    fn a_cost_that_is_no_number_is_not_within_any_target() -> Result<(), PrivacyError> {
        let cost = |noise: NoiseMultiplier| {
            let sigma = noise.get();
            Ok(if sigma < 3.0 { f64::NAN } else { 1.0 / sigma })
        };
        let Searched::Found(noise) = least_noise(0.5, cost, cost)? else {
            panic!("there is such a noise");
        };
        assert!((3.0..3.01).contains(&noise.get()), "{noise}");
        Ok(())
    }
}
