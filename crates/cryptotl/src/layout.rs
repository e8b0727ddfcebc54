//! Where everything lies in the slots.
//!
//! Slots are cut into `stride` interleaved blocks of length L: slot = position·stride + block, so a
//! rotation by r·stride turns every block by r. A block holds one input in its real parts and one in
//! its imaginary parts.
//!
//! Hidden unit u lies at position (u mod p)·S + ⌊u/p⌋, S ≥ hidden/p a power of two. Pooling is then
//! the sum over all positions equal modulo S: log2(L/S) rotations, after which the block has period
//! S, and the second matrix, with the pool's 1/p folded in, has S diagonals instead of `hidden`.

use crate::{CryptoTlError, LowerShape, error::shape_error};
use ckks::{Complex64, LinearMap};
use std::collections::BTreeSet;

/// How inputs lie in a ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// Inputs are repeated, so that a matrix has as many diagonals as columns: the fastest answer.
    Latency,
    /// Inputs are only padded to a power of two: the most inputs in a ciphertext.
    Throughput,
}

#[derive(Clone, Debug)]
pub(crate) struct Layout {
    shape: LowerShape,
    slots: usize,
    /// L.
    block: usize,
    /// Diagonals of the first matrix: the input repeats with this period.
    period: usize,
    /// S.
    group: usize,
    /// Baby steps of both matrices.
    baby: usize,
}

impl Layout {
    pub(crate) fn new(
        shape: LowerShape,
        slots: usize,
        packing: Packing,
    ) -> Result<Self, CryptoTlError> {
        let group = shape.pooled().next_power_of_two();
        let span = (shape.pool - 1) * group + shape.pooled();
        let padded = span
            .max(shape.inputs)
            .max(shape.features)
            .next_power_of_two();
        let repeated = (span + shape.inputs)
            .max(shape.features)
            .next_power_of_two();
        let repeat = packing == Packing::Latency && repeated <= slots;
        let (block, period) = if repeat {
            (repeated, shape.inputs)
        } else {
            (padded, padded)
        };
        if block > slots {
            return shape_error(
                "set up CryptoTL",
                format!("a network of {shape} needs {block} slots, the parameters have {slots}"),
            );
        }
        // A giant step costs about two baby steps: B near √(2D) balances B + 2D/B.
        let baby = 1 << ((2 * period) as f64).sqrt().log2().round() as u32;
        Ok(Self {
            shape,
            slots,
            block,
            period,
            group,
            baby,
        })
    }

    /// Blocks in a ciphertext.
    pub(crate) fn blocks(&self) -> usize {
        self.slots / self.block
    }

    pub(crate) fn baby(&self) -> usize {
        self.baby
    }

    fn hidden_position(&self, unit: usize) -> usize {
        unit % self.shape.pool * self.group + unit / self.shape.pool
    }

    /// Rotations that sum the positions equal modulo S.
    pub(crate) fn pool_rotations(&self) -> impl Iterator<Item = i64> {
        let (stride, block) = (self.blocks() as i64, self.block);
        std::iter::successors(Some(self.group), |step| Some(step * 2))
            .take_while(move |&step| step < block)
            .map(move |step| step as i64 * stride)
    }

    /// All rotations of the two matrices and the pool.
    pub(crate) fn rotations(&self) -> BTreeSet<i64> {
        let stride = self.blocks() as i64;
        let matrices = (0..self.period.max(self.group))
            .flat_map(|r| [r % self.baby, r / self.baby * self.baby])
            .filter(|&r| r != 0)
            .map(|r| r as i64 * stride);
        self.pool_rotations().chain(matrices).collect()
    }

    /// Up to 2·blocks inputs as slots: the first half of them real, the rest imaginary.
    pub(crate) fn pack(&self, inputs: &[&[f32]]) -> Vec<Complex64> {
        let (width, blocks) = (self.shape.inputs, self.blocks());
        let mut slots = vec![Complex64::default(); self.slots];
        for (at, input) in inputs.iter().enumerate() {
            for (position, slots) in slots.chunks_exact_mut(blocks).enumerate() {
                let source = position % self.period;
                if source < width {
                    let slot = &mut slots[at % blocks];
                    let part = if at < blocks {
                        &mut slot.re
                    } else {
                        &mut slot.im
                    };
                    *part = f64::from(input[source]);
                }
            }
        }
        slots
    }

    /// The features of `count` inputs.
    pub(crate) fn unpack(&self, slots: &[Complex64], count: usize) -> Vec<Vec<f32>> {
        let blocks = self.blocks();
        (0..count)
            .map(|at| {
                (0..self.shape.features)
                    .map(|feature| {
                        let slot = slots[feature * blocks + at % blocks];
                        (if at < blocks { slot.re } else { slot.im }) as f32
                    })
                    .collect()
            })
            .collect()
    }

    /// A value for every hidden unit, in every block.
    pub(crate) fn spread_hidden(&self, values: &[f64]) -> Vec<f64> {
        let mut slots = vec![0.0; self.slots];
        for (unit, &value) in values.iter().enumerate() {
            let at = self.hidden_position(unit) * self.blocks();
            slots[at..at + self.blocks()].fill(value);
        }
        slots
    }

    /// A value for every feature, in every block.
    pub(crate) fn spread_features(&self, values: &[f64]) -> Vec<f64> {
        values
            .iter()
            .flat_map(|&value| std::iter::repeat_n(value, self.blocks()))
            .collect()
    }

    /// The map of a `hidden` × `inputs` matrix.
    pub(crate) fn first_map(&self, matrix: &[f64]) -> Result<LinearMap, CryptoTlError> {
        let mut map = LinearMap::new(self.slots, self.blocks())?;
        for (unit, row) in matrix.chunks_exact(self.shape.inputs).enumerate() {
            let position = self.hidden_position(unit);
            for (column, &weight) in row.iter().enumerate() {
                let rotation = (column + self.block * self.period - position) % self.period;
                map.add(position, rotation, weight)?;
            }
        }
        Ok(map)
    }

    /// The map of a `features` × (hidden / pool) matrix on values of period S.
    pub(crate) fn second_map(&self, matrix: &[f64]) -> Result<LinearMap, CryptoTlError> {
        let mut map = LinearMap::new(self.slots, self.blocks())?;
        for (feature, row) in matrix.chunks_exact(self.shape.pooled()).enumerate() {
            for (column, &weight) in row.iter().enumerate() {
                let rotation = (column + self.block * self.group - feature) % self.group;
                map.add(feature, rotation, weight)?;
            }
        }
        Ok(map)
    }
}
