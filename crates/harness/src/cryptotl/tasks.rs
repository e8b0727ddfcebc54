//! Both tasks: their embeddings, and the lower network that the server trains on the source.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use ckks::Parameters;
use config::experiment::{CkksSet, CryptoTl, Embedding, Polynomial};
use cryptotl::{
    Activation, Client, LowerNetwork, LowerShape, Packing, PreparedNetwork, Server, Setup,
    SourceRecipe,
};
use datasets::{FeatureSet, HashingEmbedder, Reading, StreamKey, TextSpec};
use rand::seq::SliceRandom;

use super::grid::TextGrid;
use crate::error::HarnessError;
use crate::progress::Progress;
use crate::stages::{Form, Stages};

/// Share of the target that accuracy is measured on.
const TEST_SHARE: f64 = 0.4;

/// Everything that the cells of an experiment share.
pub struct Tasks {
    /// Plain embeddings of the target.
    pub target: FeatureSet,
    /// Rows of the target that training sets are drawn from.
    pub pool: Vec<usize>,
    /// Rows that accuracy is measured on.
    pub test: Vec<usize>,
    /// The server's network.
    pub lower: LowerNetwork,
    /// Features of all of the target, through the network in the clear.
    pub features: FeatureSet,
    /// Root of the experiment's draws.
    pub root: StreamKey,
    /// Decrypted features of the first test rows, once they have been asked for.
    decrypted: OnceLock<Vec<Vec<f32>>>,
}

/// The activation's polynomial.
pub fn activation(wanted: &CryptoTl) -> Activation {
    match wanted.activation {
        Polynomial::Cubic => Activation::cubic(),
        Polynomial::Square => Activation::square(),
    }
}

/// The parameter set.
pub fn parameters(wanted: &CryptoTl) -> Result<Parameters, HarnessError> {
    let set = match wanted.parameters {
        CkksSet::Fast => Parameters::fast(),
        CkksSet::Accurate => Parameters::accurate(),
    };
    set.map_err(|error| cryptotl::CryptoTlError::from(error).into())
}

impl Tasks {
    /// Embeds both tasks, and trains the lower network or reads it from the cache.
    ///
    /// # Errors
    /// If texts are missing, or the network cannot be trained or kept.
    pub fn new(grid: &TextGrid<'_>, stages: &mut Stages<'_>) -> Result<Self, HarnessError> {
        let TextGrid {
            context, wanted, ..
        } = grid;
        let root = StreamKey::from_seed(grid.experiment.seed);
        let embedder = HashingEmbedder {
            width: match wanted.embedding() {
                Embedding::Hashing { width } => width,
                // What has vectors is not embedded.
                Embedding::Precomputed => Embedding::HASHED,
            },
        };
        let load = |spec: &TextSpec, name: &str| -> Result<FeatureSet, HarnessError> {
            let (key, mut reading) = (root.child(name), Reading::default());
            let features = spec.load_features_with(&context.data, key, &embedder, &mut reading)?;
            let place = format!("cryptotl.{name}");
            context.progress.remarks(&place, &reading);
            Ok(features)
        };
        let source = load(&wanted.source, "source")?;
        let target = load(&wanted.target, "target")?;
        let shape = LowerShape::paper(source.width());
        let form = LowerFile {
            shape,
            activation: activation(wanted),
        };
        let made = stages.get_or_make(grid.lower, &form, |stages| {
            train(stages.progress(), wanted, &source, shape, root)
        })?;
        let lower = made.product;
        let features = lower.features(&target)?;
        let mut rows: Vec<usize> = (0..target.len()).collect();
        rows.shuffle(&mut root.child("target rows").rng(0));
        let test = rows.split_off((target.len() as f64 * (1.0 - TEST_SHARE)) as usize);
        Ok(Self {
            target,
            pool: rows,
            test,
            lower,
            features,
            root,
            decrypted: OnceLock::new(),
        })
    }

    /// Features of the first `wanted.encrypted` test rows by way of the protocol: encrypted by a
    /// client, computed by a server, decrypted. Made once for all cells.
    pub fn decrypted(&self, wanted: &CryptoTl) -> Result<&[Vec<f32>], HarnessError> {
        if let Some(features) = self.decrypted.get() {
            return Ok(features);
        }
        let setup = Setup::new(
            self.lower.shape(),
            activation(wanted).degree(),
            parameters(wanted)?,
            Packing::Throughput,
        )?;
        let (client, keys) = Client::new(&setup)?;
        let server = Server::new(Arc::new(PreparedNetwork::new(&setup, &self.lower)?), &keys)?;
        let rows = &self.test[..wanted.encrypted.min(self.test.len())];
        let mut features = Vec::with_capacity(rows.len());
        for rows in rows.chunks(setup.capacity()) {
            let inputs: Vec<&[f32]> = rows.iter().map(|&row| self.target.row(row)).collect();
            let reply = server.forward(&client.encrypt(&inputs)?)?;
            features.extend(client.decrypt(&reply)?);
        }
        Ok(self.decrypted.get_or_init(|| features))
    }

    /// Rows of a training set of `size`, half of each class as far as it goes; draw `number`.
    pub fn draw(&self, size: usize, number: usize) -> Vec<usize> {
        let mut pool = self.pool.clone();
        pool.shuffle(&mut self.root.child("training sets").rng(number as u64));
        let mut rows = Vec::with_capacity(size);
        for class in 0..2 {
            let share = (size + 1 - class) / 2;
            let own = pool
                .iter()
                .filter(|&&row| self.target.labels()[row] as usize == class);
            rows.extend(own.take(share).copied());
        }
        rows
    }
}

fn train(
    progress: &Progress,
    wanted: &CryptoTl,
    source: &FeatureSet,
    shape: LowerShape,
    root: StreamKey,
) -> Result<LowerNetwork, HarnessError> {
    let epochs = wanted.source_epochs;
    let _step = progress.step("training the lower network", epochs as u64);
    let recipe = SourceRecipe {
        epochs,
        ..SourceRecipe::default()
    };
    let trained = recipe.run(source, shape, activation(wanted), &root.child("lower"))?;
    progress.say(&format!(
        "  source task: {:.1} % on held-out texts",
        100.0 * trained.accuracy
    ));
    Ok(trained.lower)
}

/// Lower networks as their own safetensors files.
struct LowerFile {
    shape: LowerShape,
    activation: Activation,
}

impl Form<LowerNetwork> for LowerFile {
    fn extension(&self) -> &'static str {
        "safetensors"
    }

    fn write(&self, product: &LowerNetwork, path: &Path) -> Result<(), HarnessError> {
        Ok(product.save(path)?)
    }

    fn read(&self, path: &Path, _: &[u8]) -> Result<LowerNetwork, String> {
        LowerNetwork::load(path, self.shape, self.activation.clone())
            .map_err(|error| error.to_string())
    }
}

/// Rows of a feature set.
pub fn select(set: &FeatureSet, rows: &[usize]) -> Result<FeatureSet, HarnessError> {
    let values = rows.iter().flat_map(|&row| set.row(row)).copied().collect();
    let labels = rows.iter().map(|&row| set.labels()[row]).collect();
    Ok(FeatureSet::new(set.width(), values, labels, set.classes())?)
}
