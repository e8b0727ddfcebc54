//! Reading an enum whose variants may stand alone: `mnist` for `mnist: {}`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, Visitor};

/// An enum with a derived, externally tagged form.
pub(super) trait Tagged<'de>: Sized {
    /// The derived form.
    fn tagged<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Reads a map of one entry as the derived form does, and a bare name as that name with no fields.
pub(super) fn deserialize<'de, T: Tagged<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(NameOrMap(PhantomData))
}

struct NameOrMap<T>(PhantomData<T>);

impl<'de, T: Tagged<'de>> Visitor<'de> for NameOrMap<T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the name of a dataset, or a map from its name to its settings")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        let entry = std::iter::once((name, Nothing));
        T::tagged(MapAccessDeserializer::new(MapDeserializer::new(entry)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::tagged(MapAccessDeserializer::new(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<T, A::Error> {
        T::tagged(serde::de::value::EnumAccessDeserializer::new(data))
    }
}

/// No settings at all.
struct Nothing;

impl<'de, E: Error> IntoDeserializer<'de, E> for Nothing {
    type Deserializer = MapDeserializer<'de, std::iter::Empty<(&'de str, &'de str)>, E>;

    fn into_deserializer(self) -> Self::Deserializer {
        MapDeserializer::new(std::iter::empty())
    }
}

/// Adds the bare names of all variants to a derived schema.
pub(super) fn allow_names(schema: &mut schemars::Schema) {
    let Some(serde_json::Value::Array(variants)) = schema.get_mut("oneOf") else {
        return;
    };
    let names: Vec<serde_json::Value> = variants
        .iter()
        .filter_map(|variant| variant.get("required")?.get(0).cloned())
        .filter(|name| !["strokes", "mixed"].contains(&name.as_str().unwrap_or_default()))
        .collect();
    variants.push(serde_json::json!({
        "description": "A dataset with its usual settings.",
        "type": "string",
        "enum": names,
    }));
}
