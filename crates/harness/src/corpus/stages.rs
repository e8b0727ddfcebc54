//! The stages below every cell: the pre-trained backbone and the target's features.

use std::path::Path;
use std::sync::Arc;

use config::experiment::{Backbone, Data, DatasetSpec};

use super::colour;
use crate::context::Context;
use crate::error::HarnessError;
use crate::names;
use crate::stages::{Code, Graph, KeyBuilder, Node, StageId, StageKey};

/// What the two stages are built on.
const CODE: [&str; 2] = ["backbones", "harness/corpus"];

/// The stages that make a [`Corpus`](super::Corpus).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorpusStages {
    /// The pre-trained network; none where it is imported, or the data are features already.
    pub backbone: Option<StageId>,
    /// The features of the target; none where the data are features already.
    pub features: Option<StageId>,
    /// Whether they are what stands around the backbone's last layer, for adapters.
    pub around_last_layer: bool,
    /// The name of the features, kept or not, that everything above depends on.
    pub key: StageKey,
}

impl CorpusStages {
    /// The stages, in the order in which they are made.
    pub fn ids(&self) -> impl Iterator<Item = StageId> {
        self.backbone.into_iter().chain(self.features)
    }

    /// Declares the stages, named by all that they depend on, contents of data files included.
    ///
    /// # Errors
    /// If data is missing.
    pub fn declare(
        graph: &mut Graph,
        context: &Context,
        hashes: &DataHashes,
        seed: u64,
        data: &Data,
        (backbone, around_last_layer): (&Backbone, bool),
    ) -> Result<Self, HarnessError> {
        let code = context.code.of(&CODE);
        let network = network_key(context, hashes, seed, data, backbone, &code)?;
        let pretrained = match backbone {
            Backbone::VggTiny { width, epochs, .. } => {
                let images = data.source.as_ref().map_or(0, DatasetSpec::examples);
                Some(graph.add(Node {
                    key: network.clone(),
                    what: format!(
                        "pre-train vgg_tiny, width {width}, {}",
                        names::count(*epochs, "epoch")
                    ),
                    work: format!("backbone/{}", names::backbone(backbone)),
                    units: (images * epochs) as u64,
                    needs: Vec::new(),
                }))
            }
            _ => None,
        };
        let key = KeyBuilder::new("features", &code)
            .after(&network)
            .with("seed", &seed)
            .with("target", &data.target)
            .with("public", &data.public)
            .with("files", &hashes.targets);
        let key = match around_last_layer {
            true => key.with("around", &"last layer"),
            false => key,
        };
        let key = key.finish();
        let rows = data.target.examples() + data.public.as_ref().map_or(0, DatasetSpec::examples);
        let features = (*backbone != Backbone::Features).then(|| {
            graph.add(Node {
                key: key.clone(),
                what: format!(
                    "{} of {} by {}",
                    match around_last_layer {
                        true => "inputs and outputs of the last layer",
                        false => "features",
                    },
                    names::dataset(&data.target),
                    names::backbone(backbone)
                ),
                work: format!("features/{}", names::backbone(backbone)),
                units: rows as u64,
                needs: pretrained.into_iter().collect(),
            })
        });
        Ok(Self {
            backbone: pretrained,
            features,
            around_last_layer,
            key,
        })
    }
}

fn network_key(
    context: &Context,
    hashes: &DataHashes,
    seed: u64,
    data: &Data,
    backbone: &Backbone,
    code: &Arc<Code>,
) -> Result<StageKey, HarnessError> {
    let start = KeyBuilder::new("backbone", code).with("backbone", backbone);
    let named = match backbone {
        Backbone::Imported { file, .. } => {
            let file = context.data.join(file);
            let hash = context
                .contents
                .get_or(&file.to_string_lossy(), || fingerprint(&file))?;
            start.with("file", &hash)
        }
        Backbone::VggTiny { .. } => start
            .with("seed", &seed)
            .with("source", &data.source)
            .with("files", &hashes.source)
            .with("colour", &colour::of_source(data)),
        Backbone::Onnx(onnx) => {
            let files = backbones::Onnx::files(&context.data.join(&onnx.file), onnx)?;
            let hashes = files.iter().map(|file| {
                let name = file.to_string_lossy();
                context.contents.get_or(&name, || fingerprint(file))
            });
            start.with("files", &hashes.collect::<Result<Vec<_>, _>>()?)
        }
        Backbone::Features => start,
    };
    Ok(named.finish())
}

/// Hashes of the contents of an experiment's data files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataHashes {
    /// Of what the backbone is pre-trained on.
    source: Vec<String>,
    /// Of the target, and of public data of another distribution.
    targets: Vec<String>,
}

impl DataHashes {
    /// Reads the files.
    ///
    /// # Errors
    /// If they are missing.
    pub fn of(context: &Context, data: &Data) -> Result<Self, HarnessError> {
        let hash = |spec: &DatasetSpec| {
            context.contents.get_or(spec, || {
                let hash = spec.content_hash(&context.data)?;
                Ok(blake3::Hash::from_bytes(hash).to_hex().to_string())
            })
        };
        let targets = [&data.target].into_iter().chain(&data.public);
        Ok(Self {
            source: data.source.iter().map(hash).collect::<Result<_, _>>()?,
            targets: targets.map(hash).collect::<Result<_, _>>()?,
        })
    }
}

/// Hash of a file's bytes.
///
/// # Errors
/// If it cannot be read.
pub fn fingerprint(path: &Path) -> Result<String, HarnessError> {
    let read = std::fs::File::open(path).and_then(|file| {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(file)?;
        Ok(hasher.finalize().to_hex().to_string())
    });
    read.map_err(|source| HarnessError::Missing {
        path: path.to_owned(),
        source,
    })
}
