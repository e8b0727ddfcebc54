use rand::SeedableRng;

use super::*;
use crate::lanes::{middle, narrow};

#[test]
fn bits_do_not_depend_on_the_instruction_set() {
    let fill = |run: fn(FillNormal)| {
        let mut out = vec![0.0; 3216];
        run(FillNormal::new(
            &mut ChaCha8Rng::seed_from_u64(5),
            0.02,
            &mut out,
        ));
        out
    };
    let wide = fill(|kernel| dispatch(kernel));
    assert_eq!(wide, fill(|kernel| narrow(kernel)));
    assert_eq!(wide, fill(|kernel| middle(kernel)));
    assert!(wide.iter().all(|&x| x != 0.0));
}

#[test]
fn moments_tails_and_cells_are_those_of_the_normal_distribution() {
    let n = 8_000_000;
    let mut out = vec![0.0; n];
    fill_normal(&mut ChaCha8Rng::seed_from_u64(11), 1.0, &mut out);
    let moment = |power: i32| out.iter().map(|&x| (x as f64).powi(power)).sum::<f64>() / n as f64;
    // The variance of x^p is E x^2p - (E x^p)^2; five standard errors are allowed.
    for (power, expected, variance) in [
        (1, 0.0, 1.0),
        (2, 1.0, 2.0),
        (3, 0.0, 15.0),
        (4, 3.0, 96.0),
        (6, 15.0, 10395.0 - 225.0),
    ] {
        let error = moment(power) - expected;
        let tolerance = 5.0 * f64::sqrt(variance / n as f64);
        assert!(error.abs() < tolerance, "moment {power}: off by {error}");
    }
    for (threshold, tail) in [
        (1.0, 0.158_655_253_931_457),
        (2.0, 0.022_750_131_948_179),
        (3.0, 1.349_898_031_630e-3),
        (4.0, 3.167_124_183_3e-5),
        (4.75, 1.017_082_5e-6),
    ] {
        for sign in [1.0, -1.0] {
            let count = out.iter().filter(|&&x| sign * x as f64 > threshold).count() as f64;
            let expected = tail * n as f64;
            assert!(
                (count - expected).abs() < 5.0 * expected.sqrt(),
                "beyond {}: {count}, expected {expected}",
                sign * threshold
            );
        }
    }
}

#[test]
fn neighbours_are_not_correlated() {
    let n = 4_000_000;
    let mut out = vec![0.0; n];
    fill_normal(&mut ChaCha8Rng::seed_from_u64(12), 1.0, &mut out);
    // Lags within a vector, between the two of a pair, and between draws of one generator. Squares
    // too: the two of a pair share a radius.
    for lag in [1, 2, 8, 15, 16, 17, 32, 48, 64, 1024] {
        let pairs = || {
            out.iter()
                .zip(&out[lag..])
                .map(|(&a, &b)| (a as f64, b as f64))
        };
        let plain = pairs().map(|(a, b)| a * b).sum::<f64>() / n as f64;
        let squares = pairs()
            .map(|(a, b)| (a * a - 1.0) * (b * b - 1.0) / 2.0)
            .sum::<f64>()
            / n as f64;
        let tolerance = 5.0 / (n as f64).sqrt();
        assert!(plain.abs() < tolerance, "lag {lag}: {plain}");
        assert!(squares.abs() < tolerance, "squares at lag {lag}: {squares}");
    }
}

#[test]
fn uniform_numbers_fill_their_range_evenly() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut values = vec![0.0; 1 << 20];
    fill_uniform(&mut rng, 0.25, &mut values);
    let n = values.len() as f64;
    let mut tenths = [0.0; 10];
    for &value in &values {
        assert!((-0.25..=0.25).contains(&value));
        tenths[(((value + 0.25) * 20.0) as usize).min(9)] += 1.0 / n;
    }
    // Each is a tenth, with a standard error of 3e-4.
    assert!(
        tenths.iter().all(|share| (share - 0.1).abs() < 1.5e-3),
        "{tenths:?}"
    );
    let pairs = values.windows(2).map(|pair| f64::from(pair[0] * pair[1]));
    let correlation = pairs.sum::<f64>() / n / (0.0625 / 3.0);
    assert!(correlation.abs() < 5e-3, "{correlation}");
}
