//! What the last digits of results depend on.

use std::fmt;

use crate::blocks::Blocks;
use crate::set::{Set, instruction_set};

/// What a processor brings to the last digits of results: two that are equal here give the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernels {
    /// The instructions that compute.
    pub set: Set,
    /// The blocks in which long products are summed.
    pub blocks: Blocks,
}

/// Those of this process.
pub fn kernels() -> Kernels {
    let set = instruction_set();
    Kernels {
        set,
        blocks: Blocks::here(set),
    }
}

/// `avx2`; with other blocks than those of most processors `avx2/1024`.
impl fmt::Display for Kernels {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { set, blocks } = self;
        write!(out, "{set}")?;
        if *blocks != Blocks::usual(*set) {
            write!(out, "/{blocks}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_told_where_they_are_not_the_usual_ones() {
        let said = |set, single, double| {
            let blocks = Blocks { single, double };
            Kernels { set, blocks }.to_string()
        };
        assert_eq!(said(Set::AVX2, 512, 512), "avx2");
        assert_eq!(said(Set::AVX2, 1024, 1024), "avx2/1024");
        assert_eq!(said(Set::SSE42, 1024, 512), "sse4.2");
        assert_eq!(said(Set::SSE42, 2048, 1024), "sse4.2/2048/1024");
    }
}
