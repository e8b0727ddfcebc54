//! Where the features of an attack's targets come from, in linear heads.

use backbones::NamedTensors;
use transfer::{HeadKind, Recipe};

use super::Aim;
use super::adapted::AdaptedEstimate;
use super::estimate::FeatureEstimate;
use super::informed::InformedEstimate;
use crate::error::not_plain;
use crate::{AttackError, World};

/// An estimate of one feature a class.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FeatureSource {
    /// Each class's mean feature, from the head alone.
    Head(FeatureEstimate),
    /// The same, and what the adapter beneath the head shows of each class.
    Adapted(AdaptedEstimate),
    /// That of each class's first example, all others being known.
    Informed(InformedEstimate),
}

impl FeatureSource {
    /// Fits the first to so many shadow heads, or the second where there are adapters.
    pub fn of_heads(world: &World<'_>, heads: usize) -> Result<Self, AttackError> {
        let estimate = FeatureEstimate::fit(world, heads)?;
        Ok(match world.shape.kind {
            HeadKind::Adapter { rank } => {
                Self::Adapted(AdaptedEstimate::fit(world, estimate, rank)?)
            }
            _ => Self::Head(estimate),
        })
    }

    /// The second, for an attack of this name.
    ///
    /// # Errors
    /// Where heads are made elsewhere, or neither by plain descent nor by one release: it computes the
    /// training itself.
    pub fn informed(world: &World<'_>, attack: &'static str) -> Result<Self, AttackError> {
        world.must_train(attack)?;
        let known = |it: &Recipe| it.release.is_some() || it.is_plain_descent();
        if !world.assumed.iter().all(known) {
            return Err(not_plain(attack));
        }
        Ok(Self::Informed(InformedEstimate::fit(world)))
    }

    /// Classes, and numbers a feature has; of heads of so many classes.
    pub fn shape(&self, classes: usize) -> (usize, usize) {
        match self {
            Self::Head(estimate) => estimate.shape(),
            Self::Adapted(estimate) => (classes, estimate.width()),
            Self::Informed(estimate) => (classes, estimate.prior.len() / classes),
        }
    }

    /// How many of them, the last, are not estimates of a feature: a fit on few heads may do without them.
    pub fn besides(&self) -> usize {
        match self {
            Self::Head(_) | Self::Informed(_) => 0,
            Self::Adapted(estimate) => estimate.products(),
        }
    }

    /// What the targets are.
    pub fn aim(&self, classes: usize) -> Aim {
        match self {
            Self::Head(_) | Self::Adapted(_) => Aim::Classes(classes),
            Self::Informed(_) => Aim::Examples(classes),
        }
    }

    /// Writes the features of one head's targets (classes × width) to `out`. Nothing is read of `members`
    /// but by who knows all others.
    pub fn apply(&self, world: &World<'_>, head: &[f32], members: &[u32], out: &mut [f32]) {
        match self {
            Self::Head(estimate) => estimate.apply(head, out),
            Self::Adapted(estimate) => estimate.apply(head, out),
            Self::Informed(estimate) => estimate.apply(world, head, members, out),
        }
    }

    /// Adds it to a file of an attack on heads of so many classes.
    pub fn save(&self, classes: usize, tensors: &mut NamedTensors) {
        let (_, width) = self.shape(classes);
        match self {
            Self::Head(estimate) => {
                let coefficients = estimate.coefficients();
                let shape = [width, coefficients.len() / width];
                tensors.insert("estimate", &shape, coefficients.to_vec());
            }
            Self::Adapted(estimate) => estimate.save(tensors),
            Self::Informed(estimate) => {
                tensors.insert("prior", &[classes, width], estimate.prior.clone());
            }
        }
    }

    /// Takes it from a file of `attack`; `None` where there is none.
    ///
    /// # Errors
    /// If it is not whole.
    pub fn load(
        attack: &'static str,
        classes: usize,
        tensors: &mut NamedTensors,
    ) -> Result<Option<Self>, AttackError> {
        if let Some(estimate) = AdaptedEstimate::load(attack, classes, tensors)? {
            return Ok(Some(Self::Adapted(estimate)));
        }
        let shape = |tensors: &NamedTensors, name: &str| tensors.shape(name).map(<[usize]>::to_vec);
        if let Some(shape) = shape(tensors, "estimate") {
            let coefficients = tensors.take(attack, "estimate", &shape)?;
            let estimate = FeatureEstimate::from_coefficients(classes, coefficients);
            return Ok(Some(Self::Head(estimate)));
        }
        let Some(shape) = shape(tensors, "prior") else {
            return Ok(None);
        };
        let prior = tensors.take(
            attack,
            "prior",
            &[classes, shape.last().copied().unwrap_or(0)],
        )?;
        Ok(Some(Self::Informed(InformedEstimate { prior })))
    }
}
