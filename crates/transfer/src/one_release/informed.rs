//! What a release tells of one record to who knows all others and the mechanism (the informed adversary
//! of Balle, Cherubin and Hayes 2022, arXiv:2201.04845).

use datasets::FeatureSet;

use super::method::{Method, OneRelease, with_constant};
use super::space::PublicSpace;
use super::vectors::{clipped, minus, norm, over, plus, scaled, times, unit};

/// All that such an adversary has.
#[derive(Clone, Copy, Debug)]
pub struct Informed<'a> {
    /// The coordinates of the release.
    pub space: &'a PublicSpace,
    /// All features.
    pub features: &'a FeatureSet,
    /// The other examples.
    pub known: &'a [u32],
    /// The class of the unknown one.
    pub class: usize,
    /// A guess of its feature from public data, d numbers.
    pub guess: &'a [f32],
}

impl OneRelease {
    /// The unknown example's feature (d numbers), as the released head's weights (K × (d+1)) show it: what
    /// the known examples put into the release is taken away, and what is left is brought back from the
    /// coordinates. Noise and clipping stay in it.
    pub fn left_by_the_known(&self, of: &Informed<'_>, head: &[f32]) -> Vec<f32> {
        let space = of.space;
        match self.method {
            Method::Prototypes { whitened } => {
                let scale = space.scale(whitened);
                let bounded = |row: &[f32]| unit(times(space.coordinates(row), &scale));
                let known = of.sum(bounded);
                let with_guess = plus(known.clone(), &bounded(of.guess));
                // The head has the sum's direction alone; this is its usual length.
                let noise = self.release.noise_multiplier.get();
                let noise = space.rank() as f64 * noise * noise;
                let length = (norm(&with_guess).powi(2) + noise).sqrt();
                let direction = over(of.row(head), &scale);
                let left = minus(scaled(direction, length), &known);
                let usual = times(space.variance().iter().map(|v| v.sqrt()).collect(), &scale);
                let left = scaled(left, norm(&usual));
                space.feature(&over(left, &scale))
            }
            Method::LeastSquares { clip, ridge } => {
                let clip = clip * space.usual_norm();
                let n = of.known.len() + 1;
                let sum = times(of.row(head), &space.moments(n, ridge));
                let known = of.sum(|row| clipped(space.coordinates(row), clip));
                space.feature(&minus(sum, &known))
            }
            Method::OutputPerturbation { regularisation } => {
                let vector = |row: &[f32]| with_constant(unit(space.coordinates(row)));
                let classes = head.len() / (of.guess.len() + 1);
                let rows: Vec<Vec<f64>> = (0..classes)
                    .map(|class| {
                        let weights = of.weights(head, class);
                        let mut row = scaled(space.slopes(weights), space.usual_norm());
                        row.push(space.constant(weights));
                        row
                    })
                    .collect();
                // At the minimum nλW + Σ (p − y)xᵀ = 0: the known terms leave (y − p)xᵀ of the unknown.
                let n = of.known.len() + 1;
                let mut left: Vec<Vec<f64>> = rows.clone();
                let factor = n as f64 * regularisation;
                left.iter_mut().flatten().for_each(|w| *w *= factor);
                for &member in of.known {
                    let x = vector(of.features.row(member as usize));
                    let label = of.features.labels()[member as usize] as usize;
                    let residual = residual(&rows, &x, label);
                    for (left, residual) in left.iter_mut().zip(residual) {
                        for (value, x) in left.iter_mut().zip(&x) {
                            *value += residual * x;
                        }
                    }
                }
                let residual = residual(&rows, &vector(of.guess), of.class);
                let square: f64 = residual.iter().map(|a| a * a).sum();
                let mut x = vec![0.0; space.rank()];
                for (left, residual) in left.iter().zip(&residual) {
                    for (x, value) in x.iter_mut().zip(left) {
                        *x -= residual * value / square.max(f64::MIN_POSITIVE);
                    }
                }
                space.feature(&scaled(x, std::f64::consts::SQRT_2 * space.usual_norm()))
            }
        }
    }
}

impl Informed<'_> {
    /// The sum of what the known examples of the class put into it.
    fn sum(&self, bounded: impl Fn(&[f32]) -> Vec<f64>) -> Vec<f64> {
        let labels = self.features.labels();
        let own = self
            .known
            .iter()
            .map(|&it| it as usize)
            .filter(|&it| labels[it] as usize == self.class);
        own.fold(vec![0.0; self.space.rank()], |sum, member| {
            plus(sum, &bounded(self.features.row(member)))
        })
    }

    /// The weights and the bias of a class.
    fn weights<'h>(&self, head: &'h [f32], class: usize) -> &'h [f32] {
        let width = self.guess.len() + 1;
        &head[class * width..(class + 1) * width]
    }

    /// The own class's weights in the coordinates.
    fn row(&self, head: &[f32]) -> Vec<f64> {
        self.space.slopes(self.weights(head, self.class))
    }
}

/// p − y of an example under the weights `rows`.
fn residual(rows: &[Vec<f64>], x: &[f64], label: usize) -> Vec<f64> {
    let logit = |row: &Vec<f64>| -> f64 { row.iter().zip(x).map(|(w, x)| w * x).sum() };
    let logits: Vec<f64> = rows.iter().map(logit).collect();
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|z| (z - largest).exp()).collect();
    let total: f64 = powers.iter().sum();
    let mut residual: Vec<f64> = powers.iter().map(|it| it / total).collect();
    residual[label] -= 1.0;
    residual
}
