//! The multilayer perceptron that learned attacks train.
//!
//! It is written on plain matrix products rather than on burn: the forward and backward passes of
//! a shard of the batch run on one thread from end to end, and gradient and Adam's update of a
//! block of weights are one pass over memory. That is several times faster on a CPU than a graph of
//! tensor operations, and the bits do not depend on the number of threads, because shards and
//! blocks are of fixed size and every sum runs in a fixed order.

mod adam;
mod layer;
mod mlp;

pub(crate) use mlp::Scratch;
pub use mlp::{Mlp, MlpShape};
