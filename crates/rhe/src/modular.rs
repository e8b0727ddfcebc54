//! Arithmetic modulo q = 2^64 − 2^32 + 1, and its relation to the integers and to 2^64.

use crate::parameters::MODULUS;

const LOW: u64 = 0xffff_ffff;

/// a + b modulo q, for a, b < q.
#[inline(always)]
pub fn add(a: u64, b: u64) -> u64 {
    let (sum, carry) = a.overflowing_add(b);
    let sum = if carry { sum.wrapping_add(LOW) } else { sum };
    if sum >= MODULUS {
        sum.wrapping_sub(MODULUS)
    } else {
        sum
    }
}

/// a − b modulo q, for a, b < q.
#[inline(always)]
pub fn sub(a: u64, b: u64) -> u64 {
    let (difference, borrow) = a.overflowing_sub(b);
    if borrow {
        difference.wrapping_add(MODULUS)
    } else {
        difference
    }
}

/// high·2^64 + low modulo q, by 2^64 ≡ 2^32 − 1 and 2^96 ≡ −1.
///
/// Written without 128-bit types so that a compiler can turn a loop over it into vector code.
#[inline(always)]
pub fn reduce(high: u64, low: u64) -> u64 {
    let (top, middle) = (high >> 32, high & LOW);
    let mut partial = low.wrapping_sub(top);
    if low < top {
        partial = partial.wrapping_sub(LOW);
    }
    let shifted = (middle << 32).wrapping_sub(middle);
    let mut result = partial.wrapping_add(shifted);
    if result < shifted {
        result = result.wrapping_add(LOW);
    }
    if result >= MODULUS {
        result = result.wrapping_sub(MODULUS);
    }
    result
}

/// The 128-bit product (high, low) from 32-bit halves: vector units have no wider multiplication.
#[inline(always)]
pub fn widening_mul(a: u64, b: u64) -> (u64, u64) {
    let (a0, a1, b0, b1) = (a & LOW, a >> 32, b & LOW, b >> 32);
    // Nothing here can overflow; the wrapping forms keep overflow checks, which stop a loop from
    // becoming vector code, out of development builds.
    let (p00, p01) = (a0.wrapping_mul(b0), a0.wrapping_mul(b1));
    let (p10, p11) = (a1.wrapping_mul(b0), a1.wrapping_mul(b1));
    let middle = (p00 >> 32).wrapping_add(p01 & LOW).wrapping_add(p10 & LOW);
    let low = (p00 & LOW) | (middle << 32);
    let carries = (p01 >> 32)
        .wrapping_add(p10 >> 32)
        .wrapping_add(middle >> 32);
    (p11.wrapping_add(carries), low)
}

/// a·b modulo q, in a form that vectorises.
#[inline(always)]
pub fn mul_vector(a: u64, b: u64) -> u64 {
    let (high, low) = widening_mul(a, b);
    reduce(high, low)
}

/// a·b modulo q, with the scalar 128-bit product.
#[inline(always)]
pub fn mul(a: u64, b: u64) -> u64 {
    let wide = u128::from(a).wrapping_mul(u128::from(b));
    reduce((wide >> 64) as u64, wide as u64)
}

/// A 128-bit number modulo q.
#[inline(always)]
pub fn reduce_wide(value: u128) -> u64 {
    reduce((value >> 64) as u64, value as u64)
}

/// base^exponent modulo q.
pub fn pow(base: u64, mut exponent: u64) -> u64 {
    let (mut result, mut square) = (1, base);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = mul(result, square);
        }
        square = mul(square, square);
        exponent >>= 1;
    }
    result
}

/// The residue of a signed integer.
#[inline(always)]
pub fn from_signed(value: i64) -> u64 {
    if value >= 0 {
        let value = value as u64;
        if value >= MODULUS {
            value - MODULUS
        } else {
            value
        }
    } else {
        MODULUS - value.unsigned_abs() % MODULUS
    }
}

/// The representative in (−q/2, q/2) of a residue.
#[inline(always)]
pub fn to_signed(residue: u64) -> i64 {
    if residue > MODULUS / 2 {
        -((MODULUS - residue) as i64)
    } else {
        residue as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn residue() -> impl Strategy<Value = u64> {
        prop_oneof![
            0..MODULUS,
            Just(0),
            Just(MODULUS - 1),
            (MODULUS - 3)..MODULUS,
            (LOW - 2)..(LOW + 3)
        ]
    }

    fn truth(value: u128) -> u64 {
        (value % u128::from(MODULUS)) as u64
    }

    proptest! {
        #[test]
        fn agrees_with_128_bit_division(a in residue(), b in residue()) {
            let product = truth(u128::from(a) * u128::from(b));
            prop_assert_eq!(mul(a, b), product);
            prop_assert_eq!(mul_vector(a, b), product);
            prop_assert_eq!(add(a, b), truth(u128::from(a) + u128::from(b)));
            prop_assert_eq!(sub(a, b), truth(u128::from(a) + u128::from(MODULUS - b)));
        }

        #[test]
        fn reduces_any_pair_of_words(high: u64, low: u64) {
            prop_assert_eq!(
                reduce(high, low),
                truth((u128::from(high) << 64) | u128::from(low))
            );
        }

        #[test]
        fn signed_numbers_come_back(value in -(MODULUS as i128 / 2) as i64..=(MODULUS / 2) as i64) {
            prop_assert_eq!(to_signed(from_signed(value)), value);
        }
    }

    #[test]
    fn powers_have_the_right_order() {
        assert_eq!(pow(7, MODULUS - 1), 1);
        assert_eq!(pow(2, 96), MODULUS - 1);
    }
}
