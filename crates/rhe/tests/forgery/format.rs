//! Files and decryption by their documentation: slow, plain, and without any check.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rhe::{Precision, SecretKey};

/// q.
pub const Q: u64 = 0xffff_ffff_0000_0001;
/// N.
pub const N: usize = 2048;
/// Bytes before the payload.
const HEADER: usize = 28;
/// Bytes behind it.
const CHECKSUM: usize = 16;

pub fn add(a: u64, b: u64) -> u64 {
    ((u128::from(a) + u128::from(b)) % u128::from(Q)) as u64
}

pub fn sub(a: u64, b: u64) -> u64 {
    add(a, Q - b % Q)
}

pub fn mul(a: u64, b: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(Q)) as u64
}

pub fn pow(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = mul(result, base);
        }
        base = mul(base, base);
        exponent >>= 1;
    }
    result
}

/// The residue of an integer.
pub fn residue(value: i64) -> u64 {
    (i128::from(value).rem_euclid(i128::from(Q))) as u64
}

/// The representative between −q/2 and q/2.
pub fn centred(residue: u64) -> i128 {
    let value = i128::from(residue);
    if residue > Q / 2 {
        value - i128::from(Q)
    } else {
        value
    }
}

/// Takes bytes off a slice.
fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(count);
    *bytes = rest;
    taken
}

fn number(bytes: &mut &[u8]) -> u64 {
    u64::from_le_bytes(take(bytes, 8).try_into().unwrap())
}

fn small(bytes: &mut &[u8]) -> u32 {
    u32::from_le_bytes(take(bytes, 4).try_into().unwrap())
}

fn words(bytes: &mut &[u8], count: usize) -> Vec<u64> {
    (0..count).map(|_| number(bytes)).collect()
}

/// The payload of a container.
pub fn payload(bytes: &[u8]) -> &[u8] {
    &bytes[HEADER..bytes.len() - CHECKSUM]
}

/// A container of this kind and version with a right length and checksum, its parameters those of
/// `like`.
pub fn container(like: &[u8], kind: u16, version: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = like[..HEADER].to_vec();
    bytes[8..10].copy_from_slice(&kind.to_le_bytes());
    bytes[10..12].copy_from_slice(&version.to_le_bytes());
    bytes[20..28].copy_from_slice(&(payload.len() as u64).to_le_bytes());
    bytes.extend_from_slice(payload);
    let checksum = blake3::hash(&bytes);
    bytes.extend_from_slice(&checksum.as_bytes()[..CHECKSUM]);
    bytes
}

/// H: everything that is said of a head.
#[derive(Clone, PartialEq, Debug)]
pub struct Bound {
    pub key: Vec<u8>,
    pub head: Vec<u8>,
    pub features: usize,
    pub classes: usize,
    pub weight_bits: u32,
    pub feature_bits: u32,
    /// 0 for ring ciphertexts, 1 for a pad.
    pub scheme: u32,
    pub sealed: Vec<u8>,
    pub seed: Vec<u8>,
    /// The header of the file that it is from.
    like: Vec<u8>,
}

impl Bound {
    fn parse(header: &[u8], bytes: &mut &[u8]) -> Self {
        let (key, head) = (take(bytes, 16).to_vec(), take(bytes, 16).to_vec());
        let (features, classes) = (number(bytes) as usize, number(bytes) as usize);
        let (weight_bits, feature_bits) = (small(bytes), small(bytes));
        let scheme = small(bytes);
        let length = number(bytes) as usize;
        Self {
            key,
            head,
            features,
            classes,
            weight_bits,
            feature_bits,
            scheme,
            sealed: take(bytes, length).to_vec(),
            seed: take(bytes, 32).to_vec(),
            like: header.to_vec(),
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.features as u64, self.classes as u64];
        let bits = [self.weight_bits, self.feature_bits, self.scheme];
        [
            self.key.clone(),
            self.head.clone(),
            numbers.iter().flat_map(|n| n.to_le_bytes()).collect(),
            bits.iter().flat_map(|n| n.to_le_bytes()).collect(),
            (self.sealed.len() as u64).to_le_bytes().to_vec(),
            self.sealed.clone(),
            self.seed.clone(),
        ]
        .concat()
    }
}

/// A protected linear head as whoever holds it sees it.
pub struct HeadFile {
    pub bound: Bound,
    /// `classes × (features + 1)`.
    pub bodies: Vec<u64>,
    pub tags: Vec<u64>,
}

impl HeadFile {
    pub fn parse(bytes: &[u8]) -> Self {
        let mut rest = payload(bytes);
        let bound = Bound::parse(&bytes[..HEADER], &mut rest);
        let row = bound.features + 1;
        // Features are not scaled in these tests.
        assert_eq!(small(&mut rest), 0);
        let bodies = match bound.scheme {
            0 => words(&mut rest, bound.classes * row),
            _ => (0..bound.classes * row)
                .map(|_| small(&mut rest).into())
                .collect(),
        };
        Self {
            bodies,
            tags: words(&mut rest, row),
            bound,
        }
    }

    /// B_kj.
    pub fn body(&self, class: usize, feature: usize) -> u64 {
        self.bodies[class * (self.bound.features + 1) + feature]
    }

    /// The answer to these numbers, whether an image can have them or not: it carries its tag.
    pub fn answer(&self, scale: u32, features: &[i16]) -> Image {
        let with = |row: &[u64]| {
            let products = row.iter().zip(features);
            let sum = products.fold(0, |sum, (&w, &x)| add(sum, mul(w, residue(i64::from(x)))));
            add(sum, mul(row[features.len()], u64::from(scale)))
        };
        Image {
            scale,
            features: features.to_vec(),
            bodies: self.bodies.chunks(features.len() + 1).map(with).collect(),
            tag: with(&self.tags),
        }
    }
}

/// One image's result.
#[derive(Clone, PartialEq, Debug)]
pub struct Image {
    pub scale: u32,
    pub features: Vec<i16>,
    pub bodies: Vec<u64>,
    pub tag: u64,
}

/// A file of results.
#[derive(Clone, PartialEq, Debug)]
pub struct ResultsFile {
    pub bound: Bound,
    pub images: Vec<Image>,
}

impl ResultsFile {
    pub fn parse(bytes: &[u8]) -> Self {
        let mut rest = payload(bytes);
        let bound = Bound::parse(&bytes[..HEADER], &mut rest);
        let images = (0..number(&mut rest))
            .map(|_| Image {
                scale: small(&mut rest),
                features: take(&mut rest, 2 * bound.features)
                    .chunks(2)
                    .map(|b| i16::from_le_bytes([b[0], b[1]]))
                    .collect(),
                bodies: words(&mut rest, bound.classes),
                tag: number(&mut rest),
            })
            .collect();
        assert!(rest.is_empty());
        Self { bound, images }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.bound.to_bytes();
        bytes.extend((self.images.len() as u64).to_le_bytes());
        for image in &self.images {
            bytes.extend(image.scale.to_le_bytes());
            bytes.extend(image.features.iter().flat_map(|x| x.to_le_bytes()));
            bytes.extend(image.bodies.iter().flat_map(|w| w.to_le_bytes()));
            bytes.extend(image.tag.to_le_bytes());
        }
        container(&self.bound.like, 3, 3, &bytes)
    }
}

/// The 32 bytes of a secret key.
pub fn master(key: &SecretKey) -> [u8; 32] {
    payload(&key.to_bytes())[16..].try_into().unwrap()
}

/// N bits of a stream.
pub fn bits(mut stream: ChaCha20Rng) -> Vec<u64> {
    let words = (0..N / 64).map(|_| stream.next_u64());
    let words: Vec<u64> = words.collect();
    (0..N).map(|i| (words[i / 64] >> (i % 64)) & 1).collect()
}

/// The secret of one linear head.
pub fn head_secret(key: &SecretKey, bound: &Bound) -> Vec<u64> {
    let purpose = blake3::derive_key("rhea rhe linear head secret", &master(key));
    let seed = blake3::keyed_hash(&purpose, &bound.to_bytes());
    bits(ChaCha20Rng::from_seed(*seed.as_bytes()))
}

/// The numbers that a head seals.
pub fn sealed_numbers(key: &SecretKey, bound: &Bound) -> Vec<f64> {
    let purpose = blake3::derive_key("rhea rhe sealed numbers", &master(key));
    let seed = blake3::keyed_hash(&purpose, &bound.head);
    let mut pad = vec![0; bound.sealed.len() - 32];
    ChaCha20Rng::from_seed(*seed.as_bytes()).fill_bytes(&mut pad);
    pad.iter_mut()
        .zip(&bound.sealed)
        .for_each(|(pad, hidden)| *pad ^= hidden);
    let words = pad.chunks(8).map(|bytes| bytes.try_into().unwrap());
    words.map(f64::from_le_bytes).collect()
}

/// The masks of the first N words, in evaluation form.
pub fn first_mask(seed: &[u8]) -> Vec<u64> {
    let mut stream = ChaCha20Rng::from_seed(seed.try_into().unwrap());
    let mask: Vec<u64> = (0..N).map(|_| stream.next_u64()).collect();
    // A word is refused with probability 2^-32.
    assert!(mask.iter().all(|&word| word < Q));
    mask
}

/// The exponent of ψ at which value i of an evaluation form is taken.
fn exponent(i: usize) -> u64 {
    let place = 8 * (i % (N / 8)) + i / (N / 8);
    2 * (place.reverse_bits() >> (usize::BITS - 11)) as u64 + 1
}

/// Evaluation form to coefficients and back, by the definition.
pub fn coefficients(values: &[u64]) -> Vec<u64> {
    let inverse = pow(N as u64, Q - 2);
    let mut out = vec![0; N];
    for (i, &value) in values.iter().enumerate() {
        let step = pow(pow(7, (Q - 1) / (2 * N as u64)), 2 * N as u64 - exponent(i));
        let mut term = mul(value, inverse);
        for out in &mut out {
            *out = add(*out, term);
            term = mul(term, step);
        }
    }
    out
}

/// Coefficients to evaluation form.
pub fn values(coefficients: &[u64]) -> Vec<u64> {
    let root = pow(7, (Q - 1) / (2 * N as u64));
    (0..N)
        .map(|i| {
            let step = pow(root, exponent(i));
            let terms = coefficients.iter().rev();
            terms.fold(0, |sum, &c| add(mul(sum, step), c))
        })
        .collect()
}

/// What an owner decrypts with who does not check.
pub struct Opened {
    /// A, the products of masks and secret, N of them.
    pub products: Vec<u64>,
    /// Δ.
    pub delta: u64,
    /// The real size of each row's step.
    pub steps: Vec<f64>,
}

impl Opened {
    /// Of a head of at most N words.
    pub fn new(key: &SecretKey, bound: &Bound) -> Self {
        assert!(bound.classes * (bound.features + 1) <= N);
        let precision = Precision {
            weight_bits: bound.weight_bits,
            feature_bits: bound.feature_bits,
        };
        let mask = coefficients(&first_mask(&bound.seed));
        let secret = head_secret(key, bound);
        let mut products = vec![0; N];
        for (at, _) in secret.iter().enumerate().filter(|(_, bit)| **bit == 1) {
            for (i, &word) in mask.iter().enumerate() {
                let place = (i + at) % N;
                products[place] = if i + at < N {
                    add(products[place], word)
                } else {
                    sub(products[place], word)
                };
            }
        }
        Self {
            products,
            delta: precision.space(bound.features).unwrap().delta,
            steps: sealed_numbers(key, bound)[..bound.classes].to_vec(),
        }
    }

    /// Δ·logit + noise of a class.
    pub fn phase(&self, image: &Image, class: usize) -> u64 {
        let row = image.features.len() + 1;
        let products = &self.products[class * row..][..row];
        let used = image
            .features
            .iter()
            .zip(products)
            .filter(|(x, _)| **x != 0);
        let sum = used.fold(0, |sum, (&x, &a)| add(sum, mul(a, residue(i64::from(x)))));
        let bias = mul(products[row - 1], u64::from(image.scale));
        sub(image.bodies[class], add(sum, bias))
    }

    /// The integer logit that a phase is read as.
    pub fn logit(&self, image: &Image, class: usize) -> i128 {
        let (phase, delta) = (centred(self.phase(image, class)), i128::from(self.delta));
        (phase + phase.signum() * (delta / 2)) / delta
    }

    /// All that is told: the class.
    pub fn class(&self, image: &Image) -> usize {
        let classes = image.bodies.len();
        if classes == 1 {
            return usize::from(self.logit(image, 0) > 0);
        }
        let value = |k: usize| self.logit(image, k) as f64 * self.steps[k];
        // The first of the largest.
        (0..classes)
            .rev()
            .max_by(|&a, &b| value(a).total_cmp(&value(b)))
            .unwrap()
    }
}
