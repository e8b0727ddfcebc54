//! Which vector instructions compute in this process, and holding it to fewer of them than the processor has.
//!
//! Numeric kernels (ours and those of gemm, faer, burn and rten) each ask the processor what it has when the
//! program runs, and sum in the order of its registers, and gemm in blocks that follow from the first-level
//! cache besides: results are the same byte for byte only within one set of instructions and one length of these
//! [`Blocks`]. None of these libraries takes an order, but all of them ask with one instruction, `cpuid`, and
//! [`hold_to`] has the answer changed.
//!
//! ```
//! use processor::{Set, instruction_set};
//!
//! // A debugger, an emulator or a held process may show less than the processor has.
//! assert!(instruction_set() == Set::OTHER || instruction_set() >= Set::SSE2);
//! ```

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod answer;
mod blocks;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod fault;
mod hold;
mod kernels;
mod set;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod unlisted;

pub use blocks::Blocks;
pub use hold::{ProcessorError, hold_to};
pub use kernels::{Kernels, kernels};
pub use set::{Set, instruction_set};
