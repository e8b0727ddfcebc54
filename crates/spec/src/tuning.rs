//! What the search for the best settings of DP-SGD tries.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor},
};

use crate::bounds::{Bounds, Options, OutOfBounds, Real};
use crate::recipe::Recipe;

/// What `tuned` searches; every combination is tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tuning {
    /// Clipping norms.
    pub clip: Vec<f64>,
    /// Learning rates.
    pub learning_rate: Vec<f64>,
    /// Epochs.
    pub epochs: Vec<usize>,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            clip: vec![0.5, 1.0, 2.0, 4.0, 8.0],
            learning_rate: vec![0.003, 0.01, 0.03, 0.1],
            epochs: vec![8, 16, 32, 64],
        }
    }
}

impl Tuning {
    /// Bounds of clipping norms.
    pub const CLIP: Real = Real::POSITIVE;
}

impl Options for Tuning {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        Self::CLIP.each("clip", &self.clip, wrong);
        Recipe::LEARNING_RATE.each("learning_rate", &self.learning_rate, wrong);
        Recipe::EPOCHS.each("epochs", &self.epochs, wrong);
    }
}

/// `true`, `false` or what to search, as a schema.
pub(crate) enum Tuned {}

/// Reads `true`, `false` or what to search.
pub(crate) fn tuned<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Tuning>, D::Error> {
    struct Words;
    impl<'de> Visitor<'de> for Words {
        type Value = Option<Tuning>;
        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str(
                "`true`, `false` or a mapping with the keys `clip`, `learning_rate`, `epochs`",
            )
        }
        fn visit_bool<E>(self, tuned: bool) -> Result<Option<Tuning>, E> {
            Ok(tuned.then(Tuning::default))
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<Tuning>, A::Error> {
            Tuning::deserialize(de::value::MapAccessDeserializer::new(map)).map(Some)
        }
    }
    deserializer.deserialize_any(Words)
}

impl JsonSchema for Tuned {
    fn schema_name() -> Cow<'static, str> {
        "Tuned".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let tuning = generator.subschema_for::<Tuning>();
        json_schema!({ "anyOf": [{ "type": "boolean" }, tuning] })
    }
}
