//! A config as a tree of nodes that know where they were written.

mod deserialise;
mod node;
mod overrides;
mod parse;
mod scalar;
mod suggest;

pub use deserialise::read;
pub use node::{Key, Node, Origin, Path, Segment, Value};
pub use overrides::Override;
pub use parse::parse;
pub use spec::OneOrMany;
pub use suggest::nearest;
