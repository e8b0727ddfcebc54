//! The feature of one training example, for an adversary who knows all others
//! (Balle, Cherubin and Hayes 2022, arXiv:2201.04845).
//!
//! A linear head is W = s W₀ + A F̃ with A a function of the examples' Gram matrix alone. Given a
//! guess of the unknown feature f_t, training from W₀ = 0 is simulated in the span of the examples,
//! which gives A, and least squares over the unknown W₀ gives a better guess:
//! f_t = (Wᵀa_t − Σ_{j≠t} (a_j·a_t) f_j) / (a_t·a_t), with a_j the columns of A. The head's biases
//! start at 0 and so are Σ_j a_j exactly: they give a_t from the other columns, which hardly depend
//! on the guess, where simulating a_t itself would double the guess's error in length.

use transfer::Recipe;

use crate::World;

/// Rounds of simulation and least squares.
const ROUNDS: usize = 3;

/// Estimates the feature of each class's first example.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InformedEstimate {
    /// Mean public feature of every class: the first guess, classes × width.
    pub prior: Vec<f32>,
}

impl InformedEstimate {
    /// Takes the classes' mean features from the public examples.
    pub fn fit(world: &World<'_>) -> Self {
        let width = world.shape.features;
        let mut prior = vec![0.0; world.shape.classes * width];
        for (class, mean) in prior.chunks_mut(width).enumerate() {
            let pool = world.split.public.class(class);
            for &index in pool {
                let row = world.features.row(index as usize);
                mean.iter_mut()
                    .zip(row)
                    .for_each(|(sum, value)| *sum += value);
            }
            mean.iter_mut().for_each(|sum| *sum /= pool.len() as f32);
        }
        Self { prior }
    }

    /// Writes the estimated feature of class `class`'s first example to `out` (width). `members`
    /// are the head's examples; the one asked for is not looked at.
    pub fn apply(
        &self,
        world: &World<'_>,
        head: &[f32],
        members: &[u32],
        class: usize,
        out: &mut [f32],
    ) {
        let width = world.shape.features;
        let (classes, unknown) = (world.shape.classes, class * world.shots);
        let rows: Vec<&[f32]> = members
            .iter()
            .map(|&member| world.features.row(member as usize))
            .collect();
        let n = rows.len();
        // Products with the constant 1 of the bias.
        let mut gram = vec![1.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                if i != unknown && j != unknown {
                    let product = 1.0 + dot(rows[i], rows[j]);
                    (gram[i * n + j], gram[j * n + i]) = (product, product);
                }
            }
        }
        out.copy_from_slice(&self.prior[class * width..(class + 1) * width]);
        for _ in 0..ROUNDS {
            for (j, row) in rows.iter().enumerate() {
                let product = 1.0
                    + if j == unknown {
                        dot(out, out)
                    } else {
                        dot(out, row)
                    };
                (gram[unknown * n + j], gram[j * n + unknown]) = (product, product);
            }
            let span = simulate(&gram, classes, world.shots, &world.assumed[0]);
            let own = self.column(world, head, &span, unknown);
            let scale = 1.0 / dot(&own, &own).max(f32::MIN_POSITIVE);
            out.fill(0.0);
            for (&a, weights) in own.iter().zip(head.chunks(width + 1)) {
                add(out, a * scale, weights);
            }
            for (j, row) in rows.iter().enumerate().filter(|&(j, _)| j != unknown) {
                let share = dot(&span[j * classes..(j + 1) * classes], &own);
                add(out, -share * scale, row);
            }
        }
    }

    /// a_t: what the biases leave when all other columns are taken away; under DP-SGD, whose noise
    /// they hold too, the simulated one.
    fn column(&self, world: &World<'_>, head: &[f32], span: &[f32], unknown: usize) -> Vec<f32> {
        let classes = world.shape.classes;
        let mut own = span[unknown * classes..(unknown + 1) * classes].to_vec();
        if world.assumed[0].dp.is_none() {
            for (k, own) in own.iter_mut().enumerate() {
                let all: f32 = span.iter().skip(k).step_by(classes).sum();
                *own += head[(k + 1) * (world.shape.features + 1) - 1] - all;
            }
        }
        own
    }
}

/// Aᵀ (N × classes) after the whole training from W₀ = 0: A ← (1−ηλ)A − (η/N)(P − Y), examples
/// scaled by their clipping factors under DP-SGD, whose noise and sampling are left at their means.
fn simulate(gram: &[f32], classes: usize, shots: usize, recipe: &Recipe) -> Vec<f32> {
    let n = classes * shots;
    let mut span = vec![0.0; n * classes];
    let mut logits = vec![0.0; n * classes];
    let keep = 1.0 - recipe.learning_rate * recipe.weight_decay;
    let share = recipe.dp.map_or(1.0 / n as f64, |dp| {
        dp.sampling.rate() / dp.sampling.divisor(n) as f64
    });
    let rate = recipe.learning_rate * share as f32;
    for _ in 0..recipe.steps {
        for (example, (span, logits)) in span
            .chunks_mut(classes)
            .zip(logits.chunks_mut(classes))
            .enumerate()
        {
            softmax(logits);
            logits[example / shots] -= 1.0;
            let factor = recipe.dp.map_or(1.0, |dp| {
                let norm = (dot(logits, logits) * gram[example * n + example]).sqrt();
                (dp.clip / (norm + 1e-6)).min(1.0)
            });
            for (a, slope) in span.iter_mut().zip(logits) {
                *a = keep * *a - rate * factor * *slope;
            }
        }
        for (example, logits) in logits.chunks_mut(classes).enumerate() {
            logits.fill(0.0);
            let products = &gram[example * n..(example + 1) * n];
            for (&product, span) in products.iter().zip(span.chunks(classes)) {
                add(logits, product, span);
            }
        }
    }
    span
}

fn softmax(logits: &mut [f32]) {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    logits.iter_mut().for_each(|z| *z = (*z - largest).exp());
    let sum: f32 = logits.iter().sum();
    logits.iter_mut().for_each(|p| *p /= sum);
}

/// `out += scale · row`, as far as `out` reaches.
fn add(out: &mut [f32], scale: f32, row: &[f32]) {
    out.iter_mut()
        .zip(row)
        .for_each(|(sum, value)| *sum += scale * value);
}

/// The scalar product, summed in a fixed order.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 16];
    let (a, a_rest) = a.as_chunks::<16>();
    let (b, b_rest) = b.as_chunks::<16>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..16 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}
