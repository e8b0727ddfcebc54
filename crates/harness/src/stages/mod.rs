//! Stages: what is made once, kept under a name that says all it depends on, and read again.
//!
//! An experiment declares its stages as a [`Graph`]. A plan walks the graph and looks into the
//! [`Store`]; a run makes what is missing through [`Stages::get_or_make`]. Nothing else loads or keeps
//! a stage, so that a plan lists what a run does.

mod code;
mod failure;
mod form;
mod graph;
mod items;
mod key;
mod making;
mod record;
mod store;

pub use code::{Code, Fingerprints};
pub use failure::StoreError;
pub use form::{Form, Postcard};
pub use graph::{Graph, Node, Planned, StageId};
pub use items::{Item, Use};
pub use key::{KeyBuilder, StageKey};
pub use making::{Made, Stages};
pub use record::{Maker, Record};
pub use store::{Kept, State, Store};
