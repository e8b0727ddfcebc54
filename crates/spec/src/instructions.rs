//! What computes.

use crate::word::words;

words! {
    /// The vector instructions that a process is held to, so that unlike processors give the same bytes.
    pub enum Instructions of "instructions" {
        /// AVX-512 as in x86-64-v4, and nothing beyond.
        Avx512 = "avx512",
        /// AVX2 with fused multiply-add, as in x86-64-v3.
        Avx2 = "avx2",
        /// SSE4.2 as in x86-64-v2, which every processor of the last fifteen years has.
        Portable = "portable",
    }
}
