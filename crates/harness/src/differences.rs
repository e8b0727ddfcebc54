//! What sets the cells of one experiment apart, in words: for tables, legends and plans.

use std::collections::HashMap;

use config::experiment::{
    self as wanted, Adversary, Architecture, Assumed, Attack, Backbone, Cell, Defence, Delta,
    Distance, GradientForm, Group, Optimiser, Sampling, ScoreKind, Start, Then,
};

use spec::{Initial, OneRelease, ReleaseMethod, Schedule};

use crate::names;

/// One thing that cells may differ in.
struct Facet {
    side: Side,
    /// What it is of.
    name: String,
    /// Its words; none where it is as the paper or the default has it.
    words: String,
}

/// What a facet is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Backbone and head.
    Network,
    /// How heads are trained.
    Training,
    /// What the adversary believes of that.
    Beliefs,
    /// The attack.
    Attack,
    /// What the attack sees, and what it is compared with.
    Comparison,
}

/// The facets in which the cells of an experiment differ, each with the words that go without
/// saying: those of most cells.
#[derive(Clone, Debug)]
pub struct Differences {
    facets: fn(&Cell) -> Vec<Facet>,
    varied: HashMap<String, Option<String>>,
}

impl Differences {
    /// Those that have no column of their own in a table of results.
    pub fn new(cells: &[Cell]) -> Self {
        Self::among(cells, without_column)
    }

    /// All of them: two cells are never told in the same words.
    pub fn in_full(cells: &[Cell]) -> Self {
        Self::among(cells, all)
    }

    /// Finds the facets that take two values or more among `cells`.
    fn among(cells: &[Cell], facets: fn(&Cell) -> Vec<Facet>) -> Self {
        let mut counts: HashMap<String, HashMap<String, usize>> = HashMap::new();
        for Facet { name, words, .. } in cells.iter().flat_map(facets) {
            *counts.entry(name).or_default().entry(words).or_default() += 1;
        }
        let varied = counts.into_iter().filter(|(_, values)| values.len() > 1);
        let usual = |values: HashMap<String, usize>| {
            let most = values.values().copied().max()?;
            let mut frequent = values.into_iter().filter(|(_, count)| *count == most);
            let (words, _) = frequent.next()?;
            // Of two values that are as frequent neither goes without saying.
            frequent.next().is_none().then_some(words)
        };
        Self {
            facets,
            varied: varied.map(|(name, values)| (name, usual(values))).collect(),
        }
    }

    /// What sets `cell` apart.
    pub fn of(&self, cell: &Cell) -> String {
        self.words(cell, |_| true)
    }

    /// What sets its network and the training of its heads apart.
    pub fn of_training(&self, cell: &Cell) -> String {
        self.words(cell, |side| matches!(side, Side::Network | Side::Training))
    }

    /// What sets the adversary and its attack apart.
    pub fn of_attack(&self, cell: &Cell) -> String {
        self.words(cell, |side| matches!(side, Side::Beliefs | Side::Attack))
    }

    /// What sets a network that several cells share apart from others.
    pub fn of_network(&self, cell: &Cell) -> String {
        self.words(cell, |side| matches!(side, Side::Network | Side::Attack))
    }

    /// What sets apart what the attack sees and is compared with.
    pub fn of_comparison(&self, cell: &Cell) -> String {
        self.words(cell, |side| side == Side::Comparison)
    }

    fn words(&self, cell: &Cell, of: impl Fn(Side) -> bool) -> String {
        let told = |facet: &Facet| {
            let varied = self.varied.get(&facet.name);
            facet.name == METHOD || varied.is_some_and(|usual| usual.as_ref() != Some(&facet.words))
        };
        let facets = (self.facets)(cell).into_iter();
        names::listed(
            facets
                .filter(|it| of(it.side) && told(it))
                .map(|it| it.words),
        )
    }
}

fn number(side: Side, name: &str, value: Option<f64>) -> Facet {
    Facet {
        side,
        name: name.into(),
        words: value.map_or(String::new(), |value| format!("{name} {value}")),
    }
}

fn without_column(cell: &Cell) -> Vec<Facet> {
    let recipe = &cell.recipe;
    let training = |name: &str, value: Option<f64>| number(Side::Training, name, value);
    let mut facets = vec![
        training("epochs", recipe.epochs.map(|epochs| epochs as f64)),
        training("initial std", recipe.init_std),
        training("learning rate", recipe.learning_rate),
        training("weight decay", recipe.weight_decay),
        Facet {
            side: Side::Training,
            name: "optimiser".into(),
            words: match recipe.optimiser {
                Optimiser::Sgd => String::new(),
                Optimiser::Adam => "Adam".into(),
                Optimiser::Adamw => "AdamW".into(),
                Optimiser::LogisticRegression => "logistic regression".into(),
            },
        },
        training("batch", recipe.batch.map(|batch| batch as f64)),
        training("momentum", recipe.momentum),
        training("label smoothing", recipe.label_smoothing),
        training("strength", recipe.strength),
        Facet {
            side: Side::Training,
            name: "initial".into(),
            words: match recipe.initial {
                Initial::Normal => String::new(),
                Initial::Pytorch => "PyTorch's initial weights".into(),
            },
        },
        Facet {
            side: Side::Training,
            name: "schedule".into(),
            words: match recipe.schedule {
                Schedule::Constant => String::new(),
                other => format!("{} schedule", other.described()),
            },
        },
        Facet {
            side: Side::Beliefs,
            name: "adversary".into(),
            words: beliefs(&cell.adversary),
        },
    ];
    if let Defence::OneRelease(release) = &cell.defence {
        one_release(release, &mut facets);
    }
    attack(&cell.attack, &mut facets);
    facets
}

/// What no row leaves out: the column of the defence does not say it.
const METHOD: &str = "method";

fn one_release(release: &OneRelease, facets: &mut Vec<Facet>) {
    let mut facet = |name: &str, words: String| {
        let name = name.into();
        facets.push(Facet {
            side: Side::Training,
            name,
            words,
        });
    };
    facet(METHOD, release.method.word().into());
    facet("rank", format!("rank {}", release.rank));
    match release.method {
        ReleaseMethod::Prototypes | ReleaseMethod::WhitenedPrototypes => {}
        ReleaseMethod::LeastSquares => {
            facet("release clip", format!("clip {}", release.clip));
            facet("ridge", format!("ridge {}", release.ridge));
        }
        ReleaseMethod::OutputPerturbation => {
            facet("regularisation", format!("λ {}", release.regularisation));
        }
    }
}

fn delta_words(delta: Delta) -> String {
    match delta {
        Delta::Auto => "δ N^-1.1".into(),
        Delta::Value(delta) => format!("δ {delta}"),
    }
}

fn all(cell: &Cell) -> Vec<Facet> {
    let mut facets = without_column(cell);
    let mut facet = |side, name: &str, words: String| {
        let name = name.into();
        facets.push(Facet { side, name, words });
    };
    facet(Side::Network, "backbone", names::backbone(&cell.backbone));
    if let Backbone::VggTiny {
        epochs,
        batch,
        learning_rate,
        ..
    } = &cell.backbone
    {
        let words = format!("{epochs} epochs of {batch} at {learning_rate}");
        facet(Side::Network, "pre-training", words);
    }
    if let Backbone::Imported { file, .. } = &cell.backbone {
        facet(Side::Network, "file", file.display().to_string());
    }
    if let Backbone::Onnx(onnx) = &cell.backbone {
        facet(Side::Network, "file", onnx.file.display().to_string());
        facet(Side::Network, "input", onnx.input.described());
    }
    facet(Side::Network, "head", names::head(cell.head));
    if let Defence::DpSgd(dp) = &cell.defence {
        let value = |value: Option<f64>| value.map_or("own".into(), |value| value.to_string());
        facet(Side::Training, "clip", format!("clip {}", value(dp.clip)));
        let rate = value(dp.learning_rate);
        facet(
            Side::Training,
            "dp learning rate",
            format!("learning rate {rate}"),
        );
        let epochs = value(dp.epochs.map(|epochs| epochs as f64));
        facet(Side::Training, "dp epochs", format!("epochs {epochs}"));
        let sampling = match dp.sampling {
            Sampling::Full => "full batches".into(),
            Sampling::Poisson(rate) => format!("Poisson batches {rate}"),
        };
        facet(Side::Training, "sampling", sampling);
        let accountant = dp.accountant.word().to_uppercase();
        facet(
            Side::Training,
            "accountant",
            format!("{accountant} accountant"),
        );
        facet(Side::Training, "delta", delta_words(dp.delta));
        let tuned = match &dp.tuned {
            None => "untuned".into(),
            Some(grid) => format!(
                "tuned over clip {:?}, learning rate {:?}, epochs {:?}",
                grid.clip, grid.learning_rate, grid.epochs
            ),
        };
        facet(Side::Training, "tuning", tuned);
    }
    if let Defence::OneRelease(release) = &cell.defence {
        facet(Side::Training, "delta", delta_words(release.delta));
    }
    if let Defence::Rhe(options) = &cell.defence {
        let (weights, features) = (options.weight_bits, options.feature_bits);
        let words = format!("{weights} bits of weights, {features} of features");
        facet(Side::Training, "precision", words);
    }
    let queries = |queries: usize| format!("{queries} queries");
    match &cell.attack {
        Attack::Labels(options) => {
            facet(Side::Comparison, "label queries", queries(options.queries));
        }
        Attack::Scores(options) => {
            facet(Side::Comparison, "score queries", queries(options.queries));
        }
        Attack::Property(options) => {
            let group = match &options.group {
                Group::Classes(classes) => format!("classes {classes:?}"),
                Group::Male => "male".into(),
                Group::Part(part) => format!("part {part}"),
            };
            facet(Side::Attack, "group", group);
        }
        Attack::GradientInversion(options) => {
            let rate = format!("learning rate {}", options.learning_rate);
            facet(Side::Attack, "inversion's learning rate", rate);
            let samples = format!("start of {} samples", options.samples);
            facet(Side::Attack, "start's samples", samples);
        }
        _ => {}
    }
    if let Some(options) = network(&cell.attack) {
        facet(
            Side::Attack,
            "batch",
            format!("batches of {}", options.batch),
        );
        let rate = format!("learning rate {}", options.learning_rate);
        facet(Side::Attack, "network's learning rate", rate);
    }
    if let Attack::Labels(wanted::Labels {
        then: Then::Unmixing(it),
        ..
    })
    | Attack::Scores(wanted::Scores {
        then: Then::Unmixing(it),
        ..
    }) = &cell.attack
    {
        facet(
            Side::Attack,
            "copy's samples",
            format!("{} samples", it.samples),
        );
    }
    facet(
        Side::Comparison,
        "release",
        format!("from {}", cell.release.word()),
    );
    facet(
        Side::Comparison,
        "null",
        format!("null {}", cell.null.word()),
    );
    facets
}

fn attack(attack: &Attack, facets: &mut Vec<Facet>) {
    let word = attack.word();
    let mut facet = |name: &str, words: String| {
        facets.push(Facet {
            side: Side::Attack,
            name: format!("{word} {name}"),
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
        Attack::Property(options) => facet("samples", samples(options.samples)),
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

/// The options of an attack by their names in a config.
fn options(attack: &Attack) -> Vec<(String, serde_json::Value)> {
    let json = serde_json::to_value(attack).unwrap_or_default();
    let inside = json.as_object().and_then(|all| all.values().next());
    let options = inside.and_then(|options| options.as_object());
    options.cloned().unwrap_or_default().into_iter().collect()
}

/// The network that an attack trains.
fn network(attack: &Attack) -> Option<wanted::Reconstructor> {
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

    fn cells(sweep: &str) -> Vec<Cell> {
        let text = format!(
            "name: x\ndata:\n  source: {{ strokes: {{ classes: letters, images: 2600 }} }}\n  target: {{ strokes: {{ classes: digits, images: 2000 }} }}\nsweep: {sweep}\n"
        );
        let path = std::path::Path::new("x.yaml");
        let experiment = config::from_text(&text, path, &[]).expect("it checks");
        experiment.cells()
    }

    fn settings(sweep: &str) -> Vec<String> {
        let cells = cells(sweep);
        let differences = Differences::new(&cells);
        cells.iter().map(|cell| differences.of(cell)).collect()
    }

    #[test]
    fn no_two_cells_are_told_in_the_same_words() {
        let cells = cells(
            "{ shots: [1, 2], null: [independent, gaussian], release: [weights, labels], \
             learning_rate: [0.01, 0.1], head: [linear, { mlp: { hidden: 4 } }], \
             defence: [none, { dp_sgd: { epsilon: 5, clip: 1 } }, { dp_sgd: { epsilon: 5, clip: 2 } }], \
             attack: [{ reconstructor: { samples: 4000 } }, { reconstructor: { samples: 8000, architecture: conv } }, membership] }",
        );
        let differences = Differences::in_full(&cells);
        let mut told = std::collections::HashSet::new();
        for cell in &cells {
            let words = names::listed([
                names::attack(&cell.attack),
                names::count(cell.shots, "shot"),
                names::defence(cell),
                differences.of(cell),
            ]);
            assert!(told.insert(words.clone()), "{words}");
        }
        assert!(cells.len() > 100);
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
