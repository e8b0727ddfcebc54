//! The shadow stream: heads made on demand, any of them, in any order, on any number of threads.

use datasets::{FeatureSet, Pool, StreamKey};
use rayon::prelude::*;

use crate::shape::setting;
use crate::{HeadShape, Recipe, Trainer, TransferError};

/// Heads that a thread makes at least before it takes others: scratch memory is set up for each lot.
const HEADS_A_TASK: usize = 8;

/// A batch of heads with the examples that they were trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct ShadowBatch {
    /// Number of heads.
    pub heads: usize,
    /// Weights, heads × weight length.
    pub weights: Vec<f32>,
    /// Training examples, heads × N: class 0's c shots, then class 1's, and so on.
    pub members: Vec<u32>,
}

impl ShadowBatch {
    /// The weights of head `i` of this batch.
    pub fn head(&self, i: usize) -> &[f32] {
        let len = self.weights.len() / self.heads;
        &self.weights[i * len..(i + 1) * len]
    }

    /// The training examples of head `i` of this batch.
    pub fn members(&self, i: usize) -> &[u32] {
        let len = self.members.len() / self.heads;
        &self.members[i * len..(i + 1) * len]
    }

    /// Number of heads.
    pub fn len(&self) -> usize {
        self.heads
    }

    /// Whether there is no head.
    pub fn is_empty(&self) -> bool {
        self.heads == 0
    }
}

/// An endless, reproducible sequence of heads, each trained on its own balanced few-shot draw from
/// a pool. Head i depends on the key and on i alone; memory does not grow with the number of heads.
#[derive(Clone, Debug)]
pub struct ShadowStream<'a> {
    features: &'a FeatureSet,
    pool: &'a Pool,
    trainer: Trainer,
    shots: usize,
    key: StreamKey,
}

impl<'a> ShadowStream<'a> {
    /// Checks that the recipe can train heads of this shape on `shots` examples a class of `pool`,
    /// and that head 0 does not diverge.
    pub fn new(
        features: &'a FeatureSet,
        pool: &'a Pool,
        shape: HeadShape,
        recipe: Recipe,
        shots: usize,
        key: StreamKey,
    ) -> Result<Self, TransferError> {
        Self::by(features, pool, Trainer::new(shape, recipe)?, shots, key)
    }

    /// The same for heads of this trainer.
    pub fn by(
        features: &'a FeatureSet,
        pool: &'a Pool,
        trainer: Trainer,
        shots: usize,
        key: StreamKey,
    ) -> Result<Self, TransferError> {
        if shots == 0 {
            return Err(setting("shots", shots, "at least 1"));
        }
        if pool.classes() != trainer.shape().classes {
            return Err(TransferError::Classes {
                head: trainer.shape().classes,
                data: pool.classes(),
            });
        }
        pool.check_shots(shots)?;
        if let Some(index) = pool.indices().find(|&i| i as usize >= features.len()) {
            return Err(TransferError::Members {
                count: pool.len(),
                reason: format!("example {index} is not among the {}", features.len()),
            });
        }
        let mut stream = Self {
            features,
            pool,
            trainer,
            shots,
            key,
        };
        let mut weights = vec![0.0; stream.weight_len()];
        let mut members = Vec::new();
        let mut trainer = stream.trainer.clone();
        stream.make(0, &mut trainer, &mut members, &mut weights)?;
        stream.trainer = trainer;
        Ok(stream)
    }

    /// Weights a head.
    pub fn weight_len(&self) -> usize {
        self.trainer.shape().weight_len()
    }

    /// Examples a head, N: K·c where classes have as many.
    pub fn member_len(&self) -> usize {
        self.pool.drawn(self.shots)
    }

    /// Shots c.
    pub fn shots(&self) -> usize {
        self.shots
    }

    /// The shape of the heads.
    pub fn shape(&self) -> HeadShape {
        self.trainer.shape()
    }

    /// The recipe of the heads.
    pub fn recipe(&self) -> Recipe {
        self.trainer.recipe()
    }

    /// Head number `index`: its weights and its training examples.
    ///
    /// # Errors
    /// [`TransferError::Diverged`] and [`TransferError::NotConverged`]; all else was checked in
    /// [`ShadowStream::new`].
    pub fn head(&self, index: u64) -> Result<(Vec<f32>, Vec<u32>), TransferError> {
        let mut weights = vec![0.0; self.weight_len()];
        let mut members = Vec::new();
        let mut trainer = self.trainer.clone();
        self.make(index, &mut trainer, &mut members, &mut weights)?;
        Ok((weights, members))
    }

    /// An empty batch to be filled with `heads` heads.
    pub fn batch(&self, heads: usize) -> ShadowBatch {
        ShadowBatch {
            heads,
            weights: vec![0.0; heads * self.weight_len()],
            members: vec![0; heads * self.member_len()],
        }
    }

    /// Fills `batch` with heads `start`, `start + 1`, …, in parallel; the same bits for any number
    /// of threads. A batch of other sizes than this stream's is resized.
    ///
    /// # Errors
    /// Those of [`ShadowStream::head`], of the first head that has one: no head that was not
    /// trained to its end is ever handed out.
    pub fn fill(&self, start: u64, batch: &mut ShadowBatch) -> Result<(), TransferError> {
        batch.weights.resize(batch.heads * self.weight_len(), 0.0);
        batch.members.resize(batch.heads * self.member_len(), 0);
        batch
            .weights
            .par_chunks_exact_mut(self.weight_len())
            .zip(batch.members.par_chunks_exact_mut(self.member_len()))
            .enumerate()
            .with_min_len(HEADS_A_TASK)
            .map_init(
                || (self.trainer.clone(), Vec::new()),
                |(trainer, members), (i, (weights, out))| {
                    self.make(start + i as u64, trainer, members, weights)?;
                    out.copy_from_slice(members);
                    Ok(())
                },
            )
            .find_map_first(Result::err)
            .map_or(Ok(()), Err)
    }

    fn make(
        &self,
        index: u64,
        trainer: &mut Trainer,
        members: &mut Vec<u32>,
        weights: &mut [f32],
    ) -> Result<(), TransferError> {
        let mut rng = self.key.rng(index);
        self.pool.draw(self.shots, &mut rng, members);
        trainer.train(self.features, members, &mut rng, weights)
    }
}

#[cfg(test)]
mod tests;
