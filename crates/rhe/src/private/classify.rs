//! Classification: features in the clear to results that hide them.

use super::protect::slots;
use super::results::PrivateResult;
use super::ring::{Masks, Poly, Ring, SIZE, errors, ternary, uniform};
use super::{PrivateResults, ProtectedPrivate};
use crate::error::RheError;
use crate::head::image_count;
use crate::quantise::QuantisedFeatures;
use crate::randomness::system_generator;
use rand::CryptoRng;
use rayon::prelude::*;

/// A private head made ready to classify.
#[derive(Debug)]
pub struct PrivateClassifier {
    head: ProtectedPrivate,
    ring: Ring,
    /// Masks and bodies of the weights, as values.
    rows: Vec<[Poly; 2]>,
    /// Masks and bodies of the biases, as values.
    biases: Vec<[Poly; 2]>,
    /// p1 and p0, as values.
    zero: [Poly; 2],
}

impl PrivateClassifier {
    /// Makes a head ready: expands its seed.
    pub fn new(head: &ProtectedPrivate) -> Self {
        let ring = Ring::new();
        let mut masks = Masks::new(&head.seed);
        let mut ready = |body: &Poly| {
            let mut pair = [masks.draw(), body.clone()];
            pair.iter_mut().for_each(|poly| ring.forward(poly));
            pair
        };
        Self {
            rows: head.bodies.iter().map(&mut ready).collect(),
            biases: head.bias_bodies.iter().map(&mut ready).collect(),
            zero: ready(&head.zero),
            head: head.clone(),
            ring,
        }
    }

    /// d, the number of features an image must have.
    pub fn features(&self) -> usize {
        self.head.features()
    }

    /// Results of `images × d` features, row-major, each hidden by randomness of its own from the
    /// operating system; on all threads of the rayon pool.
    pub fn classify(&self, features: &[f32]) -> Result<PrivateResults, RheError> {
        let images = image_count(features, self.features())?;
        PrivateResults::check_size(&self.head.shape, images)?;
        let rows = features.par_chunks_exact(self.features()).enumerate();
        let images = rows.map_init(
            || (QuantisedFeatures::default(), Vec::new()),
            |(rounded, scratch), (image, row)| {
                let space = &self.head.shape.space;
                let row = self.head.scale.apply(row, scratch);
                rounded.fill_fixed(row, space.scale as u32, space.max_feature as u32, image)?;
                Ok(self.evaluate(&rounded.values, &mut system_generator()?, space.flood))
            },
        );
        let images = images.collect::<Result<Vec<_>, RheError>>()?;
        Ok(PrivateResults {
            key: self.head.key,
            head: self.head.id,
            shape: self.head.shape,
            step: self.head.step.clone(),
            images,
        })
    }

    /// One image, hidden by a flood of [−`flood`, `flood`].
    pub(super) fn evaluate(
        &self,
        x: &[i32],
        rng: &mut impl CryptoRng,
        flood: i128,
    ) -> PrivateResult {
        let packing = self.head.shape.packing;
        let chunks: Vec<Poly> = (0..packing.chunks)
            .map(|chunk| {
                let mut poly = reversed(&x[packing.chunk(chunk)]);
                self.ring.forward(&mut poly);
                poly
            })
            .collect();
        let mut result = PrivateResult::default();
        for group in 0..packing.groups {
            let mut blind = Poly::from_signed(ternary(rng).into_iter());
            self.ring.forward(&mut blind);
            let [mut mask, mut body] = self.biases[group].clone();
            let rows = &self.rows[group * packing.chunks..][..packing.chunks];
            let terms = rows.iter().zip(&chunks).chain([(&self.zero, &blind)]);
            for ([row_mask, row_body], factor) in terms {
                self.ring.multiply_add(&mut mask, row_mask, factor);
                self.ring.multiply_add(&mut body, row_body, factor);
            }
            self.ring.inverse(&mut mask);
            self.ring.inverse(&mut body);
            mask.add_assign(&Poly::from_signed(errors(rng).into_iter()));
            for at in slots(&self.head.shape, group) {
                body.add_at(at, uniform(rng, flood));
                result.bodies.push(body.at(at));
            }
            result.masks.push(mask);
        }
        result
    }
}

/// x(X^-1) = x_0 − Σ_{j>0} x_j·X^(N−j).
fn reversed(x: &[i32]) -> Poly {
    let coefficient = |at: usize| match at {
        0 => x.first().map_or(0, |&x| i64::from(x)),
        _ => x.get(SIZE - at).map_or(0, |&x| -i64::from(x)),
    };
    Poly::from_signed((0..SIZE).map(coefficient))
}
