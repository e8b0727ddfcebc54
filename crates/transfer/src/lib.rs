//! Few-shot heads on frozen features: training, DP-SGD and the shadow stream.
//!
//! ```
//! use datasets::{FeatureSet, Pool, StreamKey};
//! use transfer::{Head, HeadShape, Recipe, ShadowStream};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // 60 feature vectors of width 8, in three classes.
//! let labels: Vec<u32> = (0..60).map(|i| i % 3).collect();
//! let values = (0..60 * 8).map(|i| f32::from((i / 8) % 3 == i % 8)).collect();
//! let features = FeatureSet::new(8, values, labels, 3)?;
//! let pool = Pool::new(features.labels(), 3, 0..60);
//!
//! // Heads trained on two examples of each class; any of them can be asked for.
//! let shape = HeadShape::linear(8, 3);
//! let key = StreamKey::from_seed(2505);
//! let stream = ShadowStream::new(&features, &pool, shape, Recipe::mnist(2), 2, key)?;
//! let (weights, members) = stream.head(1_000_000)?;
//! assert_eq!(members.len(), 6);
//!
//! let head = Head::new(shape, weights)?;
//! assert_eq!(head.accuracy(&features, 0..60)?, 1.0);
//! # Ok(())
//! # }
//! ```

mod adapted;
mod adapter;
mod batches;
pub mod bench;
mod canary;
mod chacha;
mod cholesky;
mod direct;
mod draws;
mod error;
mod given;
mod head;
mod lanes;
mod logistic;
mod loss;
mod matrix;
mod normal;
pub mod one_release;
mod products;
mod projected;
mod recipe;
mod reference;
mod shape;
mod simulated;
mod span;
mod stream;
mod tanh;
mod top;
mod trainer;

pub use adapter::Adapter;
pub use canary::Canary;
pub use error::TransferError;
pub use given::{GivenHeads, LEAST_GIVEN};
pub use head::{Head, Tally};
pub use recipe::{DpSgd, Recipe, Subspace};
pub use reference::train_plainly;
pub use shape::HeadShape;
pub use simulated::simulated_span;
pub use spec::{Activation, HeadKind, Initial, Optimiser, Sampling, Schedule};
pub use stream::{ShadowBatch, ShadowStream};
pub use tanh::tanh;
pub use trainer::Trainer;
