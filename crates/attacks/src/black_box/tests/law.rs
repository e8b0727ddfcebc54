//! The law of heads that extraction starts from.

use super::{arbitrary, victim};
use crate::testing::{CLASSES, WIDTH, data, world};
use crate::{AttackError, HeadPrior, centre_rows, centred_cosine};

#[test]
fn the_law_has_the_mean_and_the_spread_of_fresh_heads() {
    let data = data();
    let world = world(&data, 1);
    let prior = HeadPrior::fit(&world).unwrap();
    let shadows = world.shadows("fresh").unwrap();
    let mut batch = shadows.batch(1500);
    shadows.fill(0, &mut batch).unwrap();
    let (mut off, mut spread) = (0.0, 0.0);
    let mut mean = vec![0.0; prior.mean.len()];
    for head in 0..batch.len() {
        let mut head: Vec<f64> = batch.head(head).iter().map(|&w| f64::from(w)).collect();
        centre_rows(&mut head, WIDTH + 1);
        for ((sum, w), law) in mean.iter_mut().zip(&head).zip(&prior.mean) {
            *sum += w / 1500.0;
            spread += (w - law).powi(2) / 1500.0;
        }
    }
    for (mean, law) in mean.iter().zip(&prior.mean) {
        off += (mean - law).powi(2);
    }
    // Two means of 1 500 draws each differ by 2/1500 of the spread.
    assert!(off < 4.0 * 2.0 / 1500.0 * spread, "{off} {spread}");
    let directions = &prior.directions;
    let mut own = 0.0;
    for row in 0..directions.nrows() {
        for column in 0..directions.ncols() {
            own += directions[(row, column)].powi(2);
        }
    }
    own += prior.rest.powi(2) * (directions.nrows() * (CLASSES - 1) / CLASSES) as f64;
    assert!((own / spread - 1.0).abs() < 0.1, "{own} {spread}");
}

#[test]
fn a_common_row_does_not_count() {
    let head = arbitrary(1);
    let mut moved = head.weights.to_vec();
    for row in moved.chunks_mut(WIDTH + 1) {
        for (column, w) in row.iter_mut().enumerate() {
            *w = 2.0 * *w + column as f32;
        }
    }
    let cosine = centred_cosine(&head.weights, &moved, WIDTH + 1, None);
    assert!((cosine - 1.0).abs() < 1e-5, "{cosine}");
    // Columns that do not count may differ at will.
    let mut columns = vec![true; WIDTH + 1];
    columns[3] = false;
    for (class, row) in moved.chunks_mut(WIDTH + 1).enumerate() {
        row[3] = 1e4 * class as f32;
    }
    assert!(centred_cosine(&head.weights, &moved, WIDTH + 1, None) < 0.1);
    let cosine = centred_cosine(&head.weights, &moved, WIDTH + 1, Some(&columns));
    assert!((cosine - 1.0).abs() < 1e-5, "{cosine}");
    let mut centred: Vec<f64> = head.weights.iter().map(|&w| f64::from(w)).collect();
    centre_rows(&mut centred, WIDTH + 1);
    for column in 0..=WIDTH {
        let sum: f64 = centred.iter().skip(column).step_by(WIDTH + 1).sum();
        assert!(sum.abs() < 1e-9);
    }
}

#[test]
fn a_hidden_layer_has_no_such_law() {
    let data = data();
    let mut world = world(&data, 1);
    assert!(victim(&world, 0).weights.len() == CLASSES * (WIDTH + 1));
    world.shape = transfer::HeadShape::mlp(WIDTH, 4, transfer::Activation::Relu, CLASSES);
    let refused = HeadPrior::fit(&world);
    assert!(matches!(refused, Err(AttackError::Unsuited(_))));
}
