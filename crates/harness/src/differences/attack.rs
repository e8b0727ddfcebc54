//! The facets of a cell's attack, and of what its adversary believes.

use config::experiment::{
    self as wanted, Adversary, Architecture, Assumed, Attack, Distance, GradientForm, ScoreKind,
    Start, Then,
};

use super::facet::{Facet, Side};
use crate::names;

pub(super) fn attack(attack: &Attack, facets: &mut Vec<Facet>) {
    // Options are compared within one attack: an informed one is another.
    let word = match attack.then() {
        Some(_) => attack.word().to_owned(),
        None => names::attack(attack),
    };
    let mut facet = |name: &str, words: String| {
        facets.push(Facet {
            side: Side::Attack,
            name: format!("{word} {name}").into(),
            words,
        });
    };
    let samples = |samples: usize| format!("{samples} samples");
    match attack {
        Attack::Reconstructor(_) | Attack::Labels(_) => {}
        Attack::GradientInversion(options) => {
            facet("steps", format!("{} steps", options.steps));
            let distance = match options.distance {
                Distance::Squared => "",
                Distance::Cosine => "cosine distance",
            };
            facet("distance", distance.into());
            let start = match options.start {
                Start::Unmixing => "",
                Start::Reconstructor => "from the reconstructor",
                Start::Noise => "from noise",
            };
            facet("start", start.into());
            let form = match options.form {
                GradientForm::Head => "",
                GradientForm::SingleGradient => "single gradient",
            };
            facet("form", form.into());
            let batch = match options.batch {
                1 => String::new(),
                batch => format!("batch of {batch}"),
            };
            facet("batch", batch);
            facet("prior", format!("prior {}", options.prior));
            let variation = options.total_variation;
            facet("variation", format!("total variation {variation}"));
        }
        Attack::Scores(options) => {
            let decimals = options.decimals.map(|it| format!("{it} decimals"));
            facet("decimals", decimals.unwrap_or_default());
            let kind = match options.kind {
                ScoreKind::Probabilities => "",
                ScoreKind::Logits => "logits",
            };
            facet("kind", kind.into());
        }
        Attack::Property(options) => facet("samples", samples(options.samples)),
        Attack::Unmixing(options) => facet("samples", samples(options.samples)),
        // Options without words of their own: `6000 samples`.
        other => {
            for (name, value) in options(other) {
                facet(&name, format!("{value} {name}"));
            }
        }
    }
    if let Some(options) = network(attack) {
        facet("network samples", samples(options.samples));
        facet("width", format!("width {}", options.hidden));
        let architecture = match options.architecture {
            Architecture::Mlp => "",
            Architecture::Conv => "convolutional",
        };
        facet("architecture", architecture.into());
        let scales = match options.scales {
            1 => String::new(),
            scales => format!("loss on {scales} scales"),
        };
        facet("scales", scales);
        let shared = if options.shared {
            "one network for all cells"
        } else {
            ""
        };
        facet("shared", shared.into());
    }
}

/// The options of an attack by their names in a config.
fn options(attack: &Attack) -> Vec<(String, serde_json::Value)> {
    let json = serde_json::to_value(attack).unwrap_or_default();
    let inside = json.as_object().and_then(|all| all.values().next());
    let options = inside.and_then(|options| options.as_object());
    options.cloned().unwrap_or_default().into_iter().collect()
}

/// The network that an attack trains.
pub(super) fn network(attack: &Attack) -> Option<wanted::Reconstructor> {
    match attack {
        Attack::Reconstructor(options) => Some(*options),
        Attack::Labels(labels) => reconstructor(&labels.then),
        Attack::Scores(scores) => reconstructor(&scores.then),
        _ => None,
    }
}

fn reconstructor(then: &Then) -> Option<wanted::Reconstructor> {
    match then {
        Then::Reconstructor(options) => Some(*options),
        Then::Unmixing(_) => None,
    }
}

/// What the adversary assumes in place of the truth.
pub(super) fn beliefs(adversary: &Adversary) -> String {
    let each = [
        ("epochs", adversary.epochs),
        ("initial std", adversary.init_std),
        ("learning rate", adversary.learning_rate),
    ];
    let parts = each.iter().filter_map(|(name, belief)| {
        Some(match *belief {
            Assumed::Known => return None,
            Assumed::Between(from, to) if from == to => format!("{name} {from}"),
            Assumed::Between(from, to) => format!("{name} {from} to {to}"),
            Assumed::Times(from, to) if from == to => format!("{name} × {from}"),
            Assumed::Times(from, to) => format!("{name} × {from} to {to}"),
        })
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() {
        return String::new();
    }
    format!("adversary assumes {}", parts.join(" and "))
}
