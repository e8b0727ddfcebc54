//! Parameter sets: the ring, the chain of primes and the scale, checked.

use crate::{CkksError, security};
use tfhe_ntt::prime::is_prime64;

/// A checked parameter set.
///
/// The primes are the largest below the stated powers of two that are 1 modulo 2N, so a set is
/// named by its sizes alone and two parties that state the same sizes agree on the primes.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    log_degree: u32,
    primes: Vec<u64>,
    special: u64,
    log_scale: u32,
}

impl Parameters {
    /// Ring degree 2^`log_degree`, ciphertext primes of `prime_bits` (q_0 first), one special prime
    /// of `special_bits` for key switching, and the scale Δ = 2^`log_scale`.
    ///
    /// # Errors
    /// If log QP is above the 128-bit table's limit, if the primes do not exist or are not between
    /// 20 and 50 bits, if the special prime is smaller than a ciphertext prime (key switching would
    /// drown the message), or if Δ is not below q_0.
    pub fn new(
        log_degree: u32,
        prime_bits: &[u32],
        special_bits: u32,
        log_scale: u32,
    ) -> Result<Self, CkksError> {
        let refuse = |reason: String| Err(CkksError::Parameters { reason });
        if !(10..=15).contains(&log_degree) {
            return refuse(format!(
                "the ring degree must be 2^10 to 2^15, not 2^{log_degree}"
            ));
        }
        if prime_bits.is_empty() || prime_bits.len() > 32 {
            return refuse(format!(
                "1 to 32 ciphertext primes are needed, not {}",
                prime_bits.len()
            ));
        }
        for &bits in prime_bits.iter().chain([&special_bits]) {
            if !(20..=50).contains(&bits) {
                return refuse(format!("primes must have 20 to 50 bits, not {bits}"));
            }
        }
        if prime_bits.iter().any(|&bits| bits > special_bits) {
            return refuse("the special prime must be at least as large as the others".into());
        }
        if log_scale == 0 || log_scale >= prime_bits[0] {
            return refuse(format!(
                "the scale 2^{log_scale} must be below the first prime, 2^{}",
                prime_bits[0]
            ));
        }
        // The special prime is chosen first, so that it is the largest of its size.
        let mut taken = Vec::new();
        for bits in [special_bits].into_iter().chain(prime_bits.iter().copied()) {
            taken.push(largest_prime(log_degree, bits, &taken)?);
        }
        security::check(1 << log_degree, taken.iter().copied())?;
        Ok(Self {
            log_degree,
            special: taken[0],
            primes: taken.split_off(1),
            log_scale,
        })
    }

    /// Four levels at N = 8192: 40 + 4 × 30 + 45 bits (log QP 205 of 218), Δ = 2^30.
    pub fn fast() -> Result<Self, CkksError> {
        Self::new(13, &[40, 30, 30, 30, 30], 45, 30)
    }

    /// Four levels at N = 16384: 50 + 4 × 40 + 50 bits (log QP 260 of 438), Δ = 2^40.
    pub fn accurate() -> Result<Self, CkksError> {
        Self::new(14, &[50, 40, 40, 40, 40], 50, 40)
    }

    /// Ring degree N.
    pub fn degree(&self) -> usize {
        1 << self.log_degree
    }

    /// log2 N.
    pub fn log_degree(&self) -> u32 {
        self.log_degree
    }

    /// The ciphertext primes q_0, q_1, ….
    pub fn primes(&self) -> &[u64] {
        &self.primes
    }

    /// The special prime P of key switching.
    pub fn special(&self) -> u64 {
        self.special
    }

    /// The default scale Δ.
    pub fn scale(&self) -> f64 {
        f64::from(self.log_scale).exp2()
    }

    /// log2 of the default scale.
    pub fn log_scale(&self) -> u32 {
        self.log_scale
    }

    /// The highest level: a fresh ciphertext's number of primes, minus one.
    pub fn max_level(&self) -> usize {
        self.primes.len() - 1
    }

    /// log2 QP, what the security table limits.
    pub fn log_qp(&self) -> f64 {
        self.primes
            .iter()
            .chain([&self.special])
            .map(|&prime| (prime as f64).log2())
            .sum()
    }

    /// A digest of everything that two parties must agree on.
    pub fn fingerprint(&self) -> [u8; 16] {
        let mut hash = blake3::Hasher::new_derive_key("rhea ckks parameters v1");
        hash.update(&self.log_degree.to_le_bytes());
        hash.update(&self.log_scale.to_le_bytes());
        hash.update(&self.special.to_le_bytes());
        for prime in &self.primes {
            hash.update(&prime.to_le_bytes());
        }
        let mut out = [0; 16];
        out.copy_from_slice(&hash.finalize().as_bytes()[..16]);
        out
    }
}

/// The largest prime below 2^`bits` that is 1 modulo 2N and not among `taken`.
fn largest_prime(log_degree: u32, bits: u32, taken: &[u64]) -> Result<u64, CkksError> {
    let step = 2u64 << log_degree;
    let mut candidate = (1u64 << bits) + 1 - step;
    while candidate > 1 << (bits - 1) {
        if !taken.contains(&candidate) && is_prime64(candidate) {
            return Ok(candidate);
        }
        candidate -= step;
    }
    Err(CkksError::Parameters {
        reason: format!("there are too few {bits}-bit primes that are 1 modulo {step}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_sets_are_inside_the_table() {
        for set in [Parameters::fast().unwrap(), Parameters::accurate().unwrap()] {
            let limit = crate::max_log_qp(set.degree()).unwrap();
            assert!(set.log_qp() <= f64::from(limit));
            for &prime in set.primes().iter().chain([&set.special()]) {
                assert_eq!(prime % (2 * set.degree() as u64), 1);
            }
        }
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for (log_degree, primes, special, scale) in [
            (13, vec![50, 50, 50, 50], 50, 40),
            (9, vec![30], 30, 20),
            (13, vec![], 30, 20),
            (13, vec![40, 30], 35, 30),
            (13, vec![30, 30], 40, 30),
            (13, vec![51], 51, 30),
        ] {
            assert!(Parameters::new(log_degree, &primes, special, scale).is_err());
        }
    }

    #[test]
    fn fingerprints_tell_sets_apart() {
        let one = Parameters::new(13, &[40, 30], 45, 30).unwrap();
        let scale = Parameters::new(13, &[40, 30], 45, 29).unwrap();
        let ring = Parameters::new(14, &[40, 30], 45, 30).unwrap();
        assert_eq!(one.fingerprint(), one.clone().fingerprint());
        assert_ne!(one.fingerprint(), scale.fingerprint());
        assert_ne!(one.fingerprint(), ring.fingerprint());
    }
}
