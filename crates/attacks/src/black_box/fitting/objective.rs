//! What is minimised: cross-entropy of the answers plus the law's energy, with the scale pinned.
//!
//! In the law's coordinates z = (c, ε) with θ = μ + B c + s ∘ ε:
//!
//! E(z) = |z|²/2 + Σ_i CE(t_i, β_i g_i(θ)) + ((r(θ) − 1) / τ)² / 2
//!
//! with logits g_i of question i, the target t_i (its label, or half and half between two labels),
//! the sharpness β_i with which the answer tells logits apart, and r the root mean square of the
//! logits on the pinned questions in units of the law's. Labels do not show the scale: without the pin
//! the boundaries alone would shrink the head, and the labels alone would blow it up.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use transfer::Activation;

use super::answers::Answers;
use super::law::HiddenLaw;

/// Standard deviation τ of the pinned scale.
const PIN: f64 = 0.02;

/// The function to minimise.
pub(super) struct Objective<'a> {
    pub law: &'a HiddenLaw,
    pub answers: &'a Answers,
}

impl Objective<'_> {
    /// The weights θ at `z`.
    pub fn weights(&self, z: &[f32]) -> Vec<f32> {
        let law = self.law;
        let (along, rest) = z.split_at(law.kept);
        let mut weights = law.mean.clone();
        let noise = rest.iter().zip(&law.rest);
        weights
            .iter_mut()
            .zip(noise)
            .for_each(|(w, (e, s))| *w += e * s);
        multiply(
            &mut weights,
            (law.form.len(), 1),
            MatRef::from_row_major_slice(&law.directions, law.form.len(), law.kept),
            MatRef::from_column_major_slice(along, law.kept, 1),
            Accum::Add,
        );
        weights
    }

    /// E and its gradient at `z`.
    pub fn evaluate(&self, z: &[f32]) -> (f64, Vec<f32>) {
        let law = self.law;
        let weights = self.weights(z);
        let (energy, slope) = self.misfit(&weights);
        let prior = z.iter().map(|z| 0.5 * f64::from(*z).powi(2)).sum::<f64>();
        let mut gradient = z.to_vec();
        let (along, rest) = gradient.split_at_mut(law.kept);
        multiply(
            along,
            (law.kept, 1),
            MatRef::from_row_major_slice(&law.directions, law.form.len(), law.kept).transpose(),
            MatRef::from_column_major_slice(&slope, law.form.len(), 1),
            Accum::Add,
        );
        let slopes = slope.iter().zip(&law.rest);
        rest.iter_mut()
            .zip(slopes)
            .for_each(|(g, (slope, s))| *g += slope * s);
        (energy + prior, gradient)
    }

    /// What the answers and the pin say of `weights`, with the gradient.
    fn misfit(&self, weights: &[f32]) -> (f64, Vec<f32>) {
        let (form, answers) = (self.law.form, self.answers);
        let (width, hidden, outputs) = (form.width, form.hidden, form.outputs);
        let n = answers.sharpness.len();
        let (first, second) = weights.split_at(hidden * width);
        let first = MatRef::from_row_major_slice(first, hidden, width);
        let second = MatRef::from_row_major_slice(second, outputs, hidden + 1);
        let points = MatRef::from_row_major_slice(&answers.points, n, width);
        let mut before = vec![0.0; n * hidden];
        multiply(
            &mut before,
            (n, hidden),
            points,
            first.transpose(),
            Accum::Replace,
        );
        let mut values = Vec::with_capacity(n * (hidden + 1));
        for row in before.chunks(hidden) {
            values.extend(row.iter().map(|z| form.activation.value(*z)).chain([1.0]));
        }
        let values = MatRef::from_row_major_slice(&values, n, hidden + 1);
        let mut logits = vec![0.0; n * outputs];
        multiply(
            &mut logits,
            (n, outputs),
            values,
            second.transpose(),
            Accum::Replace,
        );

        let mut slopes = vec![0.0; n * outputs];
        let mut energy = self.pin(&logits, &mut slopes);
        let rows = logits.chunks(outputs).zip(slopes.chunks_mut(outputs));
        let targets = answers.targets.chunks(outputs).zip(&answers.sharpness);
        for ((logits, slopes), (target, sharpness)) in rows.zip(targets) {
            energy += cross_entropy(logits, target, sharpness / self.law.size, slopes);
        }

        let mut gradient = vec![0.0; form.len()];
        let (below, above) = gradient.split_at_mut(hidden * width);
        let slopes = MatRef::from_row_major_slice(&slopes, n, outputs);
        multiply(
            above,
            (outputs, hidden + 1),
            slopes.transpose(),
            values,
            Accum::Replace,
        );
        let mut back = vec![0.0; n * hidden];
        multiply(
            &mut back,
            (n, hidden),
            slopes,
            second.subcols(0, hidden),
            Accum::Replace,
        );
        for (slope, z) in back.iter_mut().zip(&before) {
            *slope *= match form.activation {
                Activation::Relu => f32::from(*z > 0.0),
                Activation::Square => 2.0 * z,
            };
        }
        let back = MatRef::from_row_major_slice(&back, n, hidden);
        multiply(
            below,
            (hidden, width),
            back.transpose(),
            points,
            Accum::Replace,
        );
        (energy, gradient)
    }

    /// The pin's energy; its slopes are added to `slopes`.
    fn pin(&self, logits: &[f32], slopes: &mut [f32]) -> f64 {
        let outputs = self.law.form.outputs;
        let pinned = self.answers.pinned * outputs;
        if pinned == 0 {
            return 0.0;
        }
        let mut centred = logits[..pinned].to_vec();
        if outputs > 1 {
            for row in centred.chunks_mut(outputs) {
                let mean = row.iter().sum::<f32>() / outputs as f32;
                row.iter_mut().for_each(|z| *z -= mean);
            }
        }
        let power = centred.iter().map(|z| f64::from(*z).powi(2)).sum::<f64>() / pinned as f64;
        let size = f64::from(self.law.size);
        let root = power.sqrt().max(1e-6 * size);
        let off = (root / size - 1.0) / PIN;
        let times = (off / PIN / (size * root * pinned as f64)) as f32;
        slopes
            .iter_mut()
            .zip(&centred)
            .for_each(|(s, z)| *s += times * z);
        0.5 * off * off
    }
}

/// Cross-entropy of `target` under the logits times `sharpness`; its slopes are added to `slopes`.
fn cross_entropy(logits: &[f32], target: &[f32], sharpness: f32, slopes: &mut [f32]) -> f64 {
    if let ([z], [t], [slope]) = (logits, target, &mut *slopes) {
        let z = sharpness * z;
        let small = (-z.abs()).exp();
        let p = if z > 0.0 { 1.0 } else { small } / (1.0 + small);
        *slope += sharpness * (p - t);
        return f64::from(z.max(0.0) - t * z + small.ln_1p());
    }
    let largest = logits.iter().fold(f32::NEG_INFINITY, |max, z| max.max(*z));
    let power = |z: &f32| (sharpness * (z - largest)).exp();
    let sum: f32 = logits.iter().map(power).sum();
    let mut energy = f64::from(sum.ln());
    for ((z, t), slope) in logits.iter().zip(target).zip(slopes) {
        *slope += sharpness * (power(z) / sum - t);
        energy -= f64::from(t * sharpness * (z - largest));
    }
    energy
}

/// `out` (rows × columns, row-major) = or += a b, on one thread.
fn multiply(
    out: &mut [f32],
    (rows, columns): (usize, usize),
    a: MatRef<'_, f32>,
    b: MatRef<'_, f32>,
    accum: Accum,
) {
    let out = MatMut::from_row_major_slice_mut(out, rows, columns);
    matmul(out, accum, a, b, 1.0, Par::Seq);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{data, world};
    use transfer::HeadShape;

    #[test]
    fn the_gradient_is_the_slope() {
        let data = data();
        for (activation, classes) in [(Activation::Relu, 4), (Activation::Square, 4)] {
            let mut world = world(&data, 1);
            world.shape = HeadShape::mlp(world.shape.features, 3, activation, classes);
            let law = HiddenLaw::fit(&world).unwrap();
            let rows: Vec<u32> = world.split.public.indices().take(20).collect();
            let points = rows
                .iter()
                .flat_map(|&row| data.features.row(row as usize).iter().copied().chain([1.0]))
                .collect();
            let mut targets = vec![0.0; 20 * classes];
            for (at, row) in targets.chunks_mut(classes).enumerate() {
                row[at % classes] += 0.5;
                row[at % 3] += 0.5;
            }
            let answers = Answers {
                points,
                targets,
                sharpness: (0..20).map(|at| 1.0 + at as f32 / 4.0).collect(),
                pinned: 7,
            };
            let objective = Objective {
                law: &law,
                answers: &answers,
            };
            let len = law.kept + law.form.len();
            let z: Vec<f32> = (0..len)
                .map(|i| 0.3 * ((i * 7 % 11) as f32 / 5.0 - 1.0))
                .collect();
            let (_, gradient) = objective.evaluate(&z);
            for way in 0..4 {
                let direction: Vec<f32> = (0..len)
                    .map(|i| ((i * (way + 3) % 13) as f32 - 6.0) / 6.0)
                    .collect();
                let step = 2e-3;
                let at = |sign: f32| {
                    let moved = z.iter().zip(&direction).map(|(z, d)| z + sign * step * d);
                    objective.evaluate(&moved.collect::<Vec<_>>()).0
                };
                let measured = (at(1.0) - at(-1.0)) / (2.0 * f64::from(step));
                let terms = gradient.iter().zip(&direction);
                let said: f64 = terms.map(|(g, d)| f64::from(g * d)).sum();
                let size = gradient
                    .iter()
                    .map(|g| f64::from(g * g))
                    .sum::<f64>()
                    .sqrt();
                assert!(
                    (measured - said).abs() < 0.02 * said.abs() + 0.005 * size,
                    "{activation:?} {measured} {said}"
                );
            }
        }
    }
}
