//! Walking through lists and mappings.

use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess};

use super::{Fault, Node, Reader, Segment, item};
use crate::document::Key;

/// The items of a list.
pub(super) struct Items<'n> {
    pub items: &'n [Node],
    pub at: usize,
}

impl<'n> SeqAccess<'n> for Items<'n> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'n>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some(node) = self.items.get(self.at) else {
            return Ok(None);
        };
        let index = self.at;
        self.at += 1;
        seed.deserialize(Reader { node })
            .map(Some)
            .map_err(|fault| fault.inside(item(index), node.origin))
    }
}

/// A single value that stands for a list of one.
pub(super) struct Single<'n> {
    pub node: Option<&'n Node>,
}

impl<'n> SeqAccess<'n> for Single<'n> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'n>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        self.node
            .take()
            .map(|node| seed.deserialize(Reader { node }))
            .transpose()
    }
}

/// The entries of a mapping.
pub(super) struct Pairs<'n> {
    pub entries: &'n [(Key, Node)],
    pub at: usize,
}

impl<'n> MapAccess<'n> for Pairs<'n> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'n>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((key, _)) = self.entries.get(self.at) else {
            return Ok(None);
        };
        let text: serde::de::value::StrDeserializer<'_, Fault> =
            key.text.as_str().into_deserializer();
        seed.deserialize(text)
            .map(Some)
            .map_err(|fault| fault.inside(Segment::Key(key.text.clone()), key.origin))
    }

    fn next_value_seed<V: DeserializeSeed<'n>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        // serde asks for a value only after a key was given.
        let Some((key, node)) = self.entries.get(self.at) else {
            return Err(Fault::nowhere("a value without a key"));
        };
        self.at += 1;
        seed.deserialize(Reader { node })
            .map_err(|fault| fault.inside(Segment::Key(key.text.clone()), node.origin))
    }
}
