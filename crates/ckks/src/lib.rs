//! A small RNS-CKKS on number-theoretic transforms: approximate arithmetic on encrypted vectors.
//!
//! A message is a vector of N/2 complex numbers (*slots*). [`Context::encode`] turns it into an
//! integer polynomial scaled by Δ, [`SecretKey::encrypt`] hides it in a pair of polynomials
//! modulo Q_ℓ = q_0·…·q_ℓ (ℓ is the *level*), and every [`Ciphertext::rescale`] divides by the
//! last prime and drops it. Level, scale and key travel with the ciphertext and are checked by
//! every operation; what does not fit is a [`CkksError`], never garbage.
//!
//! ```
//! use ckks::{Context, Parameters, SecretKey};
//!
//! let context = Context::new(&Parameters::new(12, &[36, 30], 36, 30)?)?;
//! let key = SecretKey::generate(&context)?;
//! let keys = key.evaluation_keys().relinearisation().rotations([1]).build()?;
//!
//! let x = key.encrypt(&context.encode_real(&[1.0, 2.0, 3.0], 1, context.scale())?)?;
//! let squared = x.mul(&x)?.relinearise(&keys)?.rescale()?;
//! let next = squared.rotate(1, &keys)?;
//! assert!((key.decrypt(&next)?.decode_real()[0] - 4.0).abs() < 1e-3);
//! # Ok::<(), ckks::CkksError>(())
//! ```
//!
//! Sources: Cheon, Kim, Kim, Song 2017 (CKKS); Cheon, Han, Kim, Kim, Song 2018 (RNS); Han, Ki 2020
//! (hybrid key switching); Halevi, Shoup 2018 and Bossuat et al. 2021 (hoisting, once and twice).
//! The noise of each operation is stated, and predicted, by [`NoiseModel`].
//!
//! **Security.** The parameters are checked against the homomorphic encryption standard's table for
//! 128 bits and ternary secrets. CKKS decryptions carry the noise: they must not be handed to
//! whoever chose the ciphertexts (Li, Micciancio 2021). Secrets are drawn from the operating
//! system's generator and wiped when dropped.

mod arithmetic;
mod ciphertext;
mod context;
mod encoder;
mod encrypt;
mod error;
mod evaluation_keys;
mod key_id;
mod key_switch;
mod linear;
mod modulus;
mod noise;
mod packing;
mod parameters;
mod plaintext;
mod poly;
mod polynomial;
mod public_key;
mod rotate;
mod sampling;
mod secret_key;
mod security;
mod simulated;
mod wire;

pub use ciphertext::{Ciphertext, SeededCiphertext};
pub use context::Context;
pub use error::CkksError;
pub use evaluation_keys::{EvaluationKeyBuilder, EvaluationKeys};
pub use fourier::Complex64;
pub use key_id::KeyId;
pub use linear::{EncodedMap, LinearMap};
pub use noise::{Noise, NoiseModel};
pub use parameters::Parameters;
pub use plaintext::Plaintext;
pub use public_key::PublicKey;
pub use rotate::Hoisted;
pub use secret_key::SecretKey;
pub use security::max_log_qp;
pub use simulated::{Observed, SimulatedKey};
