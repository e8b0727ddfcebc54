//! What attackers see of a cell, and what its defence spends.

use attacks::World;
use config::experiment::{Cell, Defence};

use super::adversary;
use super::chosen::{Chosen, Settings};
use super::private::{self, Spending, Undefended};
use super::stages::{CellStages, Grid};
use super::{one_release, recipe, tuning};
use crate::corpus::{Corpus, Lookup};
use crate::error::HarnessError;
use crate::stages::{Postcard, Stages};

/// What a cell's training is, beside its recipe.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Terms {
    /// What its privacy spends, where it has any.
    pub spending: Option<Spending>,
    /// Its settings, where they were searched for.
    pub tuned: Option<Chosen>,
}

/// The world of a cell as the attacks see it, and the terms of its training.
///
/// # Errors
/// If its heads cannot be trained or its privacy has no answer.
pub fn world<'c>(
    grid: &Grid<'_>,
    corpus: &'c Corpus,
    cell: &Cell,
    own: &CellStages,
    stages: &mut Stages<'_>,
) -> Result<(World<'c>, Terms), HarnessError> {
    let features = &corpus.features;
    let shape = recipe::shape(cell.head, features.width(), features.classes());
    let plain = Undefended {
        shape,
        shots: cell.shots,
        n: corpus.split.private.drawn(cell.shots),
        recipe: recipe::recipe(cell, &grid.heads.data.target),
    };
    let tuned = match own.tuning {
        None => None,
        Some(id) => {
            let on = (grid.context, &grid.heads.data);
            let search = |stages: &mut Stages<'_>| {
                tuning::search(stages.progress(), on, corpus, plain, &cell.defence)
            };
            Some(stages.get_or_make(id, &Postcard, search)?.product)
        }
    };
    let training = tuned.and_then(|it| it.training());
    let found = |directions, rank| {
        let lookup = Lookup {
            context: grid.context,
            data: &grid.heads.data,
            directions,
        };
        corpus.space(lookup, rank)
    };
    let mut space = None;
    let (victim_recipe, spending) = match &cell.defence {
        Defence::DpSgd(dp) => {
            if let Some(directions) = dp.directions {
                let rank = training.and_then(|it| it.rank).or(dp.rank);
                space = Some(found(directions, rank)?);
            }
            let (recipe, spending) = private::defend(plain, dp, training)?;
            (recipe, Some(spending))
        }
        Defence::OneRelease(release) => {
            let (method, rank) = match tuned.map(|it| it.settings) {
                Some(Settings::Release { method, rank }) => (method, Some(rank)),
                _ => (one_release::method(release), release.rank),
            };
            let space = space.insert(found(release.directions, rank)?);
            let (recipe, spending) = one_release::defend(release, plain.n, method, space.rank())?;
            (recipe, Some(spending))
        }
        Defence::None(_) | Defence::Rhe(_) => (
            training.map_or(plain.recipe, |it| it.on(plain.recipe)),
            None,
        ),
    };
    let world = World::new(
        &corpus.images,
        features,
        &corpus.split,
        shape,
        match space {
            Some(_) => plain.recipe,
            None => victim_recipe,
        },
        cell.shots,
        corpus.root,
    )?;
    let world = match space {
        Some(space) => world.along(victim_recipe, space)?,
        None => world,
    };
    let world = world.assuming(adversary::recipes(&cell.adversary, victim_recipe))?;
    let world = match &corpus.shadows {
        Some(heads) => world.given(heads)?,
        None => world,
    };
    Ok((world, Terms { spending, tuned }))
}
