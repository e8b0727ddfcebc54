//! Heads and features of other people, made small: what comes out is right, or refused with what is
//! lost and how to mend it.
//!
//! The right classes are computed by hand from the numbers given; the kinds are those of public bug
//! reports of comparable tools.

mod shell;

use shell::{Shell, Tensor};

/// What must come of a head and features.
enum Outcome {
    /// The classes of the images, at the end.
    Classes(&'static [usize]),
    /// A step, its exit code, and what is said.
    Refused(&'static str, i32, &'static str),
}
use Outcome::{Classes, Refused};

/// A head with its features, what the command line says of it, and what must come.
struct Case<'a> {
    name: &'a str,
    tensors: &'a [Tensor<'a>],
    metadata: &'a [(&'a str, &'a str)],
    features: (usize, &'a [f32]),
    protect: &'a str,
    outcome: Outcome,
}

const TWENTY: [usize; 20] = [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0];

/// (a, b), (b, a), … twenty times.
fn alternating(a: f32, b: f32) -> Vec<f32> {
    [a, b, b, a].iter().copied().cycle().take(40).collect()
}

#[test]
fn small_heads_are_right_or_refused() {
    let identity: &[f32] = &[1.0, 0.0, 0.0, 1.0];
    let no_bias: &[f32] = &[0.0, 0.0];
    let (one_two, small, tenths) = (
        alternating(1.0, 2.0),
        alternating(1e-3, 2e-3),
        alternating(0.1, 0.2),
    );
    let columns: &[Tensor<'_>] = &[
        ("weight", &[2, 2], &[0.0, 0.0, 0.0, 1000.0]),
        ("bias", &[2], &[0.0, -5.0]),
    ];
    let plain: &[Tensor<'_>] = &[("weight", &[2, 2], identity), ("bias", &[2], no_bias)];
    let two: &[Tensor<'_>] = &[
        ("0.weight", &[2, 2], identity),
        ("0.bias", &[2], no_bias),
        ("2.weight", &[2, 2], identity),
        ("2.bias", &[2], no_bias),
    ];
    let cases = [
        // Mean 10 and variance 1: the layer sees −5, class 1.
        Case {
            name: "bn_probe",
            tensors: &[
                ("head.0.running_mean", &[1], &[10.0]),
                ("head.0.running_var", &[1], &[1.0]),
                ("head.1.weight", &[2, 1], &[1.0, -1.0]),
                ("head.1.bias", &[2], no_bias),
            ],
            metadata: &[],
            features: (1, &[5.0]),
            protect: "",
            outcome: Refused("protect", 4, "`head.0.running_mean`"),
        },
        Case {
            name: "loralib",
            tensors: &[
                ("fc.weight", &[2, 1], &[1.0, 0.0]),
                ("fc.bias", &[2], no_bias),
                ("fc.lora_A", &[1, 1], &[1.0]),
                ("fc.lora_B", &[2, 1], &[0.0, 3.0]),
            ],
            metadata: &[],
            features: (1, &[1.0]),
            protect: "",
            outcome: Refused("protect", 4, "`fc.lora_A`"),
        },
        Case {
            name: "peft_adapter",
            tensors: &[
                (
                    "base_model.model.classifier.lora_A.weight",
                    &[2, 1],
                    &[1.0, -1.0],
                ),
                (
                    "base_model.model.classifier.lora_B.weight",
                    &[2, 2],
                    &[0.0, -1.0, 0.5, 0.0],
                ),
            ],
            metadata: &[],
            features: (1, &[1.0]),
            protect: "--activation relu",
            outcome: Refused("protect", 4, "lora_A.weight`"),
        },
        Case {
            name: "bias_renamed",
            tensors: &[
                ("fc.weight", &[2, 1], &[1.0, 0.0]),
                ("fc_bias", &[2], &[0.0, 9.0]),
            ],
            metadata: &[],
            features: (1, &[1.0]),
            protect: "",
            outcome: Refused("protect", 4, "`fc_bias`"),
        },
        // x = −2: hidden (4, 4) by squares, logits (4, 2); by ReLU it would be (0, 1).
        Case {
            name: "meta_square",
            tensors: &[
                ("0.weight", &[2, 1], &[1.0, -1.0]),
                ("0.bias", &[2], no_bias),
                ("2.weight", &[2, 2], &[1.0, 0.0, 0.0, 0.5]),
                ("2.bias", &[2], no_bias),
            ],
            metadata: &[("format", "rhea-head-1"), ("activation", "square")],
            features: (1, &[-2.0]),
            protect: "",
            outcome: Classes(&[0]),
        },
        Case {
            name: "no activation said",
            tensors: two,
            metadata: &[],
            features: (2, &[1.0, 2.0]),
            protect: "",
            outcome: Refused("protect", 2, "--activation relu or square"),
        },
        Case {
            name: "order",
            tensors: &[
                ("proj.weight", &[2, 2], &[2.0, 0.0, 0.0, 1.0]),
                ("proj.bias", &[2], &[0.0, -1.5]),
                ("head.weight", &[2, 2], &[0.0, 1.0, 1.0, 0.0]),
                ("head.bias", &[2], no_bias),
            ],
            metadata: &[],
            features: (2, &[1.0, 1.0]),
            protect: "--activation relu",
            outcome: Refused("protect", 2, "--layers"),
        },
        // relu(2, −0.5) = (2, 0), exchanged: (0, 2).
        Case {
            name: "order, stated",
            tensors: &[
                ("proj.weight", &[2, 2], &[2.0, 0.0, 0.0, 1.0]),
                ("proj.bias", &[2], &[0.0, -1.5]),
                ("head.weight", &[2, 2], &[0.0, 1.0, 1.0, 0.0]),
                ("head.bias", &[2], no_bias),
            ],
            metadata: &[],
            features: (2, &[1.0, 1.0]),
            protect: "--activation relu --layers proj,head",
            outcome: Classes(&[1]),
        },
        Case {
            name: "small_features",
            tensors: plain,
            metadata: &[],
            features: (2, &[1e-4, 9e-4]),
            protect: "",
            outcome: Refused("reveal", 4, "closer than"),
        },
        Case {
            name: "small_features, calibrated",
            tensors: plain,
            metadata: &[],
            features: (2, &[1e-4, 9e-4]),
            protect: "--calibration x.npy",
            outcome: Classes(&[1]),
        },
        Case {
            name: "smaller features",
            tensors: plain,
            metadata: &[],
            features: (2, &[1e-6, 9e-6]),
            protect: "",
            outcome: Refused("classify", 4, "--calibration"),
        },
        Case {
            name: "smaller features, calibrated",
            tensors: plain,
            metadata: &[],
            features: (2, &[1e-6, 9e-6]),
            protect: "--calibration x.npy",
            outcome: Classes(&[1]),
        },
        Case {
            name: "large features",
            tensors: plain,
            metadata: &[],
            features: (2, &[1e5, 9e5]),
            protect: "",
            outcome: Refused("classify", 4, "--calibration"),
        },
        Case {
            name: "large features, calibrated",
            tensors: plain,
            metadata: &[],
            features: (2, &[1e5, 9e5]),
            protect: "--calibration x.npy",
            outcome: Classes(&[1]),
        },
        // Logits 0 and 1000·0.009 − 5 = 4.
        Case {
            name: "columns",
            tensors: columns,
            metadata: &[],
            features: (2, &[100.0, 0.009]),
            protect: "",
            outcome: Refused("reveal", 4, "closer than"),
        },
        Case {
            name: "columns, calibrated",
            tensors: columns,
            metadata: &[],
            features: (2, &[100.0, 0.009]),
            protect: "--calibration x.npy",
            outcome: Classes(&[1]),
        },
        Case {
            name: "masked",
            tensors: &[
                ("weight", &[3, 2], &[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
                ("bias", &[3], &[0.0, 0.0, -1e30]),
            ],
            metadata: &[],
            features: (2, &[0.1, 0.9]),
            protect: "",
            outcome: Classes(&[1]),
        },
        Case {
            name: "masked by a thousand",
            tensors: &[
                ("weight", &[3, 2], &[0.01, 0.0, 0.0, 0.01, 0.005, 0.005]),
                ("bias", &[3], &[0.0, 0.0, -1000.0]),
            ],
            metadata: &[],
            features: (2, &[0.1, 0.9]),
            protect: "",
            outcome: Classes(&[1]),
        },
        Case {
            name: "tiny_logits",
            tensors: &[("weight", &[2, 1], &[1e-8, 2e-8]), ("bias", &[2], no_bias)],
            metadata: &[],
            features: (1, &[1.0]),
            protect: "",
            outcome: Classes(&[1]),
        },
        Case {
            name: "relu_small",
            tensors: two,
            metadata: &[],
            features: (2, &small),
            protect: "--activation relu",
            outcome: Refused("reveal", 4, "closer than"),
        },
        Case {
            name: "relu_masked",
            tensors: &[
                ("0.weight", &[2, 2], identity),
                ("0.bias", &[2], no_bias),
                ("2.weight", &[3, 2], &[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
                ("2.bias", &[3], &[0.0, 0.0, -1e4]),
            ],
            metadata: &[],
            features: (2, &one_two),
            protect: "--activation relu",
            outcome: Refused("reveal", 4, "closer than"),
        },
        Case {
            name: "square_small",
            tensors: &[
                ("0.weight", &[2, 2], &[0.01, 0.0, 0.0, 0.01]),
                ("0.bias", &[2], no_bias),
                ("2.weight", &[2, 2], &[0.001, 0.0, 0.0, 0.001]),
                ("2.bias", &[2], no_bias),
            ],
            metadata: &[],
            features: (2, &tenths),
            protect: "--activation square",
            outcome: Classes(&TWENTY),
        },
        Case {
            name: "nothing to classify",
            tensors: plain,
            metadata: &[],
            features: (2, &[]),
            protect: "",
            outcome: Refused("classify", 4, "x.npy holds no rows"),
        },
        Case {
            name: "a weight that is no number",
            tensors: &[
                ("fc.weight", &[2, 2], &[1.0, 0.0, 0.0, f32::NAN]),
                ("fc.bias", &[2], no_bias),
            ],
            metadata: &[],
            features: (2, &[1.0, 2.0]),
            protect: "",
            outcome: Refused("protect", 4, "head.safetensors: `fc.weight`[1, 1] is NaN"),
        },
    ];
    let shell = Shell::new();
    for case in cases {
        shell.head(case.tensors, case.metadata);
        shell.features("x.npy", case.features.0, case.features.1);
        let came = shell.life(case.protect, "");
        match (case.outcome, came) {
            (Classes(expected), Ok(said)) => {
                let classes: Vec<usize> = said
                    .lines()
                    .map(|line| line.parse().expect("a class"))
                    .collect();
                assert_eq!(classes, expected, "{}", case.name);
            }
            (Refused(step, code, word), Err((at, exit, said))) => {
                assert_eq!((at, exit), (step, code), "{}: {said}", case.name);
                assert!(said.contains(word), "{}: {said}", case.name);
            }
            (Classes(_), Err((at, exit, said))) => {
                panic!("{}: {at} ends with {exit}: {said}", case.name)
            }
            (Refused(..), Ok(said)) => panic!("{}: not refused: {said}", case.name),
        }
    }
}

#[test]
fn logits_have_as_many_digits_as_there_are() {
    let shell = Shell::new();
    let head: [Tensor<'_>; 2] = [
        ("weight", &[2, 1], &[1e-8, 2e-8]),
        ("bias", &[2], &[0.0, 0.0]),
    ];
    shell.head(&head, &[]);
    shell.features("x.npy", 1, &[1.0]);
    let said = shell.life("", "--logits").expect("it is revealed");
    let logits: Vec<f64> = said
        .split_whitespace()
        .skip(1)
        .map(|z| z.parse().expect("a number"))
        .collect();
    assert!(
        (logits[0] - 1e-8).abs() < 1e-10 && (logits[1] - 2e-8).abs() < 1e-10,
        "{said}"
    );
}
