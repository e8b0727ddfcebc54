//! `harness privacy canary`.

use datasets::StreamKey;
use privacy::{
    Accountant, Calibration, Composition, Delta, Epsilon, Neighbour, NoiseMultiplier, PrivacyError,
    SampleRate, SampledGaussian, ScoreAudit, ScoreAuditAnswer, Steps,
};
use serde::Serialize;
use spec::Sampling;
use transfer::{Canary, DpSgd};

use crate::cli::CanaryArgs;
use crate::exit::Exit;
use crate::failure::Failure;

/// Heads a side, at most: their scores are held in memory.
const MOST_HEADS: usize = 10_000_000;

/// What is claimed of a run, and what an audit of it has shown.
#[derive(Clone, Debug, Serialize)]
pub struct CanaryAnswer {
    /// ε under `add_remove` by the accountant.
    pub epsilon_claimed: f64,
    /// σ.
    pub noise_multiplier: f64,
    /// q.
    pub sample_rate: f64,
    /// T.
    pub steps: u64,
    /// N, the canary among them.
    pub records: usize,
    /// Heads trained on each side.
    pub heads: usize,
    /// What was shown.
    #[serde(flatten)]
    pub audit: ScoreAuditAnswer,
}

/// Trains the heads and counts.
///
/// # Errors
/// For values out of range, and sets too small for the sampling.
pub fn audit(args: &CanaryArgs) -> Result<CanaryAnswer, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::new(&error, Exit::Usage);
    if args.heads > MOST_HEADS {
        return Err(refused(&format!(
            "heads is {}, expected at most {MOST_HEADS}\nhint: the bound grows with their logarithm",
            args.heads
        )));
    }
    let claim = Claim::new(args)?;
    let dp = DpSgd {
        clip: 1.0,
        noise_multiplier: claim.noise_multiplier.get() as f32,
        sampling: if claim.sample_rate == SampleRate::FULL {
            Sampling::Full
        } else {
            Sampling::Poisson(claim.sample_rate.get())
        },
    };
    let steps = usize::try_from(claim.steps.get()).map_err(|error| refused(&error))?;
    let key = StreamKey::from_seed(args.counting.seed).child("canary");
    let canary = Canary::new(args.records, steps, dp, key).map_err(|error| refused(&error))?;
    let scores = |with| {
        canary
            .scores(with, args.heads)
            .map_err(|error| refused(&error))
    };
    let audit = ScoreAudit {
        inside: scores(true)?,
        outside: scores(false)?,
        delta: Some(claim.delta),
        confidence: args.counting.confidence,
        one_run: false,
        seed: args.counting.seed,
    };
    Ok(CanaryAnswer {
        epsilon_claimed: claim.epsilon,
        noise_multiplier: claim.noise_multiplier.get(),
        sample_rate: claim.sample_rate.get(),
        steps: claim.steps.get(),
        records: args.records,
        heads: args.heads,
        audit: audit.solve()?,
    })
}

/// A run and its ε.
struct Claim {
    epsilon: f64,
    noise_multiplier: NoiseMultiplier,
    sample_rate: SampleRate,
    steps: Steps,
    delta: Delta,
}

impl Claim {
    fn new(args: &CanaryArgs) -> Result<Self, PrivacyError> {
        let sample_rate = SampleRate::new(args.run.sample_rate)?;
        let steps = Steps::new(args.run.steps)?;
        let delta = match args.delta {
            Some(delta) => Delta::new(delta)?,
            None => Delta::for_records(args.records)?,
        };
        let (accountant, neighbour) = (Accountant::Prv, Neighbour::AddRemove);
        let (noise_multiplier, spent) = match args.noise_multiplier {
            Some(noise) => {
                let noise = NoiseMultiplier::new(noise)?;
                let step = SampledGaussian::new(noise, sample_rate);
                let run = Composition::repeated(step, steps);
                (noise, run.epsilon(delta, accountant, neighbour)?)
            }
            None => {
                let found = Calibration {
                    // clap lets nothing through without one of the two.
                    epsilon: Epsilon::new(args.epsilon.unwrap_or(f64::NAN))?,
                    delta,
                    sample_rate,
                    steps,
                    accountant,
                    neighbour,
                }
                .solve()?;
                (found.noise_multiplier, found.spent)
            }
        };
        Ok(Self {
            epsilon: spent.upper,
            noise_multiplier,
            sample_rate,
            steps,
            delta,
        })
    }
}

impl std::fmt::Display for CanaryAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "claimed: epsilon {:.4} for {} steps of noise multiplier {}, sample rate {}, {} records",
            self.epsilon_claimed, self.steps, self.noise_multiplier, self.sample_rate, self.records
        )?;
        write!(f, "shown by {} heads a side: {}", self.heads, self.audit)?;
        if self.audit.epsilon_lower_bound > self.epsilon_claimed {
            write!(f, "\nthe claim does not hold")?;
        }
        Ok(())
    }
}
