//! The cells of an experiment on heads and the stages that each is made by, declared once: plans walk
//! them, runs make them.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use config::experiment::{Attack, Cell, Data, Defence, Experiment, Head, Heads};
use datasets::StreamKey;
use serde::Serialize;

use super::groups::{Groups, json};
use super::learned::{learned, samples, white_box};
use super::shadows;
use crate::context::Context;
use crate::corpus::{CorpusStages, DataHashes, preflight};
use crate::differences::{Apart, Differences};
use crate::error::HarnessError;
use crate::names;
use crate::stages::{Code, Graph, KeyBuilder, Node, StageId, StageKey};

/// What the search for the best settings is built on.
const TUNING: [&str; 4] = ["transfer", "privacy", "spec", "harness/heads"];
/// What training, attacks and scoring are built on: the attacks with all beneath them, accountants, and
/// what the config's words stand for.
const CODE: [&str; 4] = ["attacks", "privacy", "spec", "harness/heads"];
/// What cells under encryption are built on beside that.
const ENCRYPTED: [&str; 5] = ["attacks", "privacy", "spec", "harness/heads", "rhe"];

/// The stages of one cell, in the order in which they are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellStages {
    /// Backbone and features.
    pub corpus: CorpusStages,
    /// The search for the best settings of training, where one is asked for.
    pub tuning: Option<StageId>,
    /// The trained attack, where one is trained for this cell alone.
    pub model: Option<StageId>,
    /// The network that this cell shares with others.
    pub network: Option<Network>,
    /// Everything measured.
    pub outcome: StageId,
}

/// A cell's place in a network that several cells share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The stage that trains it.
    pub id: StageId,
    /// Which of its lessons is the cell's.
    pub lesson: usize,
}

/// The cells of an experiment on heads, and their stages.
pub struct Grid<'a> {
    /// Folders, cache, code.
    pub context: &'a Context,
    /// The experiment.
    pub experiment: &'a Experiment,
    /// What is asked for.
    pub heads: &'a Heads,
    /// The cells, in the order of their rows.
    pub cells: Vec<Cell>,
    /// Their stages.
    pub stages: Vec<CellStages>,
    /// All stages, each once.
    pub graph: Graph,
    /// What sets the cells apart, in full.
    pub in_full: Differences,
    without_column: OnceLock<Differences>,
    lessons: HashMap<StageId, Vec<usize>>,
}

impl<'a> Grid<'a> {
    /// Declares the stages of every cell, named by all that they depend on, contents of data files
    /// included.
    ///
    /// # Errors
    /// If data is missing.
    pub fn new(
        context: &'a Context,
        experiment: &'a Experiment,
        heads: &'a Heads,
    ) -> Result<Self, HarnessError> {
        preflight(context, experiment, heads)?;
        let cells = experiment.cells();
        let mut grid = Self {
            context,
            experiment,
            heads,
            stages: Vec::new(),
            graph: Graph::default(),
            in_full: Differences::in_full(&cells),
            without_column: OnceLock::new(),
            cells,
            lessons: HashMap::new(),
        };
        let declared = Declaring::new(&grid)?.cells(&grid)?;
        (grid.graph, grid.stages, grid.lessons) = declared;
        Ok(grid)
    }

    /// The cells, one a lesson, that a shared network learns from.
    pub fn lessons(&self, network: StageId) -> &[usize] {
        self.lessons.get(&network).map_or(&[], Vec::as_slice)
    }

    /// What sets the cells apart and has no column of its own in a table of results.
    pub fn differences(&self) -> &Differences {
        self.without_column
            .get_or_init(|| Differences::new(&self.cells))
    }

    /// Key of the resampling behind the intervals of the cell at `at`.
    pub fn resampling(&self, at: usize) -> StreamKey {
        StreamKey::from_seed(self.experiment.seed)
            .child("bootstrap")
            .child(self.config_hash(at))
    }

    /// A short name of the cell at `at` for `results.csv`: the same whatever code measures it.
    pub fn config_hash(&self, at: usize) -> &str {
        let outcome = self.stages[at].outcome;
        &self.graph.node(outcome).key.hash()[..12]
    }
}

/// The graph while it is put together.
struct Declaring {
    graph: Graph,
    hashes: DataHashes,
    code: Arc<Code>,
    encrypted: Arc<Code>,
    tuning: Arc<Code>,
    /// Hash of the shadow heads made elsewhere.
    shadows: Option<String>,
    groups: Groups,
    /// By the JSON form of the backbone and of what of it is looked at.
    corpora: HashMap<String, CorpusStages>,
    /// Keys as far as cells of one backbone share them, by the kind of stage, whether it encrypts, and
    /// the features.
    started: HashMap<(&'static str, bool, StageKey), KeyBuilder>,
}

/// A cell of which the attack is not yet declared.
struct Begun {
    corpus: CorpusStages,
    apart: Apart,
    tuning: Option<StageId>,
}

type Declared = (Graph, Vec<CellStages>, HashMap<StageId, Vec<usize>>);

impl Declaring {
    fn new(grid: &Grid<'_>) -> Result<Self, HarnessError> {
        let code = &grid.context.code;
        Ok(Self {
            graph: Graph::default(),
            hashes: DataHashes::of(grid.context, &grid.heads.data)?,
            code: code.of(&CODE),
            encrypted: code.of(&ENCRYPTED),
            tuning: code.of(&TUNING),
            shadows: shadows::hash(grid.context, grid.heads)?,
            groups: Groups::new(&grid.cells),
            corpora: HashMap::new(),
            started: HashMap::new(),
        })
    }

    fn cells(mut self, grid: &Grid<'_>) -> Result<Declared, HarnessError> {
        // What a shared network needs is known when all cells are: the tunings of all its lessons.
        let mut begun = Vec::with_capacity(grid.cells.len());
        for cell in &grid.cells {
            let corpus = self.corpus(grid, cell)?;
            let apart = grid.in_full.of(cell);
            let tuning = self.tuning(grid, cell, &apart, &corpus);
            begun.push(Begun {
                corpus,
                apart,
                tuning,
            });
        }
        let mut networks = vec![None; self.groups.all.len()];
        let mut lessons = HashMap::new();
        let mut stages = Vec::with_capacity(grid.cells.len());
        for (at, cell) in grid.cells.iter().enumerate() {
            let Begun {
                corpus,
                apart,
                tuning,
            } = &begun[at];
            let mut needs: Vec<StageId> = corpus.ids().chain(*tuning).collect();
            let network = self.groups.of(at).map(|(group, lesson)| {
                let id = networks[group].unwrap_or_else(|| {
                    let cells = self.groups.all[group].lessons.clone();
                    let tuned = cells.iter().filter_map(|&cell| begun[cell].tuning);
                    let needs = corpus.ids().chain(tuned).collect();
                    let id = self.network(grid, group, (apart, corpus), needs);
                    lessons.insert(id, cells);
                    id
                });
                networks[group] = Some(id);
                Network { id, lesson }
            });
            let model = match network {
                Some(_) => None,
                None => self.model(grid, cell, (apart, corpus), needs.clone()),
            };
            needs.extend(network.map(|network| network.id).or(model));
            let outcome = self.outcome(grid, at, (apart, corpus), needs);
            stages.push(CellStages {
                corpus: corpus.clone(),
                tuning: *tuning,
                model,
                network,
                outcome,
            });
        }
        Ok((self.graph, stages, lessons))
    }

    fn corpus(&mut self, grid: &Grid<'_>, cell: &Cell) -> Result<CorpusStages, HarnessError> {
        let Grid { context, heads, .. } = grid;
        let name = json(&(&cell.backbone, cell.head.is_adapter()));
        if let Some(known) = self.corpora.get(&name) {
            return Ok(known.clone());
        }
        let corpus = CorpusStages::declare(
            &mut self.graph,
            context,
            &self.hashes,
            grid.experiment.seed,
            &heads.data,
            (&cell.backbone, cell.head.is_adapter()),
        )?;
        self.corpora.insert(name, corpus.clone());
        Ok(corpus)
    }

    fn start(
        &mut self,
        stage: &'static str,
        grid: &Grid<'_>,
        cell: &Cell,
        on: &CorpusStages,
    ) -> KeyBuilder {
        let encrypts = matches!(cell.defence, Defence::Rhe(_));
        let code = if encrypts {
            &self.encrypted
        } else {
            &self.code
        };
        let shared = (stage, encrypts, on.key.clone());
        let started = self.started.entry(shared).or_insert_with(|| {
            let builder = start(stage, code, grid, on);
            match &self.shadows {
                Some(hash) => builder.with("shadows", hash),
                None => builder,
            }
        });
        started.clone()
    }

    fn tuning(
        &mut self,
        grid: &Grid<'_>,
        cell: &Cell,
        apart: &Apart,
        on: &CorpusStages,
    ) -> Option<StageId> {
        if !cell.defence.is_tuned() {
            return None;
        }
        let key = trained(cell, start("tuning", &self.tuning, grid, on)).finish();
        Some(self.graph.add(Node {
            key,
            what: names::listed([
                "the best settings".into(),
                names::count(cell.shots, "shot"),
                names::defence(cell),
                apart.training(),
            ]),
            work: "tuning".into(),
            units: 1,
            needs: on.ids().collect(),
        }))
    }

    fn model(
        &mut self,
        grid: &Grid<'_>,
        cell: &Cell,
        (apart, on): (&Apart, &CorpusStages),
        needs: Vec<StageId>,
    ) -> Option<StageId> {
        let (attack, then) = (learned(&cell.attack)?, white_box(&cell.attack)?);
        let key = trained(cell, self.start("model", grid, cell, on))
            .with("adversary", &cell.adversary)
            .with("release", &cell.release)
            .with("attack", &attack)
            .finish();
        let what = match &cell.attack {
            Attack::Labels(_) | Attack::Scores(_) => {
                format!("{} of heads copied by {}", then.kind(), cell.attack.word())
            }
            Attack::GradientInversion(_) => then.kind().to_string(),
            own => names::attack(own),
        };
        Some(self.graph.add(Node {
            key,
            what: names::listed([
                what,
                names::count(cell.shots, "shot"),
                names::defence(cell),
                apart.training(),
                apart.attack(),
            ]),
            work: format!("model/{}", then.kind()),
            units: samples(&then),
            needs,
        }))
    }

    fn network(
        &mut self,
        grid: &Grid<'_>,
        group: usize,
        (apart, on): (&Apart, &CorpusStages),
        needs: Vec<StageId>,
    ) -> StageId {
        let cell = &grid.cells[self.groups.all[group].lessons[0]];
        let started = self.start("network", grid, cell, on);
        let lessons = &self.groups.all[group];
        let key = reads(cell, started)
            .with("head", &cell.head)
            .with("attack", &cell.attack)
            .with("lessons", &lessons.hash)
            .finish();
        let count = lessons.lessons.len();
        self.graph.add(Node {
            key,
            what: names::listed([
                format!("one reconstructor for {}", names::count(count, "lesson")),
                apart.network(),
            ]),
            work: "model/reconstructor".into(),
            units: white_box(&cell.attack).as_ref().map_or(0, samples),
            needs,
        })
    }

    fn outcome(
        &mut self,
        grid: &Grid<'_>,
        at: usize,
        (apart, on): (&Apart, &CorpusStages),
        needs: Vec<StageId>,
    ) -> StageId {
        let (cell, heads) = (&grid.cells[at], grid.heads);
        let builder = reads(cell, self.start("outcome", grid, cell, on))
            .with("cell", cell)
            .with("victims", &heads.victims)
            .with("nulls", &heads.nulls);
        // What a network has learned beside its own cell; nothing is named where nothing is shared.
        let builder = match self.groups.of(at) {
            Some((group, _)) => builder.with("shared", &self.groups.all[group].hash),
            None => builder,
        };
        self.graph.add(Node {
            key: builder.finish(),
            what: names::listed([
                format!(
                    "{} on {}",
                    names::attack(&cell.attack),
                    names::count(heads.victims, "victim")
                ),
                names::count(cell.shots, "shot"),
                names::defence(cell),
                apart.training(),
                apart.attack(),
                apart.comparison(),
            ]),
            work: format!("outcome/{}", cell.attack.word()),
            units: (heads.victims + heads.nulls) as u64,
            needs,
        })
    }
}

fn start(stage: &'static str, code: &Arc<Code>, grid: &Grid<'_>, on: &CorpusStages) -> KeyBuilder {
    KeyBuilder::new(stage, code)
        .with("seed", &grid.experiment.seed)
        .after(&on.key)
        .with("owners", &Owners::new(&grid.heads.data))
}

/// Names what heads are trained by.
fn trained(cell: &Cell, builder: KeyBuilder) -> KeyBuilder {
    reads(cell, builder)
        .with("head", &cell.head)
        .with("recipe", &cell.recipe)
        .with("shots", &cell.shots)
        .with("defence", &cell.defence)
}

/// Names what attacks read of other heads; of linear heads they always read the rows.
fn reads(cell: &Cell, builder: KeyBuilder) -> KeyBuilder {
    match cell.head {
        Head::Linear => builder,
        Head::Mlp { .. } => builder.with("reads", &"sums over units"),
        Head::Adapter { .. } => builder.with("reads", &"rows and products with the adapter"),
    }
}

/// What decides who owns which example and how it is labelled.
#[derive(Serialize)]
struct Owners<'a> {
    task: &'a config::experiment::Task,
    shares: &'a config::experiment::Shares,
}

impl<'a> Owners<'a> {
    fn new(data: &'a Data) -> Self {
        Self {
            task: &data.task,
            shares: &data.shares,
        }
    }
}
