use super::*;
use crate::modular::{from_signed, mul, sub};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn random(rng: &mut ChaCha8Rng) -> Vec<u64> {
    (0..POLYNOMIAL_SIZE)
        .map(|_| rng.random_range(0..MODULUS))
        .collect()
}

/// Multiplication modulo X^N + 1 by the definition.
fn schoolbook(left: &[u64], right: &[u64]) -> Vec<u64> {
    let mut out = vec![0; POLYNOMIAL_SIZE];
    for (i, &a) in left.iter().enumerate() {
        for (j, &b) in right.iter().enumerate() {
            let (at, product) = ((i + j) % POLYNOMIAL_SIZE, mul(a, b));
            out[at] = if i + j < POLYNOMIAL_SIZE {
                add(out[at], product)
            } else {
                sub(out[at], product)
            };
        }
    }
    out
}

#[test]
fn both_backends_give_the_same_bits() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (fast, plain) = (
        Transform::new(Backend::Detected),
        Transform::new(Backend::Portable),
    );
    for _ in 0..20 {
        let (mut a, b, c) = (random(&mut rng), random(&mut rng), random(&mut rng));
        let mut other = a.clone();
        fast.forward(&mut a);
        plain.forward(&mut other);
        assert_eq!(a, other);
        fast.multiply_add(&mut a, &b, &c);
        plain.multiply_add(&mut other, &b, &c);
        assert_eq!(a, other);
        fast.inverse(&mut a);
        plain.inverse(&mut other);
        assert_eq!(a, other);
        assert!(a.iter().all(|&value| value < MODULUS));
        fast.multiply_plus_scaled(&mut a, &b, &c, u32::MAX, &other);
        let expected: Vec<u64> = (0..POLYNOMIAL_SIZE)
            .map(|i| add(mul(b[i], c[i]), mul(u64::from(u32::MAX), other[i])))
            .collect();
        assert_eq!(a, expected);
    }
}

#[test]
fn products_of_values_are_negacyclic_products() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let (a, mut b) = (random(&mut rng), vec![0; POLYNOMIAL_SIZE]);
    b.iter_mut()
        .for_each(|v| *v = from_signed(rng.random_range(-255..=255)));
    for backend in [Backend::Detected, Backend::Portable] {
        let transform = Transform::new(backend);
        let (mut left, mut right) = (a.clone(), b.clone());
        transform.forward(&mut left);
        transform.forward(&mut right);
        let mut product = vec![0; POLYNOMIAL_SIZE];
        transform.multiply(&mut product, &left, &right);
        transform.inverse(&mut product);
        assert_eq!(product, schoolbook(&a, &b));
    }
}

#[test]
fn values_are_taken_at_the_stated_powers() {
    let transform = Transform::new(Backend::Detected);
    let mut x = vec![0; POLYNOMIAL_SIZE];
    x[1] = 1;
    transform.forward(&mut x);
    let root = butterflies::root();
    assert_eq!(
        crate::modular::pow(root, POLYNOMIAL_SIZE as u64),
        MODULUS - 1
    );
    for (i, &value) in x.iter().enumerate() {
        assert_eq!(value, crate::modular::pow(root, butterflies::exponent(i)));
    }
}

/// The same products as the library's transform, whose order and root are its own.
#[test]
fn agrees_with_tfhe_ntt() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let plan = tfhe_ntt::prime64::Plan::try_new(POLYNOMIAL_SIZE, MODULUS).unwrap();
    let transform = Transform::new(Backend::Detected);
    let (a, b) = (random(&mut rng), random(&mut rng));
    let product = |forward: &dyn Fn(&mut [u64])| {
        let (mut left, mut right) = (a.clone(), b.clone());
        forward(&mut left);
        forward(&mut right);
        let pairs = left.iter().zip(&right);
        pairs.map(|(&l, &r)| mul(l, r)).collect::<Vec<u64>>()
    };
    let mut ours = product(&|values| transform.forward(values));
    transform.inverse(&mut ours);
    let mut theirs = product(&|values| plan.fwd(values));
    plan.inv(&mut theirs);
    plan.normalize(&mut theirs);
    assert_eq!(ours, theirs);
}
