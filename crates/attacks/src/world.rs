//! What attack and evaluation share: the data, who owns it, and how heads are trained.

use std::sync::Arc;

use datasets::{FeatureSet, ImageSet, Split, StreamKey};
use spec::Unsuited;
use transfer::one_release::PublicSpace;
use transfer::{GivenHeads, HeadShape, Recipe, ShadowBatch, ShadowStream, Trainer};

use crate::error::option;
use crate::view::see_all;
use crate::{AttackError, View};

/// The purpose of the shadow heads that thresholds are set on: heads that nothing is fitted to.
pub const CALIBRATION: &str = "calibration";

/// The setting of an attack. An attack looks at `split.public` alone; victims are trained on
/// `split.private`.
#[derive(Clone, Debug)]
pub struct World<'a> {
    /// All images.
    pub images: &'a ImageSet,
    /// Their features under the public backbone.
    pub features: &'a FeatureSet,
    /// Who owns which.
    pub split: &'a Split,
    /// Shape of every head.
    pub shape: HeadShape,
    /// The victims' recipe.
    pub recipe: Recipe,
    /// The recipes that the adversary trains shadow heads with, in turn: the victims' own where the
    /// adversary knows it, a range where not.
    pub assumed: Vec<Recipe>,
    /// Shadow heads that others trained, in place of those by `assumed`; none where they are made
    /// here.
    pub given: Option<&'a GivenHeads>,
    /// Shots c.
    pub shots: usize,
    /// The coordinates in which heads are made, where not from features as they are: of the recipe's private
    /// release, or of its training. Public features gave them.
    pub space: Option<Arc<PublicSpace>>,
    /// What the adversary sees in place of weights; none where the weights are released.
    pub view: Option<&'a dyn View>,
    /// Key of every random draw.
    pub key: StreamKey,
}

impl<'a> World<'a> {
    /// A world in which the adversary knows the victims' recipe.
    pub fn new(
        images: &'a ImageSet,
        features: &'a FeatureSet,
        split: &'a Split,
        shape: HeadShape,
        recipe: Recipe,
        shots: usize,
        key: StreamKey,
    ) -> Result<Self, AttackError> {
        if images.len() != features.len() {
            return Err(AttackError::Mismatch {
                what: "an image for every feature vector",
                expected: format!("{} images", features.len()),
                found: images.len().to_string(),
            });
        }
        let space = match recipe.release {
            None => None,
            Some(release) => {
                let rows: Vec<usize> = split.public.indices().map(|it| it as usize).collect();
                Some(Arc::new(PublicSpace::leading(
                    features,
                    &rows,
                    release.rank,
                )?))
            }
        };
        let world = Self {
            images,
            features,
            split,
            shape,
            recipe,
            assumed: vec![recipe],
            given: None,
            shots,
            space,
            view: None,
            key,
        };
        world.victims()?;
        world.shadows("check")?;
        Ok(world)
    }

    /// The same world with an adversary who trains shadow heads by `recipes`, in turn.
    pub fn assuming(mut self, recipes: Vec<Recipe>) -> Result<Self, AttackError> {
        if recipes.is_empty() {
            return Err(option("assumed recipes", "none", "at least one"));
        }
        self.assumed = recipes;
        self.shadows("check")?;
        Ok(self)
    }

    /// The same world with an adversary who has `heads` in place of a recipe to train shadow heads
    /// by.
    ///
    /// # Errors
    /// If they are of another shape or trained on another number of shots.
    pub fn given(mut self, heads: &'a GivenHeads) -> Result<Self, AttackError> {
        if (heads.shape(), heads.shots()) != (self.shape, self.shots) {
            return Err(AttackError::Mismatch {
                what: "shadow heads like the victims",
                expected: format!("{:?} on {} shots", self.shape, self.shots),
                found: format!("{:?} on {}", heads.shape(), heads.shots()),
            });
        }
        self.given = Some(heads);
        Ok(self)
    }

    /// Errors where the adversary cannot train heads of its own choice, which `attack` does.
    pub(crate) fn must_train(&self, attack: &'static str) -> Result<(), AttackError> {
        match self.given {
            None => Ok(()),
            Some(_) => Err(AttackError::Unsuited(Unsuited {
                what: attack,
                head: "shadow heads that others trained: it trains heads on sets of its own choice",
                hint: "use the attack `unmixing` or `reconstructor`, or name the recipe",
            })),
        }
    }

    /// The same world in which heads are made by `recipe` in the coordinates of `space`, which public
    /// features gave.
    ///
    /// # Errors
    /// If the recipe is a release in another number of directions, or heads cannot be made by it.
    pub fn along(mut self, recipe: Recipe, space: Arc<PublicSpace>) -> Result<Self, AttackError> {
        if recipe.release.is_some_and(|it| it.rank != space.rank()) {
            return Err(option(
                "recipe",
                "another",
                "a release in as many directions as the space has",
            ));
        }
        (self.recipe, self.assumed) = (recipe, vec![recipe]);
        self.space = Some(space);
        self.victims()?;
        self.shadows("check")?;
        Ok(self)
    }

    /// The same world in which heads are released through `view`.
    pub fn seen_through(mut self, view: &'a dyn View) -> Self {
        self.view = Some(view);
        self
    }

    /// Puts what is released of the heads in the place of their weights, and behind it what is seen
    /// beside: nothing changes where the weights are released. `name` keys the view's randomness.
    pub fn release(&self, batch: &mut ShadowBatch, name: &str) -> Result<(), AttackError> {
        match self.view {
            None => Ok(()),
            Some(view) => see_all(view, batch, self.key.child("view").child(name), 0),
        }
    }

    /// Numbers that are seen for each logit beside those in the place of the weights.
    pub(crate) fn beside(&self) -> usize {
        let beside = self.view.map_or(0, View::beside);
        beside / self.shape.outputs()
    }

    /// The numbers in the place of a head's weights, and those beside them.
    pub(crate) fn parts<'h>(&self, head: &'h [f32]) -> (&'h [f32], &'h [f32]) {
        head.split_at(self.shape.weight_len())
    }

    /// Pixels of one image.
    pub fn pixels(&self) -> usize {
        self.images.shape().len()
    }

    /// Examples of one training set, N = K·c.
    pub fn members(&self) -> usize {
        self.split.public.drawn(self.shots)
    }

    /// The victims: heads on private examples.
    pub fn victims(&self) -> Result<ShadowStream<'a>, AttackError> {
        Ok(ShadowStream::by(
            self.features,
            &self.split.private,
            self.trainer(self.recipe)?,
            self.shots,
            self.key.child("victims"),
        )?)
    }

    /// What trains heads by `recipe`.
    pub(crate) fn trainer(&self, recipe: Recipe) -> Result<Trainer, AttackError> {
        Ok(Trainer::new(self.shape, recipe)?.in_space(self.space.clone()))
    }

    /// Shadow heads on public examples for the purpose `name`; streams of different names share no
    /// draw. Where the heads are given there are only so many: those for [`CALIBRATION`] are kept
    /// from all other purposes, which share the rest.
    pub fn shadows(&self, name: &str) -> Result<Shadows<'a>, AttackError> {
        let key = self.key.child("shadows").child(name);
        if let Some(heads) = self.given {
            return Ok(Shadows {
                streams: Vec::new(),
                given: Some((heads, name == CALIBRATION)),
                view: self.view,
                key: key.child("view"),
            });
        }
        let streams = self.assumed.iter().enumerate().map(|(index, recipe)| {
            let stream = ShadowStream::by(
                self.features,
                &self.split.public,
                self.trainer(*recipe)?,
                self.shots,
                key.child(&index.to_string()),
            )?;
            Ok(stream)
        });
        Ok(Shadows {
            streams: streams.collect::<Result<_, AttackError>>()?,
            given: None,
            view: self.view,
            key: key.child("view"),
        })
    }
}

/// Shadow heads of one recipe, or batch by batch of several in turn.
#[derive(Clone, Debug)]
pub struct Shadows<'a> {
    streams: Vec<ShadowStream<'a>>,
    /// Heads in place of streams, and whether those that are kept from fits.
    given: Option<(&'a GivenHeads, bool)>,
    view: Option<&'a dyn View>,
    key: StreamKey,
}

impl Shadows<'_> {
    /// An empty batch of `heads` heads.
    pub fn batch(&self, heads: usize) -> ShadowBatch {
        match self.given {
            Some((given, _)) => given.batch(heads),
            None => self.streams[0].batch(heads),
        }
    }

    /// Fills batch number `index`. Batches of one size share no head, unless they are given heads:
    /// after the last one comes the first again.
    ///
    /// # Errors
    /// Where the heads are released through a view that cannot show one of them: its weights must
    /// not stand in for what is released.
    pub fn fill(&self, index: u64, batch: &mut ShadowBatch) -> Result<(), AttackError> {
        match self.given {
            Some((given, kept)) => given.fill(index * batch.heads as u64, kept, batch),
            None => {
                let turns = self.streams.len() as u64;
                let start = index / turns * batch.heads as u64;
                let stream = &self.streams[(index % turns) as usize];
                stream.fill(start, batch)?;
            }
        }
        match self.view {
            None => Ok(()),
            Some(view) => see_all(view, batch, self.key, index * batch.heads as u64),
        }
    }
}
