//! `harness privacy`.

use privacy::{
    Calibration, Delta, Epsilon, Neighbour, NoiseMultiplier, PrivacyError, SampleRate, Steps,
    epsilon_answer, noise_answer,
};

use crate::cli::{NeighbourName, PrivacyCommand};

/// Answers with one line, of text or of JSON.
///
/// # Errors
/// For values out of range and questions that have no answer.
pub fn privacy(command: &PrivacyCommand) -> Result<String, PrivacyError> {
    let run = match command {
        PrivacyCommand::Epsilon(args) => &args.run,
        PrivacyCommand::Noise(args) => &args.run,
    };
    let sample_rate = SampleRate::new(run.sample_rate)?;
    let steps = Steps::new(run.steps)?;
    let delta = Delta::new(run.delta)?;
    let accountant = run.accountant;
    let neighbour = match run.neighbour {
        NeighbourName::AddRemove => Neighbour::AddRemove,
        NeighbourName::ReplaceOne => Neighbour::ReplaceOne,
    };
    let answer = match command {
        PrivacyCommand::Epsilon(args) => {
            let noise = NoiseMultiplier::new(args.noise_multiplier)?;
            epsilon_answer(noise, sample_rate, steps, delta, accountant, neighbour)?
        }
        PrivacyCommand::Noise(args) => {
            let epsilon = Epsilon::new(args.epsilon)?;
            noise_answer(Calibration {
                epsilon,
                delta,
                sample_rate,
                steps,
                accountant,
                neighbour,
            })?
        }
    };
    let line = if run.json {
        serde_json::to_string(&answer)
            .expect("an answer has no keys but words and no number but finite ones")
    } else {
        answer.to_string()
    };
    Ok(line + "\n")
}
