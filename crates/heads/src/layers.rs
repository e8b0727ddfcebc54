//! From tensors to layers: everything is used, or named and refused.

use crate::advice::advice;
use crate::error::Fault;
use spec::Activation;

use crate::head::{Asked, Dense, ReadHead};
use crate::named::Named;
use crate::order::in_order;
use crate::tensor::{Contents, Shown, Tensor, list};

/// The metadata key of the activation between layers.
const ACTIVATION: &str = "activation";
/// The metadata key of the layout, and what may stand there: weights are outputs × inputs in all.
const FORMAT: &str = "format";
const FORMATS: [&str; 3] = ["pt", "np", "rhea-head-1"];

/// Widths beyond which a file is no head.
const MOST_INPUTS: usize = 1 << 20;
const MOST_OUTPUTS: usize = 1 << 16;

/// Takes a file's contents as a head.
pub(crate) fn layers(contents: &Contents, asked: &Asked) -> Result<ReadHead, Fault> {
    if let Some(format) = contents.metadata.get(FORMAT)
        && !FORMATS.contains(&format.as_str())
    {
        return Fault::content(format!(
            "its metadata states the format {}, whose layout is not known here\nhint: save a \
             PyTorch state dict, its weights outputs x inputs",
            Shown(format)
        ));
    }
    let names = weights(contents)?;
    let found = names
        .iter()
        .map(|name| named(contents, name))
        .collect::<Result<Vec<_>, _>>()?;
    let ordered = in_order(found, &asked.layers)?;
    let activation = activation(contents, asked, ordered.len())?;
    Ok(ReadHead {
        layers: ordered.into_iter().map(|named| named.layer).collect(),
        activation,
    })
}

/// The names of the layers' weights; an error where the file holds anything but them and their
/// biases.
fn weights(contents: &Contents) -> Result<Vec<&str>, Fault> {
    let tensors = &contents.tensors;
    let is_layer = |name: &str| {
        leaf(name).1 == "weight"
            && advice(name).is_none()
            && tensors
                .get(name)
                .is_some_and(|t| t.shape.len() == 2 && t.values.is_ok())
    };
    let is_bias = |name: &str| {
        let (layer, leaf) = leaf(name);
        leaf == "bias" && is_layer(&joined(layer, "weight"))
    };
    let mut unused: Vec<&str> = tensors
        .keys()
        .map(String::as_str)
        .filter(|name| !is_layer(name) && !is_bias(name))
        .chain(contents.others.iter().map(String::as_str))
        .collect();
    // A bias is left out because of its weight.
    unused.sort_by_key(|name| leaf(name).1 == "bias");
    if let Some(first) = unused.first() {
        let described = match tensors.get(*first) {
            Some(Tensor {
                values: Err(kind), ..
            }) => format!(" ({} holds {kind})", Shown(first)),
            Some(Tensor { shape, .. }) => format!(" ({} has shape {shape:?})", Shown(first)),
            None => format!(" ({} is no tensor)", Shown(first)),
        };
        let hint = unused.iter().find_map(|name| advice(name)).unwrap_or(
            "save the state dict of the last linear layers alone, floating-point weights \
             [outputs, inputs] named `….weight` and biases [outputs] named `….bias`",
        );
        return Fault::content(format!(
            "{} would be left out{described}, and the head without it is another\nhint: {hint}",
            list(unused.iter().copied())
        ));
    }
    let names: Vec<&str> = tensors
        .keys()
        .map(String::as_str)
        .filter(|n| is_layer(n))
        .collect();
    if names.is_empty() {
        return Fault::content("it holds no tensor\nhint: save `head.state_dict()`");
    }
    Ok(names)
}

fn named(contents: &Contents, weight: &str) -> Result<Named, Fault> {
    let (layer, _) = leaf(weight);
    let (shape, values) = numbers(contents, weight)?;
    let [outputs, inputs] = shape[..] else {
        return Fault::content(format!("{} has shape {shape:?}", Shown(weight)));
    };
    if !(1..=MOST_OUTPUTS).contains(&outputs) || !(1..=MOST_INPUTS).contains(&inputs) {
        return Fault::content(format!(
            "{} maps {inputs} to {outputs} numbers; 1 to {MOST_INPUTS} and 1 to {MOST_OUTPUTS} \
             are supported",
            Shown(weight)
        ));
    }
    let bias_name = joined(layer, "bias");
    let bias = match contents.tensors.contains_key(&bias_name) {
        true => {
            let (shape, bias) = numbers(contents, &bias_name)?;
            if shape != [outputs] {
                return Fault::content(format!(
                    "{} has shape {shape:?}, expected [{outputs}] as {} has {outputs} rows",
                    Shown(&bias_name),
                    Shown(weight)
                ));
            }
            bias
        }
        // `Linear(…, bias=False)`.
        false => vec![0.0; outputs],
    };
    let rows = values.chunks_exact(inputs).zip(bias);
    Ok(Named {
        name: layer.to_owned(),
        layer: Dense {
            inputs,
            outputs,
            weights: rows
                .flat_map(|(row, bias)| row.iter().copied().chain([bias]))
                .collect(),
        },
    })
}

/// The numbers of a tensor in single precision, all finite.
fn numbers<'a>(contents: &'a Contents, name: &str) -> Result<(&'a [usize], Vec<f32>), Fault> {
    let Some(Tensor {
        shape,
        values: Ok(values),
    }) = contents.tensors.get(name)
    else {
        return Fault::content(format!("{} holds no floating-point numbers", Shown(name)));
    };
    let single: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    if let Some(at) = single.iter().position(|value| !value.is_finite()) {
        let mut index = Vec::new();
        let mut rest = at;
        for side in shape.iter().rev() {
            index.insert(0, rest % side);
            rest /= side;
        }
        let why = if values[at].is_finite() {
            ", beyond single precision"
        } else {
            ""
        };
        return Fault::content(format!(
            "{}{index:?} is {}{why}\nhint: the training has diverged, or the file is damaged: \
             save the head again",
            Shown(name),
            values[at]
        ));
    }
    Ok((shape, single))
}

fn activation(
    contents: &Contents,
    asked: &Asked,
    layers: usize,
) -> Result<Option<Activation>, Fault> {
    let known = Activation::ALL
        .iter()
        .map(|known| known.word())
        .collect::<Vec<_>>()
        .join(" or ");
    let stated: Option<Activation> = match contents.metadata.get(ACTIVATION) {
        None => None,
        Some(name) => Some(name.parse().map_err(|_| {
            Fault::Content(format!(
                "its metadata states the activation {}, {known} can be computed\nhint: train the \
                 head with one of them",
                Shown(name)
            ))
        })?),
    };
    if layers == 1 {
        return Ok(None);
    }
    match (stated, asked.activation) {
        (Some(stated), Some(asked)) if stated != asked => Fault::content(format!(
            "its metadata states the activation {}, {} was asked for\nhint: leave the activation \
             out, or save the head with the right one",
            stated.word(),
            asked.word()
        )),
        (None, None) => Err(Fault::Unstated(format!(
            "it has {layers} layers and does not say what stands between them\nhint: state it: \
             --activation {known}, if the head was trained with that; heads with another \
             activation cannot be computed"
        ))),
        (stated, asked) => Ok(stated.or(asked)),
    }
}

/// The layer and the last part of a tensor's name.
fn leaf(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or(("", name))
}

fn joined(layer: &str, leaf: &str) -> String {
    if layer.is_empty() {
        leaf.to_owned()
    } else {
        format!("{layer}.{leaf}")
    }
}
