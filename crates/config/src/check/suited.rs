//! What each entry of a grid meets in its cells: what cannot run is refused here, before anything is
//! trained.

use spec::{
    Attack, Backbone, DefenceKind, GradientForm, HeadKind, ImportedArchitecture, Initial, Many,
    Null, Preset, Property, Recipe, Schedule, grouped,
};

use super::at::At;
use super::cell::{beside, heads_classes};
use super::dataset::{examples_per_class, images, shape};
use super::defended::check_defence;
use crate::experiment::{Cell, Data, DatasetSpec, Heads, Sweep, Task};

/// Says which entries make a cell that cannot run, each for the first reason found.
pub fn check(
    heads: &Heads,
    sweep: &Sweep,
    raw: &Sweep<Many>,
    cells: &[Cell],
    root: &At<'_>,
    at: &At<'_>,
) {
    let data = &heads.data;
    for (index, attack) in raw.attack.iter().enumerate() {
        let expanded = attack.expand();
        let at = at.key("attack").item(index);
        let mut own = cells.iter().filter(|cell| expanded.contains(&cell.attack));
        let _ = own.any(|cell| check_attack(cell, data, &at));
    }
    for (index, defence) in raw.defence.iter().enumerate() {
        let at = at.key("defence").item(index);
        let mut own = cells
            .iter()
            .filter(|it| it.defence.kind() == defence.kind());
        let _ = own.any(|cell| check_defence(cell, data, &at));
    }
    check_adapters(sweep, cells, root, at);
    let null_at = at.key("null");
    let neighbour = sweep.null.iter().position(|it| *it == Null::ReplaceOne);
    if let Some(index) = neighbour
        && cells.iter().any(|cell| has_no_neighbour(cell, data))
    {
        null_at.item(index).wrong_hint(
            "found `replace_one` for heads of two classes with a hidden layer, of which `reconstructor` reads the whole set at once",
            "`independent` or `gaussian`",
            "give the linear heads a grid of their own",
        );
    }
    let own = |key: &str, swept: bool| {
        if swept {
            at.key(key)
        } else {
            root.key("recipe").key(key)
        }
    };
    if let Some(cell) = cells.iter().find(|cell| !weighs_rightly(cell, data)) {
        let found = cell.recipe.positive_weight;
        let found = found.map_or(
            "the preset `celeba`, which weighs positive examples ten times".to_owned(),
            |it| format!("{it}"),
        );
        let key = if cell.recipe.positive_weight.is_some() {
            "positive_weight"
        } else {
            "preset"
        };
        root.key("recipe").key(key).wrong_hint(
            format!("found {found} for {}", described(cell, data)),
            "a weight of 1: others are for heads with a hidden layer that tell two classes apart",
            "use `head: { mlp: { hidden: 4 } }` with `data.task: { binary: { positive: [..] } }`, or `recipe: { positive_weight: 1 }`",
        );
    }
    let untrained = |cell: &Cell| cell.defence.kind() == DefenceKind::OneRelease;
    let all_untrained = cells.first().filter(|_| cells.iter().all(untrained));
    for (key, swept) in [
        ("optimiser", !sweep.optimiser.is_empty()),
        ("init_std", !sweep.init_std.is_empty()),
        ("learning_rate", !sweep.learning_rate.is_empty()),
        ("weight_decay", !sweep.weight_decay.is_empty()),
        ("epochs", !sweep.epochs.is_empty()),
        ("initial", false),
        ("batch", false),
        ("momentum", false),
        ("schedule", false),
        ("label_smoothing", false),
        ("strength", false),
    ] {
        let given = all_untrained.map(|cell| cell.recipe.given());
        let idle = given.into_iter().flatten().filter(|(_, given)| *given);
        let idle = idle.map(|(option, _)| (option, "one release takes the place of training"));
        let mut reasons = cells
            .iter()
            .filter_map(|cell| cell.recipe.unused(cell.head))
            .chain(idle);
        if let Some((_, why)) = reasons.find(|(option, _)| *option == key) {
            own(key, swept).wrong_hint(
                format!("found a value, but {why}"),
                "settings that take part in the training of every head of the grid",
                "leave it out, or give the heads experiments of their own",
            );
        }
    }
    let dp_with = |cell: &&Cell| cell.defence.kind().is_private() && !plain_under_dp(&cell.recipe);
    if cells.iter().any(|cell| dp_with(&cell)) {
        root.key("recipe").wrong(
            "found batches, momentum or a schedule with a private defence",
            "none of them: DP-SGD samples its own batches and takes steps of one size, and one release takes none",
        );
    }
    let overshoots = |cell: &&Cell| {
        let (rate, decay) = (cell.recipe.learning_rate, cell.recipe.weight_decay);
        rate.zip(decay)
            .is_some_and(|(rate, decay)| rate * decay >= 1.0)
    };
    if let Some(cell) = cells.iter().find(overshoots) {
        let decay = cell.recipe.weight_decay.unwrap_or_default();
        let rate = cell.recipe.learning_rate.unwrap_or_default();
        own("weight_decay", !sweep.weight_decay.is_empty()).wrong(
            format!("found {decay} with the learning rate {rate}"),
            format!("less than one over the learning rate: below {}", 1.0 / rate),
        );
    }
}

/// Says where an adapter has no layer to stand on, or more rank than that layer.
fn check_adapters(sweep: &Sweep, cells: &[Cell], root: &At<'_>, at: &At<'_>) {
    let place = |head: HeadKind| match sweep.head.iter().position(|it| *it == head) {
        Some(index) => at.key("head").item(index),
        None => root.key("head"),
    };
    for cell in cells.iter().filter(|cell| cell.head.is_adapter()) {
        let HeadKind::Adapter { rank } = cell.head else {
            continue;
        };
        let at = place(cell.head).choice(cell.head.word());
        match cell.backbone {
            Backbone::VggTiny { features, .. } if rank <= features => continue,
            Backbone::Imported {
                architecture: ImportedArchitecture::VggTiny,
                ..
            } => continue,
            Backbone::VggTiny { features, .. } => at.key("rank").wrong(
                format!("found {rank}"),
                format!("at most the width of the layer, {features}"),
            ),
            _ => at.wrong_hint(
                "found `adapter` with a backbone whose last layer is not known",
                "the backbone `vgg_tiny`, trained here or imported",
                "use `head: linear`",
            ),
        }
        return;
    }
}

/// Whether training begins from normal weights, on plain labels.
fn begins_normally(recipe: &Recipe) -> bool {
    recipe.initial == Initial::Normal && recipe.label_smoothing.is_none_or(|it| it == 0.0)
}

/// Whether a recipe has nothing that DP-SGD has not.
pub fn plain_under_dp(recipe: &Recipe) -> bool {
    let momentum = recipe.momentum.is_some_and(|it| it != 0.0);
    recipe.batch.is_none() && !momentum && recipe.schedule == Schedule::Constant
}

/// Says why `cell` cannot run on account of its attack; whether it said something.
fn check_attack(cell: &Cell, data: &Data, at: &At<'_>) -> bool {
    let attack = &cell.attack;
    let own = at.choice(attack.word());
    let whole = matches!(attack, Attack::Reconstructor(_)) && !attack.is_informed();
    if matches!(data.task, Task::Person { .. })
        && !(whole && matches!(cell.head, HeadKind::Mlp { .. }))
    {
        at.wrong_hint(
            format!(
                "found `{}` on {} for the task `person`",
                attack.word(),
                cell.head.described()
            ),
            "`reconstructor`, not informed, on heads with a hidden layer",
            "use `head: { mlp: { hidden: 4 } }`, the paper's for one person against others",
        );
    } else if let Err(unsuited) = attack.suits(cell.head, cell.recipe.optimiser) {
        beside(unsuited, at);
    } else if follows_what_it_cannot(cell) {
        let (expected, hint) = match cell.defence.directions() {
            Some(_) if !attack.is_informed() => (
                "a defence without public directions: the attack computes training on features as they are",
                "use the attack `unmixing` or `reconstructor`",
            ),
            _ => (
                "a recipe without batches, momentum, schedule and smoothed labels: the attack computes the training itself",
                "use the attack `unmixing` or `reconstructor`, without `informed`",
            ),
        };
        at.wrong_hint(
            format!(
                "found `{}` for heads that are not trained by plain gradient descent",
                attack.word()
            ),
            expected,
            hint,
        );
    } else if let Some((batch, most)) = batch_beyond(cell, data) {
        own.key("batch").wrong(
            format!("found {batch} examples of one step"),
            match most {
                None => "1: larger batches are for `form: single_gradient`".to_owned(),
                Some(most) => format!("at most a victim's training set, {most}"),
            },
        );
    } else if attack.begins_training() && !begins_normally(&cell.recipe) {
        own.key("form").wrong(
            "found `single_gradient` with initial weights of PyTorch's or smoothed labels",
            "a recipe with normal initial weights and plain labels",
        );
    } else if attack.needs_gradients() && matches!(cell.backbone, Backbone::Onnx(_)) {
        at.wrong_hint(
            format!(
                "found `{}` with the backbone `onnx`, through which no gradients go",
                attack.word()
            ),
            "a backbone with gradients: `vgg_tiny` or `imported`",
            "use the attack `unmixing` or `reconstructor`",
        );
    } else if cell.backbone == Backbone::Features && attack.sends_images(cell.release) {
        at.wrong_hint(
            format!(
                "found `{}`, but the data are features: there is no network to send images through",
                attack.word()
            ),
            "data of images",
            match attack {
                Attack::Labels(_) => {
                    "use the attack `scores`, which can ask about the public rows alone"
                }
                Attack::Membership(_) => "leave `labels` out of `sweep.release`",
                _ => "use the attack `unmixing` or `reconstructor`",
            },
        );
    } else if !has_linear_layers(cell) {
        own.key("form").wrong(
            "found `single_gradient` with a backbone that has no linear layer",
            "a backbone whose linear layers give away their input: `vgg_tiny`",
        );
    } else if let Some([rows, columns]) = cannot_be_drawn(cell, data) {
        let own = match attack.then() {
            Some(then) => own.key("then").choice(then.kind().word()),
            None => own,
        };
        own.key("architecture").wrong(
            format!("found `conv` for images of {rows} x {columns}"),
            "`mlp` where sides are odd or under 6 pixels",
        );
    } else if let (Attack::Scores(scores), Some(most)) = (attack, public_images(data))
        && scores.queries > most
    {
        own.key("queries").wrong(
            format!("found {}", grouped(scores.queries as u64)),
            format!(
                "at most the number of public images, {}",
                grouped(most as u64)
            ),
        );
    } else if let (Attack::Property(_), Some((most, classes))) = (attack, public_of_a_class(data))
        && Property::PROBES.div_ceil(classes) > most
    {
        at.wrong_hint(
            format!("found `property`, which looks at {} public images, {} of each class; there are {most}", Property::PROBES, Property::PROBES.div_ceil(classes)),
            "as many public images of every class",
            "use more images, or a larger `data.shares.public`",
        );
    } else {
        return false;
    }
    true
}

/// Whether the attack computes a training that it cannot: not by plain descent in all of feature space. What
/// one release, and training in public directions, shows to who is informed is known.
fn follows_what_it_cannot(cell: &Cell) -> bool {
    let plain =
        cell.recipe.is_plain_descent() && !cell.defence.momenta().iter().any(|it| *it != 0.0);
    let released = cell.defence.kind() == DefenceKind::OneRelease;
    let projected = cell.defence.directions().is_some();
    cell.attack.follows_training()
        && ((projected && !cell.attack.is_informed()) || (!released && !plain))
}

/// The examples of a step that is inverted, where that cannot be: with the most there are where a single
/// gradient is.
fn batch_beyond(cell: &Cell, data: &Data) -> Option<(usize, Option<usize>)> {
    let Attack::GradientInversion(options) = &cell.attack else {
        return None;
    };
    if options.form != GradientForm::SingleGradient {
        return (options.batch > 1).then_some((options.batch, None));
    }
    let most = heads_classes(data)? * cell.shots;
    (options.batch > most).then_some((options.batch, Some(most)))
}

/// Single gradients are read off linear layers of the backbone.
fn has_linear_layers(cell: &Cell) -> bool {
    let single = matches!(&cell.attack, Attack::GradientInversion(options) if options.form == GradientForm::SingleGradient);
    let bare = matches!(&cell.backbone, Backbone::Imported { architecture, .. } if *architecture != ImportedArchitecture::VggTiny);
    !(single && bare)
}

/// Rows and columns of the images, where the attack's network cannot draw such.
fn cannot_be_drawn(cell: &Cell, data: &Data) -> Option<[usize; 2]> {
    let network = cell.attack.reconstructor()?;
    let sides = match &data.target {
        // A row of features stands for an image.
        DatasetSpec::Features { .. } => [1, 1],
        target => {
            let [_, rows, columns] = shape(target)?;
            [rows, columns]
        }
    };
    (!network.architecture.draws(sides)).then_some(sides)
}

/// Whether the attack gives one image for the whole set, of which no class's target can be replaced.
fn has_no_neighbour(cell: &Cell, data: &Data) -> bool {
    cell.null == Null::ReplaceOne
        && matches!(cell.attack, Attack::Reconstructor(_))
        && is_binary(cell, data)
}

/// Whether the head has a single logit.
fn is_binary(cell: &Cell, data: &Data) -> bool {
    matches!(cell.head, HeadKind::Mlp { .. }) && heads_classes(data) == Some(2)
}

/// Whether the weight of positive examples is 1, or the head has a loss for it; true where the number
/// of classes is not known.
fn weighs_rightly(cell: &Cell, data: &Data) -> bool {
    let unknown = heads_classes(data).is_none() && cell.head != HeadKind::Linear;
    let celeba = cell.preset(&data.target) == Preset::Celeba;
    let one = cell.recipe.positive_weight.map_or(!celeba, |it| it == 1.0);
    one || unknown || is_binary(cell, data)
}

fn described(cell: &Cell, data: &Data) -> String {
    let head = cell.head.described();
    match heads_classes(data) {
        Some(classes) => format!("{head} and {classes} classes"),
        None => head.to_owned(),
    }
}

/// The most images that the adversary can have, where that is known.
fn public_images(data: &Data) -> Option<usize> {
    match &data.public {
        Some(public) => images(public),
        None => Some((images(&data.target)? as f64 * data.shares.public).ceil() as usize),
    }
}

/// The most public images that the smallest class can have and the number of classes, where they are
/// known.
fn public_of_a_class(data: &Data) -> Option<(usize, usize)> {
    let classes = heads_classes(data)?;
    if data.public.is_some() {
        return None;
    }
    let most = examples_per_class(data)? as f64 * data.shares.public;
    Some((most.ceil() as usize, classes))
}
