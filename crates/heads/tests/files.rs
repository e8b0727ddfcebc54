//! Heads as they are saved in practice are read; what a file does not say is asked.

mod common;

use common::{Stored, Tensor, numpy, safetensors, torch_legacy, torch_zip};
use heads::{Activation, Asked, HeadError, ReadHead};
use safetensors::Dtype::{self, BF16, F16, F32, F64};

const WEIGHT: [f64; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
const BIAS: [f64; 2] = [0.5, -0.5];
const ROWS: [f32; 8] = [1.0, 2.0, 3.0, 0.5, 4.0, 5.0, 6.0, -0.5];

fn asked(activation: Activation) -> Asked {
    Asked {
        activation: Some(activation),
        layers: Vec::new(),
    }
}

fn read(
    tensors: &[Tensor<'_>],
    metadata: &[(&str, &str)],
    asked: &Asked,
) -> Result<ReadHead, HeadError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("head.safetensors");
    safetensors(&path, tensors, metadata);
    ReadHead::read(&path, asked)
}

#[test]
fn a_linear_is_read_in_every_precision_and_under_any_prefix() {
    for dtype in [F32, F64, F16, BF16] {
        for prefix in ["", "fc.", "_orig_mod.", "module.head.1.", "classifier."] {
            let (weight, bias) = (format!("{prefix}weight"), format!("{prefix}bias"));
            let tensors = [
                (weight.as_str(), dtype, &[2, 3][..], &WEIGHT[..]),
                (bias.as_str(), dtype, &[2], &BIAS),
            ];
            let head = read(&tensors, &[("format", "pt")], &Asked::default()).expect("it is one");
            assert_eq!((head.layers().len(), head.activation()), (1, None));
            assert_eq!(head.layers()[0].weights, ROWS, "{dtype:?} {prefix}");
        }
    }
    let no_bias = read(&[("weight", F32, &[2, 3], &WEIGHT)], &[], &Asked::default());
    assert_eq!(no_bias.expect("`bias=False`").layers()[0].bias(1), 0.0);
}

#[test]
fn half_precision_rounds_as_it_is_stored() {
    // 0.1 in bf16 is 0x3dcd, in f16 0x2e66.
    for (dtype, stored) in [(BF16, 0.100_097_656), (F16, 0.099_975_586)] {
        let head = read(
            &[("weight", dtype, &[1, 1], &[0.1])],
            &[],
            &Asked::default(),
        );
        assert_eq!(head.expect("it is one").layers()[0].weights, [stored, 0.0]);
    }
}

/// Two layers of which the first is 2 × 1; `second` rows of 2.
fn two<'a>(names: [&'a str; 4], second: &'a [usize], values: &'a [f64]) -> [Tensor<'a>; 4] {
    [
        (names[0], F32, &[2, 1], &[3.0, -4.0]),
        (names[1], F32, &[2], &[0.0, 1.0]),
        (names[2], F32, second, values),
        (names[3], F32, &second[..1], &[0.25; 4][..second[0]]),
    ]
}

#[test]
fn numbers_give_the_order_of_layers() {
    for (first, second) in [
        ("0", "2"),
        ("2", "10"),
        ("head.0", "head.3"),
        ("fc1", "fc2"),
    ] {
        let names = [
            format!("{first}.weight"),
            format!("{first}.bias"),
            format!("{second}.weight"),
            format!("{second}.bias"),
        ];
        let tensors = two(
            names.each_ref().map(String::as_str),
            &[2, 2],
            &[1.0, -2.0, 0.0, 1.0],
        );
        let head = read(&tensors, &[], &asked(Activation::Relu)).expect("it is one");
        assert_eq!(
            (head.features(), head.outputs()),
            (1, 2),
            "{first} {second}"
        );
        assert_eq!(head.activation(), Some(Activation::Relu));
    }
}

#[test]
fn activation_is_read_or_asked_and_never_guessed() {
    let tensors = two(
        ["0.weight", "0.bias", "2.weight", "2.bias"],
        &[1, 2],
        &[1.0, -2.0],
    );
    let unsaid = read(&tensors, &[], &Asked::default()).expect_err("it does not say");
    assert!(matches!(unsaid, HeadError::Unstated { .. }));
    assert!(
        unsaid.to_string().contains("--activation relu or square"),
        "{unsaid}"
    );
    let stated = [("format", "rhea-head-1"), ("activation", "square")];
    let head = read(&tensors, &stated, &Asked::default()).expect("it says it");
    assert_eq!(head.activation(), Some(Activation::Square));
    let other = read(&tensors, &stated, &asked(Activation::Relu)).expect_err("two activations");
    assert!(
        other
            .to_string()
            .contains("states the activation square, relu"),
        "{other}"
    );
    let gelu = read(&tensors, &[("activation", "gelu")], &Asked::default()).expect_err("no gelu");
    assert!(gelu.to_string().contains("`gelu`"), "{gelu}");
}

#[test]
fn order_is_read_from_widths_or_asked() {
    let names = [
        "dense.weight",
        "dense.bias",
        "out_proj.weight",
        "out_proj.bias",
    ];
    let tensors = two(names, &[3, 2], &[1.0; 6]);
    let head = read(&tensors, &[], &asked(Activation::Relu)).expect("one order fits");
    assert_eq!(head.layers()[0].inputs, 1);
    // Both orders fit: relu(2x, y − 1.5), then exchanged, or the other way round.
    let square = [
        ("proj.weight", F32, &[2, 2][..], &[2.0, 0.0, 0.0, 1.0][..]),
        ("proj.bias", F32, &[2], &[0.0, -1.5]),
        ("head.weight", F32, &[2, 2], &[0.0, 1.0, 1.0, 0.0]),
        ("head.bias", F32, &[2], &[0.0, 0.0]),
    ];
    let unsaid = read(&square, &[], &asked(Activation::Relu)).expect_err("two orders fit");
    assert!(matches!(unsaid, HeadError::Unstated { .. }));
    assert!(unsaid.to_string().contains("`proj` 2 to 2"), "{unsaid}");
    let mut stated = asked(Activation::Relu);
    for (order, first) in [(["proj", "head"], 2.0), (["head", "proj"], 0.0)] {
        stated.layers = order.map(String::from).to_vec();
        let head = read(&square, &[], &stated).expect("it is said");
        assert_eq!(head.layers()[0].weights[0], first);
    }
    stated.layers = vec!["proj".into()];
    assert!(
        read(&square, &[], &stated)
            .expect_err("one is left")
            .to_string()
            .contains("`head`")
    );
}

#[test]
fn numbers_that_are_none_are_named_with_their_tensor_and_place() {
    let error = |values: &[f64], dtype: Dtype| {
        let tensors = [
            ("fc.weight", dtype, &[2, 2][..], values),
            ("fc.bias", F32, &[2], &BIAS),
        ];
        read(&tensors, &[], &Asked::default())
            .expect_err("no head")
            .to_string()
    };
    let said = error(&[0.0, 0.0, 0.0, f64::NAN], F32);
    assert!(
        said.contains("head.safetensors") && said.contains("`fc.weight`[1, 1] is NaN"),
        "{said}"
    );
    let said = error(&[0.0, 1e300, 0.0, 0.0], F64);
    assert!(
        said.contains("`fc.weight`[0, 1]") && said.contains("beyond single"),
        "{said}"
    );
}

#[test]
fn torch_files_are_read_in_both_containers_and_with_any_strides() {
    let folder = tempfile::tempdir().expect("a folder");
    let bias = [0.5, -0.5];
    let straight = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    // The same matrix stored column by column, as `weight.t()` of a transposed one is.
    let turned = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];
    for (strides, values) in [([3, 1], straight), ([1, 2], turned)] {
        let tensors: [Stored<'_>; 2] = [
            ("fc.weight", &[2, 3], &strides, &values),
            ("fc.bias", &[2], &[1], &bias),
        ];
        let (zip, legacy) = (
            folder.path().join("head.pt"),
            folder.path().join("head.pth"),
        );
        torch_zip(&zip, &tensors, &[]);
        torch_legacy(&legacy, &tensors);
        for path in [zip, legacy] {
            let head = ReadHead::read(&path, &Asked::default()).expect("it is one");
            assert_eq!(head.layers()[0].weights, ROWS, "{}", path.display());
            let whole = std::fs::read(&path).expect("it is there");
            for cut in [1, whole.len() / 3, whole.len() - 1] {
                std::fs::write(&path, &whole[..cut]).expect("it can be written");
                let error = ReadHead::read(&path, &Asked::default()).expect_err("it is cut");
                assert!(error.to_string().contains("head.pt"), "{error}");
            }
        }
    }
}

#[test]
fn what_stands_beside_tensors_in_a_torch_file_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("checkpoint.pt");
    torch_zip(
        &path,
        &[("weight", &[1, 1], &[1, 1], &[2.0])],
        &[("lora_alpha", 16)],
    );
    let error = ReadHead::read(&path, &Asked::default())
        .expect_err("a number is left")
        .to_string();
    assert!(
        error.contains("`lora_alpha`") && error.contains("merge_and_unload"),
        "{error}"
    );
}

#[test]
fn scikit_learn_arrays_are_read_as_a_pair() {
    let folder = tempfile::tempdir().expect("a folder");
    let doubles =
        |values: &[f64]| -> Vec<u8> { values.iter().flat_map(|v| v.to_le_bytes()).collect() };
    let coef = folder.path().join("model_coef_.npy");
    let turned = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];
    numpy(&coef, "<f8", true, "(2, 3)", &doubles(&turned));
    let alone = ReadHead::read(&coef, &Asked::default())
        .expect_err("no intercept")
        .to_string();
    assert!(alone.contains("model_intercept_.npy"), "{alone}");
    numpy(
        &folder.path().join("model_intercept_.npy"),
        "<f8",
        false,
        "(2,)",
        &doubles(&BIAS),
    );
    let head = ReadHead::read(&coef, &Asked::default()).expect("it is one");
    assert_eq!(head.layers()[0].weights, ROWS);
    let other = folder.path().join("array.npy");
    numpy(&other, "<f8", false, "(2, 3)", &doubles(&WEIGHT));
    assert!(ReadHead::read(&other, &Asked::default()).is_err());
    numpy(&coef, "<i8", false, "(2, 3)", &[0; 48]);
    let integers = ReadHead::read(&coef, &Asked::default())
        .expect_err("integers")
        .to_string();
    assert!(integers.contains("float64"), "{integers}");
}

#[test]
fn every_cut_and_flip_of_a_file_is_an_error_or_another_head() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("head.safetensors");
    safetensors(
        &path,
        &[
            ("weight", F32, &[2, 3], &WEIGHT),
            ("bias", F32, &[2], &BIAS),
        ],
        &[],
    );
    let whole = std::fs::read(&path).expect("it is there");
    for cut in 0..whole.len() {
        std::fs::write(&path, &whole[..cut]).expect("it can be written");
        assert!(ReadHead::read(&path, &Asked::default()).is_err(), "{cut}");
    }
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(&path, &flipped).expect("it can be written");
        if let Ok(head) = ReadHead::read(&path, &Asked::default()) {
            assert_eq!((head.features() * head.outputs()) % 6, 0, "flipped at {at}");
        }
    }
}
