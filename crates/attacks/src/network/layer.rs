//! One layer of a network: dense, or a transposed convolution.

use layers::AdamStep;

use super::dense::Dense;
use super::up_conv::{UpConv, UpShape};

/// Shape of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerShape {
    /// Every output from every input.
    Dense {
        /// Width of the input.
        inputs: usize,
        /// Width of the output.
        outputs: usize,
    },
    /// A transposed convolution.
    Up(UpShape),
}

impl LayerShape {
    /// Length of one row of input.
    pub fn inputs(self) -> usize {
        match self {
            Self::Dense { inputs, .. } => inputs,
            Self::Up(shape) => shape.input_len(),
        }
    }

    /// Length of one row of output.
    pub fn outputs(self) -> usize {
        match self {
            Self::Dense { outputs, .. } => outputs,
            Self::Up(shape) => shape.output_len(),
        }
    }

    /// Rows and columns of the weight matrix; there are as many biases as output channels.
    pub(crate) fn weights(self) -> ([usize; 2], usize) {
        match self {
            Self::Dense { inputs, outputs } => ([outputs, inputs], outputs),
            Self::Up(shape) => ([16 * shape.outputs, shape.inputs], shape.outputs),
        }
    }
}

impl std::fmt::Display for LayerShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::Dense { inputs, outputs } => write!(f, "dense {inputs} {outputs}"),
            Self::Up(up) => {
                let kind = if up.planar { "up_planar" } else { "up" };
                let (height, width) = (up.height, up.width);
                write!(f, "{kind} {height} {width} {} {}", up.inputs, up.outputs)
            }
        }
    }
}

impl std::str::FromStr for LayerShape {
    type Err = ();

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut words = text.split(' ');
        let kind = words.next().ok_or(())?;
        let numbers: Vec<usize> = words
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(drop)?;
        let sane = numbers.iter().all(|number| (1..=1 << 20).contains(number));
        match (kind, &numbers[..]) {
            ("dense", &[inputs, outputs]) if sane => Ok(Self::Dense { inputs, outputs }),
            ("up" | "up_planar", &[height, width, inputs, outputs]) if sane => {
                Ok(Self::Up(UpShape {
                    height,
                    width,
                    inputs,
                    outputs,
                    planar: kind == "up_planar",
                }))
            }
            _ => Err(()),
        }
    }
}

/// A layer with its parameters.
#[derive(Clone, Debug)]
pub(crate) enum Layer {
    Dense(Dense),
    Up(UpConv),
}

impl Layer {
    /// Random weights of variance `gain` over the number of inputs, zero biases.
    pub fn random(shape: LayerShape, gain: f32, rng: &mut impl rand::Rng) -> Self {
        match shape {
            LayerShape::Dense { inputs, outputs } => {
                Self::Dense(Dense::random(inputs, outputs, gain, rng))
            }
            LayerShape::Up(shape) => Self::Up(UpConv::random(shape, gain, rng)),
        }
    }

    /// A layer of given parameters; see [`LayerShape::weights`].
    pub fn new(shape: LayerShape, weights: Vec<f32>, bias: Vec<f32>) -> Self {
        match shape {
            LayerShape::Dense { inputs, outputs } => {
                Self::Dense(Dense::new(inputs, outputs, weights, bias))
            }
            LayerShape::Up(shape) => Self::Up(UpConv::new(shape, weights, bias)),
        }
    }

    pub fn shape(&self) -> LayerShape {
        match self {
            Self::Dense(layer) => LayerShape::Dense {
                inputs: layer.layer.inputs,
                outputs: layer.layer.outputs,
            },
            Self::Up(layer) => LayerShape::Up(layer.shape),
        }
    }

    /// Weights and biases.
    pub fn parameters(&self) -> (&[f32], &[f32]) {
        match self {
            Self::Dense(Dense { layer, .. }) => (&layer.weight, &layer.bias),
            Self::Up(layer) => (&layer.patches.layer.weight, &layer.bias.layer.bias),
        }
    }

    pub fn inputs(&self) -> usize {
        self.shape().inputs()
    }

    pub fn outputs(&self) -> usize {
        self.shape().outputs()
    }

    /// Outputs of `n` rows of `x`.
    pub fn forward(&self, x: &[f32], n: usize, y: &mut [f32], scratch: &mut Vec<f32>) {
        match self {
            Self::Dense(layer) => layer.layer.forward(x, y),
            Self::Up(layer) => layer.forward(x, n, y, scratch),
        }
    }

    /// Gradient with respect to `x`.
    pub fn backward(&self, dy: &[f32], n: usize, dx: &mut [f32], scratch: &mut Vec<f32>) {
        match self {
            Self::Dense(layer) => layer.layer.backward(dy, dx),
            Self::Up(layer) => layer.backward(dy, n, dx, scratch),
        }
    }

    /// Adam's update from inputs and output gradients of `n` rows.
    pub fn update(&mut self, x: &[f32], dy: &[f32], n: usize, step: AdamStep) {
        match self {
            Self::Dense(layer) => layer.update(x, dy, step),
            Self::Up(layer) => layer.update(x, dy, n, step),
        }
    }
}
