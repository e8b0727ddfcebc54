//! Which vector instructions, and which card, compute this process's results.

/// What computes here: the instruction set of the kernels on this processor (`avx2`), and behind it the kind
/// of card that networks are trained on, where there is one (`avx2+wgpu`).
pub fn instruction_set() -> String {
    let set = processor::instruction_set();
    card().map_or_else(|| set.to_string(), |card| format!("{set}+{card}"))
}

/// The kind of card that this process trains networks on.
pub fn card() -> Option<spec::Device> {
    backbones::card().map(|card| card.kind)
}
