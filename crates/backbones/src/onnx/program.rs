//! A graph as a list of steps: stretches that the runtime does, and depthwise convolutions between
//! them.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rten::{Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use rten_onnx::onnx::{NodeProto, TensorProto};
use rten_tensor::{Tensor, TensorView};

use super::depthwise::Depthwise;
use super::graph::{Cut, explain, names_read, reads};
use super::refusal;
use crate::BackboneError;

/// Steps that lead from images to features.
pub(super) struct Program {
    steps: Vec<Step>,
    /// Number of values that pass between steps; the images are the first.
    values: usize,
    output: usize,
    /// Dimensions of the input, where the file tells them.
    pub input: Option<Vec<Dimension>>,
}

struct Step {
    work: Work,
    /// Values that no later step reads.
    spent: Vec<usize>,
}

enum Work {
    Runtime {
        model: Box<Model>,
        inputs: Vec<(NodeId, usize)>,
        outputs: Vec<(NodeId, usize)>,
    },
    Depthwise {
        name: String,
        layer: Depthwise,
        input: usize,
        output: usize,
    },
}

impl Program {
    /// Loads what leads to `output`.
    pub fn new(mut cut: Cut, output: &str) -> Result<Self, BackboneError> {
        let data = std::mem::take(&mut cut.data);
        let cut = &cut;
        let weights = cut.weights_by_name();
        let mut stretches: Vec<Stretch<'_>> = Vec::new();
        let mut constants: HashMap<&str, &NodeProto> = HashMap::new();
        let mut open = false;
        for node in &cut.nodes {
            if node.op_type.as_deref() == Some("Constant") {
                let names = node.output.iter().map(|name| (name.as_str(), node));
                constants.extend(names);
                continue;
            }
            let layer = super::convolution::depthwise(node, &weights, &data);
            match stretches.last_mut().filter(|_| open && layer.is_none()) {
                Some(stretch) => stretch.nodes.push(node),
                None => stretches.push(Stretch {
                    nodes: vec![node],
                    ..Stretch::default()
                }),
            }
            open = layer.is_none();
            if let Some(stretch) = stretches.last_mut() {
                stretch.layer = layer;
            }
        }
        connect(&mut stretches, &cut.input, output);
        let mut how = ModelOptions::with_all_ops();
        how.prepack_weights(true);
        for (name, content) in data {
            how.external_data(&name, content);
        }
        let loader = Loader {
            cut,
            how,
            weights: &weights,
            constants: &constants,
        };
        let mut slots = Slots::default();
        slots.of(&cut.input);
        let mut steps = Vec::with_capacity(stretches.len());
        let mut input = None;
        for stretch in stretches {
            let work = loader.load(stretch, &mut slots, &mut input)?;
            let spent = Vec::new();
            steps.push(Step { work, spent });
        }
        let mut program = Self {
            steps,
            values: slots.0.len(),
            output: slots.of(output),
            input,
        };
        program.spend();
        Ok(program)
    }

    /// Finds out after which step each value is spent.
    fn spend(&mut self) {
        let mut last = vec![None; self.values];
        for (index, step) in self.steps.iter().enumerate() {
            match &step.work {
                Work::Runtime { inputs, .. } => {
                    inputs
                        .iter()
                        .for_each(|(_, slot)| last[*slot] = Some(index));
                }
                Work::Depthwise { input, .. } => last[*input] = Some(index),
            }
        }
        for (slot, step) in last.into_iter().enumerate() {
            if let Some(step) = step.filter(|_| slot != self.output) {
                self.steps[step].spent.push(slot);
            }
        }
    }

    /// The output for these images; the error is a reason.
    pub fn run(&self, images: Tensor<f32>, pool: &Arc<ThreadPool>) -> Result<Tensor<f32>, String> {
        let mut values: Vec<Option<Value>> = (0..self.values).map(|_| None).collect();
        values[0] = Some(images.into());
        for step in &self.steps {
            step.work.run(&mut values, pool)?;
            step.spent.iter().for_each(|slot| values[*slot] = None);
        }
        let output = values[self.output].take().and_then(|it| it.into_tensor());
        output.ok_or_else(|| "its output is not of floating-point numbers".into())
    }
}

impl Work {
    fn run(&self, values: &mut [Option<Value>], pool: &Arc<ThreadPool>) -> Result<(), String> {
        match self {
            Self::Runtime {
                model,
                inputs,
                outputs,
            } => {
                let mut given: Vec<(NodeId, ValueOrView<'_>)> = Vec::with_capacity(inputs.len());
                for (node, slot) in inputs {
                    let value = values[*slot].as_ref().ok_or("a value is missing")?;
                    given.push((*node, value.into()));
                }
                let wanted: Vec<NodeId> = outputs.iter().map(|(node, _)| *node).collect();
                let how = RunOptions::default().with_thread_pool(Some(Arc::clone(pool)));
                // Shapes that do not fit may run into the runtime's own assertions.
                let made = catch_unwind(AssertUnwindSafe(|| model.run(given, &wanted, Some(how))))
                    .map_err(|_| "its graph contradicts itself".to_owned())?
                    .map_err(|error| error.to_string())?;
                for ((_, slot), value) in outputs.iter().zip(made) {
                    values[*slot] = Some(value);
                }
            }
            Self::Depthwise {
                name,
                layer,
                input,
                output,
            } => {
                let value = values[*input].as_ref();
                let images: Option<TensorView<'_, f32>> = value.and_then(Value::as_tensor_view);
                let made = images.and_then(|images| layer.run(images));
                let made =
                    made.ok_or_else(|| format!("`{name}`: its input is of another shape"))?;
                values[*output] = Some(made.into());
            }
        }
        Ok(())
    }
}

/// Nodes that are run together.
#[derive(Default)]
struct Stretch<'a> {
    nodes: Vec<&'a NodeProto>,
    /// The one node, where it is a depthwise convolution.
    layer: Option<Depthwise>,
    inputs: Vec<&'a str>,
    outputs: Vec<&'a str>,
}

/// Finds what stretches pass to one another.
fn connect<'a>(stretches: &mut [Stretch<'a>], images: &'a str, output: &'a str) {
    let made: Vec<HashSet<&'a str>> = stretches
        .iter()
        .map(|it| it.nodes.iter().flat_map(|&node| &node.output))
        .map(|names| names.map(String::as_str).collect())
        .collect();
    let all: HashSet<&'a str> = made.iter().flatten().copied().chain([images]).collect();
    // From the last stretch to the first: what later ones want.
    let mut wanted = HashSet::from([output]);
    for (stretch, made) in stretches.iter_mut().zip(&made).rev() {
        let mut read = HashSet::new();
        stretch.nodes.iter().for_each(|node| reads(node, &mut read));
        stretch.outputs = made.intersection(&wanted).copied().collect();
        read.retain(|name| all.contains(name) && !made.contains(name));
        wanted.retain(|name| !made.contains(name));
        wanted.extend(&read);
        stretch.inputs = read.into_iter().collect();
        // Sets have no order; results must.
        stretch.inputs.sort_unstable();
        stretch.outputs.sort_unstable();
    }
}

/// Numbers of the values that pass between steps.
#[derive(Default)]
struct Slots(HashMap<String, usize>);

impl Slots {
    fn of(&mut self, name: &str) -> usize {
        let next = self.0.len();
        *self.0.entry(name.to_owned()).or_insert(next)
    }
}

struct Loader<'a> {
    cut: &'a Cut,
    how: ModelOptions,
    weights: &'a HashMap<&'a str, &'a TensorProto>,
    constants: &'a HashMap<&'a str, &'a NodeProto>,
}

impl Loader<'_> {
    fn load(
        &self,
        stretch: Stretch<'_>,
        slots: &mut Slots,
        input: &mut Option<Vec<Dimension>>,
    ) -> Result<Work, BackboneError> {
        if let (Some(layer), [node]) = (stretch.layer, &stretch.nodes[..]) {
            return Ok(Work::Depthwise {
                name: node.name.clone().unwrap_or_else(|| node.output[0].clone()),
                layer,
                input: slots.of(&node.input[0]),
                output: slots.of(&node.output[0]),
            });
        }
        let refuse = |reason: String| refusal(&self.cut.path, reason);
        let bytes = self.bytes(&stretch.nodes, &stretch.inputs, &stretch.outputs);
        let bytes = bytes.map_err(refuse)?;
        // The parser and the optimiser of a damaged graph may run into their own assertions.
        let model = catch_unwind(AssertUnwindSafe(|| self.how.load(bytes)))
            .map_err(|_| refuse("its graph contradicts itself".into()))?
            .map_err(|error| refuse(explain(&error.to_string())))?;
        let mut nodes = |names: &[&str]| -> Result<Vec<(NodeId, usize)>, BackboneError> {
            let each = names.iter().map(|name| {
                let node = model.find_node(name);
                let node = node.ok_or_else(|| refuse(format!("`{name}` is not computed by it")))?;
                Ok((node, slots.of(name)))
            });
            each.collect()
        };
        let (inputs, outputs) = (nodes(&stretch.inputs)?, nodes(&stretch.outputs)?);
        for (node, slot) in &inputs {
            if *slot == 0 && input.is_none() {
                *input = model.node_info(*node).and_then(|info| info.shape());
            }
        }
        Ok(Work::Runtime {
            model: Box::new(model),
            inputs,
            outputs,
        })
    }

    /// A file of these nodes alone.
    fn bytes(
        &self,
        nodes: &[&NodeProto],
        inputs: &[&str],
        outputs: &[&str],
    ) -> Result<Vec<u8>, String> {
        let read = names_read(nodes.iter().copied(), outputs);
        let constants = read.iter().filter_map(|name| self.constants.get(name));
        let nodes = constants.chain(nodes).map(|&node| node.clone()).collect();
        self.cut.bytes(nodes, self.weights, inputs, outputs)
    }
}
