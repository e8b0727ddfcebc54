//! Shadow heads made elsewhere.

use config::experiment::Cell;
use transfer::GivenHeads;

use super::recipe;
use super::stages::Grid;
use crate::context::Context;
use crate::corpus::{Corpus, fingerprint};
use crate::error::HarnessError;

/// The heads of the file that the experiment names, which must be like the victims of `cell` and
/// trained on public examples of `corpus`.
///
/// # Errors
/// Those of [`GivenHeads::load`].
pub fn load(
    grid: &Grid<'_>,
    cell: &Cell,
    corpus: &Corpus,
) -> Result<Option<GivenHeads>, HarnessError> {
    let Some(file) = &grid.heads.shadows else {
        return Ok(None);
    };
    let features = &corpus.features;
    let shape = recipe::shape(cell.head, features.width(), features.classes());
    let path = grid.context.data.join(file);
    let heads = GivenHeads::load(
        &path,
        shape,
        cell.shots,
        features.labels(),
        &corpus.split.public,
    )?;
    Ok(Some(heads))
}

/// Hash of the file.
///
/// # Errors
/// If it cannot be read.
pub fn hash(context: &Context, heads: &config::Heads) -> Result<Option<String>, HarnessError> {
    let Some(file) = &heads.shadows else {
        return Ok(None);
    };
    let path = context.data.join(file);
    let name = path.to_string_lossy();
    let hash = context.contents.get_or(&name, || fingerprint(&path))?;
    Ok(Some(hash))
}
