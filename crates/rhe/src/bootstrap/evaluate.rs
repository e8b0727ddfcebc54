//! Keyswitch, modulus switch and blind rotation of LWE ciphertexts.
//!
//! Both keys are about 60 MB. Several ciphertexts go through them together, so that a key is read
//! from memory once for all of them, not once for each.

use super::keys::EvaluationKeys;
use super::set::SET;
use crate::keys::LWE_DIMENSION;
use crate::parameters::POLYNOMIAL_SIZE;
use crate::vectorised::vectorised;
use rayon::prelude::*;
use tfhe::core_crypto::fft_impl::fft64::crypto::bootstrap::batch_blind_rotate_assign_scratch;
use tfhe::core_crypto::prelude::*;

/// Words of an LWE ciphertext under the ring's key: N mask words, then the body.
pub(crate) const LWE_WORDS: usize = POLYNOMIAL_SIZE + 1;
/// Words of one under the small key.
const SMALL_WORDS: usize = LWE_DIMENSION + 1;
/// Most accumulators that turn together: their polynomials stay in the second-level cache.
const TOGETHER: usize = 4;
/// Columns of the keyswitching key that one task works on.
const COLUMNS: usize = SMALL_WORDS.div_ceil(4);

/// Opened evaluation keys.
pub(crate) struct Bootstrapper {
    keyswitch: Vec<u64>,
    bootstrap: FourierLweBootstrapKeyOwned,
    fft: Fft,
    arch: pulp::Arch,
}

/// What a bootstrap looks up: its table on [0, 1/2) of a turn, minus that on the other half.
#[derive(Clone, Copy)]
pub(crate) enum Table<'a> {
    /// 2N words of a GLWE ciphertext.
    Encrypted(&'a [u64]),
    /// One public value: the bootstrap gives it or its negative, the sign of the input.
    Constant(u64),
}

/// One bootstrap: a ciphertext under the small key and its table.
#[derive(Clone, Copy)]
pub(crate) struct Rotation<'a> {
    pub(crate) small: &'a [u64],
    pub(crate) table: Table<'a>,
}

/// A ciphertext modulo 2N.
struct Switched {
    mask: Vec<usize>,
    body: usize,
}

impl ModulusSwitchedLweCiphertext<usize> for Switched {
    fn log_modulus(&self) -> CiphertextModulusLog {
        SET.polynomial_size.to_blind_rotation_input_modulus_log()
    }

    fn lwe_dimension(&self) -> LweDimension {
        LweDimension(self.mask.len())
    }

    fn body(&self) -> usize {
        self.body
    }

    fn mask(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.mask.iter().copied()
    }
}

impl Switched {
    /// Rounds to 2N values, the mean error of the rounding removed.
    fn new(small: &[u64]) -> Self {
        let input = LweCiphertext::from_container(small, SET.ciphertext_modulus);
        let log_modulus = SET.polynomial_size.to_blind_rotation_input_modulus_log();
        let lazy =
            lwe_ciphertext_centered_binary_modulus_switch::<u64, usize, _>(input, log_modulus);
        Self {
            mask: lazy.mask().collect(),
            body: lazy.body(),
        }
    }
}

impl Bootstrapper {
    pub(crate) fn new(keys: &EvaluationKeys) -> Self {
        Self {
            keyswitch: keys.open_keyswitch(),
            bootstrap: keys.open_bootstrap(),
            fft: Fft::new(SET.polynomial_size),
            arch: pulp::Arch::new(),
        }
    }

    /// From N + 1 words each under the ring's key to n + 1 words each under the small key.
    pub(crate) fn switch_keys(&self, lwes: &[Vec<u64>]) -> Vec<Vec<u64>> {
        let decomposer = SignedDecomposer::new(SET.ks_base_log, SET.ks_level);
        let levels = SET.ks_level.0;
        // Digits in the order of the key's rows, those of all ciphertexts side by side.
        let mut digits = vec![0u64; POLYNOMIAL_SIZE * levels * lwes.len()];
        for (at, lwe) in lwes.iter().enumerate() {
            for (j, &mask) in lwe[..POLYNOMIAL_SIZE].iter().enumerate() {
                for (level, term) in decomposer.decompose(mask).enumerate() {
                    digits[(j * levels + level) * lwes.len() + at] = term.value();
                }
            }
        }
        let blocks: Vec<Vec<u64>> = (0..SMALL_WORDS.div_ceil(COLUMNS))
            .into_par_iter()
            .map(|block| self.switch_columns(&digits, lwes, block * COLUMNS))
            .collect();
        (0..lwes.len())
            .map(|at| {
                let parts = blocks.iter().map(|block| {
                    let width = block.len() / lwes.len();
                    &block[at * width..(at + 1) * width]
                });
                parts.flatten().copied().collect()
            })
            .collect()
    }

    /// Columns `start..start + COLUMNS` of the switched ciphertexts, one ciphertext a row.
    fn switch_columns(&self, digits: &[u64], lwes: &[Vec<u64>], start: usize) -> Vec<u64> {
        let width = COLUMNS.min(SMALL_WORDS - start);
        let mut out = vec![0u64; lwes.len() * width];
        if start + width == SMALL_WORDS {
            for (out, lwe) in out.chunks_exact_mut(width).zip(lwes) {
                out[width - 1] = lwe[POLYNOMIAL_SIZE];
            }
        }
        let rows = self.keyswitch.chunks_exact(SMALL_WORDS);
        vectorised(
            Some(self.arch),
            #[inline(always)]
            || {
                for (row, digits) in rows.clone().zip(digits.chunks_exact(lwes.len())) {
                    let row = &row[start..start + width];
                    for (out, &digit) in out.chunks_exact_mut(width).zip(digits) {
                        for (out, &word) in out.iter_mut().zip(row) {
                            *out = out.wrapping_sub(word.wrapping_mul(digit));
                        }
                    }
                }
            },
        );
        out
    }

    /// Bootstraps each of `rotations`: LWE ciphertexts (N + 1 words) under the ring's key. Runs on
    /// all threads of the rayon pool; the bits do not depend on their number.
    pub(crate) fn rotate(&self, rotations: &[Rotation<'_>]) -> Vec<Vec<u64>> {
        let share = rotations.len().div_ceil(rayon::current_num_threads());
        rotations
            .par_chunks(share.clamp(1, TOGETHER))
            .flat_map_iter(|together| self.rotate_together(together))
            .collect()
    }

    fn rotate_together(&self, rotations: &[Rotation<'_>]) -> Vec<Vec<u64>> {
        let mut words = vec![0; rotations.len() * 2 * POLYNOMIAL_SIZE];
        for (words, rotation) in words.chunks_exact_mut(2 * POLYNOMIAL_SIZE).zip(rotations) {
            match rotation.table {
                Table::Encrypted(table) => words.copy_from_slice(table),
                Table::Constant(value) => words[POLYNOMIAL_SIZE..].fill(value),
            }
        }
        let switched: Vec<Switched> = rotations.iter().map(|r| Switched::new(r.small)).collect();
        let size = SET.glwe_dimension.to_glwe_size();
        let mut tables = GlweCiphertextList::from_container(
            words,
            size,
            SET.polynomial_size,
            SET.ciphertext_modulus,
        );
        let fft = self.fft.as_view();
        let mut buffers = ComputationBuffers::new();
        let count = CiphertextCount(rotations.len());
        let needed =
            batch_blind_rotate_assign_scratch::<u64>(size, SET.polynomial_size, count, fft);
        buffers.resize(needed.unaligned_bytes_required());
        self.bootstrap.as_view().batch_blind_rotate_assign(
            tables.as_mut_view(),
            &switched,
            fft,
            buffers.stack(),
        );
        let words = tables.into_container();
        words
            .chunks_exact(2 * POLYNOMIAL_SIZE)
            .map(|table| {
                let (mask, body) = table.split_at(POLYNOMIAL_SIZE);
                let mut lwe = vec![0; LWE_WORDS];
                extract_add(mask, body[0], 0, &mut lwe);
                lwe
            })
            .collect()
    }
}

/// Adds the LWE ciphertext of coefficient c of a GLWE ciphertext over 2^64: its mask's word j is
/// a_(c−j), or −a_(N+c−j) where that index would be negative.
pub(crate) fn extract_add(mask: &[u64], body: u64, coefficient: usize, sum: &mut [u64]) {
    let (head, tail) = mask.split_at(coefficient + 1);
    let (low, rest) = sum.split_at_mut(coefficient + 1);
    for (out, &word) in low.iter_mut().zip(head.iter().rev()) {
        *out = out.wrapping_add(word);
    }
    for (out, &word) in rest.iter_mut().zip(tail.iter().rev()) {
        *out = out.wrapping_sub(word);
    }
    sum[POLYNOMIAL_SIZE] = sum[POLYNOMIAL_SIZE].wrapping_add(body);
}

/// a − b, of two LWE ciphertexts.
pub(crate) fn subtract_from(a: &[u64], b: &[u64]) -> Vec<u64> {
    a.iter().zip(b).map(|(a, b)| a.wrapping_sub(*b)).collect()
}
