//! What the adversary of an audit has and was given, and what was not tried.

use config::experiment::{Audit, Experiment, Optimiser};

use crate::names;
use crate::write;

/// Names and words of the threat model.
pub fn model(experiment: &Experiment, audit: &Audit) -> Vec<(String, String)> {
    let has =
        "the head's weights, the frozen network beneath it, how it was trained, and how many \
               examples a class it was trained on"
            .to_owned();
    let mut lines = vec![("has".to_owned(), has)];
    lines.extend(write::known(experiment));
    lines.push(("recipe".into(), recipe(audit)));
    lines.push((
        "was given".into(),
        "nothing of the training set: attacks are fitted to heads on public data; the owner's records \
         are only compared with what came out, and asked about one by one in the membership test"
            .into(),
    ));
    lines.push((
        "is held against".into(),
        "heads trained by the same recipe on other examples of `data.target`: where the owner's data \
         follow another law, so may the head that never saw them"
            .into(),
    ));
    lines.push((
        "tried".into(),
        format!(
            "{} and membership by likelihood ratios (LiRA), from the weights",
            names::attack(&audit.attack)
        ),
    ));
    let tried = audit.attack.word();
    let others = ["unmixing", "reconstructor"]
        .into_iter()
        .filter(|it| *it != tried);
    let others: Vec<&str> = others.collect();
    lines.push((
        "not tried".into(),
        format!(
            "{}; inversion through the network; an adversary who knows all records but one; one whose \
             public data are nearer to the owner's, or who has several heads on the same records; \
             whatever is not known yet. An attack that finds nothing proves nothing: a bound comes \
             from differential privacy alone",
            others.join(", ")
        ),
    ));
    lines
}

fn recipe(audit: &Audit) -> String {
    let recipe = &audit.heads.recipe;
    let first = audit.heads.cells().into_iter().next();
    let preset = first.map_or("", |cell| cell.preset(&audit.heads.data.target).word());
    let base = match recipe.optimiser {
        Optimiser::LogisticRegression => "converged logistic regression".to_owned(),
        other => format!("{other}, the rest by the preset {preset} where the config does not say"),
    };
    format!(
        "{base}; {}",
        names::count(audit.shots, "example") + " a class"
    )
}
