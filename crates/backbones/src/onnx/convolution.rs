//! Which nodes are depthwise convolutions that can be taken from the runtime.

use std::collections::HashMap;

use rten_onnx::onnx::{DataLocation, DataType, NodeProto, TensorProto};

use super::depthwise::Depthwise;

/// The node's convolution, where it is of two dimensions, each channel by itself, with weights that
/// lie in the file and padding in numbers.
pub(super) fn depthwise(
    node: &NodeProto,
    weights: &HashMap<&str, &TensorProto>,
    data: &[(String, Vec<u8>)],
) -> Option<Depthwise> {
    let main = matches!(node.domain.as_deref(), None | Some("" | "ai.onnx"));
    if node.op_type.as_deref() != Some("Conv") || !main || node.output.len() != 1 {
        return None;
    }
    let [_, weight, bias @ ..] = node.input.as_slice() else {
        return None;
    };
    let tensor = |name: &String| floats(weights.get(name.as_str())?, data);
    let (shape, values) = tensor(weight)?;
    let [channels, 1, height, width] = *shape.as_slice() else {
        return None;
    };
    if height == 0 || width == 0 || height.max(width) >= MOST {
        return None;
    }
    let bias = match bias {
        [] => Vec::new(),
        [name, ..] if name.is_empty() => Vec::new(),
        [name, ..] => tensor(name)?.1,
    };
    let (mut group, mut stride, mut dilation, mut padding) = (1, [1; 2], [1; 2], [0; 4]);
    for attribute in &node.attribute {
        let list = attribute.ints.as_slice();
        match attribute.name.as_deref()? {
            "group" => group = usize::try_from(attribute.i?).ok()?,
            "strides" => stride = numbers(list)?,
            "dilations" => dilation = numbers(list)?,
            "pads" => padding = numbers(list)?,
            "kernel_shape" if numbers(list)? == [height, width] => {}
            "auto_pad" if attribute.s.as_deref() == Some("NOTSET") => {}
            _ => return None,
        }
    }
    let bias_fits = bias.is_empty() || bias.len() == channels;
    let sizes = [channels, height, width]
        .into_iter()
        .chain(stride)
        .chain(dilation);
    let length = channels.checked_mul(height)?.checked_mul(width)?;
    let whole = sizes.min()? > 0 && bias_fits && values.len() == length;
    // What a kernel covers, beyond which there is no padding.
    let reach = [dilation[0] * (height - 1), dilation[1] * (width - 1)];
    let padded =
        (0..4).all(|side| padding[side] <= reach[side % 2]) && reach.iter().all(|it| *it < MOST);
    (group == channels && whole && padded).then_some(Depthwise {
        weights: values,
        bias,
        channels,
        kernel: [height, width],
        stride,
        dilation,
        padding,
    })
}

/// Attributes from this one on are slips, and so are kernels that reach as far.
const MOST: usize = 1 << 12;

fn numbers<const N: usize>(list: &[i64]) -> Option<[usize; N]> {
    let numbers: Option<Vec<usize>> = list.iter().map(|&it| usize::try_from(it).ok()).collect();
    let numbers = numbers?.into_iter().map(|it| (it < MOST).then_some(it));
    numbers.collect::<Option<Vec<_>>>()?.try_into().ok()
}

/// Shape and values of a tensor of 32-bit floats.
fn floats(tensor: &TensorProto, data: &[(String, Vec<u8>)]) -> Option<(Vec<usize>, Vec<f32>)> {
    if tensor.data_type != Some(DataType::FLOAT) {
        return None;
    }
    let shape: Option<Vec<usize>> = tensor
        .dims
        .iter()
        .map(|&it| usize::try_from(it).ok())
        .collect();
    let of_bytes = |bytes: &[u8]| -> Vec<f32> {
        let (words, _) = bytes.as_chunks::<4>();
        words.iter().map(|word| f32::from_le_bytes(*word)).collect()
    };
    let values = if tensor.data_location == Some(DataLocation::EXTERNAL) {
        let entry = |key: &str| {
            let mut entries = tensor.external_data.iter();
            let found = entries.find(|entry| entry.key.as_deref() == Some(key));
            found.and_then(|entry| entry.value.as_deref())
        };
        let location = entry("location")?;
        let (_, bytes) = data.iter().find(|(name, _)| name == location)?;
        let start: usize = entry("offset").unwrap_or("0").parse().ok()?;
        let length: usize = entry("length")?.parse().ok()?;
        of_bytes(bytes.get(start..start.checked_add(length)?)?)
    } else if let Some(raw) = &tensor.raw_data {
        of_bytes(&raw.borrow())
    } else {
        tensor.float_data.clone()
    };
    Some((shape?, values))
}
