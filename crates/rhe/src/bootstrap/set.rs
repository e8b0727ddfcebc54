//! The parameter set of keyswitching and bootstrapping.

use crate::keys::LWE_DIMENSION;
use crate::parameters::{NOISE_BOUND_LOG2, POLYNOMIAL_SIZE};
use tfhe::core_crypto::prelude::*;

/// Dimensions, noise and decompositions.
pub(crate) struct Set {
    pub(crate) lwe_dimension: LweDimension,
    pub(crate) glwe_dimension: GlweDimension,
    pub(crate) polynomial_size: PolynomialSize,
    pub(crate) lwe_noise_distribution: DynamicDistribution<u64>,
    pub(crate) glwe_noise_distribution: DynamicDistribution<u64>,
    pub(crate) pbs_base_log: DecompositionBaseLog,
    pub(crate) pbs_level: DecompositionLevelCount,
    pub(crate) ks_base_log: DecompositionBaseLog,
    pub(crate) ks_level: DecompositionLevelCount,
    pub(crate) ciphertext_modulus: CiphertextModulus<u64>,
}

/// `V1_8_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128` of tfhe 1.8.2 (128 bits; there it fails with a
/// probability below 2^-129). Written out because tfhe's own constant comes with all of its integers
/// of few bits, which are most of what there is to compile of it.
pub(crate) const SET: Set = Set {
    lwe_dimension: LweDimension(LWE_DIMENSION),
    glwe_dimension: GlweDimension(1),
    polynomial_size: PolynomialSize(POLYNOMIAL_SIZE),
    lwe_noise_distribution: DynamicDistribution::new_t_uniform(45),
    glwe_noise_distribution: DynamicDistribution::new_t_uniform(NOISE_BOUND_LOG2),
    pbs_base_log: DecompositionBaseLog(23),
    pbs_level: DecompositionLevelCount(1),
    ks_base_log: DecompositionBaseLog(4),
    ks_level: DecompositionLevelCount(4),
    ciphertext_modulus: CiphertextModulus::new_native(),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::DESCRIPTION;

    /// Every file names the parameters by the hash of their description: it must say what is used.
    #[test]
    fn files_name_the_set_that_is_used() {
        let noise = |distribution| match distribution {
            DynamicDistribution::TUniform(uniform) => uniform.bound_log2(),
            other => panic!("{other:?}"),
        };
        assert!(SET.ciphertext_modulus.is_native_modulus());
        let glwe = format!(
            "glwe N={} k={} binary tuniform={} ",
            SET.polynomial_size.0,
            SET.glwe_dimension.0,
            noise(SET.glwe_noise_distribution)
        );
        assert!(DESCRIPTION.starts_with(&glwe), "{glwe}");
        let rest = format!(
            "lwe n={} binary tuniform={} q=2^64; pbs base=2^{} level={}; ks base=2^{} level={};",
            SET.lwe_dimension.0,
            noise(SET.lwe_noise_distribution),
            SET.pbs_base_log.0,
            SET.pbs_level.0,
            SET.ks_base_log.0,
            SET.ks_level.0
        );
        assert!(DESCRIPTION.contains(&rest), "{rest}");
    }
}
