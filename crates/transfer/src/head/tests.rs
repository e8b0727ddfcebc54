use super::*;
use crate::Activation;

fn head(shape: HeadShape) -> Head {
    let weights = (0..shape.weight_len()).map(|i| ((i * 37 % 101) as f32 - 50.0) / 60.0);
    Head::new(shape, weights.collect()).unwrap()
}

fn shapes() -> [HeadShape; 5] {
    [
        HeadShape::linear(17, 3),
        HeadShape::mlp(20, 4, Activation::Relu, 2),
        HeadShape::mlp(9, 5, Activation::Square, 2),
        HeadShape::mlp(9, 5, Activation::Square, 4),
        HeadShape::adapter(9, 2, 4),
    ]
}

fn features(n: usize, d: usize) -> Vec<f32> {
    (0..n * d)
        .map(|i| ((i * 29 % 83) as f32 - 41.0) / 40.0)
        .collect()
}

#[test]
fn logits_are_those_of_the_formula() {
    for shape in shapes() {
        let head = head(shape);
        let d = shape.features;
        // More rows than a tile, and not a multiple of it.
        let batch = features(97, d);
        let logits = head.logits(&batch).unwrap();
        assert_eq!(logits.len(), 97 * shape.outputs());
        for (row, found) in batch
            .chunks_exact(d)
            .zip(logits.chunks_exact(shape.outputs()))
        {
            let affine = |weights: &[f32], inputs: &[f64]| -> f64 {
                let (bias, weights) = weights.split_last().unwrap();
                let pairs = weights.iter().zip(inputs);
                pairs.map(|(&w, x)| f64::from(w) * x).sum::<f64>() + f64::from(*bias)
            };
            let inputs: Vec<f64> = row.iter().map(|&x| x.into()).collect();
            let rows = (0..shape.first_rows()).map(|k| affine(head.class_row(k), &inputs));
            let expected: Vec<f64> = match shape.kind {
                HeadKind::Linear => rows.collect(),
                HeadKind::Adapter { rank } => {
                    let (before, inputs) = inputs.split_at(shape.units());
                    let adapter = &head.weights[shape.first_len()..];
                    let (down, up) = adapter.split_at(adapter.len() / 2);
                    let dot = |row: &[f32], x: &[f64]| -> f64 {
                        row.iter().zip(x).map(|(&w, x)| f64::from(w) * x).sum()
                    };
                    let low = down.chunks(shape.units()).map(|row| dot(row, inputs));
                    let low: Vec<f64> = low.collect();
                    let added = up.chunks(rank).map(|row| dot(row, &low));
                    let values = before
                        .iter()
                        .zip(added)
                        .map(|(u, more)| (u + more).max(0.0));
                    let values: Vec<f64> = values.collect();
                    let rows = 0..shape.first_rows();
                    rows.map(|k| affine(head.class_row(k), &values)).collect()
                }
                HeadKind::Mlp { hidden, activation } => {
                    let values: Vec<f64> = rows
                        .map(|x| match activation {
                            Activation::Relu => x.max(0.0),
                            Activation::Square => x * x,
                        })
                        .collect();
                    let second = &head.weights[shape.first_len()..];
                    let rows = second.chunks_exact(hidden + 1);
                    rows.map(|row| affine(row, &values)).collect()
                }
            };
            for (found, expected) in found.iter().zip(expected) {
                assert!((f64::from(*found) - expected).abs() < 1e-4 * (1.0 + expected.abs()));
            }
        }
    }
}

#[test]
fn predictions_and_accuracy_follow_the_logits() {
    for shape in shapes() {
        let head = head(shape);
        let batch = features(60, shape.features);
        let logits = head.logits(&batch).unwrap();
        let classes = head.predict(&batch).unwrap();
        for (row, &class) in logits.chunks_exact(shape.outputs()).zip(&classes) {
            if shape.is_binary() {
                assert_eq!(class == 1, row[0] > 0.0);
            } else {
                assert!(row.iter().all(|&logit| logit <= row[class as usize]));
            }
        }
        // Labels that are right but for every sixth.
        let wrong = |class: u32| (class + 1) % shape.classes as u32;
        let labels = classes.iter().enumerate();
        let labels = labels.map(|(i, &class)| if i % 6 == 0 { wrong(class) } else { class });
        let data = FeatureSet::new(
            shape.features,
            batch.clone(),
            labels.collect(),
            shape.classes,
        )
        .unwrap();
        assert_eq!(head.accuracy(&data, 0..60).unwrap(), 50.0 / 60.0);
        let tally = head.correct(&data, [0, 1, 2, 6]).unwrap();
        assert_eq!((tally.correct, tally.examples), (2, 4));
        assert!(head.accuracy(&data, []).is_err());
        assert!(head.accuracy(&data, [60]).is_err());
    }
}

#[test]
fn wrong_weights_and_features_are_errors() {
    let shape = HeadShape::linear(3, 2);
    assert!(Head::new(shape, vec![0.0; 7]).is_err());
    assert!(Head::new(shape, vec![f32::NAN; 8]).is_err());
    let head = Head::new(shape, vec![0.0; 8]).unwrap();
    assert!(head.logits(&[0.0; 4]).is_err());
    assert!(head.logits(&[]).unwrap().is_empty());
    let data = FeatureSet::new(4, vec![0.0; 8], vec![0, 1], 2).unwrap();
    assert!(matches!(
        head.accuracy(&data, 0..2),
        Err(TransferError::Width { .. })
    ));
}
