//! Experiments on CryptoTL: encrypted inputs, weights in the clear, fine-tuning on few examples.

mod both_ways;
mod grid;
mod membership;
mod outcome;
mod row;
mod running;
mod tasks;
mod tune;

pub use grid::TextGrid;
pub use running::Running;
