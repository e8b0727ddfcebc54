//! Low-rank adapters on the layer beneath a head (LoRA, Hu et al. 2021, arXiv:2106.09685).
//!
//! The backbone's last layer is h = ReLU(W z + b); with an adapter it is h = ReLU(W z + b + B A z), A of rank × d and B
//! of d × rank. W and b are public and frozen, so that u = W z + b is computed once an example and stands in its row of
//! features, z behind it. A, B and the dense layer above are trained together, A from normal weights and B from zero,
//! as in the paper; its factor α/r is 1 here.

use crate::matrix::Matrix;
use crate::products::dots;

/// A and B of one head.
#[derive(Debug)]
pub struct Adapter {
    /// A, rank × d.
    down: Matrix,
    /// B, d × rank.
    up: Matrix,
}

impl Adapter {
    /// From the weights behind a head's dense layer, as [`HeadShape`](crate::HeadShape) lays them out.
    ///
    /// # Panics
    /// If their number is not twice a multiple of the rank.
    pub fn read(weights: &[f32], rank: usize) -> Self {
        let (down, up) = weights.split_at(weights.len() / 2);
        Self {
            down: Matrix::of_rows(down, down.len() / rank),
            up: Matrix::of_rows(up, rank),
        }
    }

    /// Features after the layer of the examples `tile`, each u then z, with a 1 behind: one a row.
    pub(crate) fn apply(&self, tile: &[&[f32]], out: &mut Matrix) {
        let units = self.up.rows();
        let mut inputs = Matrix::default();
        inputs.resize(tile.len(), units);
        for (at, row) in tile.iter().enumerate() {
            inputs.copy_row(at, &row[units..], 0.0);
        }
        let (mut low, mut added) = (Matrix::default(), Matrix::default());
        dots(&mut low, &inputs, &self.down);
        dots(&mut added, &low, &self.up);
        out.resize(tile.len(), units + 1);
        let mut values = vec![0.0; units];
        for (at, row) in tile.iter().enumerate() {
            let sums = row.iter().zip(added.row(at));
            for (value, (before, more)) in values.iter_mut().zip(sums) {
                *value = (before + more).max(0.0);
            }
            out.copy_row(at, &values, 1.0);
        }
    }

    /// B A x, of d numbers.
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        let low: Vec<f32> = (0..self.down.rows())
            .map(|at| dot(self.down.row(at), x))
            .collect();
        let units = 0..self.up.rows();
        units.map(|at| dot(self.up.row(at), &low)).collect()
    }

    /// Aᵀ Bᵀ y, of d numbers.
    pub fn backward(&self, y: &[f32]) -> Vec<f32> {
        let (rank, width) = (self.down.rows(), self.down.cols());
        let mut low = vec![0.0; rank];
        for (at, y) in y.iter().enumerate() {
            let row = low.iter_mut().zip(self.up.row(at));
            row.for_each(|(sum, b)| *sum += y * b);
        }
        let mut out = vec![0.0; width];
        for (at, low) in low.iter().enumerate() {
            let row = out.iter_mut().zip(self.down.row(at));
            row.for_each(|(sum, a)| *sum += low * a);
        }
        out
    }
}

fn dot(row: &[f32], x: &[f32]) -> f32 {
    row.iter().zip(x).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn products_with_the_adapter_are_those_of_its_matrix() {
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let weights: Vec<f32> = (0..2 * 3 * 5)
            .map(|_| rng.random_range(-1.0..1.0))
            .collect();
        let adapter = Adapter::read(&weights, 3);
        let (down, up) = weights.split_at(15);
        let entry =
            |i: usize, j: usize| -> f32 { (0..3).map(|r| up[i * 3 + r] * down[r * 5 + j]).sum() };
        for j in 0..5 {
            let mut unit = [0.0; 5];
            unit[j] = 1.0;
            let (forward, backward) = (adapter.forward(&unit), adapter.backward(&unit));
            for i in 0..5 {
                assert!((forward[i] - entry(i, j)).abs() < 1e-6);
                assert!((backward[i] - entry(j, i)).abs() < 1e-6);
            }
        }
    }
}
