//! What `cpuid` answers in a process that is held to fewer instructions.
//!
//! Leaves and bits: Intel's Software Developer's Manual, volume 2, `CPUID`; AMD's Programmer's Manual, volume 3,
//! appendix E.

use spec::Instructions;

/// What a leaf of `cpuid` tells, in the order of its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub eax: u32,
    pub ebx: u32,
    pub ecx: u32,
    pub edx: u32,
}

const NOTHING: Answer = Answer {
    eax: 0,
    ebx: 0,
    ecx: 0,
    edx: 0,
};

const fn bits<const N: usize>(places: [u32; N]) -> u32 {
    let mut word = 0;
    let mut at = 0;
    while at < N {
        word |= 1 << places[at];
        at += 1;
    }
    word
}

/// AVX-512's F, DQ, CD, BW, VL: leaf 7, ebx.
const V4: u32 = bits([16, 17, 28, 30, 31]);
/// AVX-512's IFMA, PF, ER: leaf 7, ebx.
const BEYOND_EBX: u32 = bits([21, 26, 27]);
/// AVX-512's VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ: leaf 7, ecx.
const BEYOND_ECX: u32 = bits([1, 6, 11, 12, 14]);
/// AVX-512's 4VNNIW, 4FMAPS, VP2INTERSECT, FP16, and AMX's BF16, TILE, INT8: leaf 7, edx.
const BEYOND_EDX: u32 = bits([2, 3, 8, 22, 23, 24, 25]);
/// SSE4a, XOP, FMA4, TBM, of some processors of AMD alone: leaf 8000_0001h, ecx.
const AMD_ALONE: u32 = bits([6, 11, 16, 21]);

/// FMA, AVX, F16C: leaf 1, ecx.
const V3: u32 = bits([12, 28, 29]);
/// BMI1, AVX2, BMI2: leaf 7, ebx.
const V3_EBX: u32 = bits([3, 5, 8]);
/// The vector forms of GFNI, AES and PCLMULQDQ: leaf 7, ecx.
const V3_ECX: u32 = bits([8, 9, 10]);
/// LZCNT: leaf 8000_0001h, ecx.
const V3_AMD: u32 = bits([5]);

/// A first-level cache for data of 32 KiB in 8 ways of 64 lines of 64 bytes, as leaf 4 tells it: what libraries sum at
/// once follows from it (`blocks.rs`).
const L1_OF_LEAF_4: (u32, u32) = ((7 << 22) | 63, 63);
/// The same as leaf 8000_0005h tells it: KiB, ways, lines a tag, bytes a line.
const L1_OF_AMD: u32 = (32 << 24) | (8 << 16) | (1 << 8) | 64;

/// The answer of leaf `leaf`, part `part`, less what goes beyond `held`, and with a first-level cache that is the
/// same on all.
///
/// What goes beyond x86-64-v4 goes beyond each: processors differ in it, and what is left must be the same on all.
pub fn less(held: Instructions, leaf: u32, part: u32, told: Answer) -> Answer {
    let narrow = held != Instructions::Avx512;
    let portable = held == Instructions::Portable;
    let without = |word: u32, always: u32, narrowed: u32, ported: u32| {
        word & !always & !(if narrow { narrowed } else { 0 }) & !(if portable { ported } else { 0 })
    };
    match (leaf, part) {
        (1, _) => Answer {
            ecx: without(told.ecx, 0, 0, V3),
            ..told
        },
        (7, 0) => Answer {
            ebx: without(told.ebx, BEYOND_EBX, V4, V3_EBX),
            ecx: without(told.ecx, BEYOND_ECX, 0, V3_ECX),
            edx: without(told.edx, BEYOND_EDX, 0, 0),
            ..told
        },
        // Type (data) and level of the cache that the part is about: the first.
        (4, _) if told.eax & 0xff == 0x21 => Answer {
            ebx: L1_OF_LEAF_4.0,
            ecx: L1_OF_LEAF_4.1,
            ..told
        },
        (0x8000_0005, _) => Answer {
            ecx: L1_OF_AMD,
            ..told
        },
        // AVX-VNNI, AVX-IFMA, BF16 and what comes after; AMX; AVX10.
        (7, _) | (0x1d | 0x1e | 0x24, _) => NOTHING,
        (0x8000_0001, _) => Answer {
            ecx: without(told.ecx, AMD_ALONE, 0, V3_AMD),
            ..told
        },
        _ => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Answer = Answer {
        eax: u32::MAX,
        ebx: u32::MAX,
        ecx: u32::MAX,
        edx: u32::MAX,
    };

    /// Of every bit that any held process is not told, what each set is told: the three sets nest, and what all
    /// of them keep does not change.
    #[test]
    fn a_smaller_set_is_told_less() {
        for leaf in (0..0x30).chain([0x8000_0000, 0x8000_0001, 0x8000_0008]) {
            for part in [0, 1, 2] {
                let of = |held| less(held, leaf, part, ALL);
                let [wide, middle, portable] = [
                    Instructions::Avx512,
                    Instructions::Avx2,
                    Instructions::Portable,
                ]
                .map(of);
                for register in [
                    |it: Answer| it.eax,
                    |it: Answer| it.ebx,
                    |it: Answer| it.ecx,
                    |it: Answer| it.edx,
                ] {
                    let [wide, middle, portable] = [wide, middle, portable].map(register);
                    assert_eq!(wide & middle, middle, "leaf {leaf:#x}");
                    assert_eq!(middle & portable, portable, "leaf {leaf:#x}");
                }
            }
        }
    }

    /// Leaf 7 of an AMD Zen 4 and of an Intel Sapphire Rapids differ; held to a set they are told the same of
    /// vector instructions.
    #[test]
    fn unlike_processors_are_told_the_same() {
        // From the two vendors' tables: AVX-512 F, DQ, IFMA, CD, BW, VL, BMI1, AVX2, BMI2.
        let shared = bits([3, 5, 8, 16, 17, 21, 28, 30, 31]);
        let zen = Answer {
            eax: 1,
            ebx: shared,
            ecx: bits([1, 6, 8, 9, 10, 11, 12, 14]),
            edx: 0,
        };
        let rapids = Answer {
            eax: 2,
            edx: bits([22, 23, 24, 25]),
            ..zen
        };
        for held in [
            Instructions::Avx512,
            Instructions::Avx2,
            Instructions::Portable,
        ] {
            let told = [zen, rapids].map(|it| less(held, 7, 0, it));
            assert_eq!((told[0].ebx, told[0].ecx), (told[1].ebx, told[1].ecx));
            assert_eq!(told[0].edx, told[1].edx);
        }
        // Leaf 4 of a Sapphire Rapids (48 KiB, 12 ways; then 2 MiB), and leaf 8000_0005h of a Zen 5 (48 KiB, 12 ways).
        let cache = |ways: u32, sets: u32, kind: u32| Answer {
            eax: kind,
            ebx: ((ways - 1) << 22) | 63,
            ecx: sets - 1,
            edx: 0,
        };
        let (first, second) = (cache(12, 64, 0x1c00_4121), cache(16, 2048, 0x1c00_4143));
        assert_eq!(
            less(Instructions::Avx2, 4, 0, first),
            cache(8, 64, 0x1c00_4121)
        );
        assert_eq!(less(Instructions::Avx2, 4, 2, second), second);
        let zen = Answer {
            ecx: (48 << 24) | (12 << 16) | (1 << 8) | 64,
            ..NOTHING
        };
        let told = less(Instructions::Avx512, 0x8000_0005, 0, zen);
        assert_eq!(told.ecx.to_be_bytes(), [32, 8, 1, 64]);
    }

    #[test]
    fn what_is_told_of_a_zen_4() {
        let shared = bits([3, 5, 8, 16, 17, 21, 28, 30, 31]);
        let zen = Answer {
            ebx: shared,
            ..NOTHING
        };
        assert_eq!(
            less(Instructions::Avx512, 7, 0, zen).ebx,
            shared & !(1 << 21)
        );
        assert_eq!(less(Instructions::Avx2, 7, 0, zen).ebx, bits([3, 5, 8]));
        assert_eq!(less(Instructions::Portable, 7, 0, zen).ebx, 0);
    }
}
