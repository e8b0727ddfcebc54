//! Time of a full ROC report with 1 000 resamples: `cargo bench -p evaluation`.

use divan::{Bencher, black_box};
use evaluation::{Bootstrap, Scores, mse, roc, ssim};

fn main() {
    divan::main();
}

/// Scores from a low-discrepancy sequence: no generator to pay for, no order to exploit.
fn units(count: usize, classes: usize, shift: f64) -> Vec<Vec<f64>> {
    let value = |i: usize| (i as f64 * 0.618_033_988_749_895).fract() * 0.5 + shift;
    (0..count)
        .map(|u| (0..classes).map(|c| value(u * classes + c)).collect())
        .collect()
}

#[divan::bench(args = [5_000, 50_000], sample_count = 5)]
fn roc_500_victims_by_10_classes(bencher: Bencher, null: usize) {
    let scores = Scores::new(units(500, 10, 0.01), units(null, 10, 0.1));
    let bootstrap = Bootstrap::new([1; 32]);
    bencher.bench(|| {
        scores
            .as_ref()
            .map(|scores| roc(black_box(scores), &bootstrap))
    });
}

#[divan::bench]
fn mse_32x32(bencher: Bencher) {
    let (a, b) = (vec![0.3_f32; 1024], vec![-0.2_f32; 1024]);
    bencher.bench(|| mse(black_box(&a), black_box(&b)));
}

#[divan::bench]
fn ssim_32x32(bencher: Bencher) {
    let (a, b) = (vec![0.3_f32; 1024], vec![-0.2_f32; 1024]);
    bencher.bench(|| ssim(1, 32, 32, black_box(&a), black_box(&b)));
}
