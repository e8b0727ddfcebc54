use super::*;

#[test]
fn activations_stand_between_the_layers() {
    let weights = [3.0, 0.0, -4.0, 1.0, 1.0, -2.0, 0.25];
    let relu = PlainHead::mlp(1, &[2], 1, Activation::Relu, &weights).unwrap();
    assert_eq!(relu.logits(&[-1.0]).unwrap(), [-9.75]);
    let square = PlainHead::mlp(1, &[2], 1, Activation::Square, &weights).unwrap();
    assert_eq!(square.logits(&[-1.0]).unwrap(), [9.0 - 50.0 + 0.25]);
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
