//! Options of the extractions: a copy of the head from answers to queries, then an attack on the
//! copy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arity::{Arity, Many, One};
use crate::bounds::{Bounds, Options, OutOfBounds, Whole};
use crate::head::{HeadKind, Unsuited};
use crate::recipe::Optimiser;
use crate::then::Then;
use crate::word::words;

/// Extraction by hard labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "")]
#[schemars(rename = "Labels", bound = "")]
pub struct Labels<A: Arity = One> {
    /// Label queries a victim.
    pub queries: A::Of<usize>,
    /// What attacks the extracted head.
    #[serde(default)]
    pub then: Then<A>,
}

impl Copy for Labels {}

impl Labels {
    /// Public images that are asked about first, at the least: lines run between them.
    pub const SEEDS: usize = 64;
    /// Bounds of `queries`.
    pub const QUERIES: Whole = Whole::new(Self::SEEDS, 1_000_000);
}

impl<A: Arity> Options for Labels<A> {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        Labels::QUERIES.each("queries", A::values(&self.queries), wrong);
    }
}

impl<A: Arity> Labels<A> {
    /// Errors unless what follows the extraction suits the heads, and they are all that was trained.
    pub fn suits(&self, head: HeadKind, optimiser: Optimiser) -> Result<(), Unsuited> {
        if head.is_adapter() {
            return Err(Unsuited {
                what: "extraction by labels",
                head: head.described(),
                hint: "use the attack `unmixing` or `reconstructor`, which read weights",
            });
        }
        self.then.suits(head, optimiser)
    }
}

impl Labels<Many> {
    /// One for each budget and each attack that follows.
    pub fn expand(&self) -> Vec<Labels> {
        let then = self.then.expand();
        let each = self.queries.values.iter();
        each.flat_map(|&queries| then.iter().map(move |&then| Labels { queries, then }))
            .collect()
    }
}

/// Extraction by scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "")]
#[schemars(rename = "Scores", bound = "")]
pub struct Scores<A: Arity = One> {
    /// Score queries a victim.
    pub queries: A::Of<usize>,
    /// Decimals the scores are rounded to; `null` does not round.
    #[serde(
        default = "not_rounded::<A>",
        skip_serializing_if = "rounds_nothing::<A>"
    )]
    pub decimals: A::Of<Option<u32>>,
    /// What a score is.
    #[serde(default)]
    pub kind: ScoreKind,
    /// What attacks the extracted head.
    #[serde(default)]
    pub then: Then<A>,
}

fn not_rounded<A: Arity>() -> A::Of<Option<u32>> {
    A::one(None)
}

fn rounds_nothing<A: Arity>(decimals: &A::Of<Option<u32>>) -> bool {
    A::values(decimals) == [None]
}

impl Copy for Scores {}

impl Scores {
    /// Bounds of `queries`.
    pub const QUERIES: Whole = Whole::new(1, 1_000_000);
    /// Bounds of `decimals`.
    pub const DECIMALS: Whole = Whole::new(1, 12);
}

/// Decimals that scores can be rounded to.
struct Decimals;

impl Bounds<Rounded> for Decimals {
    fn refuses(&self, Rounded(decimals): &Rounded) -> Option<String> {
        let Whole { least, most } = Scores::DECIMALS;
        let within = |it: u32| (least..=most).contains(&(it as usize));
        (!decimals.is_none_or(within)).then(|| {
            format!("{least} to {most} decimals, or `null` for scores that are not rounded")
        })
    }
}

/// Decimals as they are written.
#[derive(PartialEq)]
struct Rounded(Option<u32>);

impl std::fmt::Display for Rounded {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(decimals) => decimals.fmt(out),
            None => out.write_str("null"),
        }
    }
}

impl<A: Arity> Options for Scores<A> {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        Scores::QUERIES.each("queries", A::values(&self.queries), wrong);
        let decimals = A::values(&self.decimals).iter();
        let decimals: Vec<Rounded> = decimals.map(|&it| Rounded(it)).collect();
        Decimals.each("decimals", &decimals, wrong);
    }
}

impl<A: Arity> Scores<A> {
    /// Errors unless the heads are linear: the equations that scores give are.
    pub fn suits(&self, head: HeadKind, optimiser: Optimiser) -> Result<(), Unsuited> {
        if head != HeadKind::Linear {
            return Err(Unsuited {
                what: "extraction by scores",
                head: head.described(),
                hint: match head {
                    HeadKind::Adapter { .. } => {
                        "use the attack `unmixing` or `reconstructor`, which read weights"
                    }
                    _ => "use the attack `labels`, which fits a head to the answers",
                },
            });
        }
        self.then.suits(head, optimiser)
    }
}

impl Scores<Many> {
    /// One for each budget, each rounding and each attack that follows.
    pub fn expand(&self) -> Vec<Scores> {
        let then = self.then.expand();
        let mut expanded = Vec::new();
        for &queries in &self.queries.values {
            for &decimals in &self.decimals.values {
                expanded.extend(then.iter().map(|&then| Scores {
                    queries,
                    decimals,
                    kind: self.kind,
                    then,
                }));
            }
        }
        expanded
    }
}

words! {
    /// What a score is.
    #[derive(Default)]
    pub enum ScoreKind of "kind of score" {
        /// After the softmax.
        #[default]
        Probabilities = "probabilities",
        /// Before it.
        Logits = "logits",
    }
}
