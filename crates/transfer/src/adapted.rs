//! Training a head with an [adapter](crate::Adapter) beneath it: both layers' gradients by hand, step by step.

use datasets::FeatureSet;

use crate::batches::Batches;
use crate::direct::{Backward, Moments, Update};
use crate::draws::Draws;
use crate::lanes::dispatch;
use crate::matrix::Matrix;
use crate::products::{combine, dots};
use crate::top::Top;
use crate::{HeadShape, Recipe};

/// Scratch memory of training with an adapter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Adapted {
    /// z and u of the examples, d × N each.
    inputs: Matrix,
    before: Matrix,
    /// A, B and Bᵀ.
    down: Matrix,
    up: Matrix,
    up_transposed: Matrix,
    /// A z, rank × N, and the gradient there.
    low: Matrix,
    low_gradient: Matrix,
    /// The layer's outputs before the ReLU, then the gradient there, d × N.
    outputs: Matrix,
    down_gradient: Matrix,
    up_gradient: Matrix,
    top: Top,
    /// Of the dense layer, A and B.
    moments: [Moments; 3],
}

impl Adapted {
    /// Trains a head with an adapter and writes its weights into `out`.
    pub fn train(
        &mut self,
        shape: &HeadShape,
        recipe: &Recipe,
        features: &FeatureSet,
        members: &[u32],
        draws: &mut impl Draws,
        out: &mut [f32],
    ) {
        self.prepare(shape, recipe, features, members, draws);
        let n = members.len();
        let mut batches = Batches::new(recipe, n);
        for step in 0..recipe.steps_on(n) {
            let divisor = batches.next(draws, self.top.batch_mut()) as f32;
            self.gradients();
            let update = Update::new(recipe, step, n, divisor);
            let [dense, down, up] = &mut self.moments;
            if let Some(layer) = self.top.hidden_mut() {
                update.plainly(&mut layer.weights, &mut layer.gradient, dense);
            }
            update.plainly(&mut self.down, &mut self.down_gradient, down);
            update.plainly(&mut self.up, &mut self.up_gradient, up);
        }
        let (first, second) = out.split_at_mut(shape.first_len());
        if let Some(layer) = self.top.hidden_mut() {
            layer.weights.write(first);
        }
        let (down, up) = second.split_at_mut(second.len() / 2);
        self.down.write(down);
        self.up.write(up);
    }

    /// The summed gradients of all layers at the present weights.
    fn gradients(&mut self) {
        combine(&mut self.low, 0.0, &self.down, &self.inputs);
        self.outputs
            .as_mut_slice()
            .copy_from_slice(self.before.as_slice());
        combine(&mut self.outputs, 1.0, &self.up, &self.low);
        dispatch(Backward {
            top: &mut self.top,
            outputs: &mut self.outputs,
        });
        dots(&mut self.up_gradient, &self.outputs, &self.low);
        for at in 0..self.up.rows() {
            for rank in 0..self.up.cols() {
                self.up_transposed.row_mut(rank)[at] = self.up.row(at)[rank];
            }
        }
        combine(
            &mut self.low_gradient,
            0.0,
            &self.up_transposed,
            &self.outputs,
        );
        dots(&mut self.down_gradient, &self.low_gradient, &self.inputs);
    }

    fn prepare(
        &mut self,
        shape: &HeadShape,
        recipe: &Recipe,
        features: &FeatureSet,
        members: &[u32],
        draws: &mut impl Draws,
    ) {
        let (n, units) = (members.len(), shape.units());
        let rank = shape.second_len() / (2 * units);
        self.top.prepare(shape, recipe, features, members);
        for matrix in [&mut self.inputs, &mut self.before, &mut self.outputs] {
            matrix.resize(units, n);
        }
        for (at, &member) in members.iter().enumerate() {
            let (before, inputs) = features.row(member as usize).split_at(units);
            for unit in 0..units {
                self.before.row_mut(unit)[at] = before[unit];
                self.inputs.row_mut(unit)[at] = inputs[unit];
            }
        }
        self.down.resize(rank, units);
        self.up.resize(units, rank);
        self.up_transposed.resize(rank, units);
        self.low.resize(rank, n);
        self.low_gradient.resize(rank, n);
        if let Some(layer) = self.top.hidden_mut() {
            draws.initial(&mut layer.weights);
            self.moments[0].reset(layer.weights.rows(), layer.weights.cols());
        }
        draws.adapter(&mut self.down, &mut self.up);
        self.moments[1].reset(rank, units);
        self.moments[2].reset(units, rank);
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use spec::Optimiser;

    use super::*;
    use crate::{Head, Trainer, train_plainly};

    const UNITS: usize = 21;

    fn features(rng: &mut ChaCha8Rng) -> FeatureSet {
        let values = (0..30 * 2 * UNITS).map(|at| {
            let x: f32 = rng.random_range(-1.0..1.0);
            // The layer's outputs have either sign, its inputs come from a ReLU.
            if at % (2 * UNITS) < UNITS {
                x
            } else {
                x.max(0.0)
            }
        });
        let labels = (0..30).map(|at| at % 3).collect();
        FeatureSet::new(2 * UNITS, values.collect(), labels, 3).unwrap()
    }

    #[test]
    fn it_is_plain_training_of_all_three_layers() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let features = features(&mut rng);
        let members = [0, 3, 1, 4, 2, 5, 29];
        for (optimiser, momentum, rank) in [
            (Optimiser::Sgd, 0.0, 1),
            (Optimiser::Sgd, 0.9, 3),
            (Optimiser::Adam, 0.0, 2),
            (Optimiser::Adamw, 0.0, UNITS),
        ] {
            let shape = HeadShape::adapter(UNITS, rank, 3);
            let recipe = Recipe {
                optimiser,
                momentum,
                steps: 40,
                learning_rate: 0.02,
                weight_decay: 0.01,
                label_smoothing: 0.1,
                ..Recipe::mnist(1)
            };
            let initial: Vec<f32> = (0..shape.weight_len())
                .map(|_| 0.3 * rng.random_range(-1.0..1.0f32))
                .collect();
            let mut fast = vec![0.0; shape.weight_len()];
            Trainer::new(shape, recipe)
                .unwrap()
                .train_from(&features, &members, &initial, &mut rng, &mut fast)
                .unwrap();
            let plain =
                train_plainly(shape, recipe, &features, &members, &initial, &mut rng).unwrap();
            let moved = |a: &[f32], b: &[f32]| {
                let each = a.iter().zip(b).map(|(a, b)| (a - b).abs());
                each.fold(0.0, f32::max)
            };
            let (change, apart) = (moved(&plain, &initial), moved(&fast, &plain));
            assert!(
                change > 0.05 && apart < 1e-3 * change,
                "{optimiser:?}: {apart} of {change}"
            );
        }
    }

    /// B starts at nothing: the first head is a linear one on the features as they are, and no step leaves A and B
    /// where they were.
    #[test]
    fn training_starts_at_the_frozen_layer() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let features = features(&mut rng);
        let shape = HeadShape::adapter(UNITS, 4, 3);
        let recipe = |steps, learning_rate| Recipe {
            steps,
            learning_rate,
            ..Recipe::mnist(1)
        };
        let train = |recipe| {
            let mut out = vec![0.0; shape.weight_len()];
            let mut rng = ChaCha8Rng::seed_from_u64(7);
            let mut trainer = Trainer::new(shape, recipe).unwrap();
            trainer
                .train(&features, &[0, 1, 2, 3], &mut rng, &mut out)
                .unwrap();
            out
        };
        let still = train(recipe(1, 1e-30));
        let (dense, adapter) = still.split_at(shape.first_len());
        let (down, up) = adapter.split_at(adapter.len() / 2);
        assert!(up.iter().all(|it| it.abs() < 1e-20));
        let variance = down.iter().map(|it| it * it).sum::<f32>() / down.len() as f32;
        // 84 squares of a normal: a standard deviation of 15 %.
        let ratio = variance * 3.0 * UNITS as f32;
        assert!((0.25..1.75).contains(&ratio), "{ratio}");
        let with = Head::new(shape, still.clone()).unwrap();
        let without = Head::new(HeadShape::linear(UNITS, 3), dense.to_vec()).unwrap();
        let row = features.row(4);
        let after: Vec<f32> = row[..UNITS].iter().map(|it| it.max(0.0)).collect();
        let (a, b) = (with.logits(row).unwrap(), without.logits(&after).unwrap());
        assert!(
            a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-6),
            "{a:?} {b:?}"
        );

        let trained = train(recipe(60, 0.1));
        let (_, moved) = trained.split_at(shape.first_len());
        let (down_moved, up_moved) = moved.split_at(moved.len() / 2);
        assert!(up_moved.iter().any(|it| it.abs() > 1e-3));
        assert!(
            down_moved
                .iter()
                .zip(down)
                .any(|(a, b)| (a - b).abs() > 1e-3)
        );
    }

    #[test]
    fn shapes_that_cannot_be_are_refused() {
        for (features, rank) in [(7, 1), (8, 0), (8, 5)] {
            let shape = HeadShape {
                features,
                ..HeadShape::adapter(4, rank, 3)
            };
            assert!(shape.check().is_err(), "{features} {rank}");
        }
        let shape = HeadShape::adapter(4, 2, 3);
        assert_eq!((shape.weight_len(), shape.outputs()), (3 * 5 + 16, 3));
        let dp = crate::DpSgd {
            clip: 1.0,
            noise_multiplier: 1.0,
            sampling: spec::Sampling::Full,
        };
        assert!(Trainer::new(shape, Recipe::mnist(1).with_dp(dp)).is_err());
        assert!(Trainer::new(shape, Recipe::logistic_regression(1.0)).is_err());
    }
}
