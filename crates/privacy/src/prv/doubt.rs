//! How far a composed law may be from the truth, in ℓ₁.

/// Spectrum values below e^−60 of the largest cannot show in the sum, and are left out.
pub(super) const FAINT: f64 = -60.0;

/// Rounding of one FFT value of an input of ℓ₁ norm 1: each input passes log₂ n butterflies, each
/// of which is a complex product with a rounded factor and a sum, in units of the last place.
const BUTTERFLY: f64 = 3.0;

/// max_u e^(−θu)(1 − e^(−u)) over u ≥ 0, at e^(−u) = θ/(1+θ): what a unit of the tilted law may be
/// worth in δ, in units of e^(ΣK(θ) − θε).
pub(super) fn worth(theta: f64) -> f64 {
    if theta > 0.0 {
        (theta * (theta / (1.0 + theta)).ln() - theta.ln_1p()).exp()
    } else {
        1.0
    }
}

/// What a unit of tilted mass that is off by one point of spacing `step` amounts to, in units that
/// are wrong altogether. (1 − e^(ε−L))₊ has a slope of at most e^(ε−L) ≤ 1, so that it is worth at
/// most `step` where the other is worth [`worth`]; that is much less where the lattice is fine.
/// Only where θ > 0: the trade-off function, which has no slope, is read off the other tilts.
pub(super) fn astray(theta: f64, step: f64) -> f64 {
    if theta > 0.0 {
        (step * (theta * step).exp() / worth(theta)).min(2.0)
    } else {
        2.0
    }
}

/// The ℓ₁ error that every FFT value may have.
fn of_transform(size: usize) -> f64 {
    BUTTERFLY * f64::EPSILON * (size as f64).log2()
}

/// The error of a product of powers of spectra, value by value.
#[derive(Debug)]
pub(super) struct SpectrumDoubt {
    transform: f64,
    /// ln of the largest size that a value may have, and its relative error.
    values: Vec<(f64, f64)>,
}

impl SpectrumDoubt {
    /// For spectra of `len` values of a real signal of `size`.
    pub fn new(len: usize, size: usize) -> Self {
        Self {
            transform: of_transform(size),
            values: vec![(0.0, 0.0); len],
        }
    }

    /// Value `j` is multiplied by one of this size to the power `times`:
    /// |â^T − a^T| ≤ T(|a| + e)^(T−1)·e, and ln|a| and arg a are rounded before T multiplies them.
    pub fn add(&mut self, j: usize, times: f64, size: f64, ln_size: f64) {
        let e = self.transform;
        // ln(|a| + e), from above; a size that is no number takes the second way and stays one.
        let (most, ln_most) = if size > e {
            (size, ln_size + e / size)
        } else {
            (size + e, (size + e).ln())
        };
        let rounded = 2.0 * f64::EPSILON * (ln_most.abs() + 4.0);
        let value = &mut self.values[j];
        value.0 += times * ln_most;
        value.1 += times * (e / most + rounded);
    }

    /// Σ|error|² over the whole spectrum.
    fn squared(&self) -> f64 {
        let last = self.values.len() - 1;
        let mut sum = 0.0;
        for (j, &(ln_most, share)) in self.values.iter().enumerate() {
            // No error is larger than both values together.
            let error = ln_most.exp() * share.min(2.0) + FAINT.exp();
            // All but the ends stand for themselves and their conjugate.
            let twice = if j == 0 || j == last { 1.0 } else { 2.0 };
            sum += twice * error * error;
        }
        sum
    }
}

/// What adds up to η.
#[derive(Debug)]
pub(super) struct Doubt {
    size: usize,
    /// ln of the factor by which masses may be wrong.
    masses: f64,
    total: f64,
}

impl Doubt {
    pub fn new(size: usize) -> Self {
        Self {
            size,
            masses: 0.0,
            total: 0.0,
        }
    }

    /// `times` steps whose masses have this relative ℓ₁ error each: (1 + ν)^T − 1 in all.
    pub fn add_masses(&mut self, times: f64, relative: f64) {
        self.masses += times * relative.ln_1p();
    }

    /// `times` times a logarithm of this size.
    pub fn add_scale(&mut self, times: f64, size: f64) {
        self.masses += 4.0 * f64::EPSILON * times * (1.0 + size);
    }

    /// Tilted mass outside the window, by its logarithm: missing where it belongs and folded to
    /// where it does not.
    pub fn add_outside(&mut self, ln_mass: f64) {
        self.total += 2.0 * ln_mass.exp();
    }

    /// Both transforms. An ℓ₁ norm is at most √n times the ℓ₂ norm, which a transform keeps.
    pub fn add_transforms(&mut self, spectrum: &SpectrumDoubt, result: &[f64]) {
        let norm = result.iter().map(|v| v * v).sum::<f64>().sqrt();
        self.total += spectrum.squared().sqrt();
        self.total += of_transform(self.size) * (self.size as f64).sqrt() * norm;
    }

    /// η; ∞ where it is no number.
    pub fn total(&self) -> f64 {
        let total = self.total + self.masses.exp_m1();
        if total.is_nan() { f64::INFINITY } else { total }
    }
}
