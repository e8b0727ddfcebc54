//! ChaCha with eight rounds, sixteen blocks at a time: the stream that DP noise is drawn from.
//!
//! The key is drawn from the caller's ChaCha stream. Words come out in another order than the
//! specification's (the same word of sixteen blocks, then the next), which is as good for random
//! numbers and needs no transposition.

use std::convert::Infallible;

use pulp::Simd;
use rand::{Rng, TryRng};
use rand_chacha::ChaCha8Rng;

use crate::lanes::{Kernel, LANES, Lanes, U32s, dispatch};

/// Words of a block.
const WORDS: usize = 16;
/// "expand 32-byte k".
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// A ChaCha8 generator.
pub(crate) struct WideChaCha {
    key: [u32; 8],
    /// Sixteen blocks done so many times.
    counter: u64,
    words: [[u32; LANES]; WORDS],
    /// Words of `words` that are used up.
    used: usize,
}

impl WideChaCha {
    /// A generator whose key is drawn from `rng`.
    pub fn new(rng: &mut ChaCha8Rng) -> Self {
        let mut key = [0; 8];
        for word in &mut key {
            *word = rng.next_u32();
        }
        Self {
            key,
            counter: 0,
            words: [[0; LANES]; WORDS],
            used: WORDS * LANES,
        }
    }

    fn refill(&mut self) {
        dispatch(Blocks {
            key: &self.key,
            counter: self.counter,
            out: &mut self.words,
        });
        self.counter += 1;
        self.used = 0;
    }
}

impl TryRng for WideChaCha {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| (word >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        if self.used + 2 > WORDS * LANES {
            self.refill();
        }
        let words = self.words.as_flattened();
        let word = u64::from(words[self.used]) << 32 | u64::from(words[self.used + 1]);
        self.used += 2;
        Ok(word)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

/// Blocks `16 counter` to `16 counter + 15` under a key, nonce 0.
pub(crate) struct Blocks<'a> {
    pub key: &'a [u32; 8],
    pub counter: u64,
    pub out: &'a mut [[u32; LANES]; WORDS],
}

impl Kernel for Blocks<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, l: Lanes<S, R>) {
        let (mut low, mut high) = ([0; LANES], [0; LANES]);
        for lane in 0..LANES {
            let block = self.counter * LANES as u64 + lane as u64;
            low[lane] = block as u32;
            high[lane] = (block >> 32) as u32;
        }
        let mut start = [l.splat_bits(0); WORDS];
        for i in 0..4 {
            start[i] = l.splat_bits(CONSTANTS[i]);
        }
        for i in 0..8 {
            start[4 + i] = l.splat_bits(self.key[i]);
        }
        start[12] = l.load_bits(&low);
        start[13] = l.load_bits(&high);
        let mut x = start;
        for _ in 0..4 {
            quarter(l, &mut x, 0, 4, 8, 12);
            quarter(l, &mut x, 1, 5, 9, 13);
            quarter(l, &mut x, 2, 6, 10, 14);
            quarter(l, &mut x, 3, 7, 11, 15);
            quarter(l, &mut x, 0, 5, 10, 15);
            quarter(l, &mut x, 1, 6, 11, 12);
            quarter(l, &mut x, 2, 7, 8, 13);
            quarter(l, &mut x, 3, 4, 9, 14);
        }
        for i in 0..WORDS {
            l.store_bits(l.add_bits(x[i], start[i]), &mut self.out[i]);
        }
    }
}

/// ChaCha's quarter round on words `a`, `b`, `c`, `d`.
#[inline(always)]
fn quarter<S: Simd, const R: usize>(
    l: Lanes<S, R>,
    x: &mut [U32s<S, R>; WORDS],
    a: usize,
    b: usize,
    c: usize,
    d: usize,
) {
    x[a] = l.add_bits(x[a], x[b]);
    x[d] = l.rotate::<16, 16>(l.xor(x[d], x[a]));
    x[c] = l.add_bits(x[c], x[d]);
    x[b] = l.rotate::<12, 20>(l.xor(x[b], x[c]));
    x[a] = l.add_bits(x[a], x[b]);
    x[d] = l.rotate::<8, 24>(l.xor(x[d], x[a]));
    x[c] = l.add_bits(x[c], x[d]);
    x[b] = l.rotate::<7, 25>(l.xor(x[b], x[c]));
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;
    use crate::lanes::narrow;

    #[test]
    fn blocks_are_those_of_rand_chacha() {
        let seed: [u8; 32] = std::array::from_fn(|i| (i * 7 + 3) as u8);
        let mut key = [0; 8];
        for (word, bytes) in key.iter_mut().zip(seed.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        let mut plain = ChaCha8Rng::from_seed(seed);
        for counter in 0..3 {
            let (mut wide, mut thin) = ([[0; LANES]; WORDS], [[0; LANES]; WORDS]);
            let blocks = |out| Blocks {
                key: &key,
                counter,
                out,
            };
            dispatch(blocks(&mut wide));
            narrow(blocks(&mut thin));
            assert_eq!(wide, thin);
            for lane in 0..LANES {
                for word in &wide {
                    assert_eq!(word[lane], plain.next_u32());
                }
            }
        }
    }

    #[test]
    fn words_do_not_repeat_across_refills() {
        let mut rng = WideChaCha::new(&mut ChaCha8Rng::seed_from_u64(1));
        let mut words: Vec<u64> = (0..10_000).map(|_| rng.next_u64()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), 10_000);
        let heads = (0..10_000).filter(|_| rng.random_bool(0.3)).count() as f64;
        assert!((heads - 3000.0).abs() < 5.0 * f64::sqrt(2100.0));
    }
}
