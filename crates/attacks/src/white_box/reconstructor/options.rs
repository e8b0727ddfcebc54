//! How a reconstructor is trained.

use crate::error::option;
use crate::network::NetworkShape;
use crate::{AttackError, World};

/// Kind of network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Fully connected.
    #[default]
    Mlp,
    /// Fully connected, then transposed convolutions: see [`NetworkShape::conv`].
    Conv,
}

/// How to train a [`Reconstructor`].
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ReconstructorOptions {
    /// Rows seen in training: a shadow head gives one for each of its targets.
    pub samples: usize,
    /// Kind of network.
    pub architecture: Architecture,
    /// Width of each hidden layer.
    pub hidden: Vec<usize>,
    /// Rows a step, rounded up to whole heads.
    pub batch: usize,
    /// Adam's learning rate at the start; it falls along half a cosine to zero.
    pub learning_rate: f32,
    /// Sharpness α of the soft minimum over the images of a class.
    pub alpha: f64,
    /// Whether the adversary knows all training examples but the target: the first of each class in
    /// turn (Balle et al. 2022).
    pub informed: bool,
}

impl Default for ReconstructorOptions {
    fn default() -> Self {
        Self {
            samples: 1_000_000,
            architecture: Architecture::Mlp,
            hidden: vec![1024, 1024],
            batch: 160,
            learning_rate: 1.6e-3,
            alpha: 100.0,
            informed: false,
        }
    }
}

impl ReconstructorOptions {
    pub(super) fn check(&self) -> Result<(), AttackError> {
        if self.samples == 0 {
            return Err(option("samples", 0, "at least 1"));
        }
        if self.batch == 0 {
            return Err(option("batch", 0, "at least 1"));
        }
        if self.hidden.is_empty() || self.hidden.iter().any(|width| !(1..=16384).contains(width)) {
            let value = format!("{:?}", self.hidden);
            return Err(option("hidden", value, "widths between 1 and 16384"));
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(option(
                "learning_rate",
                self.learning_rate,
                "positive and finite",
            ));
        }
        if !(self.alpha > 0.0 && self.alpha.is_finite()) {
            return Err(option("alpha", self.alpha, "positive and finite"));
        }
        Ok(())
    }

    /// The network for `inputs` numbers a row.
    pub(super) fn shape(
        &self,
        inputs: usize,
        world: &World<'_>,
    ) -> Result<NetworkShape, AttackError> {
        let image = world.images.shape();
        match self.architecture {
            Architecture::Mlp => Ok(NetworkShape::dense(inputs, &self.hidden, image.len())),
            Architecture::Conv => {
                let sides = [image.channels, image.height, image.width];
                let shape = NetworkShape::conv(inputs, &self.hidden, sides);
                shape.ok_or_else(|| {
                    let value = format!("conv for {} × {} pixels", image.height, image.width);
                    option(
                        "architecture",
                        value,
                        "mlp where sides are odd or under 6 pixels",
                    )
                })
            }
        }
    }
}
