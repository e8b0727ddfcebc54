use safetensors::tensor::{Dtype, TensorView};

use super::*;
use crate::Activation;

fn head(shape: HeadShape) -> Head {
    let weights = (0..shape.weight_len()).map(|i| ((i * 37 % 101) as f32 - 50.0) / 60.0);
    Head::new(shape, weights.collect()).unwrap()
}

fn shapes() -> [HeadShape; 4] {
    [
        HeadShape::linear(17, 3),
        HeadShape::mlp(20, 4, Activation::Relu, 2),
        HeadShape::mlp(9, 5, Activation::Square, 2),
        HeadShape::mlp(9, 5, Activation::Square, 4),
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
fn files_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    for (i, shape) in shapes().into_iter().enumerate() {
        let path = folder.path().join(format!("{i}.safetensors"));
        let head = head(shape);
        head.save(&path).unwrap();
        assert_eq!(Head::load(&path).unwrap(), head);
    }
}

#[test]
fn a_pytorch_linear_in_double_precision_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("head.safetensors");
    let bytes =
        |values: &[f64]| -> Vec<u8> { values.iter().flat_map(|v| v.to_le_bytes()).collect() };
    let (weight, bias) = (bytes(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), bytes(&[-1.0, -2.0]));
    let view = |shape, bytes| TensorView::new(Dtype::F64, shape, bytes).unwrap();
    let tensors = [
        ("fc.weight", view(vec![2, 3], &weight)),
        ("fc.bias", view(vec![2], &bias)),
    ];
    std::fs::write(&path, safetensors::serialize(tensors, None).unwrap()).unwrap();
    let head = Head::load(&path).unwrap();
    assert_eq!(head.shape, HeadShape::linear(3, 2));
    assert_eq!(head.weights, [1.0, 2.0, 3.0, -1.0, 4.0, 5.0, 6.0, -2.0]);
    assert_eq!(head.class_row(1), [4.0, 5.0, 6.0, -2.0]);
}

#[test]
fn damaged_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("head.safetensors");
    assert!(matches!(Head::load(&path), Err(TransferError::File { .. })));
    head(shapes()[1]).save(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for cut in 0..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        assert!(matches!(
            Head::load(&path),
            Err(TransferError::Format { .. })
        ));
    }
    // A flipped bit in the weights is another head; anywhere, it must not panic.
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&path, &bytes).unwrap();
        let _ = Head::load(&path).map(|head| head.weights.len());
    }
    let newer = String::from_utf8_lossy(&whole[..]).contains("rhea-head-1");
    assert!(newer, "the format's version is in the file");
}

#[test]
fn wrong_tensors_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("head.safetensors");
    let data = [0u8; 64];
    let write = |tensors: &[(&str, Dtype, Vec<usize>)]| {
        let views = tensors.iter().map(|(name, dtype, shape)| {
            let len = shape.iter().product::<usize>() * dtype.bitsize() / 8;
            (
                *name,
                TensorView::new(*dtype, shape.clone(), &data[..len]).unwrap(),
            )
        });
        std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
        Head::load(&path).unwrap_err().to_string()
    };
    use Dtype::{F32, I32};
    for (tensors, said) in [
        (vec![("weight", F32, vec![2, 3])], "no tensor bias"),
        (vec![("bias", F32, vec![2])], "found 0"),
        (
            vec![("weight", F32, vec![6]), ("bias", F32, vec![2])],
            "outputs x inputs",
        ),
        (
            vec![("weight", F32, vec![2, 3]), ("bias", F32, vec![3])],
            "bias has [3]",
        ),
        (
            vec![("weight", I32, vec![2, 3]), ("bias", F32, vec![2])],
            "I32",
        ),
        (
            vec![("weight", F32, vec![1, 3]), ("bias", F32, vec![1])],
            "classes is 1",
        ),
    ] {
        let found = write(&tensors);
        assert!(found.contains(said), "{found}");
    }
    let two = |outputs: usize, inputs: usize| {
        write(&[
            ("0.weight", F32, vec![2, 3]),
            ("0.bias", F32, vec![2]),
            ("2.weight", F32, vec![outputs, inputs]),
            ("2.bias", F32, vec![outputs]),
        ])
    };
    assert!(two(1, 4).contains("2 outputs, the second 4 inputs"));
    assert!(two(2, 2).contains("one logit"));
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
