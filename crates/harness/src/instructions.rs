//! Which vector instructions, and which card, compute this process's results.

/// What computes here: the instruction set of the kernels on this processor (`avx2`), the blocks in which they sum
/// where those are not the usual ones (`avx2/1024`), and the kind of card that networks are trained on, where there
/// is one (`avx2+wgpu`).
pub fn instruction_set() -> String {
    let kernels = processor::kernels();
    card().map_or_else(|| kernels.to_string(), |card| format!("{kernels}+{card}"))
}

/// The kind of card that this process trains networks on.
pub fn card() -> Option<spec::Device> {
    backbones::card().map(|card| card.kind)
}
