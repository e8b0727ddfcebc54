//! What attackers see of a cell, and what its defence spends.

use attacks::World;
use config::experiment::{Cell, Defence};

use super::adversary;
use super::private::{self, Spending, Undefended};
use super::stages::{CellStages, Grid};
use super::{one_release, recipe};
use crate::corpus::Corpus;
use crate::error::HarnessError;
use crate::stages::Stages;

/// The world of a cell as the attacks see it, and what its privacy spends.
///
/// # Errors
/// If its heads cannot be trained or its privacy has no answer.
pub fn world<'c>(
    grid: &Grid<'_>,
    corpus: &'c Corpus,
    cell: &Cell,
    own: &CellStages,
    stages: &mut Stages<'_>,
) -> Result<(World<'c>, Option<Spending>), HarnessError> {
    let features = &corpus.features;
    let shape = recipe::shape(cell.head, features.width(), features.classes());
    let plain = recipe::recipe(cell, &grid.heads.data.target);
    let (victim_recipe, spending) = match &cell.defence {
        Defence::DpSgd(dp) => {
            let plain = Undefended {
                shape,
                shots: cell.shots,
                recipe: plain,
            };
            let (recipe, spending) = private::defend(corpus, plain, dp, own.tuning, stages)?;
            (recipe, Some(spending))
        }
        Defence::OneRelease(release) => {
            let (recipe, spending) = one_release::defend(release, shape.classes * cell.shots)?;
            (recipe, Some(spending))
        }
        Defence::None | Defence::Rhe(_) => (plain, None),
    };
    let world = World::new(
        &corpus.images,
        features,
        &corpus.split,
        shape,
        victim_recipe,
        cell.shots,
        corpus.root,
    )?
    .assuming(adversary::recipes(&cell.adversary, victim_recipe))?;
    let world = match &corpus.shadows {
        Some(heads) => world.given(heads)?,
        None => world,
    };
    Ok((world, spending))
}
