//! What serde finds wrong, in this crate's words.

use serde::de;

use crate::document::nearest;
use crate::error::Fault;

/// What a visitor of `deserialize_any` answers to a type it does not take.
pub(super) const WRONG_TYPE: &str = "wrong type";

impl de::Error for Fault {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::nowhere(message.to_string())
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::nowhere(WRONG_TYPE).expected(expected.to_string())
    }

    fn unknown_field(field: &str, fields: &'static [&'static str]) -> Self {
        let fault = Self::nowhere("unknown key").expected(words("the key", "a key among", fields));
        match nearest(field, fields.iter().copied()) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault,
        }
    }

    fn unknown_variant(variant: &str, variants: &'static [&'static str]) -> Self {
        let fault = Self::nowhere(format!("found `{variant}`"))
            .expected(words("", "one of", variants).trim());
        match nearest(variant, variants.iter().copied()) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault,
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::nowhere(format!("the key `{field}` is missing"))
    }
}

/// `the key `a``, `keys among `a`, `b``.
pub(super) fn words(one: &str, many: &str, words: &[&str]) -> String {
    let listed = words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ");
    if words.len() == 1 {
        format!("{one} {listed}")
    } else {
        format!("{many} {listed}")
    }
}
