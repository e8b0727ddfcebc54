//! Pixel-wise errors of images with values in [-1, 1].

/// Lanes of the accumulator: wide enough for vector units, and a fixed order of summation, so the
/// same images give the same bits on every machine.
const LANES: usize = 16;

/// Mean squared error of two images of equal length: `(1/n) Σ (a_i − b_i)²`.
///
/// Differences are taken in `f32` and summed in `f64`. Images of different lengths, and empty ones,
/// have no error: the result is NaN, which [`Scores::new`](crate::Scores::new) refuses.
pub fn mse(a: &[f32], b: &[f32]) -> f64 {
    if a.len() != b.len() || a.is_empty() {
        return f64::NAN;
    }
    let mut lanes = [0.0_f64; LANES];
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..LANES {
            let difference = f64::from(x[lane] - y[lane]);
            lanes[lane] += difference * difference;
        }
    }
    for (lane, (x, y)) in a_rest.iter().zip(b_rest).enumerate() {
        let difference = f64::from(x - y);
        lanes[lane] += difference * difference;
    }
    lanes.iter().sum::<f64>() / a.len() as f64
}

/// Peak signal-to-noise ratio in decibels for a data range of 2: `10 log10(4 / mse)`.
///
/// Infinite for an error of 0, NaN for a negative one.
pub fn psnr(mse: f64) -> f64 {
    10.0 * (4.0 / mse).log10()
}

/// Mean squared error of rounding to 8 bits in a data range of 2: a step's square over 12.
const EIGHT_BITS: f64 = (2.0 / 255.0) * (2.0 / 255.0) / 12.0;

/// Mean of the [`psnr`] of each of these errors, in decibels. One below that of rounding to 8 bits counts
/// as that, 58.9 dB: exact reconstructions would make any mean infinite. NaN of none.
pub fn mean_psnr(errors: impl Iterator<Item = f64>) -> f64 {
    let counted = |mse: f64| if mse < EIGHT_BITS { EIGHT_BITS } else { mse };
    let add = |(sum, count), mse| (sum + psnr(counted(mse)), count + 1_usize);
    let (sum, count) = errors.fold((0.0, 0), add);
    sum / count as f64
}

/// The candidate that a reconstruction is nearest to, of those it is judged against (the c training
/// images of its class): its position, the first of equals, and the [`mse`]. `None` if there are
/// none; NaN if a candidate has another length.
pub fn nearest<'a>(
    reconstruction: &[f32],
    candidates: impl Iterator<Item = &'a [f32]>,
) -> Option<(usize, f64)> {
    let mut best = None;
    for (at, candidate) in candidates.enumerate() {
        let error = mse(reconstruction, candidate);
        if error.is_nan() {
            return Some((at, f64::NAN));
        }
        if best.is_none_or(|(_, least)| error < least) {
            best = Some((at, error));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_errors() {
        let black = vec![-1.0; 37];
        let white = vec![1.0; 37];
        assert_eq!(mse(&black, &white), 4.0);
        assert_eq!(psnr(4.0), 0.0);
        assert!((psnr(0.04) - 20.0).abs() < 1e-12);
        assert_eq!(psnr(0.0), f64::INFINITY);
        assert!((mean_psnr([0.04, 0.0004].into_iter()) - 30.0).abs() < 1e-12);
        assert!((mean_psnr([0.0, 1e-9].into_iter()) - 58.92).abs() < 1e-2);
        assert!(mean_psnr(std::iter::empty()).is_nan());
        assert!(mean_psnr([0.0, f64::NAN].into_iter()).is_nan());
        assert!(mse(&black, &white[..3]).is_nan());
        assert!(mse(&[], &[]).is_nan());
    }

    #[test]
    fn the_nearest_is_the_first_of_the_smallest_errors() {
        let guess = [0.0, 0.5];
        let images = [[1.0, 0.5], [0.0, 0.0], [0.0, 1.5], [0.0, 1.0]];
        let best = nearest(&guess, images.iter().map(|image| image.as_slice()));
        assert_eq!(best, Some((1, 0.125)));
        assert_eq!(nearest(&guess, std::iter::empty()), None);
        let odd = nearest(&guess, [&guess[..], &[0.0_f32][..]].into_iter());
        assert!(odd.is_some_and(|(at, error)| at == 1 && error.is_nan()));
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pairs in prop::collection::vec((-1.0_f32..1.0, -1.0_f32..1.0), 1..100)) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let direct = a.iter().zip(&b)
                .map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2))
                .sum::<f64>() / a.len() as f64;
            prop_assert!((mse(&a, &b) - direct).abs() < 1e-6);
            prop_assert_eq!(mse(&a, &b), mse(&b, &a));
        }
    }
}
