//! Names of the stages below every cell: the pre-trained backbone and the target's features.

use std::path::Path;

use config::experiment::{Backbone, Data, DatasetSpec};

use super::colour;
use crate::context::Context;
use crate::error::HarnessError;
use crate::store::{KeyBuilder, StageKey};

/// Raised when pre-training or feature extraction changes its results.
const WORLD_FORMAT: u32 = 1;

/// Names of the stages that make a [`World`](super::world::World).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldKeys {
    /// The pre-trained network.
    pub backbone: StageKey,
    /// The features of the target.
    pub features: StageKey,
}

impl WorldKeys {
    /// Names the stages by all that they depend on, contents of data files included.
    pub fn new(
        context: &Context,
        seed: u64,
        data: &Data,
        backbone: &Backbone,
    ) -> Result<Self, HarnessError> {
        let start = KeyBuilder::new("backbone")
            .with("format", &WORLD_FORMAT)
            .with("backbone", backbone);
        let backbone = match backbone {
            Backbone::Imported { file, .. } => {
                start.with("file", &fingerprint(&context.data.join(file))?)
            }
            Backbone::VggTiny { .. } => start
                .with("seed", &seed)
                .with("source", &data.source)
                .with("files", &fingerprints(context, data.source.as_ref())?)
                .with("colour", &colour::of_source(data)),
            Backbone::Features => start,
        }
        .finish();
        let targets = [&data.target].into_iter().chain(&data.public);
        let features = KeyBuilder::new("features")
            .after(&backbone)
            .with("seed", &seed)
            .with("target", &data.target)
            .with("public", &data.public)
            .with("files", &fingerprints(context, targets)?)
            .finish();
        Ok(Self { backbone, features })
    }
}

/// Content hashes of the data behind `specs`.
fn fingerprints<'a>(
    context: &Context,
    specs: impl IntoIterator<Item = &'a DatasetSpec>,
) -> Result<Vec<String>, HarnessError> {
    let hashes = specs.into_iter().map(|spec| {
        let hash = spec.content_hash(&context.data)?;
        Ok(blake3::Hash::from_bytes(hash).to_hex().to_string())
    });
    hashes.collect()
}

/// Hash of a file's bytes.
fn fingerprint(path: &Path) -> Result<String, HarnessError> {
    let bytes = std::fs::read(path).map_err(|source| HarnessError::Missing {
        path: path.to_owned(),
        source,
    })?;
    Ok(blake3::hash(&bytes).to_hex().to_string())
}
