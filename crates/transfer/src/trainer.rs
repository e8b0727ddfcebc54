//! Training one head: checked settings and reusable scratch memory.

use std::sync::Arc;

use datasets::FeatureSet;
use rand_chacha::ChaCha8Rng;

use crate::adapted::Adapted;
use crate::direct::Direct;
use crate::draws::{Draws, Fresh, Onwards};
use crate::logistic::Logistic;
use crate::one_release::PublicSpace;
use crate::products::all_finite;
use crate::projected::Projected;
use crate::shape::setting;
use crate::span::Span;
use crate::{HeadShape, Optimiser, Recipe, TransferError};

/// Trains heads of one shape by one recipe; holds the scratch memory that this needs.
#[derive(Clone, Debug)]
pub struct Trainer {
    shape: HeadShape,
    recipe: Recipe,
    span: Span,
    direct: Direct,
    adapted: Adapted,
    logistic: Logistic,
    space: Option<Arc<PublicSpace>>,
}

impl Trainer {
    /// Checks the shape and the recipe.
    pub fn new(shape: HeadShape, recipe: Recipe) -> Result<Self, TransferError> {
        shape.check()?;
        recipe.check(&shape)?;
        Ok(Self {
            shape,
            recipe,
            span: Span::default(),
            direct: Direct::default(),
            adapted: Adapted::default(),
            logistic: Logistic::default(),
            space: None,
        })
    }

    /// The same trainer of heads that are made in these coordinates: by the recipe's private release, or by
    /// its steps.
    pub fn in_space(self, space: Option<Arc<PublicSpace>>) -> Self {
        Self { space, ..self }
    }

    /// The shape of the heads.
    pub fn shape(&self) -> HeadShape {
        self.shape
    }

    /// The recipe of the heads.
    pub fn recipe(&self) -> Recipe {
        self.recipe
    }

    /// Errors unless heads can be trained on these examples.
    pub fn check(&self, features: &FeatureSet, members: &[u32]) -> Result<(), TransferError> {
        check_members(&self.shape, &self.recipe, features, members)
    }

    /// Trains a head on the examples `members` of `features` and writes its weights into `out`
    /// (laid out as [`HeadShape`] says).
    ///
    /// Initial weights, batches and noise come from `rng`: a ChaCha stream, as differential privacy
    /// asks for.
    pub fn train(
        &mut self,
        features: &FeatureSet,
        members: &[u32],
        rng: &mut ChaCha8Rng,
        out: &mut [f32],
    ) -> Result<(), TransferError> {
        self.check(features, members)?;
        self.check_len("trained weights", out.len())?;
        if let Some(release) = self.recipe.release {
            let space = self.space.as_deref().ok_or_else(|| {
                setting(
                    "public space",
                    "none",
                    "the coordinates of the private release",
                )
            })?;
            let members: Vec<usize> = members.iter().map(|&it| it as usize).collect();
            let head = release.of.train(space, features, &members, rng)?;
            out.copy_from_slice(&head.weights);
            return Ok(());
        }
        let mut draws = Fresh::new(&self.recipe, rng);
        let Some(space) = self.space.clone() else {
            return self.train_by(self.shape, features, members, &mut draws, out);
        };
        let projected = Projected::new(&space, self.shape, features, members)?;
        self.train_along(&projected, &mut draws, out)
    }

    /// As [`Trainer::train`], from the given weights in place of drawn ones. Logistic regression
    /// and private releases end where they do from all of them.
    pub fn train_from(
        &mut self,
        features: &FeatureSet,
        members: &[u32],
        initial: &[f32],
        rng: &mut ChaCha8Rng,
        out: &mut [f32],
    ) -> Result<(), TransferError> {
        if self.recipe.release.is_some() {
            return self.train(features, members, rng, out);
        }
        self.check(features, members)?;
        self.check_len("initial weights", initial.len())?;
        self.check_len("trained weights", out.len())?;
        let Some(space) = self.space.clone() else {
            let mut draws = Onwards::new(&self.recipe, initial, rng);
            return self.train_by(self.shape, features, members, &mut draws, out);
        };
        let projected = Projected::new(&space, self.shape, features, members)?;
        let initial = projected.lower(initial);
        let mut draws = Onwards::new(&self.recipe, &initial, rng);
        self.train_along(&projected, &mut draws, out)
    }

    /// Trains in the coordinates of a space and into the weights on features.
    fn train_along(
        &mut self,
        projected: &Projected<'_>,
        draws: &mut impl Draws,
        out: &mut [f32],
    ) -> Result<(), TransferError> {
        let shape = projected.shape();
        let mut weights = vec![0.0; shape.weight_len()];
        let (examples, members) = (&projected.examples, &projected.members);
        self.train_by(shape, examples, members, draws, &mut weights)?;
        projected.lift(&weights, out);
        Ok(())
    }

    fn check_len(&self, what: &'static str, found: usize) -> Result<(), TransferError> {
        let expected = self.shape.weight_len();
        if found == expected {
            return Ok(());
        }
        Err(TransferError::Length {
            what,
            expected,
            found,
        })
    }

    /// Trains a head of `shape` on examples and into weights that were checked.
    fn train_by(
        &mut self,
        shape: HeadShape,
        features: &FeatureSet,
        members: &[u32],
        draws: &mut impl Draws,
        out: &mut [f32],
    ) -> Result<(), TransferError> {
        let (shape, recipe) = (&shape, &self.recipe);
        match recipe.optimiser {
            _ if shape.kind.is_adapter() => {
                self.adapted
                    .train(shape, recipe, features, members, draws, out);
            }
            Optimiser::Sgd if !Direct::suits(shape, recipe, members.len()) => {
                self.span
                    .train(shape, recipe, features, members, draws, out);
            }
            Optimiser::Sgd | Optimiser::Adam | Optimiser::Adamw => {
                self.direct
                    .train(shape, recipe, features, members, draws, out);
            }
            Optimiser::LogisticRegression => {
                self.logistic.train(shape, recipe, features, members, out)?;
            }
        }
        if !all_finite(out) {
            return Err(TransferError::Diverged {
                steps: self.recipe.steps,
            });
        }
        Ok(())
    }
}

/// Errors unless a head of `shape` can be trained by `recipe` on the examples `members`.
pub(crate) fn check_members(
    shape: &HeadShape,
    recipe: &Recipe,
    features: &FeatureSet,
    members: &[u32],
) -> Result<(), TransferError> {
    if shape.features != features.width() {
        return Err(TransferError::Width {
            head: shape.features,
            data: features.width(),
        });
    }
    if features.classes() > shape.classes {
        return Err(TransferError::Classes {
            head: shape.classes,
            data: features.classes(),
        });
    }
    if members.is_empty() {
        return Err(setting("training set", "empty", "at least one example"));
    }
    if let Some(&member) = members.iter().find(|&&m| m as usize >= features.len()) {
        return Err(TransferError::Members {
            count: members.len(),
            reason: format!("example {member} is not among the {}", features.len()),
        });
    }
    if recipe.optimiser == Optimiser::LogisticRegression {
        let labels = || members.iter().map(|&it| features.labels()[it as usize]);
        let missing = (0..shape.classes as u32).find(|class| labels().all(|it| it != *class));
        if let Some(class) = missing {
            return Err(TransferError::Members {
                count: members.len(),
                reason: format!(
                    "class {class} has no example, so its free bias has no minimum\nhint: give every class an example, or number only the classes that have some"
                ),
            });
        }
    }
    recipe
        .dp
        .map_or(Ok(()), |dp| dp.check_examples(members.len()))
}

#[cfg(test)]
mod law;
#[cfg(test)]
pub(crate) mod tests;
