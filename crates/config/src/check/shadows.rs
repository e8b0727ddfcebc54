//! Shadow heads made elsewhere: what cannot be done with them.

use spec::{Attack, Backbone, DefenceKind};

use super::at::At;
use crate::experiment::{Cell, Heads};

/// Says which cells such shadow heads do not go with.
pub fn check(heads: &Heads, at: &At<'_>) {
    let Some(file) = &heads.shadows else { return };
    if file.as_os_str().is_empty() {
        at.wrong(
            "found an empty path",
            "a safetensors file, under the data folder where relative",
        );
    }
    let cells = heads.cells();
    let Some(first) = cells.first() else { return };
    let like = |cell: &&Cell| {
        let of = |cell: &Cell| -> (usize, spec::HeadKind, Backbone) {
            (cell.shots, cell.head, cell.backbone.clone())
        };
        of(cell) != of(first)
    };
    if cells.iter().any(|cell| like(&cell)) {
        at.wrong(
            "found one file of shadow heads for several shots, heads or backbones",
            "a sweep over one of each: the heads in the file are of one kind",
        );
    }
    if cells.iter().any(|cell| cell.head.is_adapter()) {
        at.wrong(
            "found shadow heads made elsewhere with `head: adapter`",
            "`head: linear` or `mlp`: files of heads have no place for an adapter",
        );
    }
    let trains = |cell: &&Cell| match &cell.attack {
        Attack::Membership(_) | Attack::Property(_) | Attack::GradientInversion(_) => true,
        attack => attack.is_informed(),
    };
    if let Some(cell) = cells.iter().find(trains) {
        at.wrong(
            format!(
                "found shadow heads made elsewhere with `{}`, which trains heads on sets of its own choice",
                cell.attack.word()
            ),
            "attacks that are fitted to any shadow heads: `unmixing` and `reconstructor` (not informed), \
             `labels` or `scores`",
        );
    }
    if cells
        .iter()
        .any(|cell| cell.defence.kind() == DefenceKind::DpSgd)
    {
        at.wrong(
            "found shadow heads made elsewhere for victims under `dp_sgd`",
            "the defences `none` and `rhe`: heads without noise say nothing of heads with it",
        );
    }
}
