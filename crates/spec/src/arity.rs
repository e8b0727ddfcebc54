//! One value, or one or many.

use std::{borrow::Cow, fmt, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, SeqAccess, Visitor},
};

/// What an option can hold.
pub trait Item:
    Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned + JsonSchema + 'static
{
}

impl<T> Item for T where
    T: Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned + JsonSchema + 'static
{
}

/// How many values the options that can be swept hold.
pub trait Arity: Copy + fmt::Debug + Default + PartialEq + 'static {
    /// As many values as this says.
    type Of<T: Item>: Item;

    /// A single value.
    fn one<T: Item>(value: T) -> Self::Of<T>;

    /// The values.
    fn values<T: Item>(of: &Self::Of<T>) -> &[T];
}

/// A single value: what runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct One;

/// A value or a list: what a config holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Many;

impl Arity for One {
    type Of<T: Item> = T;

    fn one<T: Item>(value: T) -> T {
        value
    }

    fn values<T: Item>(of: &T) -> &[T] {
        std::slice::from_ref(of)
    }
}

impl Arity for Many {
    type Of<T: Item> = OneOrMany<T>;

    fn one<T: Item>(value: T) -> OneOrMany<T> {
        OneOrMany::one(value)
    }

    fn values<T: Item>(of: &OneOrMany<T>) -> &[T] {
        &of.values
    }
}

/// Where a list is written as a list, and a single value as itself.
///
/// Serde's data model has no such thing: a deserialiser must know the type by its
/// [`NAME`](Self::NAME) and give a single value as a sequence of one.
#[derive(Clone, Debug, PartialEq)]
pub struct OneOrMany<T> {
    /// The values.
    pub values: Vec<T>,
}

impl<T> OneOrMany<T> {
    /// The name by which a deserialiser recognises the type.
    pub const NAME: &'static str = "OneOrMany";

    /// A single value.
    pub fn one(value: T) -> Self {
        Self {
            values: vec![value],
        }
    }

    /// The values of an option that may be left out, or that it is left out.
    pub(crate) fn listed(of: &Option<Self>) -> Vec<Option<T>>
    where
        T: Clone,
    {
        match of {
            None => vec![None],
            Some(values) => values.values.iter().cloned().map(Some).collect(),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Values<T> {
            type Value = Vec<T>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a value or a list of values")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = items.next_element()? {
                    values.push(value);
                }
                Ok(values)
            }
        }
        let values = deserializer.deserialize_newtype_struct(Self::NAME, Values(PhantomData))?;
        Ok(Self { values })
    }
}

impl<T: Serialize> Serialize for OneOrMany<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.values.as_slice() {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrList", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}
