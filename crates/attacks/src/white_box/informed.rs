//! The feature of one training example, for an adversary who knows all others
//! (Balle, Cherubin and Hayes 2022, arXiv:2201.04845).
//!
//! A linear head is W = s W₀ + A F̃ with A a function of the examples' Gram matrix alone. Given a
//! guess of the unknown feature f_t, training from W₀ = 0 is simulated in the span of the examples,
//! which gives A, and least squares over the unknown W₀ gives a better guess:
//! f_t = (Wᵀa_t − Σ_{j≠t} (a_j·a_t) f_j) / (a_t·a_t), with a_j the columns of A. The head's biases
//! start at 0 and so are Σ_j a_j exactly: they give a_t from the other columns, which hardly depend
//! on the guess, where simulating a_t itself would double the guess's error in length.
//!
//! Under DP-SGD the noise hides what more than one simulation would add (four-shot heads of drawn
//! digits at ε = 20 and 80: TPR 1.6 and 2.0 % after three rounds, 2.1 and 2.9 % after one), so that one
//! with a guess in the place of every class's target serves all of them. Of a head made by one release
//! what the known examples put into it is taken away exactly
//! ([`OneRelease::left_by_the_known`](transfer::one_release::OneRelease::left_by_the_known)).

use transfer::one_release::Informed;
use transfer::{Subspace, simulated_span};

use crate::World;

/// Rounds of simulation and least squares without privacy.
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

    /// Writes the estimated feature of each class's first example to `out` (classes × width). `members`
    /// are the head's examples; of the one asked for nothing is used.
    pub fn apply(&self, world: &World<'_>, head: &[f32], members: &[u32], out: &mut [f32]) {
        let recipe = &world.assumed[0];
        if let Some(release) = recipe.release {
            return self.of_release(world, release, head, members, out);
        }
        let rows: Vec<&[f32]> = members
            .iter()
            .map(|&member| world.features.row(member as usize))
            .collect();
        let guesses: Vec<&[f32]> = self.prior.chunks_exact(world.shape.features).collect();
        let Some(space) = world.space.as_deref() else {
            return of_training(world, head, &rows, &guesses, out);
        };
        // Training saw what features have along the directions: no more of them is told.
        let parts =
            |rows: &[&[f32]]| -> Vec<Vec<f32>> { rows.iter().map(|row| space.part(row)).collect() };
        let (rows, guesses) = (parts(&rows), parts(&guesses));
        // Its biases are those on coordinates.
        let mut head = head.to_vec();
        for row in head.chunks_exact_mut(world.shape.features + 1) {
            let each = row.iter().zip(space.mean());
            let moved: f64 = each.map(|(&w, m)| f64::from(w) * m).sum();
            row[world.shape.features] += moved as f32;
        }
        of_training(world, &head, &slices(&rows), &slices(&guesses), out);
        for target in out.chunks_mut(world.shape.features) {
            let each = target.iter_mut().zip(space.mean());
            each.for_each(|(value, m)| *value += *m as f32);
        }
    }

    /// What one release leaves of each target.
    fn of_release(
        &self,
        world: &World<'_>,
        release: Subspace,
        head: &[f32],
        members: &[u32],
        out: &mut [f32],
    ) {
        let space = world.space.as_deref();
        let space = space.expect("a world of such heads has their coordinates");
        let width = world.shape.features;
        for (class, out) in out.chunks_mut(width).enumerate() {
            let mut known = members.to_vec();
            known.remove(class * world.shots);
            let informed = Informed {
                space,
                features: world.features,
                known: &known,
                class,
                guess: self.guess(class, width),
            };
            out.copy_from_slice(&release.of.left_by_the_known(&informed, head));
        }
    }

    fn guess(&self, class: usize, width: usize) -> &[f32] {
        &self.prior[class * width..(class + 1) * width]
    }
}

fn slices(rows: &[Vec<f32>]) -> Vec<&[f32]> {
    rows.iter().map(Vec::as_slice).collect()
}

/// The estimates of heads that were trained on `rows`, from one guess a class in the place of its target.
fn of_training(
    world: &World<'_>,
    head: &[f32],
    rows: &[&[f32]],
    guesses: &[&[f32]],
    out: &mut [f32],
) {
    match world.assumed[0].dp {
        None => of_descent(world, head, rows, guesses, out),
        Some(_) => of_private_descent(world, head, rows, guesses, out),
    }
}

/// Those for plain descent, class by class.
fn of_descent(
    world: &World<'_>,
    head: &[f32],
    rows: &[&[f32]],
    guesses: &[&[f32]],
    out: &mut [f32],
) {
    let width = world.shape.features;
    let (classes, n) = (world.shape.classes, rows.len());
    let known = products(rows);
    for (class, (out, guess)) in out.chunks_mut(width).zip(guesses).enumerate() {
        let unknown = class * world.shots;
        // The products of the unknown one are written over before anything reads them.
        let mut gram = known.clone();
        out.copy_from_slice(guess);
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
            let span = simulated_span(&gram, classes, world.shots, &world.assumed[0]);
            let own = own_column(world, head, &span, unknown);
            least_squares(head, rows, &span, &own, unknown, out);
        }
    }
}

/// Those under DP-SGD, by one simulation in which all targets are guesses.
fn of_private_descent(
    world: &World<'_>,
    head: &[f32],
    rows: &[&[f32]],
    guesses: &[&[f32]],
    out: &mut [f32],
) {
    let mut guessed = rows.to_vec();
    for (class, guess) in guesses.iter().enumerate() {
        guessed[class * world.shots] = guess;
    }
    let gram = products(&guessed);
    let span = simulated_span(&gram, world.shape.classes, world.shots, &world.assumed[0]);
    for (class, out) in out.chunks_mut(world.shape.features).enumerate() {
        let unknown = class * world.shots;
        let own: Vec<f32> = column(&span, rows.len(), unknown).collect();
        least_squares(head, rows, &span, &own, unknown, out);
    }
}

/// Products of the examples with one another, that with the constant 1 of the bias included.
fn products(rows: &[&[f32]]) -> Vec<f32> {
    let n = rows.len();
    let mut products = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let product = 1.0 + dot(rows[i], rows[j]);
            (products[i * n + j], products[j * n + i]) = (product, product);
        }
    }
    products
}

/// a_j: column `j` of A, which has one for each of `n` examples.
fn column(span: &[f32], n: usize, j: usize) -> impl Iterator<Item = f32> {
    span.iter().skip(j).step_by(n).copied()
}

/// The unknown example by least squares over the initial weights, to `out`: `own` is its column of A,
/// the others are those of `span`.
fn least_squares(
    head: &[f32],
    rows: &[&[f32]],
    span: &[f32],
    own: &[f32],
    unknown: usize,
    out: &mut [f32],
) {
    let scale = 1.0 / dot(own, own).max(f32::MIN_POSITIVE);
    let width = out.len();
    out.fill(0.0);
    for (&a, weights) in own.iter().zip(head.chunks(width + 1)) {
        add(out, a * scale, weights);
    }
    for (j, row) in rows.iter().enumerate().filter(|&(j, _)| j != unknown) {
        let each = column(span, rows.len(), j).zip(own);
        let share: f32 = each.map(|(a, own)| a * own).sum();
        add(out, -share * scale, row);
    }
}

/// a_t: what the biases leave when all other columns of A (K × N) are taken away.
fn own_column(world: &World<'_>, head: &[f32], span: &[f32], unknown: usize) -> Vec<f32> {
    let rows = span.chunks_exact(span.len() / world.shape.classes);
    let biases = head.chunks_exact(world.shape.features + 1);
    let each = rows.zip(biases).map(|(row, weights)| {
        row[unknown] + weights[world.shape.features] - row.iter().sum::<f32>()
    });
    each.collect()
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
