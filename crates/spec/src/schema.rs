//! JSON schemas of values that are a word, a number or a small mapping.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::adversary::Assumed;
use crate::dp_sgd::Delta;
use crate::parse::Tau;
use crate::sampling::Sampling;

macro_rules! schema {
    ($($type:ty, $name:literal: $schema:tt;)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

schema! {
    Tau, "Tau": {
        "description": "`auto`: the nearest-neighbour threshold of the dataset, published or measured.",
        "anyOf": [{ "const": "auto" }, { "type": "number", "exclusiveMinimum": 0 }]
    };
    Delta, "Delta": {
        "description": "δ; `auto` is N^-1.1 for a training set of N.",
        "anyOf": [{ "const": "auto" }, { "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 }]
    };
    Sampling, "Sampling": {
        "description": "How a step's examples are drawn: all of them, or each with a probability.",
        "anyOf": [
            { "const": "full" },
            { "type": "string", "pattern": "^poisson\\(.+\\)$" },
            { "type": "object", "properties": { "poisson": { "type": "number" } }, "required": ["poisson"], "additionalProperties": false }
        ]
    };
    Assumed, "Assumed": {
        "description": "The truth, a value, a span of values, or a factor (or a span of factors) on the truth.",
        "anyOf": [
            { "const": "known" },
            { "type": "number" },
            { "type": "object", "properties": { "from": { "type": "number" }, "to": { "type": "number" } }, "required": ["from", "to"], "additionalProperties": false },
            { "type": "object", "properties": { "times": { "anyOf": [
                { "type": "number" },
                { "type": "object", "properties": { "from": { "type": "number" }, "to": { "type": "number" } }, "required": ["from", "to"], "additionalProperties": false }
            ] } }, "required": ["times"], "additionalProperties": false }
        ]
    };
}
