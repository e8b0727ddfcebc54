//! The network: layers with ReLU between them and tanh at the end.

use datasets::StreamKey;
use layers::AdamStep;
use rayon::prelude::*;
use spec::Architecture;

use super::layer::{Layer, LayerShape};
use super::up_conv::UpShape;

/// Rows of a batch that one thread carries through the whole network.
const SHARD: usize = 64;

/// Shapes of a network's layers, the input's first.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NetworkShape {
    /// Layer by layer; each takes what the one before gives.
    pub layers: Vec<LayerShape>,
}

/// Channels of the convolution before the last at least.
const FEWEST: usize = 8;

impl NetworkShape {
    /// Fully connected layers of widths `hidden` between `inputs` and `outputs`.
    pub fn dense(inputs: usize, hidden: &[usize], outputs: usize) -> Self {
        let widths = [&[inputs], hidden, &[outputs]].concat();
        let layers = widths.windows(2).map(|pair| LayerShape::Dense {
            inputs: pair[0],
            outputs: pair[1],
        });
        Self {
            layers: layers.collect(),
        }
    }

    /// Fully connected layers of widths `hidden`, the last of which is taken for a small image of
    /// many channels, then transposed convolutions that double its sides and halve its channels up
    /// to an image of `channels × height × width`. Widths are rounded to fit; none if the sides
    /// cannot be halved.
    pub fn conv(
        inputs: usize,
        hidden: &[usize],
        [channels, height, width]: [usize; 3],
    ) -> Option<Self> {
        let sides: Vec<_> =
            std::iter::successors(Some([height, width]), |&at| Architecture::halved(at)).collect();
        let (&[mut rows, mut columns], ups) = (sides.last()?, sides.len() - 1);
        if ups == 0 {
            return None;
        }
        let (&last, first) = hidden.split_last()?;
        let mut deep = (last / (rows * columns)).max(FEWEST);
        let mut shape = Self::dense(inputs, first, rows * columns * deep);
        for up in 1..=ups {
            let outputs = if up == ups {
                channels
            } else {
                (deep / 2).max(FEWEST)
            };
            shape.layers.push(LayerShape::Up(UpShape {
                height: rows,
                width: columns,
                inputs: deep,
                outputs,
                planar: up == ups,
            }));
            (rows, columns, deep) = (2 * rows, 2 * columns, outputs);
        }
        Some(shape)
    }

    /// Length of one row of input.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs())
    }

    /// Whether every layer takes what the one before gives.
    pub(crate) fn fits(&self) -> bool {
        let pairs = self.layers.windows(2);
        !self.layers.is_empty()
            && pairs
                .into_iter()
                .all(|pair| pair[0].outputs() == pair[1].inputs())
    }
}

/// A network: ReLU after hidden layers, tanh after the last.
#[derive(Clone, Debug)]
pub struct Network {
    layers: Vec<Layer>,
    steps: u64,
}

/// Activations and their gradients of one batch, layer by layer, kept between steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    shards: Vec<Shard>,
    /// Whole-batch copies that the weight gradients need: inputs and output gradients a layer.
    gathered: Vec<(Vec<f32>, Vec<f32>)>,
}

/// Input, activations after each layer, and gradients with respect to them.
#[derive(Clone, Debug, Default)]
struct Shard {
    values: Vec<Vec<f32>>,
    gradients: Vec<Vec<f32>>,
    /// What a layer may overwrite.
    spare: Vec<f32>,
}

impl Network {
    /// Random weights from `key`.
    pub fn random(shape: &NetworkShape, key: StreamKey) -> Self {
        let mut rng = key.child("mlp").rng(0);
        let last = shape.layers.len() - 1;
        let layers = shape.layers.iter().enumerate().map(|(index, &layer)| {
            let gain = if index == last { 1.0 } else { 2.0 };
            Layer::random(layer, gain, &mut rng)
        });
        Self {
            layers: layers.collect(),
            steps: 0,
        }
    }

    /// Shapes of the layers.
    pub fn shape(&self) -> NetworkShape {
        NetworkShape {
            layers: self.layers.iter().map(Layer::shape).collect(),
        }
    }

    /// Outputs of `n` rows of inputs, row-major, in (-1, 1).
    pub fn forward(&self, inputs: &[f32]) -> Vec<f32> {
        let width = self.layers[0].inputs();
        let outputs = self.layers[self.layers.len() - 1].outputs();
        let n = inputs.len() / width;
        let mut out = vec![0.0; n * outputs];
        out.par_chunks_mut(SHARD * outputs)
            .zip(inputs.par_chunks(SHARD * width))
            .for_each(|(out, inputs)| {
                let rows = inputs.len() / width;
                let mut x = inputs.to_vec();
                let mut spare = Vec::new();
                for (index, layer) in self.layers.iter().enumerate() {
                    let mut y = vec![0.0; rows * layer.outputs()];
                    layer.forward(&x, rows, &mut y, &mut spare);
                    activate(&mut y, index + 1 == self.layers.len());
                    x = y;
                }
                out.copy_from_slice(&x);
            });
        out
    }

    /// One step of Adam at learning rate `rate` on a batch of `n` rows.
    ///
    /// `fill(row, input)` writes a row of the input; `loss(row, output, gradient)` writes the
    /// gradient of the row's loss with respect to its output and returns the loss. Both may run on
    /// any thread. Returns the mean loss.
    pub(crate) fn step(
        &mut self,
        n: usize,
        rate: f32,
        scratch: &mut Scratch,
        fill: impl Fn(usize, &mut [f32]) + Sync,
        loss: impl Fn(usize, &[f32], &mut [f32]) -> f64 + Sync,
    ) -> f64 {
        let layers = &self.layers;
        let shards = n.div_ceil(SHARD);
        scratch.shards.resize_with(shards, Shard::default);
        let losses: Vec<f64> = scratch
            .shards
            .par_iter_mut()
            .enumerate()
            .map(|(index, shard)| {
                let start = index * SHARD;
                shard.pass(layers, start, SHARD.min(n - start), n, &fill, &loss)
            })
            .collect();
        scratch.gather(layers);
        let step = AdamStep::new(self.steps, rate);
        self.steps += 1;
        for (layer, (x, dy)) in self.layers.iter_mut().zip(&scratch.gathered) {
            layer.update(x, dy, n, step);
        }
        losses.iter().sum::<f64>() / n as f64
    }

    /// The same network with its last inputs held at `fixed`: what they add goes to the biases.
    pub(crate) fn with_last_inputs_fixed(&self, fixed: &[f32]) -> Self {
        let mut network = self.clone();
        if let Some(Layer::Dense(first)) = network.layers.first_mut()
            && !fixed.is_empty()
        {
            *first = first.with_last_inputs_fixed(fixed);
        }
        network
    }

    /// Shape, weights and biases layer by layer.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (LayerShape, &[f32], &[f32])> {
        self.layers.iter().map(|layer| {
            let (weights, bias) = layer.parameters();
            (layer.shape(), weights, bias)
        })
    }

    /// A network of given parameters; see [`Network::parameters`].
    pub(crate) fn from_parameters(
        layers: impl IntoIterator<Item = (LayerShape, Vec<f32>, Vec<f32>)>,
    ) -> Self {
        let layers = layers
            .into_iter()
            .map(|(shape, weights, bias)| Layer::new(shape, weights, bias));
        Self {
            layers: layers.collect(),
            steps: 0,
        }
    }
}

impl Shard {
    /// Forward pass, loss and backward pass of `rows` rows from `start`.
    fn pass(
        &mut self,
        layers: &[Layer],
        start: usize,
        rows: usize,
        n: usize,
        fill: &impl Fn(usize, &mut [f32]),
        loss: &impl Fn(usize, &[f32], &mut [f32]) -> f64,
    ) -> f64 {
        self.values.resize_with(layers.len() + 1, Vec::new);
        self.gradients.resize_with(layers.len(), Vec::new);
        let width = layers[0].inputs();
        self.values[0].resize(rows * width, 0.0);
        for (row, input) in self.values[0].chunks_mut(width).enumerate() {
            fill(start + row, input);
        }
        for (index, layer) in layers.iter().enumerate() {
            let (before, after) = self.values.split_at_mut(index + 1);
            let y = &mut after[0];
            y.resize(rows * layer.outputs(), 0.0);
            layer.forward(&before[index], rows, y, &mut self.spare);
            activate(y, index + 1 == layers.len());
            self.gradients[index].resize(rows * layer.outputs(), 0.0);
        }

        let last = layers.len() - 1;
        let width = layers[last].outputs();
        let output = &self.values[last + 1];
        let gradient = &mut self.gradients[last];
        let mut total = 0.0;
        let rows_of = output.chunks(width).zip(gradient.chunks_mut(width));
        for (row, (output, gradient)) in rows_of.enumerate() {
            total += loss(start + row, output, gradient);
            for (slope, y) in gradient.iter_mut().zip(output) {
                *slope *= (1.0 - y * y) / n as f32;
            }
        }
        for index in (1..layers.len()).rev() {
            let (before, after) = self.gradients.split_at_mut(index);
            let dx = &mut before[index - 1];
            layers[index].backward(&after[0], rows, dx, &mut self.spare);
            for (slope, y) in before[index - 1].iter_mut().zip(&self.values[index]) {
                if *y <= 0.0 {
                    *slope = 0.0;
                }
            }
        }
        total
    }
}

impl Scratch {
    /// Joins the shards' rows, layer by layer.
    fn gather(&mut self, layers: &[Layer]) {
        self.gathered.resize_with(layers.len(), Default::default);
        let shards = &self.shards;
        self.gathered
            .par_iter_mut()
            .enumerate()
            .for_each(|(layer, (x, dy))| {
                x.clear();
                dy.clear();
                for shard in shards {
                    x.extend_from_slice(&shard.values[layer]);
                    dy.extend_from_slice(&shard.gradients[layer]);
                }
            });
    }
}

/// ReLU, or tanh for the last layer.
fn activate(values: &mut [f32], last: bool) {
    if last {
        transfer::tanh(values);
    } else {
        values.iter_mut().for_each(|value| *value = value.max(0.0));
    }
}
