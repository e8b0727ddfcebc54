//! Real weights and features to integers, and what that costs.
//!
//! Weights: ŵ = ⌊w/s⌉ with |ŵ| ≤ W = 2^(weight bits − 1) − 1, one step s a row; biases:
//! b̂ = ⌊b/s⌉ with |b̂| ≤ 16·W. (A row that a bias of −10^30 masks so loses its own weights and no
//! other's.) Features, per image: x̂ = ⌊βf⌉ with |x̂| ≤ X = 2^(feature bits) − 1, where β is an
//! integer, so that the bias meets exactly the scale of the rest: the integer logit is
//! Σ ŵ·x̂ + b̂·β = (β/s)·logit + error. It is evaluated without any loss; what rounding itself loses
//! is bounded by [`Rounding`], and made small by a [`FeatureScale`] where features need one.

mod rounding;
mod scale;

#[cfg(test)]
pub(crate) use rounding::CERTAINTY;
pub use rounding::Rounding;
pub(crate) use rounding::uncertain;
pub use scale::FeatureScale;

use spec::Options;

use crate::error::RheError;
use crate::head::{Dense, check_row};
use crate::parameters::{MODULUS, NOISE_BOUND_LOG2};

/// Biases may be this many times the largest weight before weights lose resolution.
pub(crate) const BIAS_RANGE: i64 = 16;

/// How many times the error of their rounding, at least, an image's features must be.
const LEAST_SIGNAL: u64 = 4;

/// The mend for features that are too large or too small for their steps.
const RESCALE: &str = "ask the head's owner to protect it with --calibration and features like \
    these, which sets their scale; or multiply the features, and divide the weights, by a constant";

/// How finely a linear head and its features are quantised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Precision {
    /// Bits of a weight with its sign, within [`spec::Rhe::WEIGHT_BITS`].
    pub weight_bits: u32,
    /// Bits of a feature's magnitude, within [`spec::Rhe::FEATURE_BITS`].
    pub feature_bits: u32,
}

impl Default for Precision {
    fn default() -> Self {
        let spec::Rhe {
            weight_bits,
            feature_bits,
            ..
        } = spec::Rhe::default();
        Self {
            weight_bits,
            feature_bits,
        }
    }
}

/// The plaintext space of a linear head: a function of its shape and the precision alone, so that
/// nothing about the weights shows.
///
/// Features of an image are held to ‖x̂‖₁ + 16β ≤ L. That bounds a logit by M = W·L and the noise of
/// its product by 2^17·L, whatever the weights and whatever the noise; L is the largest for which
/// the noise stays below Δ/2. Decryption then cannot fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaintextSpace {
    /// X, the largest magnitude of a quantised feature.
    pub max_feature: u32,
    /// W, the largest magnitude of a quantised weight.
    pub max_weight: u32,
    /// The largest feature scale β.
    pub max_scale: u32,
    /// L, the largest ‖x̂‖₁ + 16β.
    pub max_sum: u64,
    /// M = W·L, the largest magnitude of an integer logit.
    pub max_logit: i64,
    /// Δ, the distance between neighbouring messages in units of 1/q: Δ·M < q/2.
    pub delta: u64,
}

impl Precision {
    /// Checks the precision for d features and works out the plaintext space.
    pub fn space(self, features: usize) -> Result<PlaintextSpace, RheError> {
        let Self {
            weight_bits,
            feature_bits,
        } = self;
        let options = spec::Rhe {
            weight_bits,
            feature_bits,
            ..spec::Rhe::default()
        };
        options.check().map_err(|wrong| {
            let mend = wrong.hint.map(|hint| format!("\nhint: {hint}"));
            RheError::setting(
                format!("{weight_bits}-bit weights with {feature_bits}-bit features"),
                format!(
                    "`{}`: {}{}",
                    wrong.option,
                    wrong.expected,
                    mend.unwrap_or_default()
                ),
            )
        })?;
        let (max_weight, max_feature) =
            ((1i64 << (weight_bits - 1)) - 1, (1i64 << feature_bits) - 1);
        // 2·2^17·L ≤ Δ with Δ = q/(2(W·L + 1)): L is some sqrt(q/(2·W·2^18)).
        let delta = |sum: u64| MODULUS / 2 / (max_weight as u64 * sum + 1);
        let noise = 1u64 << (NOISE_BOUND_LOG2 + 1);
        let mut most = (MODULUS / 2 / noise / max_weight as u64).isqrt();
        while noise * most >= delta(most) {
            most -= 1;
        }
        // Within the options' bounds a feature and its bias's scale fit.
        debug_assert!(max_feature as u64 + BIAS_RANGE as u64 <= most);
        // A bias takes up to half of the sum.
        let max_scale = most / (2 * BIAS_RANGE as u64);
        // Fewer features than that cannot reach it.
        let all = (max_feature as u64).saturating_mul(features as u64);
        let max_sum = most.min(all.saturating_add(BIAS_RANGE as u64 * max_scale));
        Ok(PlaintextSpace {
            max_feature: max_feature as u32,
            max_weight: max_weight as u32,
            max_scale: max_scale as u32,
            max_sum,
            max_logit: max_weight * max_sum as i64,
            delta: delta(max_sum),
        })
    }
}

/// An affine layer in integers.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedLinear {
    /// d.
    pub features: usize,
    /// K.
    pub classes: usize,
    /// ŵ, `K × d`, row-major.
    pub weights: Vec<i32>,
    /// b̂, K of them.
    pub biases: Vec<i64>,
    /// s, the real size of one step, K of them.
    pub steps: Vec<f64>,
}

impl QuantisedLinear {
    /// Quantises a layer; a row's step is the smallest that holds its largest weight and its bias.
    pub fn new(layer: &Dense, precision: Precision) -> Result<Self, RheError> {
        let space = precision.space(layer.inputs)?;
        let (max_weight, max_bias) = (
            f64::from(space.max_weight),
            f64::from(space.max_weight) * BIAS_RANGE as f64,
        );
        let step = |k: usize| {
            let row = layer.row(k).iter().map(|&w| f64::from(w).abs());
            let weight = row.fold(0.0, f64::max) / max_weight;
            let step = weight.max(f64::from(layer.bias(k)).abs() / max_bias);
            if step == 0.0 { 1.0 } else { step }
        };
        let steps: Vec<f64> = (0..layer.outputs).map(step).collect();
        let round = |value: f32, step: f64| (f64::from(value) / step).round();
        let rows = steps.iter().enumerate();
        Ok(Self {
            features: layer.inputs,
            classes: layer.outputs,
            weights: rows
                .flat_map(|(k, &s)| layer.row(k).iter().map(move |&w| round(w, s) as i32))
                .collect(),
            biases: (0..layer.outputs)
                .map(|k| round(layer.bias(k), steps[k]) as i64)
                .collect(),
            steps,
        })
    }

    /// Logits of quantised features as real numbers.
    pub fn values(&self, features: &QuantisedFeatures) -> Vec<f64> {
        let integers = self.logits(features).into_iter().zip(&self.steps);
        integers
            .map(|(logit, step)| logit as f64 * (step / f64::from(features.scale)))
            .collect()
    }

    /// Integer logits of quantised features: what the encrypted evaluation must give, bit for bit.
    pub fn logits(&self, features: &QuantisedFeatures) -> Vec<i64> {
        let rows = self.weights.chunks_exact(self.features).zip(&self.biases);
        rows.map(|(row, bias)| {
            let products = row.iter().zip(&features.values);
            let sum: i64 = products.map(|(&w, &x)| i64::from(w) * i64::from(x)).sum();
            sum + bias * i64::from(features.scale)
        })
        .collect()
    }
}

/// One image's features in integers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuantisedFeatures {
    /// x̂, d of them.
    pub values: Vec<i32>,
    /// β.
    pub scale: u32,
    /// ‖x̂‖₁ + 16β.
    pub sum: u64,
}

impl QuantisedFeatures {
    /// Quantises a row with the largest scale that the space allows, or a little less.
    pub fn new(row: &[f32], space: &PlaintextSpace, image: usize) -> Result<Self, RheError> {
        let mut out = Self::default();
        out.fill(row, row.len(), space, image)?;
        Ok(out)
    }

    /// As [`QuantisedFeatures::new`], reusing the memory; checks that there are `width` features.
    /// Inlined, so that callers compile it for the vector instructions at hand.
    #[inline(always)]
    pub(crate) fn fill(
        &mut self,
        row: &[f32],
        width: usize,
        space: &PlaintextSpace,
        image: usize,
    ) -> Result<(), RheError> {
        // Magnitudes are in the order of their bits, and what is not finite lies above the rest.
        let bits = row.iter().map(|f| f.to_bits() & 0x7fff_ffff);
        let bits = bits.fold(0, |largest, bits| bits.max(largest));
        if row.len() != width || bits >= f32::INFINITY.to_bits() {
            check_row(row, width, image)?;
        }
        let largest = f32::from_bits(bits);
        let limit = f64::from(space.max_feature);
        let fitting = limit / f64::from(largest);
        // Rounding adds to ‖x̂‖₁ by √(d/12) or so: a sum that leaves room for that mostly fits at once.
        let room = space.max_sum as f64 - 4.0 * (width as f64 / 12.0).sqrt();
        let summing = room / (magnitudes(row) + BIAS_RANGE as f64);
        let most = f64::from(space.max_scale);
        let mut scale = fitting.min(summing).min(most).floor();
        loop {
            if scale < 1.0 {
                return Err(RheError::features(
                    image,
                    format!(
                        "its features, the largest {largest}, do not fit {limit} steps each and \
                         {} in all\nhint: {RESCALE}",
                        space.max_sum
                    ),
                ));
            }
            self.quantise(row, scale as f32);
            if self.sum <= space.max_sum {
                return self.check_range(largest, image);
            }
            // The sum grows with the scale, but for rounding: shrink to fit.
            let shrink = space.max_sum as f64 / self.sum as f64;
            scale = (scale * shrink).min(scale - 1.0).floor();
        }
    }

    /// Quantises a row with a given scale, to magnitudes of at most `max`.
    pub(crate) fn fill_fixed(
        &mut self,
        row: &[f32],
        scale: u32,
        max: u32,
        image: usize,
    ) -> Result<(), RheError> {
        check_row(row, row.len(), image)?;
        let largest = row.iter().fold(0f32, |m, f| m.max(f.abs()));
        if f64::from(largest) * f64::from(scale) > f64::from(max) {
            return Err(RheError::features(
                image,
                format!(
                    "its largest feature is {:.1} times the largest that the head was protected \
                     for\nhint: {RESCALE}",
                    f64::from(largest) * f64::from(scale) / f64::from(max)
                ),
            ));
        }
        self.quantise(row, scale as f32);
        Ok(())
    }

    /// Refuses an image of which rounding leaves next to nothing: ‖x̂‖ must be [`LEAST_SIGNAL`] times
    /// √(d/12), what rounding adds.
    #[inline(always)]
    fn check_range(&self, largest: f32, image: usize) -> Result<(), RheError> {
        let magnitudes = self.sum - BIAS_RANGE as u64 * u64::from(self.scale);
        let width = self.values.len() as u64;
        // ‖x̂‖ ≥ ‖x̂‖₁/√d: mostly that is enough.
        if largest == 0.0 || magnitudes * 3 >= LEAST_SIGNAL * width {
            return Ok(());
        }
        self.check_norm(largest, image)
    }

    fn check_norm(&self, largest: f32, image: usize) -> Result<(), RheError> {
        let squares = self.norm() - u64::from(self.scale).pow(2);
        if 12 * squares >= LEAST_SIGNAL * LEAST_SIGNAL * self.values.len() as u64 {
            return Ok(());
        }
        Err(RheError::features(
            image,
            format!(
                "its features, the largest {largest}, round to {:.0} steps at most: what tells the \
                 classes apart may be lost\nhint: {RESCALE}",
                (f64::from(largest) * f64::from(self.scale)).round()
            ),
        ))
    }

    #[inline(always)]
    fn quantise(&mut self, row: &[f32], scale: f32) {
        self.values.clear();
        // Adding 1.5·2^23 rounds to the nearest integer without a call, ties to even.
        const ROUND: f32 = 12_582_912.0;
        self.values
            .extend(row.iter().map(|f| ((f * scale + ROUND) - ROUND) as i32));
        self.scale = scale as u32;
        // Magnitudes are below 2^14: so many of them add up in 32 bits, and in vector lanes.
        let parts = self.values.chunks(1 << 16).map(|part| {
            let magnitudes = part.iter().map(|x| x.unsigned_abs());
            u64::from(magnitudes.fold(0u32, |sum, x| sum.wrapping_add(x)))
        });
        self.sum = parts.sum::<u64>() + BIAS_RANGE as u64 * u64::from(self.scale);
    }

    /// ‖x̂‖² + β²: how many times its own variance the noise of a product grows.
    pub fn norm(&self) -> u64 {
        let squares = self
            .values
            .iter()
            .map(|x| u64::from(x.unsigned_abs()).pow(2));
        squares.sum::<u64>() + u64::from(self.scale).pow(2)
    }
}

/// ‖f‖₁, in lanes that vector instructions add up together.
#[inline(always)]
fn magnitudes(row: &[f32]) -> f64 {
    let mut lanes = [0f32; 32];
    let (chunks, rest) = row.as_chunks::<32>();
    for chunk in chunks {
        lanes
            .iter_mut()
            .zip(chunk)
            .for_each(|(sum, f)| *sum += f.abs());
    }
    let all = lanes.iter().chain(rest);
    all.map(|f| f64::from(f.abs())).sum()
}

#[cfg(test)]
mod tests;
