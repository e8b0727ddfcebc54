//! Rows of residues times small integers, exactly: the product that classifying and revealing share.
//!
//! A residue is kept as four signed digits of 16 bits, Σ_i digit_i·2^(16i). A digit times an integer
//! x is at most 2^15·|x|, and each of eight 32-bit lanes adds up two products of a block of sixteen:
//! it holds those of integers of ‖x‖₁ < 2^16. Rows are cut where a lane would meet more. Columns are
//! taken in tiles that stay in the nearest cache while every image of a batch passes over them: one
//! pass over the rows serves them all.

#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::__m256i;

use crate::modular::{add, reduce_wide};
use crate::parameters::MODULUS;
use crate::transform::Backend;

/// Integers in a block.
const LANES: usize = 16;
/// Digits of a residue.
const DIGITS: usize = 4;
/// Blocks in a tile: 16 KiB of a row's digits.
const TILE: usize = 128;
/// Lanes of sums; each takes two neighbours of a block.
const SUMS: usize = LANES / 2;
/// Largest ‖x‖₁ whose products with digits add up in one lane.
const MAX_SUM: i32 = (1 << 16) - 1;

/// As a register holds them: what is copied into another type on the way is copied through memory.
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(32))]
struct Block([i16; LANES]);

/// Integer rows of one width, of magnitudes below 2^14.
#[derive(Debug)]
pub(crate) struct SmallRows {
    width: usize,
    blocks: Vec<Block>,
}

impl SmallRows {
    pub(crate) fn new(width: usize) -> Self {
        Self {
            width,
            blocks: Vec::new(),
        }
    }

    /// Forgets the rows, to take others of this width.
    pub(crate) fn reset(&mut self, width: usize) {
        self.width = width;
        self.blocks.clear();
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, row: impl ExactSizeIterator<Item = i16>) {
        debug_assert_eq!(row.len(), self.width);
        let start = self.blocks.len();
        let blocks = self.width.div_ceil(LANES);
        self.blocks
            .resize(start + blocks, bytemuck::Zeroable::zeroed());
        let out: &mut [i16] = bytemuck::must_cast_slice_mut(&mut self.blocks[start..]);
        out.iter_mut().zip(row).for_each(|(out, x)| *out = x);
    }

    fn len(&self) -> usize {
        self.blocks.len() / self.width.div_ceil(LANES)
    }

    /// The blocks of row i that lie in the tile that begins with block `start`.
    fn tile(&self, i: usize, start: usize) -> &[Block] {
        let blocks = self.width.div_ceil(LANES);
        &self.blocks[i * blocks + start..i * blocks + (start + TILE).min(blocks)]
    }
}

/// Residues made ready to be multiplied with [`SmallRows`].
#[derive(Debug)]
pub(crate) struct DigitRows {
    backend: Backend,
    rows: usize,
    /// Blocks of a row.
    blocks: usize,
    /// `rows × blocks × 4` blocks of digits.
    digits: Vec<[Block; DIGITS]>,
}

impl DigitRows {
    /// Of rows of one width, residues below q.
    pub(crate) fn new(rows: &[&[u64]], backend: Backend) -> Self {
        let blocks = rows.first().map_or(0, |row| row.len().div_ceil(LANES));
        let mut digits = Vec::with_capacity(rows.len() * blocks);
        for chunk in rows.iter().flat_map(|row| row.chunks(LANES)) {
            let mut block = [Block([0; LANES]); DIGITS];
            for (lane, &word) in chunk.iter().enumerate() {
                for (digits, digit) in block.iter_mut().zip(split(word)) {
                    digits.0[lane] = digit;
                }
            }
            digits.push(block);
        }
        Self {
            backend,
            rows: rows.len(),
            blocks,
            digits,
        }
    }

    /// Wipes rows that are secret from memory.
    pub(crate) fn wipe(&mut self) {
        let digits: &mut [Block] = self.digits.as_flattened_mut();
        let digits: &mut [i16] = bytemuck::must_cast_slice_mut(digits);
        zeroize::Zeroize::zeroize(digits);
    }

    /// out[i·rows + k] = Σ_j row_k[j]·x_i[j] modulo q, of rows as wide as these.
    pub(crate) fn multiply(&self, x: &SmallRows, out: &mut [u64]) {
        out.fill(0);
        #[cfg(target_arch = "x86_64")]
        if self.backend == Backend::Detected
            && let Some(v3) = pulp::x86::V3::try_new()
        {
            v3.vectorize(Detected {
                lanes: v3,
                rows: self,
                x,
                out,
            });
            return;
        }
        self.multiply_with(Portable, x, out);
    }

    #[inline(always)]
    fn multiply_with<L: Lanes>(&self, lanes: L, x: &SmallRows, out: &mut [u64]) {
        let images = x.len();
        let mut cuts = Vec::with_capacity(images.div_ceil(2));
        for start in (0..self.blocks).step_by(TILE) {
            cuts.clear();
            for i in (0..images).step_by(2) {
                let second = (i + 1).min(images - 1);
                cuts.push(cut(lanes, x.tile(i, start), x.tile(second, start)));
            }
            for k in 0..self.rows {
                let from = k * self.blocks + start;
                let row = &self.digits[from..(from + TILE).min((k + 1) * self.blocks)];
                for (pair, cuts) in cuts.iter().enumerate() {
                    let i = 2 * pair;
                    if i + 1 < images {
                        let x = [x.tile(i, start), x.tile(i + 1, start)];
                        let [first, second] = dot(lanes, row, x, cuts);
                        let at = i * self.rows + k;
                        out[at] = add(out[at], first);
                        out[at + self.rows] = add(out[at + self.rows], second);
                    } else {
                        let [only] = dot(lanes, row, [x.tile(i, start)], cuts);
                        out[i * self.rows + k] = add(out[i * self.rows + k], only);
                    }
                }
            }
        }
    }
}

/// A product with the vector instructions that the processor has. A closure's shim is not always
/// inlined, and then compiled without them, sixteen times slower.
#[cfg(target_arch = "x86_64")]
struct Detected<'a> {
    lanes: pulp::x86::V3,
    rows: &'a DigitRows,
    x: &'a SmallRows,
    out: &'a mut [u64],
}

#[cfg(target_arch = "x86_64")]
impl pulp::NullaryFnOnce for Detected<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.rows.multiply_with(self.lanes, self.x, self.out);
    }
}

/// Where to cut a tile so that in neither row a lane meets more between two cuts than it bears, in
/// blocks. Mostly nowhere, and then nothing is allocated.
#[inline(always)]
fn cut<L: Lanes>(lanes: L, a: &[Block], b: &[Block]) -> Vec<usize> {
    let mut norms = [lanes.zero(); 2];
    for (a, b) in a.iter().zip(b) {
        norms[0] = lanes.add_norms(norms[0], a);
        norms[1] = lanes.add_norms(norms[1], b);
    }
    let too_much = |norms| lanes.largest(norms) > MAX_SUM;
    if norms.into_iter().any(too_much) {
        return parts(a, b);
    }
    Vec::new()
}

/// The cuts within a tile of which some lane meets too much. A block by itself always fits: two
/// integers below 2^14.
#[cold]
fn parts(a: &[Block], b: &[Block]) -> Vec<usize> {
    let mut cuts = Vec::new();
    let mut norms = [Portable.zero(); 2];
    for (at, (a, b)) in a.iter().zip(b).enumerate() {
        let before = norms;
        norms[0] = Portable.add_norms(norms[0], a);
        norms[1] = Portable.add_norms(norms[1], b);
        if norms.as_flattened().iter().any(|&norm| norm > MAX_SUM) {
            cuts.push(at);
            for (norms, before) in norms.iter_mut().zip(before) {
                norms.iter_mut().zip(before).for_each(|(n, b)| *n -= b);
            }
        }
    }
    cuts
}

/// One row of residues times I rows of integers, in parts that end at `cuts` and at the row's end.
#[inline(always)]
fn dot<L: Lanes, const I: usize>(
    lanes: L,
    row: &[[Block; DIGITS]],
    x: [&[Block]; I],
    cuts: &[usize],
) -> [u64; I] {
    let mut totals = [[0i64; DIGITS]; I];
    let mut start = 0;
    for end in cuts.iter().copied().chain([row.len()]) {
        let mut sums = [[lanes.zero(); DIGITS]; I];
        let x = x.map(|x| &x[start..end]);
        for (at, digits) in row[start..end].iter().enumerate() {
            for (sums, x) in sums.iter_mut().zip(&x) {
                for (sum, digit) in sums.iter_mut().zip(digits) {
                    *sum = lanes.multiply_add(*sum, digit, &x[at]);
                }
            }
        }
        for (totals, sums) in totals.iter_mut().zip(sums) {
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total += lanes.total(sum);
            }
        }
        start = end;
    }
    totals.map(join)
}

/// Sums of products in 32-bit lanes.
trait Lanes: Copy {
    type Sum: Copy;
    fn zero(self) -> Self::Sum;
    fn multiply_add(self, sum: Self::Sum, digits: &Block, x: &Block) -> Self::Sum;
    fn total(self, sum: Self::Sum) -> i64;
    /// Adds ‖x‖₁ of what each lane meets of a block of integers below 2^14, at most 2^15 of them.
    fn add_norms(self, norms: Self::Sum, x: &Block) -> Self::Sum;
    /// The largest lane.
    fn largest(self, norms: Self::Sum) -> i32;
}

#[derive(Clone, Copy)]
struct Portable;

impl Lanes for Portable {
    type Sum = [i32; SUMS];

    #[inline(always)]
    fn zero(self) -> Self::Sum {
        [0; SUMS]
    }

    #[inline(always)]
    fn multiply_add(self, mut sum: Self::Sum, digits: &Block, x: &Block) -> Self::Sum {
        let product = |at: usize| i32::from(digits.0[at]).wrapping_mul(i32::from(x.0[at]));
        for (lane, sum) in sum.iter_mut().enumerate() {
            let pair = product(2 * lane).wrapping_add(product(2 * lane + 1));
            *sum = sum.wrapping_add(pair);
        }
        sum
    }

    #[inline(always)]
    fn total(self, sum: Self::Sum) -> i64 {
        sum.iter().map(|&lane| i64::from(lane)).sum()
    }

    #[inline(always)]
    fn add_norms(self, mut norms: Self::Sum, x: &Block) -> Self::Sum {
        for (norm, pair) in norms.iter_mut().zip(x.0.as_chunks::<2>().0) {
            *norm += i32::from(pair[0].abs()) + i32::from(pair[1].abs());
        }
        norms
    }

    #[inline(always)]
    fn largest(self, norms: Self::Sum) -> i32 {
        norms.into_iter().max().unwrap_or(0)
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for pulp::x86::V3 {
    type Sum = __m256i;

    #[inline(always)]
    fn zero(self) -> Self::Sum {
        bytemuck::Zeroable::zeroed()
    }

    #[inline(always)]
    fn multiply_add(self, sum: Self::Sum, digits: &Block, x: &Block) -> Self::Sum {
        let (digits, x) = (bytemuck::must_cast_ref(digits), bytemuck::must_cast_ref(x));
        let pairs = self.avx2._mm256_madd_epi16(*digits, *x);
        self.avx2._mm256_add_epi32(sum, pairs)
    }

    #[inline(always)]
    fn total(self, sum: Self::Sum) -> i64 {
        Portable.total(bytemuck::must_cast(sum))
    }

    #[inline(always)]
    fn add_norms(self, norms: Self::Sum, x: &Block) -> Self::Sum {
        let x = self.avx2._mm256_abs_epi16(*bytemuck::must_cast_ref(x));
        let pairs = self
            .avx2
            ._mm256_madd_epi16(x, bytemuck::must_cast([1i16; LANES]));
        self.avx2._mm256_add_epi32(norms, pairs)
    }

    #[inline(always)]
    fn largest(self, norms: Self::Sum) -> i32 {
        Portable.largest(bytemuck::must_cast(norms))
    }
}

/// The digits of a residue, least first.
fn split(word: u64) -> [i16; DIGITS] {
    // All digits but the last take away their own carry; the last fits unless the word is near q/2,
    // where its representative on the other side of zero is taken.
    const LARGEST: u64 = 0x7fff * 0x0001_0001_0001_0001;
    let mut rest = if word > LARGEST {
        i128::from(word) - i128::from(MODULUS)
    } else {
        i128::from(word)
    };
    [(); DIGITS].map(|()| {
        let digit = rest as i16;
        rest = (rest - i128::from(digit)) >> 16;
        digit
    })
}

/// Σ_i total_i·2^(16i) modulo q, of totals below 2^52.
#[inline(always)]
fn join(totals: [i64; DIGITS]) -> u64 {
    let terms = totals.iter().enumerate();
    let sum: i128 = terms.map(|(i, &t)| i128::from(t) << (16 * i)).sum();
    // A multiple of q that no such sum is below.
    reduce_wide((sum + (i128::from(MODULUS) << 40)) as u128)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modular::{from_signed, mul};
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    proptest! {
        #[test]
        fn digits_join_to_the_word(word in prop_oneof![
            0..MODULUS,
            (MODULUS / 2 - (1 << 50))..(MODULUS / 2 + (1 << 50)),
            Just(0x7fff * 0x0001_0001_0001_0001),
            Just(0x7fff * 0x0001_0001_0001_0001 + 1),
            Just(MODULUS / 2),
            Just(MODULUS - 1),
        ]) {
            prop_assert_eq!(join(split(word).map(i64::from)), word);
        }
    }

    fn check(rows: &[Vec<u64>], x: &[Vec<i16>]) {
        let width = rows[0].len();
        let borrowed: Vec<&[u64]> = rows.iter().map(Vec::as_slice).collect();
        let mut small = SmallRows::new(width);
        x.iter().for_each(|x| small.push(x.iter().copied()));
        let expected: Vec<u64> = x
            .iter()
            .flat_map(|x| {
                rows.iter().map(move |row| {
                    let products = row.iter().zip(x);
                    products.fold(0, |sum, (&w, &x)| {
                        add(sum, mul(w, from_signed(i64::from(x))))
                    })
                })
            })
            .collect();
        for backend in [Backend::Detected, Backend::Portable] {
            let mut out = vec![7; x.len() * rows.len()];
            DigitRows::new(&borrowed, backend).multiply(&small, &mut out);
            assert_eq!(out, expected, "{backend:?}");
        }
    }

    #[test]
    fn products_are_exact_for_any_shape() {
        let mut rng = ChaCha8Rng::seed_from_u64(31);
        for (rows, width, images, most) in [
            (1, 1, 1, 3),
            (3, 16, 2, 255),
            (11, 1024, 3, 255),
            (2, 5001, 5, 16383),
            (4, 33, 4, 1),
        ] {
            let words =
                |rng: &mut ChaCha8Rng| (0..width).map(|_| rng.random_range(0..MODULUS)).collect();
            let rows: Vec<Vec<u64>> = (0..rows).map(|_| words(&mut rng)).collect();
            let small =
                |rng: &mut ChaCha8Rng| (0..width).map(|_| rng.random_range(-most..=most)).collect();
            let x: Vec<Vec<i16>> = (0..images).map(|_| small(&mut rng)).collect();
            check(&rows, &x);
        }
    }

    /// The words and integers of the largest digits, all of one sign: lanes must not overflow.
    #[test]
    fn extreme_words_and_integers_are_exact() {
        let least = 0x8000u64 * 0x0001_0001_0001_0001 % MODULUS;
        for word in [
            0x7fff * 0x0001_0001_0001_0001,
            least,
            MODULUS / 2,
            MODULUS / 2 + 1,
        ] {
            for x in [16383, -16383, 255, -255, 31] {
                check(
                    &[vec![word; 3000]],
                    &[vec![x; 3000], vec![-x; 3000], vec![1; 3000]],
                );
            }
        }
    }
}
