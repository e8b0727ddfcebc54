//! The directions of feature space that private heads are made in, from public data.

use std::sync::Arc;

use backbones::Backbone;
use config::experiment::Data;
use datasets::{FeatureSet, ImageSet, Pool, StreamKey};
use spec::{Directions, OneRelease};
use transfer::one_release::{Discriminants, PublicSpace};

use super::network;
use crate::context::Context;
use crate::error::HarnessError;

/// Most images of the source task that its discriminants are found from.
const SOURCE: usize = 8_000;

/// What is found once of a corpus: cells of other ranks, methods and shots share it.
#[derive(Default)]
pub struct Spaces {
    principal: Option<PublicSpace>,
    source: Option<Discriminants>,
    classes: Option<Discriminants>,
}

/// What directions are looked for with.
#[derive(Clone, Copy)]
pub struct Lookup<'a> {
    /// Folders and progress.
    pub context: &'a Context,
    /// The experiment's data.
    pub data: &'a Data,
    /// Which directions.
    pub directions: Directions,
}

/// What everybody has.
#[derive(Clone, Copy)]
pub struct Public<'a> {
    /// Features of all images.
    pub features: &'a FeatureSet,
    /// Those of them that are public.
    pub pool: &'a Pool,
    /// The network that made them, where it was pre-trained here.
    pub backbone: Option<&'a Backbone>,
    /// Root of the experiment's random draws.
    pub root: StreamKey,
}

impl Public<'_> {
    fn rows(&self) -> Vec<usize> {
        self.pool.indices().map(|it| it as usize).collect()
    }
}

impl Spaces {
    /// How many directions there are.
    ///
    /// # Errors
    /// As [`Spaces::space`].
    pub fn count(&mut self, of: Public<'_>, lookup: Lookup<'_>) -> Result<usize, HarnessError> {
        Ok(match lookup.directions {
            Directions::Principal => self.principal(of)?.rank(),
            labelled => self.discriminants(of, lookup, labelled)?.count(),
        })
    }

    /// The `rank` leading directions; as many as are usual where no number is asked for.
    ///
    /// # Errors
    /// If there are not so many, or the source's images are asked for and not there.
    pub fn space(
        &mut self,
        of: Public<'_>,
        lookup: Lookup<'_>,
        rank: Option<usize>,
    ) -> Result<Arc<PublicSpace>, HarnessError> {
        let usual = |all: usize| rank.unwrap_or(all.min(OneRelease::DEFAULT_RANK));
        let space = match lookup.directions {
            Directions::Principal => {
                let whole = self.principal(of)?;
                whole.truncated(usual(whole.rank()))?
            }
            labelled => {
                let found = self.discriminants(of, lookup, labelled)?;
                let rank = usual(found.count());
                PublicSpace::of_discriminants(of.features, &of.rows(), found, rank)?
            }
        };
        Ok(Arc::new(space))
    }

    fn principal(&mut self, of: Public<'_>) -> Result<&PublicSpace, HarnessError> {
        if self.principal.is_none() {
            let whole = PublicSpace::whole(of.features, &of.rows())?;
            self.principal = Some(whole);
        }
        Ok(self.principal.as_ref().expect("it was just found"))
    }

    fn discriminants(
        &mut self,
        of: Public<'_>,
        lookup: Lookup<'_>,
        directions: Directions,
    ) -> Result<&Discriminants, HarnessError> {
        let of_source = directions == Directions::SourceLabels;
        let known = match of_source {
            true => &mut self.source,
            false => &mut self.classes,
        };
        if known.is_none() {
            *known = Some(if of_source {
                let features = source_features(of, lookup)?;
                let rows: Vec<usize> = (0..features.len()).collect();
                Discriminants::fit(&features, &rows)?
            } else {
                Discriminants::fit(of.features, &of.rows())?
            });
        }
        Ok(known.as_ref().expect("it was just found"))
    }
}

/// Features of what the backbone was pre-trained on, with the labels it was pre-trained to tell.
fn source_features(of: Public<'_>, lookup: Lookup<'_>) -> Result<FeatureSet, HarnessError> {
    let Lookup { context, data, .. } = lookup;
    let (Some(source), Some(backbone)) = (&data.source, of.backbone) else {
        return Err(HarnessError::Setting {
            place: "directions".into(),
            reason: "there is no source whose labels could be taken".into(),
        });
    };
    let images = network::source_images(context, &context.progress, data, source, of.root)?;
    Ok(backbone.features(&some(&images, of.root.child("directions"))?)?)
}

/// At most so many of the images, drawn.
fn some(images: &ImageSet, key: StreamKey) -> Result<ImageSet, HarnessError> {
    let drawn = rand::seq::index::sample(&mut key.rng(0), images.len(), SOURCE.min(images.len()));
    let pixels = drawn.iter().flat_map(|at| images.image(at).iter().copied());
    let labels = drawn.iter().map(|at| images.labels()[at]);
    Ok(ImageSet::new(
        images.shape(),
        pixels.collect(),
        labels.collect(),
        images.classes(),
    )?)
}
