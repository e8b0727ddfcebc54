//! A layer that still has its name.

use crate::head::Dense;

/// A layer and the name before its `.weight`; empty where there is none.
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) layer: Dense,
}
