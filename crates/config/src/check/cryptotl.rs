//! CryptoTL experiments.

use datasets::Part;

use super::at::At;
use super::defence::expand_dp;
use crate::experiment::{CryptoTl, Embedding, FineTuning, TextSpec};
use crate::raw;

/// Clipping norm of fine-tuning where none is given.
const CLIP: f64 = 1.0;

/// The checked settings.
pub fn check(raw: &raw::CryptoTl, at: &At<'_>) -> CryptoTl {
    for (key, spec) in [("source", &raw.source), ("target", &raw.target)] {
        check_texts(spec, &at.key(key));
    }
    let sizes = at.key("sizes").distinct(&raw.sizes.values).to_vec();
    for (index, &size) in sizes.iter().enumerate() {
        check_size(size, &raw.target, &at.key("sizes").item(index));
    }
    CryptoTl {
        source: raw.source.clone(),
        target: raw.target.clone(),
        embedding: embedding(raw, at),
        activation: raw.activation,
        parameters: raw.parameters,
        sizes,
        dp: fine_tunings(raw, &at.key("dp")),
        folds: at.key("folds").at_least(raw.folds, 2),
        source_epochs: at.key("source_epochs").at_least(raw.source_epochs, 1),
        epochs: at.key("epochs").at_least(raw.epochs, 1),
        encrypted: at.key("encrypted").at_least(raw.encrypted, 1),
        both_ways: raw.both_ways,
        victims: raw.victims,
    }
}

fn check_texts(spec: &TextSpec, at: &At<'_>) {
    match spec {
        TextSpec::Messages { count, .. } => {
            at.choice("messages").key("count").at_least(*count, 4);
        }
        TextSpec::Embeddings { path } if path.as_os_str().is_empty() => {
            at.choice("embeddings").key("path").wrong(
                "found an empty path",
                "a `.safetensors`, `.npy` or `.csv` file",
            );
        }
        _ => {}
    }
}

fn check_size(size: usize, target: &TextSpec, at: &At<'_>) {
    at.at_least(size, 2);
    let (texts, limit) = match target {
        TextSpec::Messages { count, .. } => (*count, None),
        TextSpec::Sms { limit } => (5_574, *limit),
        TextSpec::Youtube { limit } => (1_956, *limit),
        TextSpec::Imdb { part, limit } => {
            (if *part == Part::All { 50_000 } else { 25_000 }, *limit)
        }
        TextSpec::Embeddings { .. } => return,
    };
    let texts = limit.map_or(texts, |limit| texts.min(limit));
    if size >= texts {
        at.wrong(
            format!("found {size}, but the target has {texts} texts"),
            format!("fewer than {texts}: the others test"),
        );
    }
}

fn embedding(raw: &raw::CryptoTl, at: &At<'_>) -> Embedding {
    let vectors = |spec: &TextSpec| matches!(spec, TextSpec::Embeddings { .. });
    let (source, target) = (vectors(&raw.source), vectors(&raw.target));
    if source != target {
        at.key(if source { "target" } else { "source" }).wrong(
            "found texts beside embeddings",
            "`embeddings` for both or for neither: both go through one network",
        );
    }
    let embedding = raw.embedding.unwrap_or(if target {
        Embedding::Precomputed
    } else {
        Embedding::Hashing { width: 768 }
    });
    let at = at.key("embedding");
    match embedding {
        Embedding::Precomputed if !target => at.wrong(
            "found `precomputed` for texts",
            "`{ hashing: { width: 768 } }`",
        ),
        Embedding::Hashing { .. } if target => {
            at.wrong("found `hashing` for embeddings", "`precomputed`")
        }
        Embedding::Hashing { width } if !(16..=2048).contains(&width) => {
            at.choice("hashing")
                .key("width")
                .wrong(format!("found {width}"), "a width from 16 to 2048");
        }
        _ => {}
    }
    embedding
}

fn fine_tunings(raw: &raw::CryptoTl, at: &At<'_>) -> Vec<FineTuning> {
    let Some(axis) = &raw.dp else {
        return vec![FineTuning::None];
    };
    let mut tunings = Vec::new();
    for (index, raw) in axis.values.iter().enumerate() {
        let at = at.item(index);
        match raw {
            raw::FineTuning::None => tunings.push(FineTuning::None),
            raw::FineTuning::DpSgd(raw) => {
                tunings.extend(
                    expand_dp(raw, CLIP, &at.choice("dp_sgd"))
                        .into_iter()
                        .map(FineTuning::DpSgd),
                );
            }
        }
    }
    at.distinct(&tunings);
    tunings
}
