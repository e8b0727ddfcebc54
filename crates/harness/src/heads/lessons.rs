//! Which cells share a network, and what it learns from each.

use config::experiment::{Adversary, Attack, Cell, Defence, Recipe};
use serde::Serialize;

/// Whether a cell shares its network with others. Ciphertexts teach nothing that another cell could
/// use.
pub fn shares(cell: &Cell) -> bool {
    let encrypted = matches!(cell.defence, Defence::Rhe(_));
    matches!(&cell.attack, Attack::Reconstructor(options) if options.shared) && !encrypted
}

/// What a shared network learns from one of its cells.
#[derive(Serialize)]
pub struct Lesson<'a> {
    recipe: &'a Recipe,
    shots: usize,
    defence: &'a Defence,
    adversary: &'a Adversary,
}

impl<'a> Lesson<'a> {
    /// The lesson of `cell`: cells that differ only in what the attack is compared with have the same.
    pub fn of(cell: &'a Cell) -> Self {
        Self {
            recipe: &cell.recipe,
            shots: cell.shots,
            defence: &cell.defence,
            adversary: &cell.adversary,
        }
    }
}
