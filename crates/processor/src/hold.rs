//! Holding a process to a set of instructions.

use spec::Instructions;

use crate::blocks::Blocks;
use crate::set::{Set, instruction_set};

/// Why a process does not compute with the instructions asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProcessorError {
    /// The processor has less.
    #[error(
        "this processor has {found} and not {}\nhint: `--instructions` takes what all processors of the experiment have", Set::of(*wanted)
    )]
    Lacks {
        /// What was asked for.
        wanted: Instructions,
        /// What there is.
        found: Set,
    },
    /// The processor has more, and cannot be made to hide it.
    #[error(
        "the {found} of this processor cannot be hidden from the libraries: {reason}\nhint: leave out `--instructions`, or run where the whole machine finds no more than {} (docs/processors.md)", Set::of(*wanted)
    )]
    Shows {
        /// What was asked for.
        wanted: Instructions,
        /// What there is.
        found: Set,
        /// Why.
        reason: String,
    },
    /// Its first-level cache has sums done in other blocks, and cannot be made to look like another's.
    #[error(
        "the first-level cache of this processor has gemm sum {found} terms at once, and not {}: {reason}\nhint: leave out `--instructions`, or run where that cache has 32 KiB in 8 ways (docs/processors.md)", Blocks::usual(Set::of(*wanted))
    )]
    Sums {
        /// What was asked for.
        wanted: Instructions,
        /// The blocks that there are.
        found: Blocks,
        /// Why.
        reason: String,
    },
}

/// Has this thread, and all that it starts, compute with the instructions `wanted` and no others, in every kernel of every
/// library, and sum in the blocks of a first-level cache of 32 KiB in 8 ways; for the rest of the process. To be
/// called first: what a library has found once, it does not look for again.
///
/// # Errors
/// If the processor lacks them, or has more, or another cache, that the operating system cannot hide.
pub fn hold_to(wanted: Instructions) -> Result<(), ProcessorError> {
    let hidden = hide(wanted);
    let found = instruction_set();
    let refused = |reason| ProcessorError::Shows {
        wanted,
        found,
        reason,
    };
    match found.cmp(&Set::of(wanted)) {
        _ if found == Set::OTHER => Err(refused("it is not an x86-64 processor".into())),
        std::cmp::Ordering::Equal => sums(wanted, hidden),
        std::cmp::Ordering::Less => Err(ProcessorError::Lacks { wanted, found }),
        std::cmp::Ordering::Greater => Err(refused(match hidden {
            Err(reason) => reason,
            Ok(()) => "something has asked the processor before".into(),
        })),
    }
}

/// Has gemm find the blocks of every held process.
fn sums(wanted: Instructions, hidden: Result<(), String>) -> Result<(), ProcessorError> {
    let looked = look_up_caches();
    let found = Blocks::here(Set::of(wanted));
    if found == Blocks::usual(Set::of(wanted)) {
        return Ok(());
    }
    let reason = match hidden.and(looked) {
        Err(reason) => reason,
        Ok(()) => "something has asked for it before".into(),
    };
    Err(ProcessorError::Sums {
        wanted,
        found,
        reason,
    })
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn look_up_caches() -> Result<(), String> {
    crate::unlisted::look_up_caches()
        .map_err(|error| format!("the limit of open files cannot be changed ({error})"))
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn look_up_caches() -> Result<(), String> {
    Err("only Linux can hide a part of an x86-64 processor".into())
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn hide(wanted: Instructions) -> Result<(), String> {
    crate::fault::answer_less(wanted)
        .map_err(|error| format!("Linux cannot let `cpuid` fail here ({error})"))
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn hide(_: Instructions) -> Result<(), String> {
    Err("only Linux can hide a part of an x86-64 processor".into())
}
