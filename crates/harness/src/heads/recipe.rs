//! From the config's recipe to the trainer's: the paper's values, then what the config changes.

use config::{Cell, DatasetSpec, Head};
use transfer::{HeadShape, Optimiser, Recipe};

/// The shape of a cell's heads on rows of `features` numbers: with an adapter, what stands around the last layer.
pub fn shape(head: Head, features: usize, classes: usize) -> HeadShape {
    match head {
        Head::Linear => HeadShape::linear(features, classes),
        Head::Mlp { hidden, activation } => HeadShape::mlp(features, hidden, activation, classes),
        Head::Adapter { rank } => HeadShape::adapter(features / 2, rank, classes),
    }
}

/// How a cell's victims are trained, apart from DP-SGD.
pub fn recipe(cell: &Cell, target: &DatasetSpec) -> Recipe {
    let paper = Recipe::preset(cell.preset(target), cell.shots);
    let wanted = &cell.recipe;
    let or = |value: Option<f64>, paper: f32| value.map_or(paper, |value| value as f32);
    if wanted.optimiser == Optimiser::LogisticRegression {
        let strength = wanted.strength.unwrap_or(spec::Recipe::DEFAULT_STRENGTH);
        return Recipe::logistic_regression(strength as f32);
    }
    Recipe {
        initial: wanted.initial,
        init_std: or(wanted.init_std, paper.init_std),
        learning_rate: or(wanted.learning_rate, paper.learning_rate),
        weight_decay: or(wanted.weight_decay, paper.weight_decay),
        steps: wanted.epochs.unwrap_or(paper.steps),
        batch: wanted.batch,
        momentum: or(wanted.momentum, paper.momentum),
        schedule: wanted.schedule,
        label_smoothing: or(wanted.label_smoothing, paper.label_smoothing),
        strength: paper.strength,
        optimiser: wanted.optimiser,
        positive_weight: or(wanted.positive_weight, paper.positive_weight),
        dp: None,
        release: None,
    }
}
