//! Few-shot heads on frozen features: training, DP-SGD and the shadow stream.

pub mod bench;
mod chacha;
mod cholesky;
mod direct;
mod draws;
mod error;
mod head;
mod lanes;
mod matrix;
mod normal;
mod products;
mod recipe;
mod reference;
mod shape;
mod span;
mod stream;
mod top;
mod trainer;

pub use error::TransferError;
pub use head::{Head, Tally};
pub use recipe::{BinaryTask, DpSgd, Optimiser, Recipe, Sampling};
pub use reference::train_plainly;
pub use shape::{Activation, HeadKind, HeadShape};
pub use stream::{ShadowBatch, ShadowStream};
pub use trainer::Trainer;
