//! Rows of residues as bits: each takes no more than its prime has.

use crate::CkksError;
use crate::context::Context;
use crate::poly::{Basis, Poly};

/// Bytes of a polynomial.
pub(crate) fn packed_len(context: &Context, basis: Basis) -> usize {
    (0..basis.rows())
        .map(|row| context.degree() * basis.modulus(context, row).bits() as usize / 8)
        .sum()
}

/// Appends a polynomial's rows. N is a multiple of 8, so every row ends on a whole byte.
pub(crate) fn pack(context: &Context, poly: &Poly, out: &mut Vec<u8>) {
    for (row, values) in poly.rows().enumerate() {
        let bits = poly.basis.modulus(context, row).bits();
        let (mut buffer, mut held) = (0u128, 0);
        for &value in values {
            buffer |= u128::from(value) << held;
            held += bits;
            while held >= 8 {
                out.push(buffer as u8);
                buffer >>= 8;
                held -= 8;
            }
        }
    }
}

/// Reads a polynomial from exactly [`packed_len`] bytes.
///
/// # Errors
/// If a residue is not below its prime.
pub(crate) fn unpack(
    context: &Context,
    basis: Basis,
    bytes: &[u8],
    what: &'static str,
) -> Result<Poly, CkksError> {
    let mut poly = Poly::zero(context, basis);
    let mut bytes = bytes.iter();
    for (row, values) in poly.rows_mut().enumerate() {
        let modulus = basis.modulus(context, row);
        let (bits, mask) = (modulus.bits(), u64::MAX >> (64 - modulus.bits()));
        let (mut buffer, mut held) = (0u128, 0);
        for value in values {
            while held < bits {
                let byte = bytes.next().copied().unwrap_or(0);
                buffer |= u128::from(byte) << held;
                held += 8;
            }
            *value = buffer as u64 & mask;
            buffer >>= bits;
            held -= bits;
            if *value >= modulus.value() {
                return Err(CkksError::Format {
                    what,
                    reason: format!("residue {value} is not below its prime {}", modulus.value()),
                });
            }
        }
    }
    Ok(poly)
}
