//! What sets the cells of one experiment apart, in words: for tables, legends and plans.

use config::experiment::{
    Adversary, Architecture, Assumed, Attack, Cell, Distance, GradientForm, Optimiser, ScoreKind,
    Start, Then,
};

use spec::{Initial, Schedule};

/// One thing that cells may differ in: what it is of, and its words; no words where it is as the
/// paper or the default has it.
type Facet = (String, String);

/// The facets in which the cells of an experiment differ, each with the words that go without
/// saying: those of most cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    varied: Vec<(String, Option<String>)>,
}

impl Settings {
    /// Finds the facets that take two values or more among `cells`.
    pub fn new(cells: &[Cell]) -> Self {
        let mut counts: Vec<(String, Vec<(String, usize)>)> = Vec::new();
        for (name, words) in cells.iter().flat_map(facets) {
            let at = counts.iter().position(|(known, _)| *known == name);
            let at = at.unwrap_or_else(|| {
                counts.push((name, Vec::new()));
                counts.len() - 1
            });
            match counts[at].1.iter_mut().find(|(known, _)| *known == words) {
                Some((_, count)) => *count += 1,
                None => counts[at].1.push((words, 1)),
            }
        }
        let varied = counts.into_iter().filter(|(_, values)| values.len() > 1);
        let usual = |values: Vec<(String, usize)>| {
            let most = values.iter().map(|(_, count)| *count).max()?;
            let mut first = values.into_iter().filter(|(_, count)| *count == most);
            let (words, _) = first.next()?;
            // Of two values that are as frequent neither goes without saying.
            first.next().is_none().then_some(words)
        };
        Self {
            varied: varied.map(|(name, values)| (name, usual(values))).collect(),
        }
    }

    /// What sets `cell` apart, beside what has a column of its own.
    pub fn of(&self, cell: &Cell) -> String {
        let told = |(name, words): &Facet| {
            let varied = self.varied.iter().find(|(known, _)| known == name);
            varied.is_some_and(|(_, usual)| usual.as_ref() != Some(words)) && !words.is_empty()
        };
        let words = facets(cell).into_iter().filter(told);
        words.map(|(_, words)| words).collect::<Vec<_>>().join(", ")
    }
}

fn facets(cell: &Cell) -> Vec<Facet> {
    let recipe = &cell.recipe;
    let number = |name: &str, value: Option<f64>| {
        let words = value.map_or(String::new(), |value| format!("{name} {value}"));
        (name.to_owned(), words)
    };
    let mut facets = vec![
        number("epochs", recipe.epochs.map(|epochs| epochs as f64)),
        number("initial std", recipe.init_std),
        number("learning rate", recipe.learning_rate),
        number("weight decay", recipe.weight_decay),
        (
            "optimiser".into(),
            match recipe.optimiser {
                Optimiser::Sgd => String::new(),
                Optimiser::Adam => "Adam".into(),
                Optimiser::Adamw => "AdamW".into(),
                Optimiser::LogisticRegression => "logistic regression".into(),
            },
        ),
        number("batch", recipe.batch.map(|batch| batch as f64)),
        number("momentum", recipe.momentum),
        number("label smoothing", recipe.label_smoothing),
        number("strength", recipe.strength),
        (
            "initial".into(),
            match recipe.initial {
                Initial::Normal => String::new(),
                Initial::Pytorch => "PyTorch's initial weights".into(),
            },
        ),
        (
            "schedule".into(),
            match recipe.schedule {
                Schedule::Constant => String::new(),
                other => format!("{} schedule", other.described()),
            },
        ),
        ("adversary".into(), beliefs(&cell.adversary)),
    ];
    attack(&cell.attack, &mut facets);
    facets
}

fn attack(attack: &Attack, facets: &mut Vec<Facet>) {
    let word = attack.word();
    let mut facet = |name: &str, words: String| facets.push((format!("{word} {name}"), words));
    let samples = |samples: usize| format!("{samples} samples");
    match attack {
        Attack::Unmixing(options) => facet("samples", samples(options.samples)),
        Attack::Reconstructor(_) => {}
        Attack::GradientInversion(options) => {
            facet("steps", format!("{} steps", options.steps));
            let distance = match options.distance {
                Distance::Squared => "",
                Distance::Cosine => "cosine distance",
            };
            facet("distance", distance.into());
            let start = match options.start {
                Start::Unmixing => "",
                Start::Noise => "from noise",
            };
            facet("start", start.into());
            let form = match options.form {
                GradientForm::Head => "",
                GradientForm::SingleGradient => "single gradient",
            };
            facet("form", form.into());
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
        Attack::Membership(options) => facet("samples", samples(options.samples)),
        Attack::Property(options) => facet("samples", samples(options.samples)),
        Attack::Labels(_) => {}
    }
    let network = match attack {
        Attack::Reconstructor(options) => Some(*options),
        Attack::Labels(labels) => reconstructor(&labels.then),
        Attack::Scores(scores) => reconstructor(&scores.then),
        _ => None,
    };
    if let Some(options) = network {
        facet("network samples", samples(options.samples));
        facet("width", format!("width {}", options.hidden));
        let architecture = match options.architecture {
            Architecture::Mlp => "",
            Architecture::Conv => "convolutional",
        };
        facet("architecture", architecture.into());
        let informed = if options.informed { "informed" } else { "" };
        facet("informed", informed.into());
        let shared = if options.shared {
            "one network for all cells"
        } else {
            ""
        };
        facet("shared", shared.into());
    }
}

fn reconstructor(then: &Then) -> Option<config::experiment::Reconstructor> {
    match then {
        Then::Reconstructor(options) => Some(*options),
        Then::Unmixing(_) => None,
    }
}

/// What the adversary assumes in place of the truth.
fn beliefs(adversary: &Adversary) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(sweep: &str) -> Vec<String> {
        let text = format!(
            "name: x\ndata:\n  source: {{ strokes: {{ classes: letters, images: 2600 }} }}\n  target: {{ strokes: {{ classes: digits, images: 2000 }} }}\nsweep: {sweep}\n"
        );
        let path = std::path::Path::new("x.yaml");
        let experiment = config::from_text(&text, path, &[]).expect("it checks");
        let cells = experiment.cells();
        let settings = Settings::new(&cells);
        cells.iter().map(|cell| settings.of(cell)).collect()
    }

    #[test]
    fn only_what_differs_is_said() {
        assert_eq!(settings("{ shots: [1, 2], epochs: 8 }"), ["", ""]);
        let grids = "[{ shots: 1 }, { shots: 1, epochs: [8, 64] }, { shots: 1, adversary: { epochs: { times: 1.5 } } }]";
        let expected = [
            "",
            "epochs 8",
            "epochs 64",
            "adversary assumes epochs × 1.5",
        ];
        assert_eq!(settings(grids), expected);
    }

    #[test]
    fn options_are_compared_within_one_attack() {
        let sweep =
            "{ shots: 1, attack: [unmixing, { reconstructor: { samples: [10000, 20000] } }] }";
        assert_eq!(settings(sweep), ["", "10000 samples", "20000 samples"]);
        let sweep = "[{ shots: [1, 2] }, { shots: 1, attack: { unmixing: { samples: 900 } } }]";
        assert_eq!(settings(sweep), ["", "", "900 samples"]);
    }
}
