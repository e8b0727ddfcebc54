//! The steps of one ordered pair: their moments, the tilt that suits a δ, and where a tilted law lies.

use crate::Composition;
use crate::law::{Law, Side};
use crate::moments::{LossNodes, Tilted, golden_section};

/// The steepest tilt, in units of one over P's standard deviation. Smaller δ than 1e-18 would need
/// more for a Gaussian's tail; lighter tails end before.
const STEEPEST: f64 = 50.0;

/// The gentlest tilt that is looked for, in the same units or absolutely: rare losses may be large.
const GENTLEST: f64 = 1e-6;

/// A single full-batch step's μ, at most: larger ones are split, which a Gaussian allows exactly.
const WIDEST_FULL_STEP: f64 = 5.0;

/// One mechanism's steps.
pub(super) struct Part {
    pub law: Law,
    pub steps: u64,
    /// The outputs that are accounted for.
    pub span: (f64, f64),
    nodes: LossNodes,
}

/// Every mechanism's steps.
pub(super) struct Parts(pub Vec<Part>);

impl Parts {
    /// The steps of `composition`, but for outcomes of total probability `tail` on each side.
    pub fn new(composition: &Composition, side: Side, tail: f64) -> Self {
        let mut parts = Vec::new();
        let mut full = 0.0;
        for phase in composition.phases() {
            let sigma = phase.mechanism.noise_multiplier.get();
            let rate = phase.mechanism.sample_rate.get();
            let steps = phase.steps.get();
            if rate == 1.0 {
                full += steps as f64 / (sigma * sigma);
            } else {
                parts.push((Law { sigma, rate, side }, steps));
            }
        }
        if full > 0.0 {
            let steps = (full / WIDEST_FULL_STEP.powi(2)).ceil();
            let sigma = (steps / full).sqrt();
            parts.push((
                Law {
                    sigma,
                    rate: 1.0,
                    side,
                },
                steps as u64,
            ));
        }
        let total: u64 = parts.iter().map(|p| p.1).sum();
        let part = |(law, steps): (Law, u64)| {
            let span = law.span(tail / total as f64);
            Part {
                law,
                steps,
                span,
                nodes: LossNodes::new(&law, span),
            }
        };
        Self(parts.into_iter().map(part).collect())
    }

    /// Widens the spans until they hold all of Q too, but for a probability `tail`.
    pub fn cover_null(&mut self, tail: f64) {
        let total: u64 = self.0.iter().map(|p| p.steps).sum();
        for part in &mut self.0 {
            let (low, high) = part.law.mirrored().span(tail / total as f64);
            part.span = (part.span.0.min(-high), part.span.1.max(-low));
            part.nodes = LossNodes::new(&part.law, part.span);
        }
    }

    /// Σ T·K(θ).
    fn ln_moment(&self, theta: f64) -> f64 {
        self.0
            .iter()
            .map(|p| p.steps as f64 * p.nodes.ln_moment(theta))
            .sum()
    }

    /// The θ > 0 with the least Chernoff bound (ΣT·K(θ) − ln δ)/θ, by golden section in ln θ.
    pub fn best_tilt(&self, ln_delta: f64) -> f64 {
        let bound = |ln_theta: f64| {
            let theta = ln_theta.exp();
            (self.ln_moment(theta) - ln_delta) / theta
        };
        let natural = 1.0 / self.deviation(0.0);
        let (least, most) = (GENTLEST * natural.min(1.0), STEEPEST * natural);
        golden_section(least.ln(), most.ln(), 24, bound).exp()
    }

    /// The whole loss's standard deviation under θ.
    fn deviation(&self, theta: f64) -> f64 {
        self.0
            .iter()
            .map(|p| p.steps as f64 * p.nodes.tilt(theta).variance)
            .sum::<f64>()
            .sqrt()
    }

    /// The window of the whole loss under θ: Chernoff bounds leave e^−`outside` outside on each
    /// side.
    pub fn window(&self, theta: f64, outside: f64) -> Reach {
        let tilts: Vec<(f64, Tilted)> = self
            .0
            .iter()
            .map(|p| (p.steps as f64, p.nodes.tilt(theta)))
            .collect();
        let mean: f64 = tilts.iter().map(|(t, k)| t * k.mean).sum();
        let variance: f64 = tilts.iter().map(|(t, k)| t * k.variance).sum();
        let base: f64 = tilts.iter().map(|(t, k)| t * k.ln_moment).sum();
        let steps: f64 = tilts.iter().map(|(t, _)| t).sum();
        // A law squeezed against the largest loss has no variance to speak of.
        let natural = self.deviation(0.0);
        let variance = variance.max((1e-5 / theta.abs()).min(natural).powi(2));
        let start = (2.0 * outside / variance).sqrt();
        // The least of Chernoff's bounds, and where it is.
        let reach = |sign: f64| {
            (-8..=8)
                .map(|i| {
                    let u = start * 2f64.powf(f64::from(i) / 2.0);
                    ((self.ln_moment(theta + sign * u) - base + outside) / u, u)
                })
                .min_by(|a, b| a.0.total_cmp(&b.0))
                .unwrap_or((f64::INFINITY, start))
        };
        let (above, below) = (reach(1.0), reach(-1.0));
        // Rare large losses must not blur the common small ones.
        let deviation = variance.sqrt().min(natural) / steps.sqrt();
        Reach {
            low: -below.0.max(-mean),
            high: above.0.max(mean),
            deviation,
            further: (below.1, above.1),
        }
    }
}

/// Where a tilted law lies.
pub(super) struct Reach {
    pub low: f64,
    pub high: f64,
    /// The root mean square deviation of one step.
    pub deviation: f64,
    /// The further tilts, downwards and upwards, whose bounds these are.
    pub further: (f64, f64),
}
