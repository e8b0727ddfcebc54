//! How datasets, backbones, heads and attacks are named in tables and plans.

use config::experiment::{
    Attack, Backbone, Cell, DatasetSpec, Defence, FineTuning, Head, ImportedArchitecture, Privacy,
};
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
        Backbone::Imported { architecture, .. } => match architecture {
            ImportedArchitecture::VggTiny => "vggtiny".into(),
            ImportedArchitecture::Resnet20 => "resnet20".into(),
            ImportedArchitecture::MobilenetV1025 => "mobilenetv1025".into(),
        },
        Backbone::Onnx(onnx) => {
            let name = onnx.file.file_stem().unwrap_or_default();
            format!("onnx({}, {})", name.to_string_lossy(), onnx.output)
        }
        Backbone::Features => "features".into(),
    }
}

/// A head's name with its hidden layer.
pub fn head(head: Head) -> String {
    match head {
        Head::Linear => "linear".into(),
        Head::Mlp { hidden, activation } => format!("mlp({hidden}, {activation})"),
        Head::Adapter { rank } => format!("adapter({rank})"),
    }
}

/// An attack's name, with what follows an extraction, and what an informed adversary does.
pub fn attack(attack: &Attack) -> String {
    match attack {
        Attack::Labels(labels) => format!("labels+{}", labels.then.kind()),
        Attack::Scores(scores) => format!("scores+{}", scores.then.kind()),
        informed if informed.is_informed() => format!("{}{}", spec::INFORMED, informed.word()),
        other => other.word().into(),
    }
}

/// A cell's defence with its strength.
pub fn defence(cell: &Cell) -> String {
    match &cell.defence {
        Defence::DpSgd(dp) => private("dp_sgd", dp.privacy()),
        Defence::OneRelease(release) => private(cell.defence.word(), release.privacy()),
        Defence::None(_) => "no defence".into(),
        Defence::Rhe(_) => cell.defence.word().into(),
    }
}

fn private(how: &str, privacy: Privacy) -> String {
    match privacy {
        Privacy::Epsilon(epsilon) => format!("{how} ε {epsilon}"),
        Privacy::NoiseMultiplier(noise) => format!("{how} σ {noise}"),
    }
}

/// How CryptoTL's upper network is tuned.
pub fn fine_tuning(tuning: &FineTuning) -> String {
    match tuning {
        FineTuning::None => "no defence".into(),
        FineTuning::DpSgd(dp) => private("dp_sgd", dp.privacy()),
    }
}

/// A number of things: `1 shot`, `4 shots`.
pub fn count(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

/// Words one after another, those left out that say nothing.
pub fn listed(words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut text = String::new();
    for words in words {
        let words = words.as_ref();
        if !text.is_empty() && !words.is_empty() {
            text.push_str(", ");
        }
        text.push_str(words);
    }
    text
}
