use super::*;
use safetensors::tensor::TensorView;

fn file(tensors: &[(&str, &[usize], &[f32])]) -> Vec<u8> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect())
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        (
            *name,
            TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap(),
        )
    });
    safetensors::serialize(views, None).unwrap()
}

#[test]
fn a_pytorch_linear_is_read_as_it_is() {
    let bytes = file(&[
        ("weight", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        ("bias", &[2], &[0.5, -0.5]),
    ]);
    let head = PlainHead::from_safetensors(&bytes, Activation::Relu).unwrap();
    let expected = [1.0, 2.0, 3.0, 0.5, 4.0, 5.0, 6.0, -0.5];
    assert_eq!(head, PlainHead::linear(3, 2, &expected).unwrap());
    assert_eq!(head.logits(&[1.0, 0.0, -1.0]).unwrap(), [-1.5, -2.5]);
    assert_eq!(head.predict(&[1.0, 0.0, -1.0]).unwrap(), 0);
}

#[test]
fn a_pytorch_sequential_is_read_in_the_order_of_its_numbers() {
    let bytes = file(&[
        ("10.weight", &[1, 2], &[1.0, -2.0]),
        ("10.bias", &[1], &[0.25]),
        ("2.weight", &[2, 1], &[3.0, -4.0]),
        ("2.bias", &[2], &[0.0, 1.0]),
    ]);
    let relu = PlainHead::from_safetensors(&bytes, Activation::Relu).unwrap();
    let weights = [3.0, 0.0, -4.0, 1.0, 1.0, -2.0, 0.25];
    assert_eq!(
        relu,
        PlainHead::mlp(1, &[2], 1, Activation::Relu, &weights).unwrap()
    );
    assert_eq!(relu.logits(&[-1.0]).unwrap(), [-9.75]);
    let square = PlainHead::from_safetensors(&bytes, Activation::Square).unwrap();
    assert_eq!(square.logits(&[-1.0]).unwrap(), [9.0 - 50.0 + 0.25]);
}

#[test]
fn bad_files_say_what_is_wrong() {
    let cases = [
        (
            file(&[("kernel", &[1, 1], &[1.0])]),
            "no tensor is named `weight`",
        ),
        (
            file(&[("weight", &[2], &[1.0, 2.0])]),
            "expected [outputs, inputs]",
        ),
        (
            file(&[("weight", &[2, 1], &[1.0, 2.0]), ("bias", &[1], &[0.0])]),
            "`bias` has shape [1], expected [2]",
        ),
        (
            file(&[
                ("0.weight", &[2, 1], &[1.0, 2.0]),
                ("2.weight", &[1, 3], &[1.0; 3]),
            ]),
            "2 outputs is followed by one of 3 inputs",
        ),
        (
            file(&[("weight", &[1, 1], &[f32::NAN])]),
            "weight 0 of layer 0 is NaN",
        ),
        (vec![1, 2, 3], "safetensors"),
    ];
    for (bytes, expected) in cases {
        let error = PlainHead::from_safetensors(&bytes, Activation::Relu).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn shapes_must_be_filled_exactly() {
    assert!(PlainHead::linear(3, 2, &[0.0; 7]).is_err());
    assert!(PlainHead::linear(3, 2, &[0.0; 9]).is_err());
    assert!(PlainHead::linear(0, 2, &[0.0; 2]).is_err());
    assert!(PlainHead::linear(usize::MAX, 2, &[0.0; 2]).is_err());
    assert!(PlainHead::mlp(1, &[1, 1, 1], 1, Activation::Relu, &[0.0; 8]).is_err());
}

#[test]
fn ties_go_to_the_first_class_and_zero_is_negative() {
    assert_eq!(class_of(&[1.0, 2.0, 2.0]), 1);
    assert_eq!(class_of(&[0.0]), 0);
    assert_eq!(class_of(&[1e-9]), 1);
}
