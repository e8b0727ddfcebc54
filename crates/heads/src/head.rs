//! What is read: layers, and what stands between them.

use spec::Activation;

/// One affine layer: `outputs × (inputs + 1)` weights, row-major, the bias last in each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Width of its input.
    pub inputs: usize,
    /// Width of its output.
    pub outputs: usize,
    /// Weights and biases.
    pub weights: Vec<f32>,
}

impl Dense {
    /// Weights of output k, without its bias.
    ///
    /// # Panics
    /// If `k` is not below the number of outputs.
    pub fn row(&self, k: usize) -> &[f32] {
        let start = k * (self.inputs + 1);
        &self.weights[start..start + self.inputs]
    }

    /// Bias of output k.
    ///
    /// # Panics
    /// If `k` is not below the number of outputs.
    pub fn bias(&self, k: usize) -> f32 {
        self.weights[k * (self.inputs + 1) + self.inputs]
    }
}

/// What the caller states of a head, for files that do not say it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// What stands between the layers. A file that states another is refused.
    pub activation: Option<Activation>,
    /// The layers from input to output, by the names before `.weight`.
    pub layers: Vec<String>,
}

/// A trained head: affine layers, input first.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadHead {
    pub(crate) layers: Vec<Dense>,
    pub(crate) activation: Option<Activation>,
}

impl ReadHead {
    /// The layers, input first: at least one, each as wide as the one before.
    pub fn layers(&self) -> &[Dense] {
        &self.layers
    }

    /// What stands between the layers; none where there is only one.
    pub fn activation(&self) -> Option<Activation> {
        self.activation
    }

    /// d, the number of features.
    pub fn features(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    /// The number of logits.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }
}
