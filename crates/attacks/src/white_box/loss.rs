//! The loss of a reconstruction that may be any of several images.

/// ½(MSE + MAE) of `output` to each of the `images`, joined by a soft minimum:
/// L = −(1/α) log (1/c) Σ_j exp(−α l_j). Writes dL/d`output` to `gradient` and returns L.
///
/// With one image the soft minimum is that image's loss. Gradients are softmax(−α l_j)-weighted, so
/// a network is pulled towards the image that it is nearest to already.
pub(crate) fn softmin<'a>(
    output: &[f32],
    images: impl Iterator<Item = &'a [f32]> + Clone,
    alpha: f64,
    gradient: &mut [f32],
) -> f64 {
    let n = output.len() as f64;
    let losses: Vec<f64> = images
        .clone()
        .map(|image| distance(output, image) / n)
        .collect();
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let shares: Vec<f64> = losses
        .iter()
        .map(|loss| (-alpha * (loss - least)).exp())
        .collect();
    let total: f64 = shares.iter().sum();
    gradient.fill(0.0);
    for (image, share) in images.zip(&shares) {
        let weight = (share / total / n) as f32;
        if weight == 0.0 {
            continue;
        }
        for ((slope, y), x) in gradient.iter_mut().zip(output).zip(image) {
            let difference = y - x;
            // signum(0) is 1; at the kink any slope in [-½, ½] will do.
            *slope += weight * (difference + 0.5 * difference.signum());
        }
    }
    least - (total / losses.len() as f64).ln() / alpha
}

/// Σ ½(d² + |d|).
fn distance(output: &[f32], image: &[f32]) -> f64 {
    let mut lanes = [0.0_f32; 16];
    let (a, a_rest) = output.as_chunks::<16>();
    let (b, b_rest) = image.as_chunks::<16>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..16 {
            let difference = a[lane] - b[lane];
            lanes[lane] += difference * difference + difference.abs();
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| {
        let difference = a - b;
        difference * difference + difference.abs()
    });
    0.5 * (lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>() + f64::from(rest.sum::<f32>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let images: Vec<Vec<f32>> = (0..3)
            .map(|j| {
                (0..20)
                    .map(|i| ((i * 7 + j * 5) % 11) as f32 / 11.0 - 0.4)
                    .collect()
            })
            .collect();
        let output: Vec<f32> = (0..20).map(|i| (i as f32 * 0.7).sin() * 0.6).collect();
        let each = || images.iter().map(Vec::as_slice);
        let mut gradient = vec![0.0; 20];
        for alpha in [1.0, 10.0] {
            softmin(&output, each(), alpha, &mut gradient);
            for at in 0..20 {
                let mut scratch = vec![0.0; 20];
                let mut moved = |by: f32| {
                    let mut output = output.clone();
                    output[at] += by;
                    softmin(&output, each(), alpha, &mut scratch)
                };
                let slope = (moved(1e-3) - moved(-1e-3)) / 2e-3;
                assert!(
                    (slope - f64::from(gradient[at])).abs() < 2e-4,
                    "{slope} {}",
                    gradient[at]
                );
            }
        }
    }

    #[test]
    fn the_nearest_image_decides() {
        let near = [0.5; 8];
        let far = [-0.5; 8];
        let mut gradient = [0.0; 8];
        let alone = softmin(
            &[0.4; 8],
            [near.as_slice()].into_iter(),
            100.0,
            &mut gradient,
        );
        assert!((alone - 0.5 * (0.01 + 0.1)).abs() < 1e-6);
        let both = [near.as_slice(), far.as_slice()].into_iter();
        let loss = softmin(&[0.4; 8], both, 100.0, &mut gradient);
        // The mean over two images, one of which is out of reach, costs log 2 / α.
        assert!((loss - alone - 2.0_f64.ln() / 100.0).abs() < 1e-6);
        assert!(gradient.iter().all(|slope| *slope < 0.0));
    }
}
