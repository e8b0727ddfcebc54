//! Options of the attacks that turn weights into images.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arity::{Arity, Many, One};
use crate::bounds::{Bounds, Options, OutOfBounds, Real, Whole};
use crate::head::{HeadKind, Unsuited};
use crate::recipe::Optimiser;
use crate::word::words;

/// Ridge regression on second moments of streamed shadow heads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, bound = "")]
#[schemars(rename = "Unmixing", bound = "")]
pub struct Unmixing<A: Arity = One> {
    /// Shadow heads seen, rounded up to whole chunks of 500.
    pub samples: A::Of<usize>,
    /// Whether the adversary knows all training examples but one (Balle et al. 2022).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub informed: bool,
}

impl<A: Arity> Default for Unmixing<A> {
    fn default() -> Self {
        Self {
            samples: A::one(100_000),
            informed: false,
        }
    }
}

impl Unmixing {
    /// Heads made at once, and so the fewest.
    pub const CHUNK: usize = 500;
    /// Bounds of `samples`.
    pub const SAMPLES: Whole = Whole::new(Self::CHUNK, 1_000_000_000_000);
}

impl<A: Arity> Options for Unmixing<A> {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        Unmixing::SAMPLES.each("samples", A::values(&self.samples), wrong);
    }
}

impl<A: Arity> Unmixing<A> {
    /// Errors unless the heads are linear, with an adapter beneath or without, and where the adversary is informed
    /// of gradient descent.
    pub fn suits(&self, head: HeadKind, optimiser: Optimiser) -> Result<(), Unsuited> {
        match head {
            HeadKind::Linear | HeadKind::Adapter { .. } if self.informed => {
                undone("informed unmixing", head, optimiser)
            }
            HeadKind::Linear | HeadKind::Adapter { .. } => Ok(()),
            HeadKind::Mlp { .. } => Err(Unsuited {
                what: "unmixing",
                head: head.described(),
                hint: "use the attack `reconstructor`, which reads heads of every kind",
            }),
        }
    }
}

impl Unmixing<Many> {
    /// One for each value.
    pub fn expand(&self) -> Vec<Unmixing> {
        let each = self.samples.values.iter();
        let informed = self.informed;
        each.map(|&samples| Unmixing { samples, informed })
            .collect()
    }
}

/// The learned reconstructor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, bound = "")]
#[schemars(rename = "Reconstructor", bound = "")]
pub struct Reconstructor<A: Arity = One> {
    /// Shadow-head rows seen (one for each class of a head).
    pub samples: A::Of<usize>,
    /// Kind of network.
    pub architecture: Architecture,
    /// Width of its two hidden layers.
    pub hidden: usize,
    /// Rows a step, rounded up to whole heads.
    pub batch: usize,
    /// Adam's step size at the start; it decays to nothing.
    pub learning_rate: f64,
    /// Resolutions on which its loss compares images: beside the images themselves their means over
    /// blocks of 2, 4, … pixels a side, all with the same weight.
    pub scales: usize,
    /// Whether the adversary knows all training examples but one (Balle et al. 2022).
    pub informed: bool,
    /// Whether one network serves all cells of this attack on heads of one shape, whatever their
    /// shots, recipe and privacy; `samples` are then all rows that it sees.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub shared: bool,
}

impl<A: Arity> Default for Reconstructor<A> {
    fn default() -> Self {
        Self {
            samples: A::one(1_000_000),
            architecture: Architecture::Mlp,
            hidden: 1024,
            batch: 256,
            learning_rate: 1.6e-3,
            scales: 1,
            informed: false,
            shared: false,
        }
    }
}

impl Reconstructor {
    /// Bounds of `samples`, which are also at least one batch.
    pub const SAMPLES: Whole = Whole::new(1, 1_000_000_000_000);
    /// Bounds of `hidden`.
    pub const HIDDEN: Whole = Whole::new(1, 16_384);
    /// Bounds of `batch`.
    pub const BATCH: Whole = Whole::new(1, 1_000_000);
    /// Bounds of `learning_rate`.
    pub const LEARNING_RATE: Real = Real::POSITIVE;
    /// Bounds of `scales`: with the most, blocks of 32 pixels a side.
    pub const SCALES: Whole = Whole::new(1, 6);
}

impl<A: Arity> Options for Reconstructor<A> {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        let samples = A::values(&self.samples);
        Reconstructor::BATCH.one("batch", self.batch, wrong);
        Reconstructor::HIDDEN.one("hidden", self.hidden, wrong);
        Reconstructor::LEARNING_RATE.one("learning_rate", self.learning_rate, wrong);
        Reconstructor::SCALES.one("scales", self.scales, wrong);
        Reconstructor::SAMPLES.each("samples", samples, wrong);
        for (item, &value) in samples.iter().enumerate() {
            if (1..self.batch).contains(&value) {
                wrong(OutOfBounds {
                    option: "samples",
                    item: Some(item),
                    value: value.to_string(),
                    expected: format!("at least one batch: {} or more", self.batch),
                    hint: None,
                });
            }
        }
    }
}

impl<A: Arity> Reconstructor<A> {
    /// Errors where the adversary is informed and the heads are not linear heads of gradient
    /// descent, whose training it can undo.
    pub fn suits(&self, head: HeadKind, optimiser: Optimiser) -> Result<(), Unsuited> {
        if self.informed {
            undone("the informed reconstructor", head, optimiser)
        } else {
            Ok(())
        }
    }
}

/// Errors unless the heads are linear heads of gradient descent, whose training an informed adversary
/// undoes.
fn undone(what: &'static str, head: HeadKind, optimiser: Optimiser) -> Result<(), Unsuited> {
    let head = match (head, optimiser) {
        (HeadKind::Linear, Optimiser::Sgd) => return Ok(()),
        (HeadKind::Linear, Optimiser::Adam) => "a head trained by Adam",
        (HeadKind::Linear, _) => "a head not trained by gradient descent",
        (HeadKind::Mlp { .. } | HeadKind::Adapter { .. }, _) => head.described(),
    };
    Err(Unsuited {
        what,
        head,
        hint: "leave out `informed`",
    })
}

impl Reconstructor<Many> {
    /// One for each budget.
    pub fn expand(&self) -> Vec<Reconstructor> {
        let with = |&samples: &usize| Reconstructor {
            samples,
            architecture: self.architecture,
            hidden: self.hidden,
            batch: self.batch,
            learning_rate: self.learning_rate,
            scales: self.scales,
            informed: self.informed,
            shared: self.shared,
        };
        self.samples.values.iter().map(with).collect()
    }
}

words! {
    /// Kind of network of a reconstructor.
    #[derive(Default)]
    pub enum Architecture of "architecture" {
        /// Two dense hidden layers.
        #[default]
        Mlp = "mlp",
        /// Dense, then transposed convolutions.
        Conv = "conv",
    }
}

impl Architecture {
    /// Smallest height or width that a convolutional decoder starts from.
    pub const SMALLEST: usize = 3;

    /// Half of an image's rows and columns, where transposed convolutions can double them again.
    pub fn halved([rows, columns]: [usize; 2]) -> Option<[usize; 2]> {
        let even = rows.is_multiple_of(2) && columns.is_multiple_of(2);
        (even && rows.min(columns) / 2 >= Self::SMALLEST).then_some([rows / 2, columns / 2])
    }

    /// Whether such a network can draw images of so many rows and columns.
    pub fn draws(self, sides: [usize; 2]) -> bool {
        self == Self::Mlp || Self::halved(sides).is_some()
    }
}
