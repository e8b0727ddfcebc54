//! Values that are a word, a number or a small mapping.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, Error, MapAccess, Visitor},
};

use crate::adversary::Assumed;
use crate::dp_sgd::Delta;
use crate::sampling::Sampling;

/// `auto` or a mean squared error.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tau(pub Option<f64>);

/// A visitor of values that are one word or one number.
struct WordOrNumber {
    word: &'static str,
    expecting: &'static str,
}

impl Visitor<'_> for WordOrNumber {
    type Value = Option<f64>;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.expecting)
    }
    fn visit_str<E: Error>(self, word: &str) -> Result<Option<f64>, E> {
        if word == self.word {
            Ok(None)
        } else {
            Err(E::invalid_type(de::Unexpected::Str(word), &self))
        }
    }
    fn visit_u64<E>(self, value: u64) -> Result<Option<f64>, E> {
        Ok(Some(value as f64))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Option<f64>, E> {
        Ok(Some(value))
    }
}

impl<'de> Deserialize<'de> for Tau {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(WordOrNumber {
                word: "auto",
                expecting: "`auto` or a number",
            })
            .map(Self)
    }
}

impl<'de> Deserialize<'de> for Delta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = WordOrNumber {
            word: "auto",
            expecting: "`auto` (N^-1.1) or a number",
        };
        Ok(deserializer
            .deserialize_any(visitor)?
            .map_or(Self::Auto, Self::Value))
    }
}

const SAMPLING: &str = "`full` or `poisson(q)` with a sampling rate q";

impl<'de> Deserialize<'de> for Sampling {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Sampling;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(SAMPLING)
            }
            fn visit_str<E: Error>(self, word: &str) -> Result<Sampling, E> {
                let rate = word
                    .strip_prefix("poisson(")
                    .and_then(|word| word.strip_suffix(')'));
                match rate.map(|rate| rate.trim().parse::<f64>()) {
                    Some(Ok(rate)) if rate.is_finite() => Ok(Sampling::Poisson(rate)),
                    None if word == "full" => Ok(Sampling::Full),
                    _ => Err(E::invalid_type(de::Unexpected::Str(word), &self)),
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sampling, A::Error> {
                #[derive(Deserialize)]
                #[serde(rename_all = "snake_case")]
                enum Key {
                    Poisson,
                }
                match map.next_entry::<Key, f64>()? {
                    Some((Key::Poisson, rate)) => Ok(Sampling::Poisson(rate)),
                    None => Err(A::Error::invalid_type(de::Unexpected::Map, &self)),
                }
            }
        }
        deserializer.deserialize_any(Words)
    }
}

impl<'de> Deserialize<'de> for Assumed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Belief;
        impl<'de> Visitor<'de> for Belief {
            type Value = Assumed;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("`known`, a number, `{ from: a, to: b }`, `{ times: a }` or `{ times: { from: a, to: b } }`")
            }
            fn visit_str<E: Error>(self, word: &str) -> Result<Assumed, E> {
                if word == "known" {
                    Ok(Assumed::Known)
                } else {
                    Err(E::invalid_type(de::Unexpected::Str(word), &self))
                }
            }
            fn visit_u64<E>(self, value: u64) -> Result<Assumed, E> {
                Ok(Assumed::Between(value as f64, value as f64))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Assumed, E> {
                Ok(Assumed::Between(value, value))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Assumed, A::Error> {
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Raw {
                    from: Option<f64>,
                    to: Option<f64>,
                    times: Option<Factor>,
                }
                let raw = Raw::deserialize(de::value::MapAccessDeserializer::new(map))?;
                match raw {
                    Raw {
                        from: Some(from),
                        to: Some(to),
                        times: None,
                    } => Ok(Assumed::Between(from, to)),
                    Raw {
                        from: None,
                        to: None,
                        times: Some(Factor(from, to)),
                    } => Ok(Assumed::Times(from, to)),
                    _ => Err(A::Error::invalid_type(de::Unexpected::Map, &self)),
                }
            }
        }
        deserializer.deserialize_any(Belief)
    }
}

/// A factor or a span of factors.
struct Factor(f64, f64);

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Span;
        impl<'de> Visitor<'de> for Span {
            type Value = Factor;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a number or `{ from: a, to: b }`")
            }
            fn visit_u64<E>(self, value: u64) -> Result<Factor, E> {
                Ok(Factor(value as f64, value as f64))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Factor, E> {
                Ok(Factor(value, value))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Factor, A::Error> {
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Raw {
                    from: f64,
                    to: f64,
                }
                let raw = Raw::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Factor(raw.from, raw.to))
            }
        }
        deserializer.deserialize_any(Span)
    }
}
