//! Sixteen-lane arithmetic that gives the same bits on every processor.
//!
//! All vector code of this crate works on sixteen lanes: one AVX-512 register, two AVX2 registers
//! or four of 128 bits, picked at run time. Operations are IEEE-exact ones (fused multiply-add
//! among them, never contracted by the compiler), and sums across lanes have one fixed order, so
//! results do not depend on the width of the registers.

use pulp::{Simd, WithSimd};

/// Lanes of a vector.
pub(crate) const LANES: usize = 16;

/// A vector of sixteen f32 in R registers of S.
pub(crate) type F32s<S, const R: usize> = [<S as Simd>::f32s; R];
/// A vector of sixteen u32 in R registers of S.
pub(crate) type U32s<S, const R: usize> = [<S as Simd>::u32s; R];

/// Code that is compiled once for each instruction set.
pub(crate) trait Kernel {
    /// What it returns.
    type Output;
    /// Runs with vectors of R registers of S. Implementations must be `#[inline(always)]`.
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) -> Self::Output;
}

/// Runs a kernel with the widest registers that this processor has.
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    match pulp::Arch::new() {
        pulp::Arch::V4(simd) => return Simd::vectorize(simd, With::<K, 1>(kernel)),
        pulp::Arch::V3(simd) => return Simd::vectorize(simd, With::<K, 2>(kernel)),
        _ => {}
    }
    #[cfg(target_arch = "aarch64")]
    if let Some(simd) = pulp::aarch64::Neon::try_new() {
        return Simd::vectorize(simd, With::<K, 4>(kernel));
    }
    narrow(kernel)
}

/// The vector instructions that [`dispatch`] uses.
pub(crate) fn instruction_set() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    match pulp::Arch::new() {
        pulp::Arch::V4(_) => return "avx512",
        pulp::Arch::V3(_) => return "avx2",
        _ => {}
    }
    #[cfg(target_arch = "aarch64")]
    if pulp::aarch64::Neon::try_new().is_some() {
        return "neon";
    }
    "scalar"
}

/// Runs a kernel with AVX2 where there is; for tests on processors that have more.
#[cfg(test)]
pub(crate) fn middle<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return Simd::vectorize(simd, With::<K, 2>(kernel));
    }
    narrow(kernel)
}

/// Runs a kernel without any particular instruction set; tests compare [`dispatch`] with it.
pub(crate) fn narrow<K: Kernel>(kernel: K) -> K::Output {
    Simd::vectorize(pulp::Scalar128b, With::<K, 4>(kernel))
}

struct With<K, const R: usize>(K);

impl<K: Kernel, const R: usize> WithSimd for With<K, R> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> K::Output {
        const { assert!(S::F32_LANES * R == LANES || S::IS_SCALAR) };
        self.0.run(Lanes::<S, R>(simd))
    }
}

/// The operations on vectors of sixteen lanes.
///
/// Loops, not closures, run over registers here and over rows in the kernels: a closure that is not
/// inlined is compiled without the instruction set, and every operation in it becomes a call.
#[derive(Clone, Copy)]
pub(crate) struct Lanes<S, const R: usize>(S);

/// Lane-wise operations of one, two or three vectors, named as in [`Simd`].
macro_rules! lane_wise {
    ($($name:ident = $simd:ident(a $(, $arg:ident)*): $ty:ident;)+) => {$(
        #[inline(always)]
        pub fn $name(self, a: $ty<S, R> $(, $arg: $ty<S, R>)*) -> $ty<S, R> {
            let mut out = a;
            for r in 0..R {
                out[r] = self.0.$simd(a[r] $(, $arg[r])*);
            }
            out
        }
    )+};
}

impl<S: Simd, const R: usize> Lanes<S, R> {
    lane_wise! {
        add = add_f32s(a, b): F32s;
        sub = sub_f32s(a, b): F32s;
        mul = mul_f32s(a, b): F32s;
        div = div_f32s(a, b): F32s;
        min = min_f32s(a, b): F32s;
        max = max_f32s(a, b): F32s;
        sqrt = sqrt_f32s(a): F32s;
        mul_add = mul_add_f32s(a, b, c): F32s;
        add_bits = add_u32s(a, b): U32s;
        sub_bits = sub_u32s(a, b): U32s;
        and = and_u32s(a, b): U32s;
        or = or_u32s(a, b): U32s;
        xor = xor_u32s(a, b): U32s;
    }

    /// Runs another kernel with the same registers, as a function of its own: large ones that are
    /// used in several places would otherwise be compiled into each.
    #[inline(always)]
    pub fn call<K: Kernel>(self, kernel: K) -> K::Output {
        self.0.vectorize(With::<K, R>(kernel))
    }

    #[inline(always)]
    pub fn splat(self, value: f32) -> F32s<S, R> {
        [self.0.splat_f32s(value); R]
    }

    #[inline(always)]
    pub fn splat_bits(self, value: u32) -> U32s<S, R> {
        [self.0.splat_u32s(value); R]
    }

    #[inline(always)]
    pub fn load(self, from: &[f32; LANES]) -> F32s<S, R> {
        bytemuck::cast(*from)
    }

    #[inline(always)]
    pub fn store(self, value: F32s<S, R>, to: &mut [f32; LANES]) {
        *to = bytemuck::cast(value);
    }

    #[inline(always)]
    pub fn load_bits(self, from: &[u32; LANES]) -> U32s<S, R> {
        bytemuck::cast(*from)
    }

    #[inline(always)]
    pub fn store_bits(self, value: U32s<S, R>, to: &mut [u32; LANES]) {
        *to = bytemuck::cast(value);
    }

    /// `a` rotated left by N bits; M = 32 − N.
    #[inline(always)]
    pub fn rotate<const N: u32, const M: u32>(self, a: U32s<S, R>) -> U32s<S, R> {
        const { assert!(N + M == 32) };
        self.or(self.shl::<N>(a), self.shr::<M>(a))
    }

    /// `a << N`.
    #[inline(always)]
    pub fn shl<const N: u32>(self, a: U32s<S, R>) -> U32s<S, R> {
        let (mut out, amount) = (a, self.0.splat_u32s(N));
        for r in 0..R {
            out[r] = self.0.wrapping_dyn_shl_u32s(a[r], amount);
        }
        out
    }

    /// `a >> N`, zeros shifted in.
    #[inline(always)]
    pub fn shr<const N: u32>(self, a: U32s<S, R>) -> U32s<S, R> {
        let (mut out, amount) = (a, self.0.splat_u32s(N));
        for r in 0..R {
            out[r] = self.0.wrapping_dyn_shr_u32s(a[r], amount);
        }
        out
    }

    /// The floats with these bits.
    #[inline(always)]
    pub fn floats(self, a: U32s<S, R>) -> F32s<S, R> {
        let mut out = self.splat(0.0);
        for r in 0..R {
            out[r] = self.0.transmute_f32s_u32s(a[r]);
        }
        out
    }

    /// The bits of these floats.
    #[inline(always)]
    pub fn words(self, a: F32s<S, R>) -> U32s<S, R> {
        let mut out = self.splat_bits(0);
        for r in 0..R {
            out[r] = self.0.transmute_u32s_f32s(a[r]);
        }
        out
    }

    /// 1 where x > 0, else 0.
    #[inline(always)]
    pub fn positive(self, x: F32s<S, R>) -> F32s<S, R> {
        let (one, zero) = (self.0.splat_f32s(1.0), self.0.splat_f32s(0.0));
        let mut out = x;
        for r in 0..R {
            let positive = self.0.greater_than_f32s(x[r], zero);
            out[r] = self.0.select_f32s(positive, one, zero);
        }
        out
    }

    /// The sum of the lanes, by halves.
    #[inline(always)]
    pub fn sum(self, a: F32s<S, R>) -> f32 {
        // pulp sums within a register by halves too, whatever the register.
        let (mut sums, mut count) = (a, R);
        while count > 1 {
            count /= 2;
            for r in 0..count {
                sums[r] = self.0.add_f32s(sums[r], sums[r + count]);
            }
        }
        self.0.reduce_sum_f32s(sums[0])
    }

    /// eˣ for x ≤ 88, to 2 units in the last place; e^-87.3 (about 1e-38) below.
    #[inline(always)]
    pub fn exp(self, x: F32s<S, R>) -> F32s<S, R> {
        // x = n ln 2 + r with |r| <= ln 2 / 2; adding 1.5 * 2^23 rounds to the integer n and leaves
        // it in the low bits. The polynomial is Cephes's expf.
        let magic = self.splat(12_582_912.0);
        let lowest = self.splat(-87.3);
        let clamped = self.max(x, lowest);
        let shifted = self.mul_add(clamped, self.splat(std::f32::consts::LOG2_E), magic);
        let n = self.sub(shifted, magic);
        let r = self.mul_add(n, self.splat(-0.693_359_4), clamped);
        let r = self.mul_add(n, self.splat(2.121_944_4e-4), r);
        let mut p = self.splat(1.987_569_1e-4);
        for c in [
            1.398_2e-3,
            8.333_452e-3,
            4.166_579_6e-2,
            1.666_666_5e-1,
            0.5,
            1.0,
            1.0,
        ] {
            p = self.mul_add(p, r, self.splat(c));
        }
        let exponent = self.shl::<23>(self.add_bits(self.words(shifted), self.splat_bits(127)));
        self.mul(p, self.floats(exponent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Exp([f32; LANES]);

    impl Kernel for Exp {
        type Output = [f32; LANES];

        #[inline(always)]
        fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) -> [f32; LANES] {
            let mut out = [0.0; LANES];
            lanes.store(lanes.exp(lanes.load(&self.0)), &mut out);
            out
        }
    }

    #[test]
    fn exp_is_accurate_and_the_same_on_every_instruction_set() {
        for i in 0..20_000 {
            let x = std::array::from_fn(|lane| -100.0 + 0.000_58 * (i * LANES + lane) as f32);
            let wide = dispatch(Exp(x));
            assert_eq!(wide, narrow(Exp(x)));
            assert_eq!(wide, middle(Exp(x)));
            for (x, y) in x.iter().zip(wide) {
                let exact = f64::from(*x).exp();
                let error = (f64::from(y) - exact).abs();
                assert!(
                    error <= 2.0 * f64::from(f32::EPSILON) * exact + 1.3e-38,
                    "{x}"
                );
            }
        }
    }

    struct Sum([f32; LANES]);

    impl Kernel for Sum {
        type Output = f32;

        #[inline(always)]
        fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) -> f32 {
            lanes.sum(lanes.load(&self.0))
        }
    }

    #[test]
    fn sums_do_not_depend_on_the_instruction_set() {
        for i in 0..1000 {
            let x = std::array::from_fn(|lane| ((i * LANES + lane) as f32 * 0.7).sin());
            assert_eq!(dispatch(Sum(x)), narrow(Sum(x)));
            assert_eq!(dispatch(Sum(x)), middle(Sum(x)));
        }
    }
}
