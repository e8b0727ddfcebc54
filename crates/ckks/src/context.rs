//! What both parties derive from the parameters: transforms, constants, automorphisms.

use crate::encoder::Encoder;
use crate::modulus::Modulus;
use crate::{CkksError, Parameters};
use std::collections::HashMap;
use std::sync::Arc;

/// The tables of one parameter set. Cheap to clone; everything made from it remembers it.
#[derive(Clone)]
pub struct Context(Arc<Tables>);

struct Tables {
    parameters: Parameters,
    fingerprint: [u8; 16],
    q: Vec<Modulus>,
    special: Modulus,
    /// `inverse_of_q[j][i]` = q_j^-1 mod q_i, and 0 for i = j.
    inverse_of_q: Vec<Vec<u64>>,
    /// P^-1 mod q_i.
    inverse_of_special: Vec<u64>,
    encoder: Encoder,
    /// Position i holds the evaluation at ψ^`exponents[i]`.
    exponents: Vec<u32>,
    /// The inverse of `exponents`, by (exponent − 1) / 2.
    positions: Vec<u32>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Context").field(self.parameters()).finish()
    }
}

impl Context {
    /// Prepares the tables of `parameters`.
    pub fn new(parameters: &Parameters) -> Result<Self, CkksError> {
        let degree = parameters.degree();
        let q = parameters
            .primes()
            .iter()
            .map(|&prime| Modulus::new(degree, prime))
            .collect::<Result<Vec<_>, _>>()?;
        let special = Modulus::new(degree, parameters.special())?;
        let (exponents, positions) = evaluation_order(degree, &q[0])?;
        let context = Self(Arc::new(Tables {
            parameters: parameters.clone(),
            fingerprint: parameters.fingerprint(),
            inverse_of_q: q
                .iter()
                .map(|other| {
                    q.iter()
                        .map(|modulus| modulus.invert(other.value()))
                        .collect()
                })
                .collect(),
            inverse_of_special: q
                .iter()
                .map(|modulus| modulus.invert(special.value()))
                .collect(),
            q,
            special,
            encoder: Encoder::new(degree),
            exponents,
            positions,
        }));
        context.check_order()?;
        Ok(context)
    }

    /// The parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.0.parameters
    }

    /// Ring degree N.
    pub fn degree(&self) -> usize {
        self.0.parameters.degree()
    }

    /// Slots of a message, N/2.
    pub fn slots(&self) -> usize {
        self.degree() / 2
    }

    /// The level of a fresh ciphertext.
    pub fn max_level(&self) -> usize {
        self.0.parameters.max_level()
    }

    /// The default scale Δ.
    pub fn scale(&self) -> f64 {
        self.0.parameters.scale()
    }

    /// The prime that [`crate::Ciphertext::rescale`] divides by at `level`.
    ///
    /// # Errors
    /// If there is no such level.
    pub fn prime(&self, level: usize) -> Result<f64, CkksError> {
        self.check_level("look up a prime", level)?;
        Ok(self.q(level).value() as f64)
    }

    /// Digest of the parameters, carried by everything that is serialised.
    pub fn fingerprint(&self) -> [u8; 16] {
        self.0.fingerprint
    }

    /// Whether `other` has the same parameters.
    pub(crate) fn same(&self, other: &Self, operation: &'static str) -> Result<(), CkksError> {
        if Arc::ptr_eq(&self.0, &other.0) || self.0.fingerprint == other.0.fingerprint {
            Ok(())
        } else {
            Err(CkksError::Context { operation })
        }
    }

    pub(crate) fn check_level(
        &self,
        operation: &'static str,
        level: usize,
    ) -> Result<(), CkksError> {
        if level > self.max_level() {
            return Err(CkksError::Value {
                operation,
                reason: format!("level {level} is above the highest, {}", self.max_level()),
            });
        }
        Ok(())
    }

    pub(crate) fn q(&self, row: usize) -> &Modulus {
        &self.0.q[row]
    }

    pub(crate) fn special(&self) -> &Modulus {
        &self.0.special
    }

    pub(crate) fn encoder(&self) -> &Encoder {
        &self.0.encoder
    }

    /// q_j^-1 mod q_i, i ≠ j.
    pub(crate) fn inverse_of_q(&self, j: usize, i: usize) -> u64 {
        self.0.inverse_of_q[j][i]
    }

    /// P^-1 mod q_i.
    pub(crate) fn inverse_of_special(&self, i: usize) -> u64 {
        self.0.inverse_of_special[i]
    }

    /// log2 Q_level.
    pub(crate) fn log_q(&self, level: usize) -> f64 {
        self.0.q[..=level]
            .iter()
            .map(|modulus| (modulus.value() as f64).log2())
            .sum()
    }

    /// The Galois element 5^steps mod 2N that moves slot j + steps to slot j.
    pub(crate) fn galois_element(&self, steps: i64) -> u32 {
        let order = 2 * self.degree() as u64;
        let steps = steps.rem_euclid(self.slots() as i64);
        (0..steps).fold(1u64, |element, _| element * 5 % order) as u32
    }

    /// The Galois element of complex conjugation.
    pub(crate) fn conjugation(&self) -> u32 {
        2 * self.degree() as u32 - 1
    }

    /// X → X^element in the transform domain: output position i takes input position `[i]`.
    pub(crate) fn permutation(&self, element: u32) -> Vec<u32> {
        let mask = 2 * self.degree() as u32 - 1;
        self.0
            .exponents
            .iter()
            .map(|&exponent| {
                let image = exponent.wrapping_mul(element) & mask;
                self.0.positions[(image >> 1) as usize]
            })
            .collect()
    }

    /// The inverse of a Galois element modulo 2N.
    pub(crate) fn inverse_element(&self, element: u32) -> u32 {
        // Newton's iteration doubles the correct low bits; an odd number is its own inverse mod 8.
        let mut inverse = element;
        for _ in 0..4 {
            inverse = inverse.wrapping_mul(2u32.wrapping_sub(element.wrapping_mul(inverse)));
        }
        inverse & (2 * self.degree() as u32 - 1)
    }

    /// That the order learned from one prime holds for all: X^5 must be X permuted.
    fn check_order(&self) -> Result<(), CkksError> {
        let permutation = self.permutation(5);
        for modulus in self.0.q.iter().chain([&self.0.special]) {
            let mut x = vec![0; self.degree()];
            x[1] = 1;
            modulus.forward(&mut x);
            let holds = x
                .iter()
                .zip(&permutation)
                .all(|(&value, &from)| modulus.power(value, 5) == x[from as usize]);
            if !holds {
                return Err(CkksError::Parameters {
                    reason: format!(
                        "the transform modulo {} orders its output unlike the others",
                        modulus.value()
                    ),
                });
            }
        }
        Ok(())
    }
}

/// Learns where tfhe-ntt puts which evaluation by transforming X: position i then holds ψ^e_i.
fn evaluation_order(degree: usize, modulus: &Modulus) -> Result<(Vec<u32>, Vec<u32>), CkksError> {
    let mut x = vec![0; degree];
    x[1] = 1;
    modulus.forward(&mut x);
    // Any primitive root serves as ψ: another choice multiplies all exponents by the same unit.
    let (root, square) = (x[0], modulus.multiply(x[0], x[0]));
    let mut exponent_of = HashMap::with_capacity(degree);
    let mut power = root;
    for index in 0..degree as u32 {
        exponent_of.insert(power, 2 * index + 1);
        power = modulus.multiply(power, square);
    }
    let mut positions = vec![0; degree];
    let exponents = x
        .iter()
        .zip(0u32..)
        .map(|(value, position)| {
            let exponent = *exponent_of.get(value)?;
            positions[(exponent >> 1) as usize] = position;
            Some(exponent)
        })
        .collect::<Option<Vec<u32>>>()
        .ok_or_else(|| CkksError::Parameters {
            reason: format!(
                "the transform modulo {} does not evaluate at primitive roots",
                modulus.value()
            ),
        })?;
    Ok((exponents, positions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn automorphisms_are_permutations_of_evaluations() {
        let context = Context::new(&Parameters::fast().unwrap()).unwrap();
        let degree = context.degree();
        let modulus = context.q(1);
        let coefficients: Vec<u64> = (0..degree as u64).map(|x| x * x % 1009).collect();
        for element in [5, 25, context.conjugation(), context.galois_element(-1)] {
            let mut direct = vec![0; degree];
            for (at, &value) in coefficients.iter().enumerate() {
                let image = at * element as usize % (2 * degree);
                direct[image % degree] = if image < degree || value == 0 {
                    value
                } else {
                    modulus.value() - value
                };
            }
            modulus.forward(&mut direct);
            let mut row = coefficients.clone();
            modulus.forward(&mut row);
            let permuted: Vec<u64> = context
                .permutation(element)
                .iter()
                .map(|&from| row[from as usize])
                .collect();
            assert_eq!(permuted, direct);
            let inverse = context.inverse_element(element);
            assert_eq!(
                u64::from(inverse) * u64::from(element) % (2 * degree as u64),
                1
            );
        }
    }
}
