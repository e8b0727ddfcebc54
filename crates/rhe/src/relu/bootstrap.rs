//! Keyswitch, modulus switch and blind rotation of one LWE ciphertext.

use super::keys::{EvaluationKeys, SET};
use crate::keys::LWE_DIMENSION;
use crate::parameters::POLYNOMIAL_SIZE;
use tfhe::core_crypto::prelude::*;

/// Words of an LWE ciphertext under the ring's key: N mask words, then the body.
pub(super) const LWE_WORDS: usize = POLYNOMIAL_SIZE + 1;

/// Opened evaluation keys.
pub(super) struct Bootstrapper {
    keyswitch: Vec<u64>,
    bootstrap: FourierLweBootstrapKeyOwned,
    fft: Fft,
    arch: pulp::Arch,
}

impl Bootstrapper {
    pub(super) fn new(keys: &EvaluationKeys) -> Self {
        Self {
            keyswitch: keys.open_keyswitch(),
            bootstrap: keys.open_bootstrap(),
            fft: Fft::new(SET.polynomial_size),
            arch: pulp::Arch::new(),
        }
    }

    /// From N + 1 words under the ring's key to n + 1 words under the small key.
    pub(super) fn switch_key(&self, lwe: &[u64]) -> Vec<u64> {
        let mut out = vec![0u64; LWE_DIMENSION + 1];
        out[LWE_DIMENSION] = lwe[POLYNOMIAL_SIZE];
        let decomposer = SignedDecomposer::new(SET.ks_base_log, SET.ks_level);
        let rows = self.keyswitch.chunks_exact(LWE_DIMENSION + 1);
        let digits = lwe[..POLYNOMIAL_SIZE]
            .iter()
            .flat_map(|&mask| decomposer.decompose(mask).map(|term| term.value()));
        let digits: Vec<u64> = digits.collect();
        self.arch.dispatch(
            #[inline(always)]
            || {
                for (row, &digit) in rows.zip(&digits) {
                    for (out, &word) in out.iter_mut().zip(row) {
                        *out = out.wrapping_sub(word.wrapping_mul(digit));
                    }
                }
            },
        );
        out
    }

    /// Rotates an encrypted accumulator (2N words) by the phase of a small LWE ciphertext and
    /// adds the LWE ciphertext of its coefficient 0 to `sum` (N + 1 words).
    pub(super) fn rotate_add(&self, small: &[u64], accumulator: &[u64], sum: &mut [u64]) {
        let mut table = GlweCiphertext::from_container(
            accumulator.to_vec(),
            SET.polynomial_size,
            SET.ciphertext_modulus,
        );
        let input = LweCiphertext::from_container(small, SET.ciphertext_modulus);
        let log_modulus = SET.polynomial_size.to_blind_rotation_input_modulus_log();
        let switched = lwe_ciphertext_centered_binary_modulus_switch(input, log_modulus);
        let fft = self.fft.as_view();
        let mut buffers = ComputationBuffers::new();
        let needed = blind_rotate_assign_mem_optimized_requirement::<u64>(
            SET.glwe_dimension.to_glwe_size(),
            SET.polynomial_size,
            fft,
        );
        buffers.resize(needed.unaligned_bytes_required());
        blind_rotate_assign_mem_optimized(
            &switched,
            &mut table,
            &self.bootstrap,
            fft,
            buffers.stack(),
        );
        let words = table.into_container();
        let (mask, body) = words.split_at(POLYNOMIAL_SIZE);
        extract_add(mask, body[0], 0, sum);
    }
}

/// Adds the LWE ciphertext of coefficient c of a GLWE ciphertext over 2^64: its mask's word j is
/// a_(c−j), or −a_(N+c−j) where that index would be negative.
pub(super) fn extract_add(mask: &[u64], body: u64, coefficient: usize, sum: &mut [u64]) {
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
