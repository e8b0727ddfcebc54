//! Small ONNX files, and what they compute.

#![allow(dead_code, reason = "each test file uses its part")]

use std::cell::RefCell;
use std::path::PathBuf;

use datasets::{ImageSet, ImageShape};
use rten_onnx::onnx::*;

/// A graph that is being put together.
#[derive(Default)]
pub struct Graph(pub GraphProto);

impl Graph {
    /// Declares an input or output; 0 stands for a size that is not fixed.
    pub fn value(name: &str, shape: &[i64]) -> ValueInfoProto {
        let dim = |(at, &size): (usize, &i64)| Dimension {
            dim_value: (size > 0).then_some(size),
            dim_param: (size == 0).then(|| format!("free{at}")),
        };
        ValueInfoProto {
            name: Some(name.into()),
            r#type: Some(TypeProto {
                tensor_type: Some(TypeProtoTensor {
                    elem_type: Some(DataType::FLOAT),
                    shape: Some(TensorShapeProto {
                        dim: shape.iter().enumerate().map(dim).collect(),
                    }),
                }),
                sequence: None,
            }),
        }
    }

    pub fn input(mut self, name: &str, shape: &[i64]) -> Self {
        self.0.input.push(Self::value(name, shape));
        self
    }

    pub fn output(mut self, name: &str, shape: &[i64]) -> Self {
        self.0.output.push(Self::value(name, shape));
        self
    }

    pub fn weight(mut self, name: &str, dims: &[i64], values: &[f32]) -> Self {
        self.0.initializer.push(tensor(name, dims, values));
        self
    }

    /// Adds a node; whole numbers as attributes.
    pub fn node(
        mut self,
        op: &str,
        inputs: &[&str],
        output: &str,
        ints: &[(&str, &[i64])],
    ) -> Self {
        let attribute = |(name, values): &(&str, &[i64])| match *values {
            [one] if !matches!(*name, "pads" | "strides" | "dilations") => AttributeProto {
                name: Some((*name).into()),
                i: Some(*one),
                r#type: Some(AttributeType::INT),
                ..AttributeProto::default()
            },
            many => AttributeProto {
                name: Some((*name).into()),
                ints: many.to_vec(),
                r#type: Some(AttributeType::INTS),
                ..AttributeProto::default()
            },
        };
        self.0.node.push(NodeProto {
            name: Some(format!("{op}:{output}")),
            op_type: Some(op.into()),
            input: inputs.iter().map(|&name| name.into()).collect(),
            output: vec![output.into()],
            attribute: ints.iter().map(attribute).collect(),
            ..NodeProto::default()
        });
        self
    }

    /// A constant in a node instead of a weight.
    pub fn constant(mut self, name: &str, dims: &[i64], values: &[f32]) -> Self {
        self.0.node.push(NodeProto {
            op_type: Some("Constant".into()),
            output: vec![name.into()],
            attribute: vec![AttributeProto {
                name: Some("value".into()),
                t: Some(tensor("", dims, values)),
                r#type: Some(AttributeType::TENSOR),
                ..AttributeProto::default()
            }],
            ..NodeProto::default()
        });
        self
    }

    /// The file's bytes.
    pub fn bytes(self) -> Vec<u8> {
        let model = ModelProto {
            ir_version: Some(8),
            opset_import: vec![OperatorSetIdProto {
                domain: None,
                version: Some(13),
            }],
            graph: Some(self.0),
            ..ModelProto::default()
        };
        model.write_buf().unwrap()
    }

    pub fn write(self, folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("network.onnx");
        std::fs::write(&path, self.bytes()).unwrap();
        path
    }
}

fn tensor(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    TensorProto {
        name: (!name.is_empty()).then(|| name.into()),
        dims: dims.to_vec(),
        data_type: Some(DataType::FLOAT),
        raw_data: Some(RefCell::new(bytes.collect())),
        ..TensorProto::default()
    }
}

/// Numbers that look random.
pub fn numbers(count: usize, seed: f32) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * 1.37 + seed).sin()).collect()
}

/// Convolution 3 → 4 of stride 2, ReLU, a depthwise one, ReLU, mean: `pooled`, `features` and
/// `logits` for images of 8 x 8.
pub fn small(batch: i64) -> Graph {
    Graph::default()
        .input("images", &[batch, 3, 8, 8])
        .weight("stem.w", &[4, 3, 3, 3], &numbers(108, 0.1))
        .weight("stem.b", &[4], &numbers(4, 0.2))
        .weight("deep.w", &[4, 1, 3, 3], &numbers(36, 0.3))
        .weight("deep.b", &[4], &numbers(4, 0.4))
        .weight("head.w", &[3, 4], &numbers(12, 0.5))
        .weight("head.b", &[3], &numbers(3, 0.6))
        .node(
            "Conv",
            &["images", "stem.w", "stem.b"],
            "stem",
            &[("pads", &[1; 4]), ("strides", &[2; 2])],
        )
        .node("Relu", &["stem"], "stem.r", &[])
        .node(
            "Conv",
            &["stem.r", "deep.w", "deep.b"],
            "deep",
            &[("group", &[4]), ("pads", &[1; 4])],
        )
        .node("Relu", &["deep"], "deep.r", &[])
        .node("GlobalAveragePool", &["deep.r"], "pooled", &[])
        .node("Flatten", &["pooled"], "features", &[])
        .node(
            "Gemm",
            &["features", "head.w", "head.b"],
            "logits",
            &[("transB", &[1])],
        )
        .output("features", &[batch, 4])
        .output("logits", &[batch, 3])
}

pub fn images(count: usize, channels: usize, side: usize) -> ImageSet {
    let shape = ImageShape {
        channels,
        height: side,
        width: side,
    };
    let labels = (0..count as u32).map(|i| i % 2).collect();
    ImageSet::new(shape, numbers(count * shape.len(), 0.9), labels, 2).unwrap()
}

/// A convolution by its definition; `group` is 1 or the number of channels. Padding 1.
pub fn convolve(
    (x, [channels, height, width]): (&[f64], [usize; 3]),
    (weights, bias): (&[f32], &[f32]),
    stride: usize,
    depthwise: bool,
) -> (Vec<f64>, [usize; 3]) {
    let (rows, columns) = ((height - 1) / stride + 1, (width - 1) / stride + 1);
    let inputs = if depthwise { 1 } else { channels };
    let mut out = Vec::new();
    for (to, &bias) in bias.iter().enumerate() {
        for row in 0..rows {
            for column in 0..columns {
                let mut sum = f64::from(bias);
                for from in 0..inputs {
                    for tap in 0..9 {
                        let y = (row * stride + tap / 3).wrapping_sub(1);
                        let x_at = (column * stride + tap % 3).wrapping_sub(1);
                        if y < height && x_at < width {
                            let channel = if depthwise { to } else { from };
                            let value = x[(channel * height + y) * width + x_at];
                            sum += value * f64::from(weights[(to * inputs + from) * 9 + tap]);
                        }
                    }
                }
                out.push(sum.max(0.0));
            }
        }
    }
    (out, [bias.len(), rows, columns])
}

/// What [`small`] makes of an input, by definition.
pub fn small_by_definition(input: &[f64]) -> Vec<f64> {
    let stem = (&numbers(108, 0.1)[..], &numbers(4, 0.2)[..]);
    let deep = (&numbers(36, 0.3)[..], &numbers(4, 0.4)[..]);
    let (x, shape) = convolve((input, [3, 8, 8]), stem, 2, false);
    let (x, shape) = convolve((&x, shape), deep, 1, true);
    let area = shape[1] * shape[2];
    let mean = |plane: &[f64]| plane.iter().sum::<f64>() / area as f64;
    x.chunks(area).map(mean).collect()
}
