//! CryptoTL experiments.

use datasets::Part;

use spec::{DpSgd, Embedding, FineTuning, Many, Whole};

use super::at::At;
use super::defence::expand_dp;
use crate::experiment::{CryptoTl, TextSpec};

/// Bounds of the number of folds: intervals take two.
const FOLDS: Whole = Whole::new(2, 10_000);
/// Bounds of the passes over texts.
const EPOCHS: Whole = Whole::new(1, 1_000_000);
/// Bounds of the number of encrypted texts.
const ENCRYPTED: Whole = Whole::new(1, 10_000_000);
/// Bounds of the number of victims.
const VICTIMS: Whole = Whole::new(0, 100_000);

/// The checked settings.
pub fn check(raw: &CryptoTl<Many>, at: &At<'_>) -> CryptoTl {
    for (key, spec) in [("source", &raw.source), ("target", &raw.target)] {
        check_texts(spec, &at.key(key));
    }
    let sizes = at.key("sizes").distinct(&raw.sizes).to_vec();
    for (index, &size) in sizes.iter().enumerate() {
        check_size(size, &raw.target, &at.key("sizes").item(index));
    }
    CryptoTl {
        source: raw.source.clone(),
        target: raw.target.clone(),
        embedding: Some(embedding(raw, at)),
        activation: raw.activation,
        parameters: raw.parameters,
        sizes,
        dp: fine_tunings(raw, &at.key("dp")),
        folds: at.key("folds").within(FOLDS, raw.folds),
        source_epochs: at.key("source_epochs").within(EPOCHS, raw.source_epochs),
        epochs: at.key("epochs").within(EPOCHS, raw.epochs),
        encrypted: at.key("encrypted").within(ENCRYPTED, raw.encrypted),
        both_ways: raw.both_ways,
        victims: at.key("victims").within(VICTIMS, raw.victims),
    }
}

fn check_texts(spec: &TextSpec, at: &At<'_>) {
    match spec {
        TextSpec::Messages { count, .. } => {
            let bounds = Whole::new(4, 10_000_000);
            at.choice("messages").key("count").within(bounds, *count);
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
    at.within(Whole::new(2, 10_000_000), size);
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

fn embedding(raw: &CryptoTl<Many>, at: &At<'_>) -> Embedding {
    let vectors = |spec: &TextSpec| matches!(spec, TextSpec::Embeddings { .. });
    let (source, target) = (vectors(&raw.source), vectors(&raw.target));
    if source != target {
        at.key(if source { "target" } else { "source" }).wrong(
            "found texts beside embeddings",
            "`embeddings` for both or for neither: both go through one network",
        );
    }
    let embedding = raw.embedding();
    let at = at.key("embedding");
    match embedding {
        Embedding::Precomputed if !target => at.wrong(
            "found `precomputed` for texts",
            format!("`{{ hashing: {{ width: {} }} }}`", Embedding::HASHED),
        ),
        Embedding::Hashing { .. } if target => {
            at.wrong("found `hashing` for embeddings", "`precomputed`")
        }
        Embedding::Hashing { width } => {
            let at = at.choice("hashing").key("width");
            at.within(Embedding::WIDTH, width);
        }
        Embedding::Precomputed => {}
    }
    embedding
}

fn fine_tunings(raw: &CryptoTl<Many>, at: &At<'_>) -> Vec<FineTuning> {
    if raw.dp.is_empty() {
        at.distinct(&raw.dp);
        return vec![FineTuning::None];
    }
    let mut tunings = Vec::new();
    for (index, tuning) in raw.dp.iter().enumerate() {
        let at = at.item(index);
        match tuning {
            FineTuning::None => tunings.push(FineTuning::None),
            FineTuning::DpSgd(dp) => {
                let at = at.choice("dp_sgd");
                let given = dp.directions.is_some();
                at.key("directions").unused(
                    given,
                    "the upper network is tuned on its inputs as they are",
                );
                let dp = expand_dp(dp, DpSgd::CLIP_FINE_TUNING, &at);
                tunings.extend(dp.into_iter().map(FineTuning::DpSgd));
            }
        }
    }
    if at.nothing_wrong() {
        at.distinct(&tunings);
    }
    tunings
}
