//! The cells of an experiment on CryptoTL and the stages that make them, declared once.

use config::experiment::{CryptoTl, Experiment, FineTuning};
use datasets::TextSpec;

use super::row;
use crate::context::Context;
use crate::error::HarnessError;
use crate::names;
use crate::rows::Measured;
use crate::stages::{Graph, KeyBuilder, Node, StageId};

/// What the lower network is built on.
const LOWER: [&str; 2] = ["cryptotl", "harness/cryptotl"];
/// What cells are built on beside that.
const CELLS: [&str; 4] = ["cryptotl", "privacy", "spec", "harness/cryptotl"];
/// What the comparison with RHE is built on beside that.
const BOTH_WAYS: [&str; 3] = ["attacks", "rhe", "harness/heads"];

/// The cells of an experiment on CryptoTL, and their stages.
pub struct TextGrid<'a> {
    /// Folders, cache, code.
    pub context: &'a Context,
    /// The experiment.
    pub experiment: &'a Experiment,
    /// What is asked for.
    pub wanted: &'a CryptoTl,
    /// All stages, each once.
    pub graph: Graph,
    /// The lower network.
    pub lower: StageId,
    /// The cells.
    pub cells: Vec<TextCell<'a>>,
    /// The same task both ways round, where it is asked for: one more row.
    pub both_ways: Option<StageId>,
}

/// A training-set size under one kind of fine-tuning.
#[derive(Clone, Copy, Debug)]
pub struct TextCell<'a> {
    /// Size of the training set.
    pub size: usize,
    /// How the upper network is tuned.
    pub tuning: &'a FineTuning,
    /// The stage that measures it.
    pub id: StageId,
}

impl<'a> TextGrid<'a> {
    /// Declares the stages.
    ///
    /// # Errors
    /// If texts are missing.
    pub fn new(
        context: &'a Context,
        experiment: &'a Experiment,
        wanted: &'a CryptoTl,
    ) -> Result<Self, HarnessError> {
        let hash = |spec: &TextSpec| {
            context.contents.get_or(spec, || {
                let hash = spec.content_hash(&context.data)?;
                Ok(blake3::Hash::from_bytes(hash).to_hex().to_string())
            })
        };
        let mut graph = Graph::default();
        let lower = KeyBuilder::new("cryptotl-lower", &context.code.of(&LOWER))
            .with("seed", &experiment.seed)
            .with("source", &wanted.source)
            .with("files", &(hash(&wanted.source)?, hash(&wanted.target)?))
            .with("embedding", &wanted.embedding)
            .with("activation", &wanted.activation)
            .with("epochs", &wanted.source_epochs)
            .finish();
        let lower_id = graph.add(Node {
            key: lower.clone(),
            what: format!(
                "train the lower network on {}",
                wanted.source.describe().name
            ),
            work: "cryptotl-lower".into(),
            units: wanted.source_epochs as u64,
            needs: Vec::new(),
        });
        let code = context.code.of(&CELLS);
        let mut cells = Vec::new();
        for &size in &wanted.sizes {
            for tuning in &wanted.dp {
                let key = KeyBuilder::new("cryptotl", &code)
                    .after(&lower)
                    .with("target", &wanted.target)
                    .with("size", &size)
                    .with("tuning", tuning)
                    .with("folds", &wanted.folds)
                    .with("epochs", &wanted.epochs)
                    .with("encrypted", &wanted.encrypted)
                    .with("parameters", &wanted.parameters)
                    .with("victims", &wanted.victims)
                    .finish();
                let repetitions = names::count(wanted.folds, "repetition");
                let id = graph.add(Node {
                    key,
                    what: names::listed([
                        format!("{repetitions} on {}", names::count(size, "example")),
                        names::fine_tuning(tuning),
                    ]),
                    work: "cryptotl".into(),
                    units: (wanted.folds + wanted.victims) as u64,
                    needs: vec![lower_id],
                });
                cells.push(TextCell { size, tuning, id });
            }
        }
        let both_ways = wanted.both_ways.then(|| {
            let code = context.code.of(&BOTH_WAYS).and(&code);
            let key = KeyBuilder::new("both-ways", &code.into())
                .after(&lower)
                .with("target", &wanted.target)
                .with("sizes", &wanted.sizes)
                .with("parameters", &wanted.parameters)
                .with("victims", &wanted.victims)
                .finish();
            graph.add(Node {
                key,
                what: "the same task with the head encrypted".into(),
                work: "both-ways".into(),
                units: 1,
                needs: vec![lower_id],
            })
        });
        Ok(Self {
            context,
            experiment,
            wanted,
            graph,
            lower: lower_id,
            cells,
            both_ways,
        })
    }

    /// For each row the stage that measures it.
    pub fn goals(&self) -> Vec<StageId> {
        let cells = self.cells.iter().map(|cell| cell.id);
        cells.chain(self.both_ways).collect()
    }

    /// A row in a few words.
    pub fn label(&self, at: usize) -> String {
        match self.cells.get(at) {
            Some(cell) => names::listed([
                names::count(cell.size, "example"),
                names::fine_tuning(cell.tuning),
            ]),
            None => "the same task with the head encrypted".into(),
        }
    }

    /// The row of a cell that failed.
    pub fn failed(&self, at: usize, error: &str) -> Measured {
        let row = match self.cells.get(at) {
            Some(cell) => row::described(self.experiment, self.wanted, cell.size, cell.tuning),
            None => row::described_encrypted(self.experiment, self.wanted, 0),
        };
        row::failed(row, error)
    }
}
