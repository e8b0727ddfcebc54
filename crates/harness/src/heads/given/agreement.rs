//! What can be told of reconstructions without the truth: the same attack, fitted anew on other shadow
//! heads, gives nearly the same image where the head determines it, and another where it does not. How
//! often reconstructions that agree so well are within τ of a training image is counted on simulated
//! heads, class by class, since another "1" is near any "1".

use attacks::{Aim, World};
use evaluation::{Interval, clopper_pearson, cluster_proportion, mse};
use rayon::prelude::*;
use transfer::ShadowBatch;

use super::finding::{Agreement, Confidence};
use crate::error::HarnessError;

/// Simulated reconstructions of a class, the nearest in disagreement, that a confidence is counted in.
const NEIGHBOURS: usize = 60;
/// Confidence from which on a reconstruction is called read back.
const CALLED: f64 = 0.8;
/// Simulated heads that are reconstructed from at once.
const BLOCK: usize = 100;
/// Of every interval.
const LEVEL: f64 = 0.95;

/// A reconstruction by several fits of an attack.
struct Trial {
    disagreement: f64,
    within: bool,
}

/// Confidence by agreement, calibrated on simulated heads.
pub struct Calibrated {
    /// By target: simulated reconstructions, by ascending disagreement.
    known: Vec<Vec<Trial>>,
    /// What calling by it is right in.
    pub checked: Agreement,
}

/// Reconstructions of heads by every fit: fits × (heads × targets × pixels).
pub type Fits<'f> = dyn Fn(&ShadowBatch) -> Vec<Vec<f32>> + 'f;

impl Calibrated {
    /// Calibrates on `heads` simulated heads of `world`, from `start` on in the victims' stream, and
    /// checks on as many others.
    ///
    /// # Errors
    /// If heads cannot be trained.
    pub fn new(
        world: &World<'_>,
        aim: Aim,
        fits: &Fits<'_>,
        heads: usize,
        start: u64,
        tau: f64,
    ) -> Result<Self, HarnessError> {
        let mut known: Vec<Vec<Trial>> = (0..aim.targets()).map(|_| Vec::new()).collect();
        for units in simulated(world, aim, fits, start, heads, tau)? {
            for (known, trial) in known.iter_mut().zip(units) {
                known.push(trial);
            }
        }
        for known in &mut known {
            known.sort_by(|a, b| a.disagreement.total_cmp(&b.disagreement));
        }
        let mut calibrated = Self {
            known,
            checked: Agreement {
                fits: 0,
                heads,
                called: 0,
                stated: None,
                right: None,
                interval: None,
            },
        };
        let others = simulated(world, aim, fits, start + heads as u64, heads, tau)?;
        let mut clusters = Vec::new();
        let mut stated = Vec::new();
        for units in others {
            let judged = units.iter().enumerate().map(|(target, it)| {
                let confidence = calibrated.confidence(target, it.disagreement);
                (confidence, it.within)
            });
            let called: Vec<_> = judged.filter(|(it, _)| it.called).collect();
            if !called.is_empty() {
                let right = called.iter().filter(|(_, within)| *within).count();
                clusters.push((right as u64, called.len() as u64));
                stated.extend(called.iter().map(|(it, _)| it.within_tau));
            }
        }
        calibrated.checked.called = clusters.iter().map(|(_, called)| called).sum();
        if !clusters.is_empty() {
            let Interval { value, lo, hi, .. } =
                cluster_proportion(clusters.iter().copied(), LEVEL)?;
            let mean = stated.iter().sum::<f64>() / stated.len() as f64;
            calibrated.checked.stated = Some(mean);
            calibrated.checked.right = Some(value);
            calibrated.checked.interval = Some([lo, hi]);
        }
        Ok(calibrated)
    }

    /// How likely a reconstruction of `target` with this disagreement is within τ of a training image.
    pub fn confidence(&self, target: usize, disagreement: f64) -> Confidence {
        let known = &self.known[target];
        let count = NEIGHBOURS.min(known.len());
        // Neighbours on a logarithmic axis; only their order counts.
        let log = |x: f64| x.max(f64::MIN_POSITIVE).ln();
        let mut from = known.partition_point(|it| it.disagreement < disagreement);
        let mut to = from;
        while to - from < count {
            let below = (from > 0).then(|| log(disagreement) - log(known[from - 1].disagreement));
            let above = known
                .get(to)
                .map(|it| log(it.disagreement) - log(disagreement));
            match (below, above) {
                (Some(below), Some(above)) if below <= above => from -= 1,
                (Some(_), None) => from -= 1,
                _ => to += 1,
            }
        }
        let hits = known[from..to].iter().filter(|it| it.within).count() as u64;
        let (lo, hi) = clopper_pearson(hits, count.max(1) as u64, LEVEL).unwrap_or((0.0, 1.0));
        let within_tau = hits as f64 / count.max(1) as f64;
        Confidence {
            disagreement,
            within_tau,
            lo,
            hi,
            called: within_tau >= CALLED,
        }
    }
}

/// For each head its targets, reconstructed.
fn simulated(
    world: &World<'_>,
    aim: Aim,
    fits: &Fits<'_>,
    start: u64,
    heads: usize,
    tau: f64,
) -> Result<Vec<Vec<Trial>>, HarnessError> {
    let stream = world.victims()?;
    let mut all = Vec::with_capacity(heads);
    for from in (0..heads).step_by(BLOCK) {
        let mut batch = stream.batch(BLOCK.min(heads - from));
        stream.fill(start + from as u64, &mut batch)?;
        let images = fits(&batch);
        let owners: Vec<usize> = (0..batch.len()).collect();
        let errors = attacks::score(world, &images[0], aim, &batch, &owners);
        let targets = aim.targets();
        all.extend(errors.into_iter().enumerate().map(|(head, errors)| {
            let each = errors.into_iter().enumerate();
            let trial = |(target, found): (usize, attacks::Nearest)| Trial {
                disagreement: disagreement(&images, world.pixels(), head * targets + target),
                within: found.error <= tau,
            };
            each.map(trial).collect()
        }));
    }
    Ok(all)
}

/// Mean squared difference between two fits' image number `at`, over all pairs of fits.
pub fn disagreement(fits: &[Vec<f32>], pixels: usize, at: usize) -> f64 {
    let image = |fit: usize| &fits[fit][at * pixels..][..pixels];
    let pairs: Vec<(usize, usize)> = (0..fits.len())
        .flat_map(|a| (0..a).map(move |b| (a, b)))
        .collect();
    let sum: f64 = pairs
        .par_iter()
        .map(|&(a, b)| mse(image(a), image(b)))
        .sum();
    sum / pairs.len().max(1) as f64
}
