//! Reproducible randomness: every draw comes from a ChaCha stream keyed by what it is for.
//!
//! A [`StreamKey`] is a 256-bit hash of a path (seed, stage, cell, index). Two draws with the same
//! path are equal whatever the number of threads or the order in which they are made.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The key of a stream of random numbers; derive further keys with [`StreamKey::child`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamKey([u8; 32]);

impl StreamKey {
    /// The root key of an experiment.
    pub fn from_seed(seed: u64) -> Self {
        Self(blake3::derive_key(
            "rhea experiment seed v1",
            &seed.to_le_bytes(),
        ))
    }

    /// The key below this one that bears `name`, for example a stage or a cell.
    pub fn child(&self, name: &str) -> Self {
        Self(*blake3::keyed_hash(&self.0, name.as_bytes()).as_bytes())
    }

    /// The generator of draw number `index` under this key.
    pub fn rng(&self, index: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::from_seed(self.0);
        rng.set_stream(index);
        rng
    }

    /// The key itself, for generators other than ChaCha that must be seeded from it.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn draws_depend_on_every_part_of_the_path() {
        let root = StreamKey::from_seed(2505);
        let draw = |key: StreamKey, index| key.rng(index).random::<u64>();
        let base = draw(root.child("victims").child("cell"), 0);
        assert_eq!(
            base,
            draw(StreamKey::from_seed(2505).child("victims").child("cell"), 0)
        );
        for other in [
            draw(StreamKey::from_seed(2506).child("victims").child("cell"), 0),
            draw(root.child("shadow").child("cell"), 0),
            draw(root.child("victims").child("cell 2"), 0),
            draw(root.child("victims").child("cell"), 1),
        ] {
            assert_ne!(base, other);
        }
    }
}
