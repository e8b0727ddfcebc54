//! How datasets, backbones, heads and attacks are named in tables and plans.

use config::experiment::{Attack, Backbone, Cell, DatasetSpec, Defence, Head, Privacy, Then};
use datasets::StrokeClasses;

/// A dataset's name, with its classes where it has several kinds.
pub fn dataset(spec: &DatasetSpec) -> String {
    match spec {
        DatasetSpec::Strokes { classes, .. } => match classes {
            StrokeClasses::Letters => "strokes letters".into(),
            StrokeClasses::Digits => "strokes digits".into(),
        },
        DatasetSpec::Mixed(parts) => parts.iter().map(dataset).collect::<Vec<_>>().join(" + "),
        other => other.describe().name.into(),
    }
}

/// A backbone's name with its width and its number of features.
pub fn backbone(backbone: &Backbone) -> String {
    match backbone {
        Backbone::VggTiny {
            width, features, ..
        } => format!("vgg_tiny({width}, {features})"),
        Backbone::Imported { architecture, .. } => format!("{architecture:?}").to_lowercase(),
        Backbone::Features => "features".into(),
    }
}

/// A head's name with its hidden layer.
pub fn head(head: Head) -> String {
    match head {
        Head::Linear => "linear".into(),
        Head::Mlp { hidden, activation } => {
            format!(
                "mlp({hidden}, {})",
                format!("{activation:?}").to_lowercase()
            )
        }
    }
}

/// An attack's name, with what follows an extraction.
pub fn attack(attack: &Attack) -> String {
    match attack {
        Attack::Labels(labels) => format!("labels+{}", then(&labels.then)),
        Attack::Scores(scores) => format!("scores+{}", then(&scores.then)),
        other => other.word().into(),
    }
}

/// The name of a white-box attack.
pub fn then(then: &Then) -> &'static str {
    match then {
        Then::Unmixing(_) => "unmixing",
        Then::Reconstructor(_) => "reconstructor",
    }
}

/// A cell's defence with its strength.
pub fn defence(cell: &Cell) -> String {
    match &cell.defence {
        Defence::DpSgd(dp) => match dp.privacy {
            Privacy::Epsilon(epsilon) => format!("dp_sgd ε {epsilon}"),
            Privacy::NoiseMultiplier(noise) => format!("dp_sgd σ {noise}"),
        },
        other => other.word().to_string(),
    }
}
