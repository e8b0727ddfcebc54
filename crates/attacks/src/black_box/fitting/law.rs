//! What the adversary believes about a head with a hidden layer before the first query: a normal law
//! over heads in one form, θ = μ + B c + s ∘ ε with standard normal c and ε, fitted to shadow heads.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par, Side};
use rand::seq::SliceRandom;
use rayon::prelude::*;
use transfer::{Head, HeadShape};

use super::form::Form;
use crate::alone::alone;
use crate::{AttackError, World};

/// Shadow heads that the law is fitted to.
const HEADS: usize = 2000;
/// Fewest of them that a law can be fitted to.
const LEAST: usize = 200;
/// Leading principal directions that are kept.
const DIRECTIONS: usize = 500;
/// Public images on which the scale of logits is measured.
const PROBES: usize = 512;
/// Heads whose squared norm is more than so many times the usual one are left out.
const STRANGE: f32 = 10.0;
/// Rounds in which heads are aligned to the mean of the aligned heads.
const ROUNDS: usize = 4;

/// A normal law over heads with one hidden layer, in one form: units aligned with the mean head,
/// layers balanced, and logits of the same root mean square on public images. Neither order nor
/// scale shows in a label.
#[derive(Clone, Debug)]
pub struct HiddenLaw {
    pub(super) shape: HeadShape,
    pub(super) form: Form,
    /// Features of the images that scale is measured on.
    probes: Vec<f32>,
    /// Median root mean square of the shadow heads' centred logits.
    pub(super) size: f32,
    /// Mean head μ.
    pub(super) mean: Vec<f32>,
    /// Principal directions times their standard deviations: weights × directions, row-major.
    pub(super) directions: Vec<f32>,
    pub(super) kept: usize,
    /// Standard deviation s of what no direction explains, for each weight.
    pub(super) rest: Vec<f32>,
    /// The shadow heads, in the form.
    pub(super) heads: Vec<f32>,
}

impl HiddenLaw {
    /// Fits the law to shadow heads of `world`.
    ///
    /// # Errors
    /// For heads without a hidden layer, and if few shadow heads keep finite weights and logits that
    /// differ from image to image or class to class.
    pub fn fit(world: &World<'_>) -> Result<Self, AttackError> {
        let Some(form) = Form::of(&world.shape) else {
            return Err(spec::Unsuited {
                what: "extraction by fitting",
                head: world.shape.kind.described(),
                hint: "use extraction under a normal prior",
            }
            .into());
        };
        let mut public: Vec<u32> = world.split.public.indices().collect();
        public.shuffle(&mut world.key.child("fitting probes").rng(0));
        public.truncate(PROBES);
        let probes = public
            .iter()
            .flat_map(|&index| world.features.row(index as usize))
            .copied()
            .collect();
        let shadows = world.shadows("extraction by fitting")?;
        let mut batch = shadows.batch(HEADS);
        shadows.fill(0, &mut batch)?;
        let mut law = Self {
            shape: world.shape,
            form,
            probes,
            size: 1.0,
            mean: Vec::new(),
            directions: Vec::new(),
            kept: 0,
            rest: Vec::new(),
            heads: Vec::new(),
        };
        law.normalise(batch.weights)?;
        law.spread()?;
        Ok(law)
    }

    /// Brings the shadow heads into the form and keeps those that have one, with their mean.
    fn normalise(&mut self, mut weights: Vec<f32>) -> Result<(), AttackError> {
        let (form, len) = (self.form, self.form.len());
        let sizes: Vec<f32> = weights
            .par_chunks(len)
            .map(|head| self.size_of(head).unwrap_or(0.0))
            .collect();
        self.size = middle(sizes.iter().copied());
        let size = self.size;
        let powers: Vec<f32> = weights
            .par_chunks_mut(len)
            .zip(&sizes)
            .map(|(head, own)| {
                if *own == 0.0 {
                    return 0.0;
                }
                form.scale(head, size / own);
                form.balance(head);
                head.iter().map(|w| w * w).sum()
            })
            .collect();
        // A unit that fell silent after a large step can be of any size: it says nothing and would
        // drown the others.
        let most = STRANGE * middle(powers.iter().copied());
        let usual = |power: f32| power > 0.0 && power <= most;
        let count = powers.iter().filter(|power| usual(**power)).count();
        if count < LEAST {
            return Err(AttackError::Singular {
                attack: "extraction by fitting",
                reason: format!("only {count} of {} shadow heads have answers", powers.len()),
            });
        }
        let heads = weights.chunks(len).zip(&powers);
        self.heads = heads
            .filter(|(_, power)| usual(**power))
            .flat_map(|(head, _)| head)
            .copied()
            .collect();
        self.mean = self.heads[..len].to_vec();
        for _ in 0..ROUNDS {
            let reference = &self.mean;
            self.heads
                .par_chunks_mut(len)
                .for_each(|head| form.align(head, reference));
            let mut mean = vec![0.0_f64; len];
            for head in self.heads.chunks(len) {
                mean.iter_mut()
                    .zip(head)
                    .for_each(|(sum, w)| *sum += f64::from(*w));
            }
            self.mean = mean.iter().map(|sum| (sum / count as f64) as f32).collect();
        }
        Ok(())
    }

    /// Principal directions of the heads, and what they leave.
    fn spread(&mut self) -> Result<(), AttackError> {
        let len = self.form.len();
        let count = self.heads.len() / len;
        let mut apart = self.heads.clone();
        for head in apart.chunks_mut(len) {
            head.iter_mut()
                .zip(&self.mean)
                .for_each(|(w, mean)| *w -= mean);
        }
        let heads = MatRef::from_row_major_slice(&apart, count, len);
        let mut gram = Mat::<f32>::zeros(count, count);
        // One thread: the same bits on any machine with any number of cores.
        matmul(
            &mut gram,
            Accum::Replace,
            heads,
            heads.transpose(),
            1.0,
            Par::Seq,
        );
        let gram = Mat::from_fn(count, count, |i, j| f64::from(gram[(i, j)]));
        let eigen = alone(1, |_| gram.self_adjoint_eigen(Side::Lower))
            .pop()
            .unwrap_or(Err(faer::linalg::evd::EvdError::NoConvergence))
            .map_err(|_| AttackError::Singular {
                attack: "extraction by fitting",
                reason: "the shadow heads' covariance has no eigenvalues".into(),
            })?;
        let free = (count - 1).max(1) as f64;
        let kept = DIRECTIONS.min(count / 2).min(len / 2);
        // Eigenvalues ascend; the leading ones stand last.
        let mut loads = Mat::<f32>::zeros(count, kept);
        for column in 0..kept {
            for row in 0..count {
                let load = eigen.U()[(row, count - 1 - column)] / free.sqrt();
                loads[(row, column)] = load as f32;
            }
        }
        // Directions u = Xᵀ v / √λ times their standard deviation √(λ / (M − 1)).
        let mut directions = vec![0.0; len * kept];
        matmul(
            MatMut::from_row_major_slice_mut(&mut directions, len, kept),
            Accum::Replace,
            heads.transpose(),
            &loads,
            1.0,
            Par::Seq,
        );
        let mut variance = vec![0.0_f64; len];
        for head in apart.chunks(len) {
            let squares = head.iter().map(|w| f64::from(*w).powi(2) / free);
            variance
                .iter_mut()
                .zip(squares)
                .for_each(|(sum, w)| *sum += w);
        }
        let typical = variance.iter().sum::<f64>() / len as f64;
        self.rest = variance
            .iter()
            .zip(directions.chunks(kept))
            .map(|(all, row)| {
                let own: f64 = row.iter().map(|b| f64::from(*b).powi(2)).sum();
                (all - own).max(1e-6 * typical).sqrt() as f32
            })
            .collect();
        (self.directions, self.kept) = (directions, kept);
        Ok(())
    }

    /// Root mean square of a head's centred logits on the probes; none if it is not a positive
    /// number.
    fn size_of(&self, weights: &[f32]) -> Option<f32> {
        let head = Head::new(self.shape, weights.to_vec()).ok()?;
        let logits = head.logits(&self.probes).ok()?;
        let mut power = 0.0_f64;
        for row in logits.chunks(self.form.outputs) {
            let mean = match row {
                [_] => 0.0,
                _ => row.iter().sum::<f32>() / row.len() as f32,
            };
            power += row.iter().map(|z| f64::from(z - mean).powi(2)).sum::<f64>();
        }
        let size = (power / logits.len() as f64).sqrt() as f32;
        (size.is_normal() && size > 1e-12).then_some(size)
    }

    /// Brings `weights` into the law's form: logits of the shadow heads' median size, layers balanced,
    /// units in the mean head's order. Weights that are not finite or answer nothing stay.
    pub fn normal_form(&self, weights: &mut [f32]) {
        let Some(size) = self.size_of(weights) else {
            return;
        };
        self.form.scale(weights, self.size / size);
        self.form.balance(weights);
        self.form.align(weights, &self.mean);
    }

    /// Cosine of two heads' weights in the law's form, over both layers: what is left when the order
    /// and sign of units, the balance of layers and the scale of logits do not count.
    pub fn cosine(&self, a: &[f32], b: &[f32]) -> f64 {
        let formed = |head: &[f32]| {
            let mut head = head.to_vec();
            self.normal_form(&mut head);
            head
        };
        let (mut a, b) = (formed(a), formed(b));
        // Two heads agree better about the order of their units than each does with the mean.
        self.form.align(&mut a, &b);
        let dot = |x: &[f32], y: &[f32]| -> f64 {
            let terms = x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y));
            terms.sum()
        };
        dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt().max(f64::MIN_POSITIVE)
    }
}

/// The median of the positive `values`; 0 where there are none.
fn middle(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.filter(|value| *value > 0.0).collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
