use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::lanes::{middle, narrow};
use crate::normal::fill_normal;

fn random(rows: usize, cols: usize, seed: u64) -> Matrix {
    let mut matrix = Matrix::default();
    matrix.resize(rows, cols);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    fill_normal(&mut rng, 1.0, matrix.as_mut_slice());
    for row in 0..rows {
        matrix.row_mut(row)[cols..].fill(0.0);
    }
    matrix
}

fn close(a: f32, b: f64) -> bool {
    (f64::from(a) - b).abs() < 1e-5 * (1.0 + b.abs())
}

#[test]
fn products_of_odd_sizes_are_right_and_equal_on_every_instruction_set() {
    for (m, n, d) in [
        (1, 1, 1),
        (3, 7, 5),
        (10, 10, 100),
        (13, 40, 33),
        (5, 17, 16),
    ] {
        let (x, f) = (random(m, d, 1), random(n, d, 2));
        let mut out = Matrix::default();
        dots(&mut out, &x, &f);
        for i in 0..m {
            for j in 0..n {
                let pairs = x.row(i).iter().zip(f.row(j));
                let sum: f64 = pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                assert!(close(out.row(i)[j], sum));
            }
        }
        let runs: [fn(Dots); 2] = [|kernel| narrow(kernel), |kernel| middle(kernel)];
        for run in runs {
            let mut thin = Matrix::default();
            thin.resize(m, n);
            run(Dots {
                out: &mut thin,
                x: &x,
                f: &f,
                symmetric: false,
            });
            assert_eq!(thin.as_slice(), out.as_slice());
        }

        let mut symmetric = Matrix::default();
        gram(&mut symmetric, &f);
        dots(&mut out, &f, &f);
        for i in 0..n {
            for j in 0..n {
                assert!(close(symmetric.row(i)[j], out.row(i)[j].into()));
                assert_eq!(symmetric.row(i)[j], symmetric.row(j)[i]);
            }
        }

        let (a, start) = (random(m, n, 3), random(m, d, 4));
        let mut wide = random(m, d, 4);
        combine(&mut wide, 0.7, &a, &f);
        for i in 0..m {
            for c in 0..d {
                let sum: f64 = (0..n)
                    .map(|j| f64::from(a.row(i)[j]) * f64::from(f.row(j)[c]))
                    .sum();
                assert!(close(
                    wide.row(i)[c],
                    sum + 0.7 * f64::from(start.row(i)[c])
                ));
            }
        }
        let runs: [fn(Combine); 2] = [|kernel| narrow(kernel), |kernel| middle(kernel)];
        for run in runs {
            let mut thin = random(m, d, 4);
            run(Combine {
                out: &mut thin,
                scale: 0.7,
                a: &a,
                f: &f,
            });
            assert_eq!(thin.as_slice(), wide.as_slice());
        }
    }
}

#[test]
fn values_that_are_not_finite_are_seen_anywhere() {
    let mut values = vec![1.0; 100];
    assert!(all_finite(&values));
    for place in [0, 17, 95, 99] {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            values[place] = bad;
            assert!(!all_finite(&values));
            values[place] = f32::MAX;
            assert!(all_finite(&values));
        }
    }
}
