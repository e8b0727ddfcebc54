//! The parameter set: which ring, which modulus, which noise.

use std::fmt;

/// Degree of the ring `Z_q[X]/(X^N + 1)`, N.
pub const POLYNOMIAL_SIZE: usize = 2048;

/// Modulus q = 2^64 − 2^32 + 1 of the linear products: prime, so that one number-theoretic
/// transform multiplies exactly, and so close to 2^64 that noise rates of the 64-bit torus carry
/// over (their ratio is 1 − 2^-32).
pub const MODULUS: u64 = 0xffff_ffff_0000_0001;

/// Encryption noise is `TUniform(2^b)`, b = 17: an integer in [−2^b, 2^b], the two ends half as
/// likely as the rest.
pub const NOISE_BOUND_LOG2: u32 = 17;

/// No product leaves this crate unless its decryption fails with a probability below 2^this.
pub const MAX_LOG2_FAILURE: f64 = -64.0;

/// Everything that two parties must agree on, as text; its hash is the fingerprint in each file.
///
/// The GLWE part (N = 2048, k = 1, binary secret, `TUniform(17)` on 64 bits) and the LWE part
/// (n = 918, `TUniform(45)`) are those of tfhe's
/// `V1_8_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128`; a test holds this text to what is used.
pub const DESCRIPTION: &str = "glwe N=2048 k=1 binary tuniform=17 q=2^64-2^32+1 ntt=7,blocks-of-8 \
    mask=chacha20; lwe n=918 binary tuniform=45 q=2^64; pbs base=2^23 level=1; ks base=2^4 level=4; \
    square ckks 128 bits; decision 64 slots";

/// Variance of one encryption's noise, in units of 1/q squared: (2^(2b+1) + 1) / 6.
pub fn noise_variance() -> f64 {
    (2f64.powi(2 * NOISE_BOUND_LOG2 as i32 + 1) + 1.0) / 6.0
}

/// Eight bytes that differ when the parameters do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub(crate) [u8; 8]);

impl Fingerprint {
    /// The fingerprint of the parameters compiled in.
    pub fn current() -> Self {
        let hash = blake3::hash(DESCRIPTION.as_bytes());
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash.as_bytes()[..8]);
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
