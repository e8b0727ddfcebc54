//! How many terms of a long product gemm adds up before it rounds their sum into the result.
//!
//! gemm (which burn and faer call too) has this number follow from the first-level cache, so that one panel does
//! not push out the other: on AVX2 512 terms with 32 KiB of 8 ways, 1024 with 48 KiB of 12, and on AVX-512 512 with both.
//! Beside the set of instructions it is all that the order of sums depends on: measured, an Intel processor that
//! is held to AVX2 and shown a cache of 32 KiB gives the results of an AMD EPYC byte for byte, and others with its
//! own 48 KiB.

use std::fmt;

use gemm_common::cache::kernel_params;

use crate::set::Set;

/// Rows and columns of the tile that one kernel of gemm computes, for `f32` and for `f64`: `MR` and `NR` of
/// `gemm-f32` and `gemm-f64` 0.19.
const fn tiles(set: Set) -> [(usize, usize); 2] {
    match set {
        Set::AVX512 | Set::AVX512F => [(64, 6), (32, 6)],
        Set::AVX2 => [(16, 6), (8, 6)],
        _ => [(2, 4), (2, 4)],
    }
}

/// The longest blocks in which gemm sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Terms of a product of `f32`.
    pub single: usize,
    /// Terms of a product of `f64`.
    pub double: usize,
}

impl Blocks {
    /// Those of a cache of 32 KiB in 8 ways, which every process that is held sums in.
    pub const fn usual(set: Set) -> Self {
        let single = match set {
            Set::AVX512 | Set::AVX512F | Set::AVX2 => 512,
            _ => 1024,
        };
        Self {
            single,
            double: 512,
        }
    }

    /// Those of this process, by gemm's own reckoning. What gemm has found of the caches at the first call, it keeps.
    pub fn here(set: Set) -> Self {
        const MANY: usize = 1 << 20;
        let [single, double] = tiles(set);
        let longest =
            |(mr, nr): (usize, usize), size| kernel_params(MANY, MANY, MANY, mr, nr, size).kc;
        Self {
            single: longest(single, size_of::<f32>()),
            double: longest(double, size_of::<f64>()),
        }
    }
}

/// `1024`, or both where they differ: `2048/1024`.
impl fmt::Display for Blocks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.single)?;
        if self.double != self.single {
            write!(out, "/{}", self.double)?;
        }
        Ok(())
    }
}
