//! Heads that are more than linear layers: each is refused by the name of what it holds.
//!
//! Tensor names are those of PyTorch 2, PEFT 0.17, loralib 0.1, bitsandbytes 0.45, GPTQ, Keras 3,
//! timm 1.0 and transformers 4.50.

mod common;

use common::{Tensor, safetensors};
use heads::{Activation, Asked, ReadHead};
use safetensors::Dtype::{F8_E4M3, F32, I8, I32, I64, U8};

const ONE: &[f64] = &[1.0; 64];

/// A tensor of ones.
fn of<'a>(name: &'a str, dtype: safetensors::Dtype, shape: &'a [usize]) -> Tensor<'a> {
    (name, dtype, shape, &ONE[..shape.iter().product()])
}

fn floats<'a>(name: &'a str, shape: &'a [usize]) -> Tensor<'a> {
    of(name, F32, shape)
}

/// A linear layer of two classes and four features under a prefix, and what stands beside it.
macro_rules! beside {
    ($layer:literal, $($tensor:expr),* $(,)?) => {
        vec![
            floats(concat!($layer, "weight"), &[2, 4]),
            floats(concat!($layer, "bias"), &[2]),
            $($tensor),*
        ]
    };
}

#[test]
fn heads_that_are_not_understood_are_refused_by_name() {
    // What it is, its tensors, the tensor that must be named, a word of the mend.
    let cases: Vec<(&str, Vec<Tensor<'_>>, &str, &str)> = vec![
        // The kinds of cases in which a head was read wrongly in silence.
        (
            "batch norm without affine parameters, as MAE's probe",
            beside!(
                "head.1.",
                floats("head.0.running_mean", &[4]),
                floats("head.0.running_var", &[4]),
                of("head.0.num_batches_tracked", I64, &[])
            ),
            "`head.0.running_mean`",
            "batch norm",
        ),
        (
            "loralib's layer with its adapter beside it",
            beside!(
                "fc.",
                floats("fc.lora_A", &[1, 4]),
                floats("fc.lora_B", &[2, 1])
            ),
            "`fc.lora_A`",
            "merge",
        ),
        (
            "a PEFT adapter alone",
            vec![
                floats("base_model.model.classifier.lora_A.weight", &[2, 4]),
                floats("base_model.model.classifier.lora_B.weight", &[2, 2]),
            ],
            "`base_model.model.classifier.lora_A.weight`",
            "merge_and_unload",
        ),
        (
            "PEFT's two copies of one head",
            vec![
                floats("c.original_module.weight", &[4, 4]),
                floats("c.original_module.bias", &[4]),
                floats("c.modules_to_save.default.weight", &[4, 4]),
                floats("c.modules_to_save.default.bias", &[4]),
            ],
            "`c.modules_to_save.default.weight`",
            "merge_and_unload",
        ),
        (
            "a bias under another name",
            vec![floats("fc.weight", &[2, 4]), floats("fc_bias", &[2])],
            "`fc_bias`",
            "named `….bias`",
        ),
        // Norm layers.
        (
            "batch norm with affine parameters",
            beside!(
                "1.",
                floats("0.weight", &[4]),
                floats("0.bias", &[4]),
                floats("0.running_mean", &[4]),
                floats("0.running_var", &[4])
            ),
            "`0.weight`",
            "batch norm",
        ),
        (
            "batch norm after the layer",
            beside!(
                "0.",
                floats("1.running_mean", &[2]),
                floats("1.running_var", &[2])
            ),
            "`1.running_mean`",
            "batch norm",
        ),
        (
            "layer norm before the layer (timm's `norm`, `head`)",
            beside!(
                "head.",
                floats("norm.weight", &[4]),
                floats("norm.bias", &[4])
            ),
            "`norm.weight`",
            "layer norm",
        ),
        (
            "RMS norm without a bias, in a Sequential",
            beside!("1.", floats("0.weight", &[4])),
            "`0.weight`",
            "has shape [4]",
        ),
        (
            "weight norm, the old parametrization",
            vec![
                floats("fc.weight_g", &[2, 1]),
                floats("fc.weight_v", &[2, 4]),
                floats("fc.bias", &[2]),
            ],
            "`fc.weight_g`",
            "remove_parametrizations",
        ),
        (
            "weight norm, the new parametrization",
            vec![
                floats("fc.bias", &[2]),
                floats("fc.parametrizations.weight.original0", &[2, 1]),
                floats("fc.parametrizations.weight.original1", &[2, 4]),
            ],
            "`fc.parametrizations.weight.original0`",
            "remove_parametrizations",
        ),
        (
            "spectral norm",
            vec![
                floats("fc.weight_orig", &[2, 4]),
                floats("fc.weight_u", &[2]),
                floats("fc.weight_v", &[4]),
                floats("fc.bias", &[2]),
            ],
            "`fc.weight_orig`",
            "remove_parametrizations",
        ),
        // Adapters.
        (
            "DoRA",
            beside!(
                "fc.base_layer.",
                floats("fc.lora_magnitude_vector.default.weight", &[2])
            ),
            "`fc.lora_magnitude_vector.default.weight`",
            "merge_and_unload",
        ),
        (
            "IA3",
            beside!("fc.", floats("fc.ia3_l.default", &[4, 1])),
            "`fc.ia3_l.default`",
            "merge",
        ),
        (
            "a bottleneck adapter before the layer",
            beside!(
                "head.",
                floats("adapter.down.weight", &[2, 4]),
                floats("adapter.up.weight", &[4, 2])
            ),
            "`adapter.down.weight`",
            "merge",
        ),
        // Scales.
        (
            "CLIP's temperature",
            beside!("", floats("logit_scale", &[])),
            "`logit_scale`",
            "multiply the scale",
        ),
        (
            "layer scale",
            beside!("head.", floats("ls.gamma", &[4])),
            "`ls.gamma`",
            "multiply the scale",
        ),
        (
            "a learned temperature of calibration",
            beside!("", floats("temperature", &[1])),
            "`temperature`",
            "multiply the scale",
        ),
        (
            "a standardisation of the features",
            beside!("", floats("mean", &[4]), floats("std", &[4])),
            "`mean`",
            "diag(1/std)",
        ),
        (
            "a cosine head's scale (LUCIR)",
            vec![floats("fc.weight", &[2, 4]), floats("fc.sigma", &[1])],
            "`fc.sigma`",
            "multiply the scale",
        ),
        // Quantised.
        (
            "eight-bit weights of bitsandbytes",
            vec![
                of("fc.weight", I8, &[2, 4]),
                floats("fc.SCB", &[2]),
                floats("fc.bias", &[2]),
            ],
            "`fc.weight`",
            "before it is quantised",
        ),
        (
            "four-bit weights of bitsandbytes",
            vec![
                of("fc.weight", U8, &[4, 1]),
                floats("fc.weight.absmax", &[1]),
                floats("fc.bias", &[2]),
            ],
            "`fc.weight.absmax`",
            "before it is quantised",
        ),
        (
            "GPTQ",
            vec![
                of("fc.qweight", I32, &[1, 2]),
                of("fc.qzeros", I32, &[1, 1]),
                floats("fc.scales", &[1, 2]),
                of("fc.g_idx", I32, &[4]),
            ],
            "`fc.qweight`",
            "before it is quantised",
        ),
        (
            "eight-bit floats",
            vec![of("fc.weight", F8_E4M3, &[2, 4]), floats("fc.bias", &[2])],
            "`fc.weight`",
            "F8_E4M3",
        ),
        (
            "eight-bit floats with their scale",
            vec![
                of("fc.weight", F8_E4M3, &[2, 4]),
                floats("fc.weight_scale", &[1]),
            ],
            "`fc.weight_scale`",
            "before it is quantised",
        ),
        (
            "whole numbers as weights",
            vec![of("weight", I64, &[2, 4]), floats("bias", &[2])],
            "`weight` holds I64",
            "floating-point",
        ),
        // Tied and doubled.
        (
            "a layer tied to an embedding of the same shape",
            vec![
                floats("lm_head.weight", &[4, 4]),
                floats("embed.weight", &[4, 4]),
            ],
            "`embed` 4 to 4",
            "--layers",
        ),
        (
            "two heads of which one is distilled (DeiT)",
            vec![
                floats("head.weight", &[2, 4]),
                floats("head.bias", &[2]),
                floats("head_dist.weight", &[2, 4]),
                floats("head_dist.bias", &[2]),
            ],
            "`head_dist` 4 to 2",
            "one head alone",
        ),
        // Other layouts and layers.
        (
            "Keras's kernel, inputs first",
            vec![floats("dense.kernel", &[4, 2]), floats("dense.bias", &[2])],
            "`dense.kernel`",
            "[outputs, inputs]",
        ),
        (
            "a 1 × 1 convolution, channels first",
            vec![floats("weight", &[2, 4, 1, 1]), floats("bias", &[2])],
            "`weight`",
            "has shape [2, 4, 1, 1]",
        ),
        (
            "a 1 × 1 convolution, channels last",
            vec![floats("weight", &[2, 1, 1, 4]), floats("bias", &[2])],
            "`weight`",
            "has shape [2, 1, 1, 4]",
        ),
        (
            "a bilinear layer",
            vec![floats("weight", &[2, 4, 4]), floats("bias", &[2])],
            "`weight`",
            "has shape [2, 4, 4]",
        ),
        (
            "attention pooling before the layer",
            beside!(
                "head.",
                floats("attn_pool.latent", &[1, 4]),
                floats("attn_pool.q.weight", &[4, 4]),
                floats("attn_pool.q.bias", &[4])
            ),
            "`attn_pool.latent`",
            "linear layers alone",
        ),
        (
            "a recurrent layer",
            beside!(
                "fc.",
                floats("rnn.weight_ih_l0", &[4, 4]),
                floats("rnn.weight_hh_l0", &[4, 4])
            ),
            "`rnn.weight_hh_l0`",
            "linear layers alone",
        ),
        (
            "PReLU between two layers",
            vec![
                floats("0.weight", &[4, 4]),
                floats("0.bias", &[4]),
                floats("1.weight", &[1]),
                floats("2.weight", &[2, 4]),
                floats("2.bias", &[2]),
            ],
            "`1.weight`",
            "linear layers alone",
        ),
        (
            "a class mean beside the head (NCM)",
            beside!("", floats("class_mean", &[2, 4])),
            "`class_mean`",
            "fold",
        ),
    ];
    assert!(cases.len() >= 25);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("head.safetensors");
    let stated = Asked {
        activation: Some(Activation::Relu),
        layers: Vec::new(),
    };
    for (what, tensors, named, mend) in cases {
        safetensors(&path, &tensors, &[]);
        let error = match ReadHead::read(&path, &stated) {
            Ok(head) => panic!("{what}: taken for a head of {} layers", head.layers().len()),
            Err(error) => error.to_string(),
        };
        assert!(
            error.contains(named) && error.contains(mend),
            "{what}: {error}"
        );
        assert!(
            error.contains("hint:") && error.contains("head.safetensors"),
            "{what}: {error}"
        );
    }
}

#[test]
fn layouts_and_activations_that_metadata_states_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("head.safetensors");
    let two = [floats("0.weight", &[4, 4]), floats("2.weight", &[2, 4])];
    let cases: [(&[Tensor<'_>], (&str, &str)); 4] = [
        (&two, ("activation", "gelu")),
        (&two, ("activation", "tanh")),
        (&two[..1], ("format", "tf")),
        (&two[..1], ("format", "rhea-head-2")),
    ];
    for (tensors, (key, value)) in cases {
        safetensors(&path, tensors, &[(key, value)]);
        let error = ReadHead::read(&path, &Asked::default())
            .expect_err(value)
            .to_string();
        assert!(error.contains(&format!("`{value}`")), "{error}");
    }
}

#[test]
fn names_of_a_file_cannot_reach_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("head.safetensors");
    safetensors(&path, &[floats("\u{1b}[31mred", &[2])], &[]);
    let error = ReadHead::read(&path, &Asked::default())
        .expect_err("no head")
        .to_string();
    assert!(
        !error.contains('\u{1b}') && error.contains("red"),
        "{error:?}"
    );
}
