//! One head that someone has trained, attacked: what is read back out of it, and how often chance does
//! as well.

mod agreement;
mod beside;
mod examine;
mod finding;
mod fit;
mod records;
mod weights;

pub use examine::{Asked, check, examine};
pub use finding::{Agreement, Confidence, Finding, Fit, Record, Share, Target};
pub use weights::{Named, Saved, Source};
