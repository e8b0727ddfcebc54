//! `harness privacy`.

use privacy::{
    Accountant, Calibration, Delta, Epsilon, Neighbour, NoiseMultiplier, PrivacyError, Risk,
    RiskCalibration, SampleRate, ScoreAudit, Steps, epsilon_answer, noise_answer, risk_answer,
};
use serde::Serialize;

use super::{canary, scores};
use crate::cli::{AuditArgs, EpsilonArgs, MechanismArgs, NoiseArgs, PrivacyCommand};
use crate::failure::Failure;

/// Answers with a line of text, or with one of JSON.
///
/// # Errors
/// For values out of range, questions that have no answer and files that hold no scores.
pub fn privacy(command: &PrivacyCommand) -> Result<String, Failure> {
    match command {
        PrivacyCommand::Epsilon(args) => Ok(epsilon(args)?),
        PrivacyCommand::Noise(args) => Ok(noise(args)?),
        PrivacyCommand::Audit(args) => audit(args),
        PrivacyCommand::Canary(args) => Ok(line(&canary::audit(args)?, args.counting.json)),
    }
}

/// The checked numbers of a run.
struct Run {
    sample_rate: SampleRate,
    steps: Steps,
    delta: Delta,
    accountant: Accountant,
    neighbour: Neighbour,
}

impl Run {
    fn new(args: &MechanismArgs) -> Result<Self, PrivacyError> {
        Ok(Self {
            sample_rate: SampleRate::new(args.taken.sample_rate)?,
            steps: Steps::new(args.taken.steps)?,
            delta: Delta::new(args.delta)?,
            accountant: args.accountant,
            neighbour: args.neighbour,
        })
    }
}

fn epsilon(args: &EpsilonArgs) -> Result<String, PrivacyError> {
    let run = Run::new(&args.run)?;
    let answer = epsilon_answer(
        NoiseMultiplier::new(args.noise_multiplier)?,
        run.sample_rate,
        run.steps,
        run.delta,
        run.accountant,
        run.neighbour,
    )?;
    Ok(line(&answer, args.run.json))
}

fn noise(args: &NoiseArgs) -> Result<String, PrivacyError> {
    let run = Run::new(&args.run)?;
    let answer = match risk(args) {
        Some(risk) => risk_answer(
            RiskCalibration {
                risk,
                sample_rate: run.sample_rate,
                steps: run.steps,
                neighbour: run.neighbour,
            },
            run.delta,
            run.accountant,
        )?,
        None => noise_answer(Calibration {
            // clap lets nothing through without one of the three.
            epsilon: Epsilon::new(args.epsilon.unwrap_or(f64::NAN))?,
            delta: run.delta,
            sample_rate: run.sample_rate,
            steps: run.steps,
            accountant: run.accountant,
            neighbour: run.neighbour,
        })?,
    };
    Ok(line(&answer, args.run.json))
}

/// The risk asked about, where it was one.
fn risk(args: &NoiseArgs) -> Option<Risk> {
    match (
        args.max_tpr,
        args.at_fpr,
        args.max_reconstruction,
        args.blind,
    ) {
        (Some(max_tpr), Some(at_fpr), ..) => Some(Risk::Membership { max_tpr, at_fpr }),
        (.., Some(max_reconstruction), Some(blind)) => Some(Risk::Reconstruction {
            max_reconstruction,
            blind,
        }),
        _ => None,
    }
}

fn audit(args: &AuditArgs) -> Result<String, Failure> {
    let audit = ScoreAudit {
        delta: args.delta.map(Delta::new).transpose()?,
        confidence: args.counting.confidence,
        one_run: args.one_run,
        seed: args.counting.seed,
        inside: scores::read(&args.inside)?,
        outside: scores::read(&args.outside)?,
    };
    Ok(line(&audit.solve()?, args.counting.json))
}

fn line<T: Serialize + std::fmt::Display>(answer: &T, json: bool) -> String {
    let text = if json {
        serde_json::to_string(answer)
            .expect("an answer has no keys but words and no number but finite ones")
    } else {
        answer.to_string()
    };
    text + "\n"
}
