//! Inner products of encrypted bodies and features.
//!
//! A body word is kept as two signed 32-bit planes, word = high·2^32 + low, so that products with
//! features add up in 64-bit lanes without a carry: 2^31·2^14·(most features in a sum, 2^18) = 2^63.

use crate::modular::{add, from_signed, mul};
use crate::parameters::MODULUS;

/// Rows of body words in two planes.
#[derive(Debug)]
pub(crate) struct BodyPlanes {
    low: Vec<i32>,
    high: Vec<i32>,
}

impl BodyPlanes {
    pub(crate) fn new(words: impl Iterator<Item = u64>) -> Self {
        let (low, high) = words.map(split).unzip();
        Self { low, high }
    }

    /// Σ_j words[start + j]·x[j] modulo q, for up to 2^17 features of magnitude below 2^14.
    #[inline(always)]
    pub(crate) fn dot(&self, start: usize, x: &[i32]) -> u64 {
        let (low, high) = (
            &self.low[start..start + x.len()],
            &self.high[start..start + x.len()],
        );
        let (mut low_sum, mut high_sum) = (0i64, 0i64);
        for ((&l, &h), &x) in low.iter().zip(high).zip(x) {
            low_sum = low_sum.wrapping_add(i64::from(l).wrapping_mul(i64::from(x)));
            high_sum = high_sum.wrapping_add(i64::from(h).wrapping_mul(i64::from(x)));
        }
        add(from_signed(low_sum), mul(from_signed(high_sum), 1 << 32))
    }
}

/// A residue as low + 2^32·high modulo q, both signed 32-bit numbers.
fn split(word: u64) -> (i32, i32) {
    let low = word as u32 as i32;
    // word − low is a multiple of 2^32 in (−2^31, 2^64]; as 33 bits it may not fit: 2^64 ≡ 2^32 − 1
    // is avoided by taking the representative nearer to zero.
    let high = (i128::from(word) - i128::from(low)) >> 32;
    if high < 1 << 31 {
        return (low, high as i32);
    }
    let negative = i128::from(word) - i128::from(MODULUS);
    let low = negative as u32 as i32;
    (low, ((negative - i128::from(low)) >> 32) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn planes_join_to_the_word(word in prop_oneof![
            0..MODULUS,
            (MODULUS / 2 - (1 << 33))..(MODULUS / 2 + (1 << 33)),
            Just(MODULUS - 1),
            Just(MODULUS / 2),
            Just((1 << 63) - (1 << 31)),
        ]) {
            let (low, high) = split(word);
            let joined = add(from_signed(i64::from(low)), mul(from_signed(i64::from(high)), 1 << 32));
            prop_assert_eq!(joined, word);
        }
    }

    #[test]
    fn extreme_words_and_features_do_not_overflow() {
        let words = [MODULUS / 2, MODULUS / 2 + 1, 1 << 31, (1 << 31) - 1];
        let planes = BodyPlanes::new(words.iter().copied().cycle().take(1 << 17));
        for x in [(1 << 14) - 1, 1 - (1 << 14)] {
            let features = vec![x; 1 << 17];
            let expected = words.iter().fold(0, |sum, &w| {
                add(sum, mul(w, mul(1 << 15, from_signed(i64::from(x)))))
            });
            assert_eq!(planes.dot(0, &features), expected);
        }
    }
}
