//! What checks of cells share.

use spec::Unsuited;

use super::at::At;
use super::dataset::classes;
use crate::experiment::{Data, Task};

/// An attack or a defence beside heads that it does not exist for.
pub(super) fn beside(unsuited: Unsuited, at: &At<'_>) {
    let Unsuited { what, head, hint } = unsuited;
    at.wrong_hint(
        format!("{what} does not go with {head}"),
        "heads and attacks that go together in each grid",
        format!("{hint}; `sweep: [{{ head: .. }}, {{ head: .. }}]` gives heads grids of their own"),
    );
}

/// Examples in a training set, where that is known.
pub(super) fn set_size(data: &Data, shots: usize) -> Option<usize> {
    match &data.task {
        Task::Person { others } => Some(others + 1),
        Task::Classes | Task::Binary { .. } => Some(heads_classes(data)? * shots),
    }
}

/// Classes that the heads tell apart, where that is known.
pub(super) fn heads_classes(data: &Data) -> Option<usize> {
    data.task.classes().or_else(|| classes(&data.target))
}
