//! The network that learned attacks train: dense layers, then transposed convolutions if wanted.
//!
//! It is written on plain matrix products rather than on burn: the forward and backward passes of
//! a shard of the batch run on one thread from end to end, and gradient and Adam's update of a
//! block of weights are one pass over memory. The bits do not depend on the number of threads, because
//! shards and blocks are of fixed size and every sum runs in a fixed order. A step of 256 rows through
//! 1034, 1024, 1024 and 1024 units takes burn 1.6 to 1.9 times as long (two cores, AVX-512): `harness bench attack`.

mod dense;
mod layer;
#[expect(clippy::module_inception, reason = "the network among its parts")]
mod network;
mod tensors;
mod up_conv;

#[cfg(test)]
mod tests;

pub use layer::LayerShape;
pub(crate) use network::Scratch;
pub use network::{Network, NetworkShape};
pub(crate) use tensors::TensorNetwork;
pub use up_conv::UpShape;
