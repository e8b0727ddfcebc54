//! Words of one head in the coefficients of ring ciphertexts.
//!
//! Word i is coefficient i mod N of ciphertext ⌊i/N⌋. A product of a row with integers is taken word
//! by word, not by polynomials, so words lie as close as they can and nothing else is released.

use crate::modular::add;
use crate::parameters::POLYNOMIAL_SIZE;
use crate::randomness::{MaskSeed, MaskStream, add_noise};
use crate::transform::Transform;
use rand::CryptoRng;
use zeroize::Zeroizing;

/// A = a·s, N words at a time: masks of `seed` times the secret (evaluation form). `each` takes
/// the words as they lie in `count` words, the last time fewer than N.
pub(crate) fn mask_products(
    transform: &Transform,
    secret: &[u64],
    seed: &MaskSeed,
    count: usize,
    mut each: impl FnMut(usize, &[u64]),
) {
    let mut masks = MaskStream::new(seed);
    let mut mask = vec![0; POLYNOMIAL_SIZE];
    let mut product = Zeroizing::new(vec![0; POLYNOMIAL_SIZE]);
    for start in (0..count).step_by(POLYNOMIAL_SIZE) {
        masks.fill(&mut mask);
        transform.multiply(&mut product, &mask, secret);
        transform.inverse(&mut product);
        each(start, &product[..POLYNOMIAL_SIZE.min(count - start)]);
    }
}

/// Turns messages m into body words A + e + m.
pub(crate) fn encrypt_words(
    transform: &Transform,
    secret: &[u64],
    seed: &MaskSeed,
    noise: &mut impl CryptoRng,
    words: &mut [u64],
) {
    let count = words.len();
    mask_products(transform, secret, seed, count, |start, products| {
        let words = &mut words[start..start + products.len()];
        for (word, &product) in words.iter_mut().zip(products) {
            *word = add(*word, product);
        }
        add_noise(noise, words);
    });
}
