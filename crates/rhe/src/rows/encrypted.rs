//! Encrypted rows, with their masks written out or left to a seed.

use super::Encryptor;
use crate::packing::Packing;
use crate::parameters::POLYNOMIAL_SIZE;
use crate::randomness::{MaskSeed, MaskStream};
use rand::CryptoRng;

/// How the masks of a protected head are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As the seed that they are drawn from: half the size, a little work on loading.
    Seeded,
    /// Written out.
    Full,
}

/// Rows in the coefficients of GLWE ciphertexts: per ciphertext N body words, and N mask words or
/// their share of a 32-byte seed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EncryptedRows {
    pub(crate) packing: Packing,
    pub(crate) seed: MaskSeed,
    /// Masks in evaluation form, `ciphertexts × N`; empty in the seeded form.
    pub(crate) masks: Vec<u64>,
    /// Bodies in coefficient form, `ciphertexts × N`.
    pub(crate) bodies: Vec<u64>,
    /// Bodies of the biases, one a row; their masks always come from the seed, one a group after
    /// those of the weights.
    pub(crate) bias_bodies: Vec<u64>,
}

impl EncryptedRows {
    /// Encrypts `rows × features` weights and as many biases as rows; residues below q, plaintext
    /// scale included. `encryptor` must be at the beginning of `seed`'s stream.
    pub(crate) fn encrypt<R: CryptoRng>(
        encryptor: &mut Encryptor<'_, R>,
        seed: MaskSeed,
        packing: Packing,
        weights: &[u64],
        biases: &[u64],
    ) -> Self {
        let words = packing.ciphertexts() * POLYNOMIAL_SIZE;
        let (mut masks, mut bodies) = (vec![0; words], vec![0; words]);
        for (class, row) in weights.chunks_exact(packing.features).enumerate() {
            let (group, slot) = packing.place(class);
            for chunk in 0..packing.chunks {
                let at = (group * packing.chunks + chunk) * POLYNOMIAL_SIZE + slot * packing.width;
                let piece = &row[packing.chunk(chunk)];
                bodies[at..at + piece.len()].copy_from_slice(piece);
            }
        }
        let ciphertexts = masks.chunks_exact_mut(POLYNOMIAL_SIZE);
        for (mask, body) in ciphertexts.zip(bodies.chunks_exact_mut(POLYNOMIAL_SIZE)) {
            encryptor.encrypt(mask, body);
        }
        let mut bias_bodies = Vec::with_capacity(packing.classes);
        let mut mask = vec![0; POLYNOMIAL_SIZE];
        for group in biases.chunks(packing.slots) {
            let mut body = vec![0; POLYNOMIAL_SIZE];
            for (slot, &bias) in group.iter().enumerate() {
                body[slot * packing.width] = bias;
            }
            encryptor.encrypt(&mut mask, &mut body);
            bias_bodies.extend((0..group.len()).map(|slot| body[slot * packing.width]));
        }
        Self {
            packing,
            seed,
            masks,
            bodies,
            bias_bodies,
        }
    }

    pub(crate) fn form(&self) -> Form {
        if self.masks.is_empty() {
            Form::Seeded
        } else {
            Form::Full
        }
    }

    /// The same rows with masks written out or left to their seed.
    pub(crate) fn into_form(mut self, form: Form) -> Self {
        self.masks = match (form, self.form()) {
            (Form::Seeded, _) => Vec::new(),
            (Form::Full, Form::Full) => self.masks,
            (Form::Full, Form::Seeded) => self.expand_masks().0,
        };
        self
    }

    /// Masks of the weights (`ciphertexts × N`) and of the biases (`groups × N`), evaluation form.
    pub(crate) fn expand_masks(&self) -> (Vec<u64>, Vec<u64>) {
        let mut stream = MaskStream::new(&self.seed);
        let mut fill = |polynomials: usize| {
            let mut masks = vec![0; polynomials * POLYNOMIAL_SIZE];
            // One polynomial at a time, as they were drawn.
            masks
                .chunks_exact_mut(POLYNOMIAL_SIZE)
                .for_each(|mask| stream.fill(mask));
            masks
        };
        let masks = fill(self.packing.ciphertexts());
        (masks, fill(self.packing.groups))
    }
}
