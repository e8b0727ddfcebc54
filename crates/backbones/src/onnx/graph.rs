//! The graph in an ONNX file: what it computes from what, cut back to one output.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rten_onnx::onnx::{
    AttributeProto, AttributeType, DataLocation, GraphProto, ModelProto, NodeProto, TensorProto,
    ValueInfoProto,
};

use super::{refusal, wire};
use crate::BackboneError;

/// Names that an error lists at most.
const LISTED: usize = 12;

/// A parsed file.
pub(super) struct Source {
    path: PathBuf,
    model: ModelProto,
}

impl Source {
    pub fn read(path: &Path) -> Result<Self, BackboneError> {
        let bytes = std::fs::read(path).map_err(|source| BackboneError::File {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        let parsed = wire::check(&bytes)
            .and_then(|()| ModelProto::parse_buf(&bytes).map_err(|error| error.to_string()));
        let model = parsed.map_err(|error| {
            refusal(
                path,
                format!(
                    "it is no whole ONNX file ({error})\nhint: torch.onnx.export(model, images, \
                     \"{}\") writes one",
                    path.file_name().unwrap_or_default().to_string_lossy()
                ),
            )
        })?;
        let path = path.to_owned();
        match &model.graph {
            Some(graph) if !graph.node.is_empty() => Ok(Self { path, model }),
            _ => Err(refusal(&path, "it holds no network".into())),
        }
    }

    fn graph(&self) -> &GraphProto {
        let graph = self.model.graph.as_ref();
        graph.expect("`read` refuses files without one")
    }

    /// The name of the one input.
    pub fn input(&self) -> Result<&str, BackboneError> {
        let graph = self.graph();
        let weights: HashSet<_> = graph.initializer.iter().map(|it| &it.name).collect();
        // Old files list weights among the inputs.
        let inputs = graph.input.iter().filter(|it| !weights.contains(&it.name));
        let names: Vec<&str> = inputs.filter_map(|input| input.name.as_deref()).collect();
        match names.as_slice() {
            [one] => Ok(one),
            none_or_many => Err(refusal(
                &self.path,
                format!(
                    "it takes {} inputs ({}), a backbone takes images alone",
                    none_or_many.len(),
                    listed(none_or_many.iter().copied())
                ),
            )),
        }
    }

    /// The file's own path and those of the weights that it keeps elsewhere.
    pub fn files(&self) -> Result<Vec<PathBuf>, BackboneError> {
        let mut files = vec![self.path.clone()];
        for location in self.locations()? {
            files.push(self.path.with_file_name(location));
        }
        Ok(files)
    }

    /// Names of the files beside this one that hold weights.
    fn locations(&self) -> Result<Vec<String>, BackboneError> {
        let mut locations = Vec::new();
        for tensor in &self.graph().initializer {
            if tensor.data_location != Some(DataLocation::EXTERNAL) {
                continue;
            }
            let mut entries = tensor.external_data.iter();
            let entry = entries.find(|entry| entry.key.as_deref() == Some("location"));
            let location = entry
                .and_then(|entry| entry.value.clone())
                .unwrap_or_default();
            let mut parts = Path::new(&location).components();
            let first = parts.next();
            if !matches!(first, Some(std::path::Component::Normal(_))) || parts.next().is_some() {
                return Err(refusal(
                    &self.path,
                    format!("its weights lie in `{location}`, which is not a file beside it"),
                ));
            }
            if !locations.contains(&location) {
                locations.push(location);
            }
        }
        Ok(locations)
    }

    /// What `output` needs, and the files of weights by name.
    pub fn cut(mut self, output: &str) -> Result<Cut, BackboneError> {
        let mut data = Vec::new();
        for name in self.locations()? {
            let path = self.path.with_file_name(&name);
            let content = std::fs::read(&path).map_err(|source| BackboneError::File {
                action: "read",
                path,
                source,
            })?;
            data.push((name, content));
        }
        let input = self.input()?.to_owned();
        let needed = self.needed(output)?;
        let mut graph = self.model.graph.take();
        let graph = graph.as_mut().expect("`read` refuses files without one");
        let nodes = std::mem::take(&mut graph.node).into_iter().zip(needed);
        let mut nodes: Vec<NodeProto> = nodes
            .filter_map(|(it, needed)| needed.then_some(it))
            .collect();
        complete(&mut nodes, &graph.initializer);
        Ok(Cut {
            path: self.path,
            input,
            nodes,
            weights: std::mem::take(&mut graph.initializer),
            declared: [&graph.input[..], &graph.output, &graph.value_info].concat(),
            data,
            frame: self.model,
        })
    }

    /// Which nodes `output` needs.
    fn needed(&self, output: &str) -> Result<Vec<bool>, BackboneError> {
        let graph = self.graph();
        let mut makers = HashMap::new();
        for (index, node) in graph.node.iter().enumerate() {
            for name in node.output.iter().filter(|name| !name.is_empty()) {
                makers.insert(name.as_str(), index);
            }
        }
        if !makers.contains_key(output) {
            return Err(refusal(&self.path, self.no_output(output)));
        }
        let mut needed = vec![false; graph.node.len()];
        let mut open = vec![output];
        while let Some(name) = open.pop() {
            let Some(&maker) = makers.get(name) else {
                continue;
            };
            if !std::mem::replace(&mut needed[maker], true) {
                let mut inputs = HashSet::new();
                reads(&graph.node[maker], &mut inputs);
                open.extend(inputs);
            }
        }
        Ok(needed)
    }

    fn no_output(&self, output: &str) -> String {
        let graph = self.graph();
        let outputs = graph.output.iter().filter_map(|it| it.name.as_deref());
        // The values just before the outputs: a classifier's features are among them.
        let last = graph.node.iter().rev().flat_map(|node| &node.output);
        format!(
            "it has no output `{output}`; there are {}\nhint: any value within it can be taken by \
             its name, from the last on: {}",
            listed(outputs),
            listed(last.map(String::as_str))
        )
    }
}

/// The part of a graph that one output needs.
pub(super) struct Cut {
    pub path: PathBuf,
    /// The images' name.
    pub input: String,
    /// In an order in which they can be computed.
    pub nodes: Vec<NodeProto>,
    pub weights: Vec<TensorProto>,
    /// Types and shapes of values, where the file tells them.
    pub declared: Vec<ValueInfoProto>,
    /// Files of weights by name.
    pub data: Vec<(String, Vec<u8>)>,
    /// Versions and the like; no graph.
    pub frame: ModelProto,
}

impl Cut {
    /// A file of these nodes alone, with those of `weights` that they read; the error is a reason.
    pub fn bytes(
        &self,
        nodes: Vec<NodeProto>,
        weights: &HashMap<&str, &TensorProto>,
        inputs: &[&str],
        outputs: &[&str],
    ) -> Result<Vec<u8>, String> {
        let values = |names: &[&str]| names.iter().map(|name| self.value(name)).collect();
        let graph = GraphProto {
            initializer: names_read(&nodes, outputs)
                .iter()
                .filter_map(|name| weights.get(name))
                .map(|&tensor| tensor.clone())
                .collect(),
            input: values(inputs),
            output: values(outputs),
            value_info: Vec::new(),
            node: nodes,
        };
        let model = ModelProto {
            ir_version: self.frame.ir_version,
            opset_import: self.frame.opset_import.clone(),
            graph: Some(graph),
            ..ModelProto::default()
        };
        model.write_buf().map_err(|error| error.to_string())
    }

    /// The weights by their names.
    pub fn weights_by_name(&self) -> HashMap<&str, &TensorProto> {
        let named = self.weights.iter();
        let named = named.filter_map(|tensor| Some((tensor.name.as_deref()?, tensor)));
        named.collect()
    }

    /// A value as the file declares it, or by its name alone.
    fn value(&self, name: &str) -> ValueInfoProto {
        let mut declared = self.declared.iter();
        let found = declared.find(|value| value.name.as_deref() == Some(name));
        found.cloned().unwrap_or_else(|| ValueInfoProto {
            name: Some(name.to_owned()),
            ..ValueInfoProto::default()
        })
    }
}

/// Writes out the strides and dilations of convolutions that leave them to the format's default, 1,
/// which the runtime takes for a convolution of one dimension.
fn complete(nodes: &mut [NodeProto], weights: &[TensorProto]) {
    for node in nodes
        .iter_mut()
        .filter(|it| it.op_type.as_deref() == Some("Conv"))
    {
        let weight = weights
            .iter()
            .find(|it| it.name.as_ref() == node.input.get(1));
        let attribute = |name: &str| {
            node.attribute
                .iter()
                .find(|it| it.name.as_deref() == Some(name))
        };
        let shape = attribute("kernel_shape").map(|it| it.ints.len());
        let Some(rank) = shape.or(weight.map(|it| it.dims.len().saturating_sub(2))) else {
            continue;
        };
        let missing =
            ["strides", "dilations"].map(|name| attribute(name).is_none().then_some(name));
        node.attribute
            .extend(missing.into_iter().flatten().map(|name| AttributeProto {
                name: Some(name.to_owned()),
                ints: vec![1; rank],
                r#type: Some(AttributeType::INTS),
                ..AttributeProto::default()
            }));
    }
}

/// What these nodes read and what is wanted of them, each name once and in order: sets have none, files
/// must.
pub(super) fn names_read<'a>(
    nodes: impl IntoIterator<Item = &'a NodeProto>,
    outputs: &[&'a str],
) -> Vec<&'a str> {
    let mut read: HashSet<&str> = outputs.iter().copied().collect();
    nodes.into_iter().for_each(|node| reads(node, &mut read));
    let mut read: Vec<&str> = read.into_iter().collect();
    read.sort_unstable();
    read
}

/// Adds what a node reads, the graphs within it included.
pub(super) fn reads<'a>(node: &'a NodeProto, names: &mut HashSet<&'a str>) {
    names.extend(node.input.iter().map(String::as_str));
    for graph in node.attribute.iter().filter_map(|it| it.g.as_ref()) {
        graph.node.iter().for_each(|node| reads(node, names));
        names.extend(graph.output.iter().filter_map(|it| it.name.as_deref()));
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let shown: Vec<String> = names
        .iter()
        .take(LISTED)
        .map(|it| format!("`{it}`"))
        .collect();
    match names.len().saturating_sub(LISTED) {
        0 if names.is_empty() => "none".into(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A loader's error with a mend, where one is known.
pub(super) fn explain(error: &str) -> String {
    let hint = if error.contains("not supported or not enabled") {
        "\nhint: export with another `opset_version` (11 to 18), or take an `output` before that operator"
    } else if error.contains("opset version") {
        "\nhint: export with a newer `opset_version`"
    } else {
        ""
    };
    format!("it cannot be loaded: {error}{hint}")
}
