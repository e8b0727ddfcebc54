//! A linear map as its generalised diagonals.

use crate::CkksError;
use std::collections::{BTreeMap, BTreeSet};

/// y_j = Σ_r d_r\[j\] · x_(j + r·stride), indices around the slots.
///
/// With a stride of slots/L the slots are slots/L interleaved blocks of length L, and the map acts
/// on each block alone, cyclically.
#[derive(Clone, Debug)]
pub struct LinearMap {
    slots: usize,
    stride: usize,
    diagonals: BTreeMap<usize, Vec<f64>>,
}

impl LinearMap {
    /// The zero map.
    ///
    /// # Errors
    /// If `stride` does not divide `slots`.
    pub fn new(slots: usize, stride: usize) -> Result<Self, CkksError> {
        if stride == 0 || slots == 0 || !slots.is_multiple_of(stride) {
            return Err(CkksError::Value {
                operation: "make a linear map",
                reason: format!("stride {stride} does not divide {slots} slots"),
            });
        }
        Ok(Self {
            slots,
            stride,
            diagonals: BTreeMap::new(),
        })
    }

    /// Length L of a block.
    pub fn block(&self) -> usize {
        self.slots / self.stride
    }

    /// Number of slots.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Slots between neighbours of a block.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The diagonals by rotation r (in units of the stride).
    pub fn diagonals(&self) -> &BTreeMap<usize, Vec<f64>> {
        &self.diagonals
    }

    /// Adds `weight` to the coefficient with which output `row` of every block reads position
    /// `row + rotation` of the same block.
    ///
    /// # Errors
    /// If `row` or `rotation` is not below the block's length, or `weight` is not finite.
    pub fn add(&mut self, row: usize, rotation: usize, weight: f64) -> Result<(), CkksError> {
        if row >= self.block() || rotation >= self.block() || !weight.is_finite() {
            return Err(CkksError::Value {
                operation: "set a weight",
                reason: format!(
                    "row {row}, rotation {rotation}, weight {weight} does not fit blocks of {}",
                    self.block()
                ),
            });
        }
        let diagonal = self
            .diagonals
            .entry(rotation)
            .or_insert_with(|| vec![0.0; self.slots]);
        for slot in &mut diagonal[row * self.stride..(row + 1) * self.stride] {
            *slot += weight;
        }
        Ok(())
    }

    /// The map on slots in the clear.
    ///
    /// # Errors
    /// If there are not as many slots as the map has.
    pub fn apply_plain(&self, x: &[f64]) -> Result<Vec<f64>, CkksError> {
        if x.len() != self.slots {
            return Err(CkksError::Value {
                operation: "apply a linear map",
                reason: format!("expected {} slots, found {}", self.slots, x.len()),
            });
        }
        let mut out = vec![0.0; self.slots];
        for (&rotation, diagonal) in &self.diagonals {
            for (j, (out, weight)) in out.iter_mut().zip(diagonal).enumerate() {
                *out += weight * x[(j + rotation * self.stride) % self.slots];
            }
        }
        Ok(out)
    }

    /// The rotations (in slots) that the map takes with `baby` baby steps.
    pub fn rotations(&self, baby: usize) -> BTreeSet<i64> {
        let baby = baby.max(1);
        self.diagonals
            .keys()
            .flat_map(|rotation| [rotation % baby, rotation / baby * baby])
            .filter(|&rotation| rotation != 0)
            .map(|rotation| (rotation * self.stride) as i64)
            .collect()
    }
}
