//! The attack's reconstructions beside the owner's records, and how often chance does as well.

use attacks::{Aim, Membership, WhiteBox, World};
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

/// What is found of all records by one kind of attack: how well it does on each, smaller being better,
/// and how often chance does as well.
pub struct Found {
    /// For each record.
    pub unit: Vec<f64>,
    /// The same of each head that was never trained on them.
    pub null: Vec<Vec<f64>>,
}

impl Found {
    fn chance(&self) -> Vec<Chance> {
        chance(&self.unit, &self.null)
    }
}

impl Beside<'_> {
    /// Heads by the recipe that were never trained on the records.
    ///
    /// # Errors
    /// If they cannot be trained.
    pub fn others(&self) -> Result<ShadowBatch, HarnessError> {
        let count = (NULLS_A_RECORD * self.records.len()).clamp(NULLS[0], NULLS[1]);
        let stream = self.world.victims()?;
        let mut heads = stream.batch(count);
        stream.fill(START, &mut heads);
        Ok(heads)
    }

    /// What is found of every record by reconstruction and by membership, most at risk first.
    ///
    /// # Errors
    /// If heads cannot be trained.
    pub fn rank(
        &self,
        head: &[f32],
        images: &[f32],
        progress: &Progress,
    ) -> Result<(Vec<Record>, usize), HarnessError> {
        let others = self.others()?;
        let read = Found {
            unit: self.errors(images),
            null: self.errors_of(&others, progress),
        };
        let members = self.membership(head, &others, progress)?;
        let chances = [read.chance(), members.chance()];
        let mut records: Vec<Record> = (0..self.records.len())
            .map(|index| {
                let mut null: Vec<f64> = read.null.iter().map(|errors| errors[index]).collect();
                null.sort_by(f64::total_cmp);
                let [reading, belonging] = [&chances[0][index], &chances[1][index]];
                Record {
                    index,
                    class: self.records.images.labels()[index] as usize,
                    original: self.records.images.image(index).to_vec(),
                    target: self.target(index),
                    error: read.unit[index],
                    error_null: null[null.len() / 2],
                    p: reading.p,
                    adjusted: reading.adjusted,
                    membership: -members.unit[index],
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
        Ok((records, others.len()))
    }

    fn target(&self, record: usize) -> usize {
        match self.model.aim() {
            Aim::Set => 0,
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

    /// The same of several heads.
    pub fn errors_of(&self, heads: &ShadowBatch, progress: &Progress) -> Vec<Vec<f64>> {
        let step = progress.step("heads trained on other data", heads.len() as u64);
        let mut errors = Vec::with_capacity(heads.len());
        for from in (0..heads.len()).step_by(BLOCK) {
            let block = part(heads, from, BLOCK.min(heads.len() - from));
            let images = self.model.reconstruct(self.world, &block);
            let each = images.par_chunks(images.len() / block.len());
            errors.extend(each.map(|images| self.errors(images)).collect::<Vec<_>>());
            step.at((from + block.len()) as u64, "");
        }
        errors
    }

    /// Minus the log-likelihood ratio of every record, under the head and under others.
    ///
    /// # Errors
    /// If shadow heads cannot be trained.
    pub fn membership(
        &self,
        head: &[f32],
        others: &ShadowBatch,
        progress: &Progress,
    ) -> Result<Found, HarnessError> {
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
        let from = public.len();
        let step = progress.step("membership tests", self.records.len() as u64);
        let scores: Vec<Vec<f64>> = (0..self.records.len())
            .into_par_iter()
            .map(|record| {
                let others = (0..others.len()).map(|other| others.head(other));
                let heads = std::iter::once(head).chain(others);
                test.of_example((from + record) as u32, heads, "audit")
            })
            .collect::<Result<_, _>>()?;
        drop(step);
        let of = |head: usize| scores.iter().map(|scores| scores[head]).collect();
        Ok(Found {
            unit: of(0),
            null: (1..=others.len()).map(of).collect(),
        })
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
        let (scores, _) = calibration.scored(vec![least], Vec::new());
        let rate = |scores: &[f64]| {
            let called = scores.iter().filter(|&&score| score < threshold).count();
            called as f64 / scores.len().max(1) as f64
        };
        let value = scores.victims.first().map_or(0.0, |scores| rate(scores));
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

fn part(heads: &ShadowBatch, from: usize, count: usize) -> ShadowBatch {
    let (weights, members) = (heads.head(0).len(), heads.members(0).len());
    ShadowBatch {
        heads: count,
        weights: heads.weights[from * weights..][..count * weights].to_vec(),
        members: heads.members[from * members..][..count * members].to_vec(),
    }
}

#[cfg(test)]
mod tests;
