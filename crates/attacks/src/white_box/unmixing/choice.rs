//! The strength of the ridge, one map for all classes or one each, and whether what is seen beside the
//! rows is read at all: what has the smallest error on shadow heads that nothing was fitted to.
//!
//! Errors are compared in a sketch of the pixels, random combinations ±1/√s of them: a squared error
//! keeps its mean there, and all choices are measured by the same combinations. So a try solves for a
//! few targets in place of all, and only the choice is solved in full.

use datasets::StreamKey;
use faer::{Mat, MatRef};
use rand::RngExt;
use rayon::prelude::*;

use crate::AttackError;
use crate::white_box::ridge::{Linear, Moments, rows};

/// Ridge strengths that are tried.
const STRENGTHS: [f32; 5] = [1e-3, 1e-2, 3e-2, 0.1, 0.3];
/// Combinations of pixels that errors are compared in, where there are more pixels.
const SKETCH: usize = 64;

/// Inputs of one class, with targets.
pub(super) struct HeldOut {
    /// Heads × (inputs + 1).
    pub inputs: Vec<f32>,
    /// Heads × pixels.
    pub images: Vec<f32>,
}

/// One way to fit the maps.
#[derive(Clone, Copy)]
struct Way {
    strength: f32,
    /// Inputs that are not read.
    left_out: usize,
    /// One map for all classes.
    shared: bool,
}

impl Way {
    /// The maps, for targets whose products with the inputs are `each` of every class and `shared` of
    /// all.
    fn maps<'m>(
        self,
        all: &Moments,
        moments: &[Moments],
        shared: MatRef<'_, f32>,
        each: impl Fn(usize) -> MatRef<'m, f32> + Sync,
    ) -> Option<Vec<Linear>> {
        if self.shared {
            let map = all.solve_for(shared, self.strength, self.left_out)?;
            return Some(vec![map; moments.len()]);
        }
        let classes = moments.par_iter().enumerate();
        classes
            .map(|(class, it)| it.solve_for(each(class), self.strength, self.left_out))
            .collect()
    }
}

/// The maps of every class; the last `beside` inputs are seen beside the weights, and the `products` before them are not
/// estimates of features. What tells nothing is left out, from behind.
///
/// # Errors
/// If no way gives finite coefficients.
pub(super) fn choose(
    moments: &[Moments],
    (products, beside): (usize, usize),
    held_out: &[HeldOut],
    key: StreamKey,
) -> Result<Vec<Linear>, AttackError> {
    let mut all = moments[0].clone();
    moments[1..].iter().for_each(|other| all.merge(other));
    let sketch = sketch(all.products().ncols(), key);
    let targets: Vec<Mat<f32>> = held_out
        .par_iter()
        .map(|it| rows(&it.images, sketch.nrows()) * sketch.as_ref())
        .collect();
    let each: Vec<Mat<f32>> = moments
        .par_iter()
        .map(|it| it.products() * sketch.as_ref())
        .collect();
    let shared = all.products() * sketch.as_ref();
    let tries = |strength: f32, left_out: usize| -> Vec<(f64, Way)> {
        let ways = [true, false].map(|shared| Way {
            strength,
            left_out,
            shared,
        });
        let errors = ways.into_iter().filter_map(|way| {
            let maps = way.maps(&all, moments, shared.as_ref(), |class| each[class].as_ref())?;
            Some((error(&maps, held_out, &targets), way))
        });
        errors.filter(|(error, _)| error.is_finite()).collect()
    };
    let least = |tried: &[(f64, Way)]| tried.iter().map(|it| it.0).fold(f64::INFINITY, f64::min);
    // Inputs that tell nothing are noise to a fit on few heads: it may do without them.
    let mut tried: Vec<(f64, Way)> = Vec::new();
    let mut best = (f64::INFINITY, 0);
    for (at, &strength) in STRENGTHS.iter().enumerate() {
        let more = tries(strength, products + beside);
        let error = least(&more);
        if error < best.0 {
            best = (error, at);
        }
        tried.extend(more);
    }
    if products > 0 {
        // They may tell more than the estimates do, whose best strength then says nothing.
        for strength in STRENGTHS {
            tried.extend(tries(strength, beside));
        }
    }
    if beside > 0 {
        // More inputs want a stronger ridge, and their systems take nearly all of the time: upwards
        // from the best, while it helps.
        let mut last = f64::INFINITY;
        for &strength in &STRENGTHS[best.1..] {
            let more = tries(strength, 0);
            let error = least(&more);
            tried.extend(more);
            // What was singular may not be so with a stronger one.
            if last.is_finite() && error >= last {
                break;
            }
            last = error;
        }
    }
    tried.sort_by(|a, b| a.0.total_cmp(&b.0));
    let products = |class: usize| moments[class].products();
    let maps = tried
        .iter()
        .find_map(|(_, way)| way.maps(&all, moments, all.products(), products));
    maps.ok_or_else(|| AttackError::Singular {
        attack: "unmixing",
        reason: "no ridge strength gives finite coefficients".into(),
    })
}

/// Squared error of the maps, summed class by class in order, whatever the threads.
fn error(maps: &[Linear], held_out: &[HeldOut], targets: &[Mat<f32>]) -> f64 {
    let classes = maps.par_iter().zip(held_out).zip(targets);
    let each = classes.map(|((map, it), target)| {
        let found = map.apply(&it.inputs);
        let rows = found.chunks(target.ncols()).enumerate();
        let squares = rows.flat_map(|(i, row)| {
            let values = row.iter().enumerate();
            values.map(move |(j, x)| f64::from(x - target[(i, j)]).powi(2))
        });
        squares.sum::<f64>()
    });
    each.collect::<Vec<_>>().iter().sum()
}

/// Pixels × combinations; the pixels themselves where they are no more.
fn sketch(pixels: usize, key: StreamKey) -> Mat<f32> {
    if pixels <= SKETCH {
        return Mat::identity(pixels, pixels);
    }
    let mut rng = key.child("sketch").rng(0);
    let size = 1.0 / (SKETCH as f32).sqrt();
    Mat::from_fn(pixels, SKETCH, |_, _| match rng.random::<bool>() {
        true => size,
        false => -size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// Inputs, a constant behind, and targets that are a map of the first two inputs with noise.
    fn sample(count: usize, targets: usize, seed: u64) -> HeldOut {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut inputs, mut images) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let x: [f32; 4] = std::array::from_fn(|_| rng.random_range(-1.0..1.0));
            inputs.extend(x.into_iter().chain([1.0]));
            images.extend((0..targets).map(|j| {
                let phase = j as f32 * 0.1;
                x[0] * phase.sin() + x[1] * phase.cos() + 0.5 + rng.random_range(-0.01..0.01)
            }));
        }
        HeldOut { inputs, images }
    }

    #[test]
    fn the_choice_is_the_map_and_leaves_out_what_tells_nothing() {
        let targets = 100;
        let fitted = sample(12, targets, 1);
        let mut moments = Moments::new(4, targets);
        moments.add(&fitted.inputs, &fitted.images);
        let held_out = [sample(200, targets, 2)];
        let maps = choose(&[moments], (0, 2), &held_out, StreamKey::from_seed(1)).unwrap();
        let coefficients = maps[0].coefficients();
        // Twelve samples fit noise to the two inputs behind: better without.
        assert!(
            coefficients[2 * targets..4 * targets]
                .iter()
                .all(|&b| b == 0.0)
        );
        for j in 0..targets {
            let phase = j as f32 * 0.1;
            let wanted = [phase.sin(), phase.cos(), 0.5];
            let found = [0, 1, 4].map(|i| coefficients[i * targets + j]);
            for (found, wanted) in found.iter().zip(wanted) {
                assert!((found - wanted).abs() < 0.05, "{found} {wanted}");
            }
        }
    }
}
