//! Linear maps on encrypted slots.

mod encoded;
mod map;

pub use encoded::EncodedMap;
pub use map::LinearMap;
