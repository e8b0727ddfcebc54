//! The part of an attack that is trained on shadow heads, and so can be shared between cells: an
//! extraction's query budget, for one, does not touch the attack on the extracted head.

use config::experiment::{Attack, Then};
use serde::Serialize;

/// The trained part of an attack, as it is named in keys.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Learned<'a> {
    /// The attack itself.
    Direct(&'a Attack),
    /// Where another attack starts; named as that attack itself, to be shared with it.
    Start(Attack),
    /// What follows an extraction.
    Extracted {
        /// The attack on the copy.
        extracted: &'a Then,
    },
}

/// The trained part of `attack`; none where nothing is trained.
pub fn learned(attack: &Attack) -> Option<Learned<'_>> {
    match attack {
        Attack::Unmixing(_) | Attack::Reconstructor(_) => Some(Learned::Direct(attack)),
        Attack::Labels(labels) => Some(Learned::Extracted {
            extracted: &labels.then,
        }),
        Attack::Scores(scores) => Some(Learned::Extracted {
            extracted: &scores.then,
        }),
        Attack::GradientInversion(options) => options.started_by().map(|start| {
            Learned::Start(match start {
                Then::Unmixing(options) => Attack::Unmixing(options),
                Then::Reconstructor(options) => Attack::Reconstructor(options),
            })
        }),
        _ => None,
    }
}

/// The white-box attack that is trained.
pub fn white_box(attack: &Attack) -> Option<Then> {
    match attack {
        Attack::Unmixing(options) => Some(Then::Unmixing(*options)),
        Attack::Reconstructor(options) => Some(Then::Reconstructor(*options)),
        Attack::Labels(labels) => Some(labels.then),
        Attack::Scores(scores) => Some(scores.then),
        Attack::GradientInversion(options) => options.started_by(),
        _ => None,
    }
}

/// Shadow rows that it is trained on.
pub fn samples(then: &Then) -> u64 {
    match then {
        Then::Unmixing(options) => options.samples as u64,
        Then::Reconstructor(options) => options.samples as u64,
    }
}
