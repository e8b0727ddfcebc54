//! The facets of a cell: data and network, training, defence.

use config::experiment::{
    self as wanted, Attack, Backbone, Cell, Defence, Delta, Group, Optimiser, Sampling, Then,
};
use spec::{Directions, Initial, OneRelease, ReleaseMethod, Schedule};

use super::attack::{attack, beliefs, network};
use super::facet::{Facet, Side};
use crate::names;

fn number(side: Side, name: &'static str, value: Option<f64>) -> Facet {
    Facet {
        side,
        name: name.into(),
        words: value.map_or(String::new(), |value| format!("{name} {value}")),
    }
}

pub(super) fn without_column(cell: &Cell) -> Vec<Facet> {
    let recipe = &cell.recipe;
    let training = |name: &'static str, value: Option<f64>| number(Side::Training, name, value);
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
    match &cell.defence {
        Defence::OneRelease(release) => one_release(release, &mut facets),
        Defence::DpSgd(dp) => {
            let words = dp.directions.map_or("all directions", directions);
            let rank = dp
                .directions
                .map(|_| rank_words(dp.rank, dp.tuned.is_some()));
            for (name, words) in [
                ("dp directions", words.to_owned()),
                ("dp rank", rank.unwrap_or_default()),
            ] {
                facets.push(Facet {
                    side: Side::Training,
                    name: name.into(),
                    words,
                });
            }
        }
        Defence::Rhe(rhe) => facets.push(Facet {
            side: Side::Training,
            name: "rhe adapter".into(),
            words: match rhe.clear_adapter {
                true => "adapter in the clear".into(),
                false => String::new(),
            },
        }),
        Defence::None(_) => {}
    }
    attack(&cell.attack, &mut facets);
    facets
}

/// What no row leaves out: the column of the defence does not say it.
pub(super) const METHOD: &str = "method";

fn one_release(release: &OneRelease, facets: &mut Vec<Facet>) {
    let mut facet = |name: &'static str, words: String| {
        let name = name.into();
        facets.push(Facet {
            side: Side::Training,
            name,
            words,
        });
    };
    facet(METHOD, release.method.word().into());
    facet("directions", directions(release.directions).into());
    facet("rank", rank_words(release.rank, release.tuned.is_some()));
    match release.method {
        ReleaseMethod::Prototypes | ReleaseMethod::WhitenedPrototypes => {}
        ReleaseMethod::LeastSquares => {
            let clip = release.clip.unwrap_or(OneRelease::CLIP);
            let ridge = release.ridge.unwrap_or(OneRelease::DEFAULT_RIDGE);
            facet("release clip", format!("clip {clip}"));
            facet("ridge", format!("ridge {ridge}"));
        }
        ReleaseMethod::OutputPerturbation => {
            let lambda = release.regularisation.unwrap_or(OneRelease::REGULARISATION);
            facet("regularisation", format!("λ {lambda}"));
        }
    }
}

fn rank_words(rank: Option<usize>, tuned: bool) -> String {
    match rank {
        Some(rank) => format!("rank {rank}"),
        None if tuned => "rank by search".into(),
        None => "usual rank".into(),
    }
}

fn directions(directions: Directions) -> &'static str {
    match directions {
        Directions::Principal => "no labels",
        Directions::SourceLabels => "the source's labels",
        Directions::ClassLabels => "the classes' labels",
    }
}

fn delta_words(delta: Delta) -> String {
    match delta {
        Delta::Auto => "δ N^-1.1".into(),
        Delta::Value(delta) => format!("δ {delta}"),
    }
}

/// What is searched, as a plan tells it.
fn tuning(defence: &Defence) -> String {
    let searched = |rates: &[f64], epochs: &[usize], more: String| {
        let momenta = match defence.momenta() {
            [] => String::new(),
            momenta => format!(", momentum {momenta:?}"),
        };
        format!("tuned over learning rate {rates:?}, epochs {epochs:?}{momenta}{more}")
    };
    let of_dp = |dp: &spec::DpSgd| {
        let grid = dp.tuned.as_ref()?;
        let samplings = grid.samplings(dp.sampling).into_iter();
        let samplings: Vec<String> = samplings.map(sampling_words).collect();
        let ranks = match dp.directions {
            Some(_) => format!(", rank {:?}", grid.ranks()),
            None => String::new(),
        };
        let more = format!(", clip {:?}, {}{ranks}", grid.clip, samplings.join(" or "));
        Some(searched(&grid.learning_rate, &grid.epochs, more))
    };
    let tuned = match defence {
        Defence::DpSgd(dp) => of_dp(dp),
        Defence::None(as_trained) => {
            let grid = as_trained.tuned.as_ref();
            grid.map(|grid| searched(&grid.learning_rate, &grid.epochs, String::new()))
        }
        Defence::OneRelease(release) => release.tuned.as_ref().map(|grid| {
            let own = match release.method {
                ReleaseMethod::Prototypes | ReleaseMethod::WhitenedPrototypes => String::new(),
                ReleaseMethod::LeastSquares => {
                    format!(", clip {:?}, ridge {:?}", grid.clip, grid.ridge)
                }
                ReleaseMethod::OutputPerturbation => format!(", λ {:?}", grid.regularisation),
            };
            format!("tuned over rank {:?}{own}", grid.rank)
        }),
        Defence::Rhe(_) => None,
    };
    tuned.unwrap_or_else(|| "untuned".into())
}

fn sampling_words(sampling: Sampling) -> String {
    match sampling {
        Sampling::Full => "full batches".into(),
        Sampling::Poisson(rate) => format!("Poisson batches {rate}"),
    }
}

pub(super) fn all(cell: &Cell) -> Vec<Facet> {
    let mut facets = without_column(cell);
    let mut facet = |side, name: &'static str, words: String| {
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
        facet(Side::Training, "sampling", sampling_words(dp.sampling));
        let accountant = dp.accountant.word().to_uppercase();
        facet(
            Side::Training,
            "accountant",
            format!("{accountant} accountant"),
        );
        facet(Side::Training, "delta", delta_words(dp.delta));
    }
    facet(Side::Training, "tuning", tuning(&cell.defence));
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
