//! Structural similarity.

use crate::EvaluationError;

const WINDOW: usize = 11;
const SIGMA: f64 = 1.5;
/// Data range of images in [-1, 1].
const RANGE: f64 = 2.0;
const C1: f64 = (0.01 * RANGE) * (0.01 * RANGE);
const C2: f64 = (0.03 * RANGE) * (0.03 * RANGE);

/// Mean structural similarity (Wang et al. 2004) of two NCHW images with values in [-1, 1].
///
/// Gaussian window of 11 pixels and σ = 1.5, K₁ = .01, K₂ = .03, data range 2, population
/// covariances, windows wholly inside the image; channels are averaged. SSIM is defined on
/// intensities that are not negative, so pixels are shifted to [0, 2] first: the result is the one of
/// the same images in [0, 1] with data range 1. It lies in [-1, 1] and is 1 for equal images.
///
/// # Errors
/// If a side is below 11 pixels or a length is not `channels · height · width`.
pub fn ssim(
    channels: usize,
    height: usize,
    width: usize,
    a: &[f32],
    b: &[f32],
) -> Result<f64, EvaluationError> {
    let expected = channels * height * width;
    if a.len() != expected || b.len() != expected {
        let (a, b) = (a.len(), b.len());
        let why = format!(
            "{a} and {b} values, expected {expected} each ({channels} x {height} x {width})"
        );
        return Err(EvaluationError::Shape { why });
    }
    if channels == 0 || height < WINDOW || width < WINDOW {
        let why = format!(
            "{channels} x {height} x {width} is too small, structural similarity needs a channel and {WINDOW} pixels a side"
        );
        return Err(EvaluationError::Shape { why });
    }
    let plane = height * width;
    let total: f64 = (0..channels)
        .map(|channel| {
            let span = channel * plane..(channel + 1) * plane;
            plane_ssim(height, width, &a[span.clone()], &b[span])
        })
        .sum();
    Ok(total / channels as f64)
}

fn plane_ssim(height: usize, width: usize, a: &[f32], b: &[f32]) -> f64 {
    let kernel = gaussian();
    let shift = |plane: &[f32]| {
        plane
            .iter()
            .map(|&v| f64::from(v) + 1.0)
            .collect::<Vec<_>>()
    };
    let (a, b) = (shift(a), shift(b));
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).collect::<Vec<_>>();
    let blurred = |plane: &[f64]| blur(height, width, plane, &kernel);
    let (mean_a, mean_b) = (blurred(&a), blurred(&b));
    let (square_a, square_b) = (blurred(&product(&a, &a)), blurred(&product(&b, &b)));
    let cross = blurred(&product(&a, &b));

    let total: f64 = (0..mean_a.len())
        .map(|i| {
            let (ma, mb) = (mean_a[i], mean_b[i]);
            let variances = (square_a[i] - ma * ma) + (square_b[i] - mb * mb);
            let covariance = cross[i] - ma * mb;
            let luminance = (2.0 * ma * mb + C1) / (ma * ma + mb * mb + C1);
            luminance * (2.0 * covariance + C2) / (variances + C2)
        })
        .sum();
    total / mean_a.len() as f64
}

fn gaussian() -> [f64; WINDOW] {
    let centre = (WINDOW / 2) as f64;
    let weight = |i: usize| (-0.5 * ((i as f64 - centre) / SIGMA).powi(2)).exp();
    let sum: f64 = (0..WINDOW).map(weight).sum();
    std::array::from_fn(|i| weight(i) / sum)
}

/// Separable filter over the windows wholly inside: `(height − 10) x (width − 10)` values.
fn blur(height: usize, width: usize, plane: &[f64], kernel: &[f64; WINDOW]) -> Vec<f64> {
    let out_width = width - WINDOW + 1;
    let mut rows = Vec::with_capacity(height * out_width);
    for row in plane.chunks_exact(width) {
        rows.extend(
            row.windows(WINDOW)
                .map(|w| w.iter().zip(kernel).map(|(v, k)| v * k).sum::<f64>()),
        );
    }
    let mut out = Vec::with_capacity((height - WINDOW + 1) * out_width);
    for y in 0..=height - WINDOW {
        for x in 0..out_width {
            let column = kernel.iter().enumerate();
            out.push(column.map(|(i, k)| k * rows[(y + i) * out_width + x]).sum());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A pair of images from a formula that any language can repeat.
    fn pair(channels: usize, height: usize, width: usize) -> (Vec<f32>, Vec<f32>) {
        let n = channels * height * width;
        let wave = |i: usize, p: f64| (i as f64 * p).sin();
        let a = (0..n).map(|i| wave(i, 0.37) as f32).collect();
        let b = (0..n)
            .map(|i| (0.7 * wave(i, 0.37) + 0.3 * wave(i, 1.3)) as f32)
            .collect();
        (a, b)
    }

    /// scikit-image 0.26.0 `structural_similarity((a+1)/2, (b+1)/2, gaussian_weights=True, sigma=1.5,
    /// use_sample_covariance=False, data_range=1)` on the same formula.
    #[test]
    fn agrees_with_scikit_image() {
        let known = [
            (1, 32, 32, 0.8644257505235495),
            (1, 28, 28, 0.8864383758219375),
            (3, 32, 32, 0.8645462217228655),
            (1, 11, 17, 0.744539553872391),
        ];
        for (channels, height, width, expected) in known {
            let (a, b) = pair(channels, height, width);
            let got = ssim(channels, height, width, &a, &b).unwrap();
            assert!(
                (got - expected).abs() < 1e-6,
                "{channels}x{height}x{width}: {got}"
            );
        }
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let (a, b) = pair(1, 10, 32);
        assert!(
            ssim(1, 10, 32, &a, &b)
                .unwrap_err()
                .to_string()
                .contains("too small")
        );
        assert!(
            ssim(1, 32, 32, &a, &b)
                .unwrap_err()
                .to_string()
                .contains("expected 1024")
        );
        assert!(ssim(0, 32, 32, &[], &[]).is_err());
    }

    proptest! {
        #[test]
        fn bounded_symmetric_and_one_on_itself(pixels in prop::collection::vec((-1.0_f32..1.0, -1.0_f32..1.0), 169)) {
            let (a, b): (Vec<f32>, Vec<f32>) = pixels.into_iter().unzip();
            let ab = ssim(1, 13, 13, &a, &b).unwrap();
            prop_assert!((-1.0..=1.0).contains(&ab));
            prop_assert!((ab - ssim(1, 13, 13, &b, &a).unwrap()).abs() < 1e-12);
            prop_assert!((ssim(1, 13, 13, &a, &a).unwrap() - 1.0).abs() < 1e-12);
        }
    }
}
