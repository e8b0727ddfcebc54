//! The table of the homomorphic encryption standard that parameters are held against.

use crate::CkksError;

/// Largest log2 QP for 128-bit classical security with ternary secrets and σ ≈ 3.2, by ring degree
/// (Homomorphic Encryption Security Standard, 2018, table 1), or `None` outside the table.
pub fn max_log_qp(degree: usize) -> Option<u32> {
    match degree {
        1024 => Some(27),
        2048 => Some(54),
        4096 => Some(109),
        8192 => Some(218),
        16384 => Some(438),
        32768 => Some(881),
        _ => None,
    }
}

/// Refuses a ring degree outside the table and a modulus above its limit.
pub(crate) fn check(degree: usize, primes: impl Iterator<Item = u64>) -> Result<(), CkksError> {
    let log_qp: f64 = primes.map(|prime| (prime as f64).log2()).sum();
    let limit = max_log_qp(degree).ok_or_else(|| CkksError::Parameters {
        reason: format!("ring degree {degree} is not a power of two between 1024 and 32768"),
    })?;
    if log_qp > f64::from(limit) {
        return Err(CkksError::Insecure {
            degree,
            log_qp,
            limit,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_inclusive_and_hard() {
        let primes = |bits: u32| (0..bits).map(|_| 2u64);
        assert!(check(8192, primes(218)).is_ok());
        assert!(matches!(
            check(8192, primes(219)),
            Err(CkksError::Insecure { limit: 218, .. })
        ));
        assert!(check(8191, primes(10)).is_err());
        assert!(check(512, primes(10)).is_err());
    }
}
