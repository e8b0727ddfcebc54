//! Sets of vector instructions.

use std::fmt;

use spec::Instructions;

/// A set of vector instructions by which kernels are chosen; of two sets the greater one has all that the other
/// has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Set(u8);

impl Set {
    /// That of another architecture, where there is one (NEON on `aarch64`).
    pub const OTHER: Self = Self(0);
    /// What every x86-64 processor has, and less than SSE4.2.
    pub const SSE2: Self = Self(1);
    /// SSE4.2 (x86-64-v2), and less than AVX2 with fused multiply-add.
    pub const SSE42: Self = Self(2);
    /// AVX2 with fused multiply-add (x86-64-v3).
    pub const AVX2: Self = Self(3);
    /// AVX-512 without all the parts that some libraries ask for: some take the wide registers, others do not.
    pub const AVX512F: Self = Self(4);
    /// AVX-512 as in x86-64-v4.
    pub const AVX512: Self = Self(5);

    /// How tables call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::SSE2 => "sse2",
            Self::SSE42 => "sse4.2",
            Self::AVX2 => "avx2",
            Self::AVX512F => "avx512f",
            Self::AVX512 => "avx512",
            _ => std::env::consts::ARCH,
        }
    }

    /// The set that a process computes with once it is held to `wanted`.
    pub(crate) fn of(wanted: Instructions) -> Self {
        match wanted {
            Instructions::Avx512 => Self::AVX512,
            Instructions::Avx2 => Self::AVX2,
            Instructions::Portable => Self::SSE42,
        }
    }
}

impl fmt::Display for Set {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// The set that kernels choose in this process. What the standard library finds at the first call, it finds for the
/// rest of the process.
pub fn instruction_set() -> Set {
    #[cfg(target_arch = "x86_64")]
    {
        let wide = std::arch::is_x86_feature_detected!("avx512f");
        let whole = std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512cd")
            && std::arch::is_x86_feature_detected!("avx512dq")
            && std::arch::is_x86_feature_detected!("avx512vl");
        let middle = std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("fma");
        let small = std::arch::is_x86_feature_detected!("ssse3")
            && std::arch::is_x86_feature_detected!("sse4.2");
        match (wide, middle) {
            (true, true) if whole => Set::AVX512,
            (true, _) => Set::AVX512F,
            (false, true) => Set::AVX2,
            (false, false) if small => Set::SSE42,
            (false, false) => Set::SSE2,
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    Set::OTHER
}
