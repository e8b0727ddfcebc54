//! The attack's reconstructions beside the owner's records, and how often chance does as well.

use std::sync::atomic::{AtomicU64, Ordering};

use attacks::{Aim, Examples, Membership, WhiteBox, World};
use datasets::{FeatureSet, ImageSet};
use evaluation::{Chance, chance, mse};
use rayon::prelude::*;
use transfer::ShadowBatch;

use super::finding::{Record, Share};
use super::records::Records;
use crate::error::HarnessError;
use crate::heads::calibration::Calibration;
use crate::progress::Progress;

/// Heads that a record is held against: so many a record, within these bounds. The smallest adjusted
/// p-value is about one over them.
const NULLS_A_RECORD: usize = 40;
const NULLS: [usize; 2] = [1_000, 20_000];
/// Of those, how many are reconstructed from at once.
const BLOCK: usize = 200;
/// Shadow heads of a record's membership test, half of them trained on it.
const SHADOWS: usize = 128;
/// Where in the victims' stream these heads begin: far beyond the victims' own numbers, and beyond those
/// of their null.
const START: u64 = 1 << 41;

/// An attack and the records that it may have read back.
pub struct Beside<'a> {
    /// Public data, and how heads are trained.
    pub world: &'a World<'a>,
    /// The owner's.
    pub records: &'a Records,
    /// The attack.
    pub model: &'a dyn WhiteBox,
}

/// How well attacks do on every record by each of some heads, smaller being better.
#[derive(Default)]
pub struct Found {
    /// Errors of the reconstructions, a list a head.
    pub errors: Vec<Vec<f64>>,
    /// Minus the log-likelihood ratios of membership.
    pub ratios: Vec<Vec<f64>>,
}

impl Found {
    /// How often chance, which is `self`, does as well on each record as the head `at` of `other`: by
    /// reconstruction, and by membership.
    pub fn chances(&self, other: &Self, at: usize) -> [Vec<Chance>; 2] {
        [
            chance(&other.errors[at], &self.errors),
            chance(&other.ratios[at], &self.ratios),
        ]
    }
}

impl Beside<'_> {
    /// What is found by heads of the recipe that were never trained on the records. They are made some
    /// at a time: with many records there are more of them than memory holds.
    ///
    /// # Errors
    /// If they cannot be trained.
    pub fn others(&self, tests: &Examples, progress: &Progress) -> Result<Found, HarnessError> {
        let count = (NULLS_A_RECORD * self.records.len()).clamp(NULLS[0], NULLS[1]);
        let stream = self.world.victims()?;
        let step = progress.step("heads trained on other data", count as u64);
        let mut found = Found::default();
        for from in (0..count).step_by(BLOCK) {
            let mut heads = stream.batch(BLOCK.min(count - from));
            stream.fill(START + from as u64, &mut heads)?;
            let more = self.found(&heads, tests)?;
            found.errors.extend(more.errors);
            found.ratios.extend(more.ratios);
            step.at((from + heads.len()) as u64, "");
        }
        Ok(found)
    }

    /// What is found by these heads.
    ///
    /// # Errors
    /// If they are of another shape.
    pub fn found(&self, heads: &ShadowBatch, tests: &Examples) -> Result<Found, HarnessError> {
        let images = self.model.reconstruct(self.world, heads);
        let each = images.par_chunks(images.len() / heads.len());
        let ratios = (0..heads.len()).into_par_iter();
        Ok(Found {
            errors: each.map(|images| self.errors(images)).collect(),
            ratios: ratios
                .map(|head| tests.ratios(heads.head(head)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Every record by reconstruction and by membership, most at risk first, and the number of heads
    /// that they are held against.
    ///
    /// # Errors
    /// If heads cannot be trained.
    pub fn rank(
        &self,
        head: &ShadowBatch,
        progress: &Progress,
    ) -> Result<(Vec<Record>, usize), HarnessError> {
        let tests = self.tests(progress)?;
        let own = self.found(head, &tests)?;
        let others = self.others(&tests, progress)?;
        let chances = others.chances(&own, 0);
        let mut records: Vec<Record> = (0..self.records.len())
            .map(|index| {
                let null = others.errors.iter().map(|errors| errors[index]);
                let mut null: Vec<f64> = null.collect();
                null.sort_by(f64::total_cmp);
                let [reading, belonging] = [&chances[0][index], &chances[1][index]];
                Record {
                    index,
                    class: self.records.images.labels()[index] as usize,
                    original: self.records.images.image(index).to_vec(),
                    target: self.target(index),
                    error: own.errors[0][index],
                    error_null: null[null.len() / 2],
                    p: reading.p,
                    adjusted: reading.adjusted,
                    membership: -own.ratios[0][index],
                    membership_p: belonging.p,
                    membership_adjusted: belonging.adjusted,
                }
            })
            .collect();
        let risk = |record: &Record| record.p.min(record.membership_p);
        records.sort_by(|a, b| {
            let own = risk(a).total_cmp(&risk(b));
            own.then(a.error.total_cmp(&b.error))
        });
        Ok((records, others.errors.len()))
    }

    fn target(&self, record: usize) -> usize {
        match self.model.aim() {
            Aim::Set | Aim::Positive => 0,
            _ => self.records.images.labels()[record] as usize,
        }
    }

    /// Errors of every record, from the reconstructions of one head.
    pub fn errors(&self, images: &[f32]) -> Vec<f64> {
        let pixels = self.world.pixels();
        let records = 0..self.records.len();
        records
            .map(|record| {
                let image = &images[self.target(record) * pixels..][..pixels];
                mse(image, self.records.images.image(record))
            })
            .collect()
    }

    /// The membership test of every record.
    ///
    /// # Errors
    /// If shadow heads cannot be trained.
    pub fn tests(&self, progress: &Progress) -> Result<Examples, HarnessError> {
        // The test asks about records, so they stand beside the public data, in nobody's part.
        let (public, rows) = (self.world.images, self.world.features);
        let images = ImageSet::append(vec![public.clone(), self.records.images.clone()])?;
        let mut values = rows.values().to_vec();
        values.extend_from_slice(self.records.features.values());
        let labels = images.labels().to_vec();
        let features = FeatureSet::new(rows.width(), values, labels, images.classes())?;
        let world = World {
            images: &images,
            features: &features,
            ..self.world.clone()
        };
        let test = Membership::new(&world, SHADOWS, spec::Release::Weights)?;
        let indices: Vec<u32> = (public.len() as u32..images.len() as u32).collect();
        let step = progress.step("membership tests", indices.len() as u64);
        let ready = AtomicU64::new(0);
        let done = || step.at(ready.fetch_add(1, Ordering::Relaxed) + 1, "");
        Ok(test.examples(&indices, "audit", &done)?)
    }

    /// Share of the head's targets that are called at 1 % false positives, with its place among
    /// `simulated` heads, of which these are the scores.
    ///
    /// # Errors
    /// If heads cannot be trained.
    pub fn share(
        &self,
        images: &[f32],
        threshold: f64,
        simulated: &[Vec<f64>],
    ) -> Result<Share, HarnessError> {
        let mut least = vec![f64::INFINITY; self.model.aim().targets()];
        for (record, error) in self.errors(images).into_iter().enumerate() {
            let target = self.target(record);
            least[target] = least[target].min(error);
        }
        let calibration = Calibration::fit(self.world, self.model)?;
        let found = least
            .iter()
            .enumerate()
            .filter(|(_, error)| error.is_finite());
        let own: Vec<f64> = found
            .map(|(target, &error)| calibration.score(target, error))
            .collect();
        let rate = |scores: &[f64]| {
            let called = scores.iter().filter(|&&score| score < threshold).count();
            called as f64 / scores.len().max(1) as f64
        };
        let value = rate(&own);
        let below = simulated
            .iter()
            .filter(|scores| rate(scores) <= value)
            .count();
        Ok(Share {
            value,
            quantile: below as f64 / simulated.len().max(1) as f64,
        })
    }
}

#[cfg(test)]
mod tests;
