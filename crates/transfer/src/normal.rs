//! Normal and uniform numbers, sixteen at a time: what initial weights are made of.
//!
//! Sixteen xoshiro128++ generators (Blackman and Vigna 2021), seeded from a ChaCha stream, feed a
//! Box-Muller transform with polynomial logarithm, sine and cosine. Values lie within ±6.77 and
//! come in steps of about 1e-7: more than enough for weights, but not meant for differential
//! privacy, whose noise is drawn by `rand_distr` from the ChaCha stream itself.

use pulp::Simd;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::lanes::{F32s, Kernel, LANES, Lanes, U32s, dispatch};

/// Fills `out` (a multiple of 16 long) with independent normal numbers of mean 0 and the given
/// standard deviation.
pub(crate) fn fill_normal(rng: &mut ChaCha8Rng, std: f32, out: &mut [f32]) {
    dispatch(FillNormal::new(rng, std, out));
}

/// Fills `out` (a multiple of 16 long) with independent numbers, uniform between ± `bound`.
pub(crate) fn fill_uniform(rng: &mut ChaCha8Rng, bound: f32, out: &mut [f32]) {
    dispatch(FillUniform(FillNormal::new(rng, bound, out)));
}

/// [`FillNormal`]'s generators; its standard deviation is the bound.
pub(crate) struct FillUniform<'a>(pub FillNormal<'a>);

impl Kernel for FillUniform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) {
        let mut state = [lanes.splat_bits(0); 4];
        for (state, word) in state.iter_mut().zip(&self.0.state) {
            *state = lanes.load_bits(word);
        }
        let bound = lanes.splat(self.0.std);
        for vector in self.0.out.as_chunks_mut::<LANES>().0 {
            // 23 random bits behind an exponent make a float in [2, 4).
            let bits = lanes.shr::<9>(next(lanes, &mut state));
            let bits = lanes.or(bits, lanes.splat_bits(0x4000_0000));
            let value = lanes.sub(lanes.floats(bits), lanes.splat(3.0));
            lanes.store(lanes.mul(value, bound), vector);
        }
    }
}

pub(crate) struct FillNormal<'a> {
    state: [[u32; LANES]; 4],
    std: f32,
    out: &'a mut [f32],
}

impl<'a> FillNormal<'a> {
    pub fn new(rng: &mut ChaCha8Rng, std: f32, out: &'a mut [f32]) -> Self {
        debug_assert!(out.len().is_multiple_of(LANES));
        let mut state = [[0; LANES]; 4];
        for word in state.as_flattened_mut() {
            *word = rng.next_u32();
        }
        Self { state, std, out }
    }
}

impl Kernel for FillNormal<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) {
        let mut state = [lanes.splat_bits(0); 4];
        for (state, word) in state.iter_mut().zip(&self.state) {
            *state = lanes.load_bits(word);
        }
        let std = lanes.splat(self.std);
        for pair in self.out.as_chunks_mut::<LANES>().0.chunks_mut(2) {
            let radius = lanes.mul(radius(lanes, next(lanes, &mut state)), std);
            let (sine, cosine) = direction(lanes, next(lanes, &mut state));
            lanes.store(lanes.mul(radius, sine), &mut pair[0]);
            if let Some(second) = pair.get_mut(1) {
                lanes.store(lanes.mul(radius, cosine), second);
            }
        }
    }
}

/// One step of every lane's xoshiro128++.
#[inline(always)]
fn next<S: Simd, const R: usize>(l: Lanes<S, R>, s: &mut [U32s<S, R>; 4]) -> U32s<S, R> {
    let sum = l.add_bits(s[0], s[3]);
    let out = l.add_bits(l.rotate::<7, 25>(sum), s[0]);
    let shifted = l.shl::<9>(s[1]);
    s[2] = l.xor(s[2], s[0]);
    s[3] = l.xor(s[3], s[1]);
    s[1] = l.xor(s[1], s[2]);
    s[0] = l.xor(s[0], s[3]);
    s[2] = l.xor(s[2], shifted);
    s[3] = l.rotate::<11, 21>(s[3]);
    out
}

/// √(-2 ln u) with u = (x + 1/2) / 2³².
#[inline(always)]
fn radius<S: Simd, const R: usize>(l: Lanes<S, R>, x: U32s<S, R>) -> F32s<S, R> {
    // x + 1/2 as a float: the low half below 2^22 in steps of 1/2, the high half below 2^39.
    let low = l.or(
        l.shl::<1>(l.and(x, l.splat_bits(0xffff))),
        l.splat_bits(0x4a80_0001),
    );
    let high = l.or(l.shr::<16>(x), l.splat_bits(0x5300_0000));
    let high = l.sub(l.floats(high), l.splat(549_755_813_888.0 + 4_194_304.0));
    let u = l.add(high, l.floats(low));
    // u = 2^e m with m in [√½, √2); then Cephes's logf polynomial in m - 1.
    let shifted = l.add_bits(
        l.words(u),
        l.splat_bits(0x3f80_0000_u32.wrapping_sub(0x3f35_04f3)),
    );
    let e = l.or(l.shr::<23>(shifted), l.splat_bits(0x4b00_0000));
    let e = l.sub(l.floats(e), l.splat(8_388_608.0 + 127.0 + 32.0));
    let m = l.add_bits(
        l.and(shifted, l.splat_bits(0x007f_ffff)),
        l.splat_bits(0x3f35_04f3),
    );
    let r = l.sub(l.floats(m), l.splat(1.0));
    let mut p = l.splat(7.037_683_6e-2);
    for c in [
        -1.151_461e-1,
        1.167_699_84e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_7e-1,
        2.000_071_4e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
        -0.5,
        1.0,
    ] {
        p = l.mul_add(p, r, l.splat(c));
    }
    let minus_two = l.mul(r, l.splat(-2.0));
    let square = l.mul_add(
        e,
        l.splat(-2.0 * std::f32::consts::LN_2),
        l.mul(p, minus_two),
    );
    l.sqrt(l.max(square, l.splat(0.0)))
}

/// (sin θ, cos θ) with θ uniform on the circle: an angle in [-π/4, π/4) from the high bits, and
/// three low bits that swap the two and flip their signs.
#[inline(always)]
fn direction<S: Simd, const R: usize>(l: Lanes<S, R>, x: U32s<S, R>) -> (F32s<S, R>, F32s<S, R>) {
    let t = l.or(l.shr::<9>(x), l.splat_bits(0x4000_0000));
    let t = l.mul(
        l.sub(l.floats(t), l.splat(3.0)),
        l.splat(std::f32::consts::FRAC_PI_4),
    );
    let v = l.mul(t, t);
    let mut sine = l.splat(-1.951_529_6e-4);
    for c in [8.332_161e-3, -1.666_665_5e-1, 1.0] {
        sine = l.mul_add(sine, v, l.splat(c));
    }
    let sine = l.words(l.mul(sine, t));
    let mut cosine = l.splat(2.443_315_7e-5);
    for c in [-1.388_731_6e-3, 4.166_664_6e-2, -0.5, 1.0] {
        cosine = l.mul_add(cosine, v, l.splat(c));
    }
    let cosine = l.words(cosine);
    let one = l.splat_bits(1);
    let swap = l.sub_bits(l.splat_bits(0), l.and(x, one));
    let change = l.and(l.xor(sine, cosine), swap);
    let top = l.splat_bits(0x8000_0000);
    let left = l.xor(l.xor(sine, change), l.and(l.shl::<30>(x), top));
    let right = l.xor(l.xor(cosine, change), l.and(l.shl::<29>(x), top));
    (l.floats(left), l.floats(right))
}

#[cfg(test)]
mod tests;
