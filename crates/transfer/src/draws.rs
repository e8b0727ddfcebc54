//! What a run of training draws at random. Tests put their own draws in its place.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::chacha::WideChaCha;
use crate::matrix::Matrix;
use crate::normal::{fill_normal, fill_uniform};
use crate::{Initial, Recipe, Sampling};

/// The draws of one run of fast training, in the order in which they are asked for.
pub(crate) trait Draws {
    /// Initial weights of a layer, the biases in the last column; padding 0.
    fn initial(&mut self, weights: &mut Matrix);
    /// Initial A and B of an adapter: normal, with the variance of a uniform law up to 1/√inputs, and zero.
    fn adapter(&mut self, down: &mut Matrix, up: &mut Matrix) {
        self.noise(down);
        let scale = 1.0 / (3.0 * down.cols() as f32).sqrt();
        down.as_mut_slice().iter_mut().for_each(|it| *it *= scale);
        up.as_mut_slice().fill(0.0);
    }
    /// Which examples are in the next batch: 1 or 0 each.
    fn batch(&mut self, examples: &mut [f32]);
    /// Puts the examples' numbers into the order of the next pass.
    fn order(&mut self, examples: &mut [usize]);
    /// The next step's noise in the span of the examples: z of ξ = z Q + (the orthogonal rest),
    /// with Q the orthonormal basis that Gram-Schmidt makes of the examples `pivots`, in order.
    fn span_noise(&mut self, pivots: &[usize], out: &mut Matrix);
    /// Noise of a whole layer: the next step's, or the one from which the part orthogonal to the
    /// examples is taken at the end.
    fn noise(&mut self, out: &mut Matrix);
}

/// Draws from a ChaCha stream.
pub(crate) struct Fresh<'a> {
    rng: &'a mut ChaCha8Rng,
    /// The stream of batches and noise, keyed from `rng`.
    stream: WideChaCha,
    initial: Initial,
    init_std: f32,
    sampling: Sampling,
}

impl<'a> Fresh<'a> {
    pub fn new(recipe: &Recipe, rng: &'a mut ChaCha8Rng) -> Self {
        Self {
            stream: WideChaCha::new(rng),
            rng,
            initial: recipe.initial,
            init_std: recipe.init_std,
            sampling: recipe.dp.map_or(Sampling::Full, |dp| dp.sampling),
        }
    }
}

impl Draws for Fresh<'_> {
    fn initial(&mut self, weights: &mut Matrix) {
        let inputs = weights.cols() - 1;
        let drawn = match self.initial {
            Initial::Normal => {
                fill_normal(self.rng, self.init_std, weights.as_mut_slice());
                inputs
            }
            Initial::Pytorch => {
                let bound = 1.0 / (inputs as f32).sqrt();
                fill_uniform(self.rng, bound, weights.as_mut_slice());
                inputs + 1
            }
        };
        for row in 0..weights.rows() {
            weights.row_mut(row)[drawn..].fill(0.0);
        }
    }

    fn batch(&mut self, examples: &mut [f32]) {
        if let Sampling::Poisson(rate) = self.sampling {
            for example in examples {
                *example = f32::from(self.stream.random_bool(rate));
            }
        }
    }

    fn order(&mut self, examples: &mut [usize]) {
        examples.shuffle(&mut self.stream);
    }

    fn span_noise(&mut self, _pivots: &[usize], out: &mut Matrix) {
        self.noise(out);
    }

    fn noise(&mut self, out: &mut Matrix) {
        let cols = out.cols();
        for row in 0..out.rows() {
            for value in &mut out.row_mut(row)[..cols] {
                *value = StandardNormal.sample(&mut self.stream);
            }
        }
    }
}

/// Draws from a ChaCha stream, but for initial weights that are given.
pub(crate) struct Onwards<'a> {
    /// What is left of them, layer by layer, laid out as [`crate::HeadShape`] says.
    initial: &'a [f32],
    fresh: Fresh<'a>,
}

impl<'a> Onwards<'a> {
    pub fn new(recipe: &Recipe, initial: &'a [f32], rng: &'a mut ChaCha8Rng) -> Self {
        Self {
            initial,
            fresh: Fresh::new(recipe, rng),
        }
    }
}

impl Draws for Onwards<'_> {
    fn adapter(&mut self, down: &mut Matrix, up: &mut Matrix) {
        self.initial(down);
        self.initial(up);
    }

    fn initial(&mut self, weights: &mut Matrix) {
        let (rows, cols) = (weights.rows(), weights.cols());
        let (layer, rest) = self.initial.split_at(rows * cols);
        self.initial = rest;
        for (row, values) in layer.chunks_exact(cols).enumerate() {
            let out = weights.row_mut(row);
            out[..cols].copy_from_slice(values);
            out[cols..].fill(0.0);
        }
    }

    fn batch(&mut self, examples: &mut [f32]) {
        self.fresh.batch(examples);
    }

    fn order(&mut self, examples: &mut [usize]) {
        self.fresh.order(examples);
    }

    fn span_noise(&mut self, pivots: &[usize], out: &mut Matrix) {
        self.fresh.span_noise(pivots, out);
    }

    fn noise(&mut self, out: &mut Matrix) {
        self.fresh.noise(out);
    }
}
