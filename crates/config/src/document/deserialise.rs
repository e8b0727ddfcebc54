//! Nodes to typed values, by serde; every fault names its place, its path and what was expected.

mod access;
mod faults;
mod variant;

use serde::{
    Deserialize,
    de::{self, Visitor},
    forward_to_deserialize_any,
};

use spec::{OneOrMany, grouped};

use super::{Node, Segment, Value, scalar};
use crate::error::Fault;
use access::{Items, Pairs, Single};
use faults::{WRONG_TYPE, words};
use variant::Choice;

/// Reads a value out of a node.
///
/// # Errors
/// For unknown and missing keys and for values of another type: the first one met.
pub fn read<'n, T: Deserialize<'n>>(node: &'n Node) -> Result<T, Fault> {
    T::deserialize(Reader { node }).map_err(|fault| fault.placed(node.origin))
}

#[derive(Clone, Copy)]
struct Reader<'n> {
    node: &'n Node,
}

impl<'n> Reader<'n> {
    fn wrong(self, expected: impl Into<String>) -> Fault {
        Fault::new(self.node.origin, format!("found {}", self.node.describe())).expected(expected)
    }

    /// The scalar's text if it is not in quotes.
    fn plain(self) -> Option<&'n str> {
        match &self.node.value {
            Value::Scalar {
                text,
                quoted: false,
            } => Some(text),
            _ => None,
        }
    }

    fn integer(self, least: i128, most: i128) -> Result<i128, Fault> {
        let wanted = || match (least, most) {
            (0, _) if most >= i128::from(u64::MAX) => "a whole number of 0 or more".to_owned(),
            (0, _) => format!("a whole number from 0 to {most}"),
            _ => "a whole number".to_owned(),
        };
        let value = self.plain().and_then(scalar::integer);
        if let Some(value) = value.filter(|value| (least..=most).contains(value)) {
            return Ok(value);
        }
        let fault = self.wrong(wanted());
        let whole = self
            .plain()
            .and_then(scalar::real)
            .filter(|real| real.fract() == 0.0 && value.is_none());
        Err(match whole {
            Some(real) if (0.0..1e15).contains(&real) => {
                fault.hint(format!("write `{}`", grouped(real as u64)))
            }
            _ => fault,
        })
    }

    fn list<V: Visitor<'n>>(self, items: &'n [Node], visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Items { items, at: 0 })
    }

    fn map<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Fault> {
        let entries = match &self.node.value {
            Value::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        let mut pairs = Pairs { entries, at: 0 };
        let value = visitor
            .visit_map(&mut pairs)
            .map_err(|fault| fault.placed(self.node.origin))?;
        // A choice written as a mapping is read after its first key: the others must not be lost.
        match entries.get(pairs.at) {
            Some((key, _)) => Err(Fault::new(key.origin, "found one key too many")
                .expected(format!("`{}` alone", entries[0].0.text))
                .hint("several choices are a list: `[a, { b: { … } }]`")),
            None => Ok(value),
        }
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty),*) => {$(
        fn $method<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Fault> {
            let value = self.integer(<$type>::MIN.into(), <$type>::MAX.into())?;
            visitor.$visit(<$type>::try_from(value).map_err(de::Error::custom)?)
        }
    )*};
}

impl<'n> de::Deserializer<'n> for Reader<'n> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Fault> {
        let expected = Expecting(&visitor).to_string();
        let result = match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Scalar { text, quoted: true } => visitor.visit_borrowed_str(text),
            Value::Scalar {
                text,
                quoted: false,
            } => {
                if let Some(value) = scalar::truth(text) {
                    visitor.visit_bool(value)
                } else if let Some(value) =
                    scalar::integer(text).and_then(|value| u64::try_from(value).ok())
                {
                    visitor.visit_u64(value)
                } else if let Some(value) = scalar::real(text) {
                    visitor.visit_f64(value)
                } else {
                    visitor.visit_borrowed_str(text)
                }
            }
            Value::List(items) => self.list(items, visitor),
            Value::Map(_) => self.map(visitor),
        };
        // A visitor that does not take this kind of value says so in serde's words; say it in ours.
        result.map_err(|fault| {
            if fault.found == WRONG_TYPE {
                self.wrong(expected)
            } else {
                fault
            }
        })
    }

    integers!(deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64, deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64);

    fn deserialize_f64<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Fault> {
        let value = self
            .plain()
            .and_then(scalar::real)
            .ok_or_else(|| self.wrong("a number"))?;
        visitor.visit_f64(value)
    }

    fn deserialize_f32<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_bool<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Fault> {
        let value = self
            .plain()
            .and_then(scalar::truth)
            .ok_or_else(|| self.wrong("`true` or `false`"))?;
        visitor.visit_bool(value)
    }

    fn deserialize_string<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Scalar { text, .. } => visitor.visit_borrowed_str(text),
            _ => Err(self.wrong("a text")),
        }
    }

    fn deserialize_str<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'n>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::List(items) if name == OneOrMany::<()>::NAME => self.list(items, visitor),
            _ if name == OneOrMany::<()>::NAME => visitor.visit_seq(Single {
                node: Some(self.node),
            }),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::List(items) => self.list(items, visitor),
            _ => Err(self.wrong("a list: `[a, b]`")),
        }
    }

    fn deserialize_map<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            // An empty section: its keys take their defaults.
            Value::Map(_) | Value::Null => self.map(visitor),
            _ => Err(self.wrong("a mapping")),
        }
    }

    fn deserialize_struct<V: Visitor<'n>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Map(_) | Value::Null => self.map(visitor),
            _ => Err(self.wrong(format!(
                "a mapping with {}",
                words("the key", "keys among", fields)
            ))),
        }
    }

    fn deserialize_enum<V: Visitor<'n>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        Choice::of(self.node, variants).and_then(|choice| visitor.visit_enum(choice))
    }

    forward_to_deserialize_any! {
        <V: Visitor<'n>>
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

struct Expecting<'v, V>(&'v V);

impl<'n, V: Visitor<'n>> std::fmt::Display for Expecting<'_, V> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(out)
    }
}

/// One step into a list.
fn item(index: usize) -> Segment {
    Segment::Index(index)
}
