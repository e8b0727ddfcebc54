//! Choices: `word` and `{ word: { … } }`.

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, VariantAccess, Visitor,
};

use super::{Fault, Node, Reader, Segment, words};
use crate::document::{Origin, Value};

/// What stands for the payload of a bare word: an empty value, so that defaults hold.
static NOTHING: Node = Node {
    origin: Origin::Override(usize::MAX),
    value: Value::Null,
};

/// One choice among an enum's variants.
pub(super) struct Choice<'n> {
    name: &'n str,
    /// Of the word.
    origin: Origin,
    /// The value of the mapping's only key.
    payload: Option<&'n Node>,
}

impl<'n> Choice<'n> {
    pub fn of(node: &'n Node, variants: &'static [&'static str]) -> Result<Self, Fault> {
        let wrong = |origin: Origin, found: String| {
            Fault::new(origin, found).expected(words("", "one of", variants).trim())
        };
        let choice = match &node.value {
            Value::Scalar { text, .. } => Self {
                name: text,
                origin: node.origin,
                payload: None,
            },
            Value::Map(entries) => match entries.as_slice() {
                [(key, value)] => Self {
                    name: &key.text,
                    origin: key.origin,
                    payload: Some(value),
                },
                _ => {
                    return Err(wrong(
                        node.origin,
                        format!("found a mapping with {} keys", entries.len()),
                    )
                    .hint(
                        "a choice has one key; several choices are a list: `[a, { b: { … } }]`",
                    ));
                }
            },
            _ => return Err(wrong(node.origin, format!("found {}", node.describe()))),
        };
        if variants.contains(&choice.name) {
            Ok(choice)
        } else {
            let fault: Fault = de::Error::unknown_variant(choice.name, variants);
            Err(fault.placed(choice.origin))
        }
    }

    fn reader(&self) -> Reader<'n> {
        Reader {
            node: self.payload.unwrap_or(&NOTHING),
        }
    }

    fn placed(name: &str, origin: Origin, payload: Option<&Node>, mut fault: Fault) -> Fault {
        match payload {
            Some(node) => fault.inside(Segment::Key(name.to_owned()), node.origin),
            None => {
                fault.origin = Some(origin);
                fault
            }
        }
    }

    fn within<T>(self, read: impl FnOnce(Reader<'n>) -> Result<T, Fault>) -> Result<T, Fault> {
        read(self.reader())
            .map_err(|fault| Self::placed(self.name, self.origin, self.payload, fault))
    }
}

impl<'n> EnumAccess<'n> for Choice<'n> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'n>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let name: de::value::StrDeserializer<'_, Fault> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'n> VariantAccess<'n> for Choice<'n> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        self.within(|reader| match &reader.node.value {
            Value::Null => Ok(()),
            Value::Map(entries) if entries.is_empty() => Ok(()),
            _ => Err(reader.wrong("nothing: this word stands alone")),
        })
    }

    fn newtype_variant_seed<T: DeserializeSeed<'n>>(self, seed: T) -> Result<T::Value, Fault> {
        self.within(|reader| seed.deserialize(reader))
    }

    fn tuple_variant<V: Visitor<'n>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.within(|reader| reader.deserialize_seq(visitor))
    }

    fn struct_variant<V: Visitor<'n>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.within(|reader| reader.deserialize_struct("", fields, visitor))
    }
}
