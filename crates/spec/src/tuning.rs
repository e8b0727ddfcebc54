//! What the search for the best settings of training tries.

use std::{borrow::Cow, fmt, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned, MapAccess, Visitor},
};

use crate::bounds::{Bounds, Options, OutOfBounds, Real, Whole};
use crate::recipe::Recipe;
use crate::sampling::Sampling;

/// What `tuned` searches. Every combination is tried; then the lists are continued, step by step,
/// for as long as a value beyond their ends does better. A list of one value is not continued.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tuning {
    /// Clipping norms.
    pub clip: Vec<f64>,
    /// Learning rates.
    pub learning_rate: Vec<f64>,
    /// Epochs.
    pub epochs: Vec<usize>,
    /// How a step's examples are drawn; left out: by `sampling`, and all of them (`full`: private
    /// gradient descent).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sampling: Vec<Sampling>,
    /// Momentum; left out: the recipe's own, or none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub momentum: Vec<f64>,
    /// Directions that are kept, of a defence with `directions`; left out: those that `one_release`
    /// tries. Where there are fewer, larger numbers are passed over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rank: Vec<usize>,
}

/// What `tuned` searches where there is no privacy: as for DP-SGD, so that what privacy costs is told
/// from what tuning gains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlainTuning {
    /// Learning rates.
    pub learning_rate: Vec<f64>,
    /// Epochs.
    pub epochs: Vec<usize>,
    /// Momentum; left out: the recipe's own, or none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub momentum: Vec<f64>,
}

/// What `tuned` searches for heads made from one release: the rank, and what the method has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReleaseTuning {
    /// Directions that are kept; where there are fewer, larger numbers are passed over.
    pub rank: Vec<usize>,
    /// Clipping norms of least squares.
    pub clip: Vec<f64>,
    /// What least squares adds to the second moments.
    pub ridge: Vec<f64>,
    /// λ of output perturbation.
    pub regularisation: Vec<f64>,
}

const LEARNING_RATES: [f64; 4] = [0.003, 0.01, 0.03, 0.1];
const EPOCHS: [usize; 4] = [8, 16, 32, 64];
const RANKS: [usize; 4] = [4, 8, 16, 32];

impl Default for Tuning {
    fn default() -> Self {
        Self {
            clip: vec![0.5, 1.0, 2.0, 4.0, 8.0],
            learning_rate: LEARNING_RATES.to_vec(),
            epochs: EPOCHS.to_vec(),
            sampling: Vec::new(),
            momentum: Vec::new(),
            rank: Vec::new(),
        }
    }
}

impl Default for PlainTuning {
    fn default() -> Self {
        Self {
            learning_rate: LEARNING_RATES.to_vec(),
            epochs: EPOCHS.to_vec(),
            momentum: Vec::new(),
        }
    }
}

impl Default for ReleaseTuning {
    fn default() -> Self {
        Self {
            rank: RANKS.to_vec(),
            clip: vec![0.5, 1.0, 2.0],
            ridge: vec![0.01, 0.1, 1.0],
            regularisation: vec![0.01, 0.1, 1.0],
        }
    }
}

impl ReleaseTuning {
    /// What is searched that not every method has, and whether it is other than what is searched by
    /// itself.
    pub(crate) fn given(&self) -> [(&'static str, bool); 3] {
        let own = Self::default();
        [
            ("clip", self.clip != own.clip),
            ("ridge", self.ridge != own.ridge),
            ("regularisation", self.regularisation != own.regularisation),
        ]
    }

    /// Bounds of ranks.
    pub const RANK: Whole = Whole::new(1, 65_536);
    /// Bounds of the methods' options.
    pub const POSITIVE: Real = Real::POSITIVE;
}

impl Tuning {
    /// Bounds of clipping norms.
    pub const CLIP: Real = Real::POSITIVE;

    /// The samplings that are tried beside a defence's `own`, each once.
    pub fn samplings(&self, own: Sampling) -> Vec<Sampling> {
        if !self.sampling.is_empty() {
            return self.sampling.clone();
        }
        match own {
            Sampling::Full => vec![own],
            Sampling::Poisson(_) => vec![own, Sampling::Full],
        }
    }

    /// The numbers of directions that are tried.
    pub fn ranks(&self) -> &[usize] {
        if self.rank.is_empty() {
            return &RANKS;
        }
        &self.rank
    }
}

impl Options for Tuning {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        Self::CLIP.each("clip", &self.clip, wrong);
        Recipe::LEARNING_RATE.each("learning_rate", &self.learning_rate, wrong);
        Recipe::EPOCHS.each("epochs", &self.epochs, wrong);
        for (item, sampling) in self.sampling.iter().enumerate() {
            if let Some(out) = sampling.refused(item, &self.sampling[..item]) {
                wrong(out);
            }
        }
        each_momentum(&self.momentum, wrong);
        if !self.rank.is_empty() {
            ReleaseTuning::RANK.each("rank", &self.rank, wrong);
        }
    }
}

impl Options for PlainTuning {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        Recipe::LEARNING_RATE.each("learning_rate", &self.learning_rate, wrong);
        Recipe::EPOCHS.each("epochs", &self.epochs, wrong);
        each_momentum(&self.momentum, wrong);
    }
}

impl Options for ReleaseTuning {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        Self::RANK.each("rank", &self.rank, wrong);
        Self::POSITIVE.each("clip", &self.clip, wrong);
        // A grid that is continued goes by ratios, which 0 has not.
        Self::POSITIVE.each("ridge", &self.ridge, wrong);
        Self::POSITIVE.each("regularisation", &self.regularisation, wrong);
    }
}

fn each_momentum(momentum: &[f64], wrong: &mut dyn FnMut(OutOfBounds)) {
    if !momentum.is_empty() {
        Recipe::MOMENTUM.each("momentum", momentum, wrong);
    }
}

/// What can be searched.
pub(crate) trait Searched: Default + DeserializeOwned + JsonSchema {
    /// What a config may write.
    const EXPECTING: &'static str;
}

impl Searched for Tuning {
    const EXPECTING: &'static str = "`true`, `false` or a mapping with the keys `clip`, `learning_rate`, `epochs`, `sampling`, `momentum`, `rank`";
}

impl Searched for PlainTuning {
    const EXPECTING: &'static str =
        "`true`, `false` or a mapping with the keys `learning_rate`, `epochs`, `momentum`";
}

impl Searched for ReleaseTuning {
    const EXPECTING: &'static str =
        "`true`, `false` or a mapping with the keys `rank`, `clip`, `ridge`, `regularisation`";
}

/// `true`, `false` or what to search, as a schema.
pub(crate) struct Tuned<T>(PhantomData<T>);

/// Reads `true`, `false` or what to search.
pub(crate) fn tuned<'de, D: Deserializer<'de>, T: Searched>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    struct Words<T>(PhantomData<T>);
    impl<'de, T: Searched> Visitor<'de> for Words<T> {
        type Value = Option<T>;
        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str(T::EXPECTING)
        }
        fn visit_bool<E>(self, tuned: bool) -> Result<Option<T>, E> {
            Ok(tuned.then(T::default))
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
            T::deserialize(de::value::MapAccessDeserializer::new(map)).map(Some)
        }
    }
    deserializer.deserialize_any(Words(PhantomData))
}

impl<T: Searched> JsonSchema for Tuned<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Tuned{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let tuning = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [{ "type": "boolean" }, tuning] })
    }
}
