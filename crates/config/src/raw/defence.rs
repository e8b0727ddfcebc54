//! The defences as written.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::document::OneOrMany;
use crate::experiment::{Accountant, Delta, Rhe, Sampling, Tuning};

/// A defence; a bare word takes the defaults.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Defence {
    /// The head as trained.
    None,
    /// Differentially private training.
    DpSgd(Box<DpSgd>),
    /// The head's weights encrypted.
    Rhe(Rhe),
}

/// Differentially private SGD: give `epsilon` or `noise_multiplier`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DpSgd {
    /// ε; the noise is calibrated to it.
    pub epsilon: Option<OneOrMany<f64>>,
    /// Standard deviation of the noise over the clipping norm; ε follows.
    pub noise_multiplier: Option<OneOrMany<f64>>,
    /// δ, or `auto` for N^-1.1.
    #[serde(default)]
    pub delta: Delta,
    /// Clipping norm of an example's gradient (default 4.0, on natural images 1.2).
    pub clip: Option<OneOrMany<f64>>,
    /// `full`, or `poisson(q)`: how a step's examples are drawn.
    #[serde(default = "default_sampling")]
    pub sampling: Sampling,
    /// Which accountant turns noise into ε.
    #[serde(default)]
    pub accountant: Accountant,
    /// Whether to search for the best clipping norm, learning rate and epochs on public data.
    #[serde(default)]
    pub tuned: Tuned,
    /// Learning rate in place of the recipe's.
    pub learning_rate: Option<f64>,
    /// Epochs in place of the recipe's.
    pub epochs: Option<usize>,
}

fn default_sampling() -> Sampling {
    Sampling::Poisson(0.5)
}

/// `true`, `false` or what to search.
#[derive(Clone, Debug, Default)]
pub struct Tuned(pub Option<Tuning>);

impl<'de> Deserialize<'de> for Tuned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Tuned;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(
                    "`true`, `false` or a mapping with the keys `clip`, `learning_rate`, `epochs`",
                )
            }
            fn visit_bool<E>(self, tuned: bool) -> Result<Tuned, E> {
                Ok(Tuned(tuned.then(Tuning::default)))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Tuned, A::Error> {
                Tuning::deserialize(de::value::MapAccessDeserializer::new(map))
                    .map(|tuning| Tuned(Some(tuning)))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Tuned {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Tuned".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let tuning = generator.subschema_for::<Tuning>();
        json_schema!({ "anyOf": [{ "type": "boolean" }, tuning] })
    }
}
