//! Which vector instructions, and which card, compute this process's results.

/// What computes here: the instruction set of the kernels on this processor (`avx2`), and behind it the kind
/// of card that networks are trained on, where there is one (`avx2+wgpu`).
pub fn instruction_set() -> String {
    let set = of_the_processor();
    card().map_or_else(|| set.into(), |card| format!("{set}+{card}"))
}

/// The kind of card that this process trains networks on.
pub fn card() -> Option<spec::Device> {
    backbones::card().map(|card| card.kind)
}

/// The instruction set that numeric kernels choose on this processor: theirs and the libraries' (gemm,
/// faer, burn, rten), each of which asks the processor by itself. Sums that one of them forms in another
/// order differ in their last digits from one set to another, so that results are the same byte for byte
/// only within one.
fn of_the_processor() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        let wide = std::arch::is_x86_feature_detected!("avx512f");
        let whole = std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512cd")
            && std::arch::is_x86_feature_detected!("avx512dq")
            && std::arch::is_x86_feature_detected!("avx512vl");
        let middle = std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("fma");
        match (wide, middle) {
            (true, true) if whole => "avx512",
            // Some libraries take the wide registers of such a processor, others do not.
            (true, _) => "avx512f",
            (false, true) => "avx2",
            (false, false) => "sse2",
        }
    }
    // Elsewhere there is one (NEON on `aarch64`).
    #[cfg(not(target_arch = "x86_64"))]
    std::env::consts::ARCH
}
