//! Defences: lists expanded, numbers within their ranges.

use super::at::At;
use super::dataset::natural;
use crate::document::OneOrMany;
use crate::experiment::{Data, Defence, Delta, DpSgd, Privacy, Rhe, Sampling, Tuning};
use crate::raw;

/// Clipping norms of the paper: on MNIST, and on natural images.
const CLIP: f64 = 4.0;
const CLIP_NATURAL: f64 = 1.2;

/// The defences of a sweep.
pub fn expand(raw: Option<&OneOrMany<raw::Defence>>, data: &Data, at: &At<'_>) -> Vec<Defence> {
    let Some(raw) = raw else {
        return vec![Defence::None];
    };
    let mut defences = Vec::new();
    for (index, raw) in raw.values.iter().enumerate() {
        let at = at.item(index);
        match raw {
            raw::Defence::None => defences.push(Defence::None),
            raw::Defence::DpSgd(raw) => {
                let clip = if natural(&data.target) {
                    CLIP_NATURAL
                } else {
                    CLIP
                };
                defences.extend(
                    expand_dp(raw, clip, &at.choice("dp_sgd"))
                        .into_iter()
                        .map(Defence::DpSgd),
                );
            }
            raw::Defence::Rhe(rhe) => {
                defences.push(Defence::Rhe(check_rhe(*rhe, &at.choice("rhe"))))
            }
        }
    }
    at.distinct(&defences);
    defences
}

/// DP-SGD for each strength and each clipping norm.
pub fn expand_dp(raw: &raw::DpSgd, default_clip: f64, at: &At<'_>) -> Vec<DpSgd> {
    let strengths = strengths(raw, at);
    if let Delta::Value(delta) = raw.delta
        && !(delta > 0.0 && delta < 1.0)
    {
        at.key("delta").wrong(
            format!("found {delta}"),
            "`auto` (N^-1.1) or a number above 0 and below 1",
        );
    }
    if let Sampling::Poisson(rate) = raw.sampling
        && !(rate > 0.0 && rate <= 1.0)
    {
        at.key("sampling").wrong(
            format!("found the rate {rate}"),
            "a rate above 0 and up to 1",
        );
    }
    raw.learning_rate
        .map(|value| at.key("learning_rate").positive(value));
    raw.epochs.map(|value| at.key("epochs").at_least(value, 1));
    if let Some(tuning) = &raw.tuned.0 {
        check_tuning(raw, tuning, at);
    }
    let clips = match &raw.clip {
        _ if raw.tuned.0.is_some() => vec![None],
        None => vec![Some(default_clip)],
        Some(clips) => {
            let at = at.key("clip");
            let clips = at.distinct(&clips.values);
            clips
                .iter()
                .enumerate()
                .map(|(i, clip)| Some(at.item(i).positive(*clip)))
                .collect()
        }
    };
    let mut expanded = Vec::new();
    for &privacy in &strengths {
        for &clip in &clips {
            expanded.push(DpSgd {
                privacy,
                delta: raw.delta,
                clip,
                sampling: raw.sampling,
                accountant: raw.accountant,
                tuned: raw.tuned.0.clone(),
                learning_rate: raw.learning_rate,
                epochs: raw.epochs,
            });
        }
    }
    expanded
}

fn strengths(raw: &raw::DpSgd, at: &At<'_>) -> Vec<Privacy> {
    const EXPECTED: &str = "one of `epsilon` and `noise_multiplier`";
    let (key, values, kind): (_, _, fn(f64) -> Privacy) =
        match (&raw.epsilon, &raw.noise_multiplier) {
            (Some(values), None) => ("epsilon", values, Privacy::Epsilon),
            (None, Some(values)) => ("noise_multiplier", values, Privacy::NoiseMultiplier),
            (Some(_), Some(_)) => {
                at.key("noise_multiplier").wrong_hint(
                    "found both `epsilon` and `noise_multiplier`",
                    EXPECTED,
                    "one follows from the other; two entries `dp_sgd` may differ in it",
                );
                return Vec::new();
            }
            (None, None) => {
                at.wrong_hint(
                    "the strength is missing",
                    EXPECTED,
                    "write `{ dp_sgd: { epsilon: [5, 20, 80] } }`",
                );
                return Vec::new();
            }
        };
    let at = at.key(key);
    for (index, &value) in at.distinct(&values.values).iter().enumerate() {
        if value <= 0.0 {
            at.item(index).wrong_hint(
                format!("found {value}"),
                "a number above 0",
                "for no noise use the defence `none`",
            );
        }
    }
    values.values.iter().copied().map(kind).collect()
}

fn check_tuning(raw: &raw::DpSgd, tuning: &Tuning, at: &At<'_>) {
    for (key, fixed) in [
        ("clip", raw.clip.is_some()),
        ("learning_rate", raw.learning_rate.is_some()),
        ("epochs", raw.epochs.is_some()),
    ] {
        at.key(key).unused(
            fixed,
            format!("`tuned` searches it; to bound the search write `tuned: {{ {key}: [..] }}`"),
        );
    }
    let at = at.key("tuned");
    for (key, values) in [
        ("clip", &tuning.clip),
        ("learning_rate", &tuning.learning_rate),
    ] {
        let at = at.key(key);
        for (index, &value) in at.distinct(values).iter().enumerate() {
            at.item(index).positive(value);
        }
    }
    let at = at.key("epochs");
    for (index, &epochs) in at.distinct(&tuning.epochs).iter().enumerate() {
        at.item(index).at_least(epochs, 1);
    }
}

fn check_rhe(rhe: Rhe, at: &At<'_>) -> Rhe {
    for (key, bits, from, to) in [
        ("weight_bits", rhe.weight_bits, 4, 20),
        ("feature_bits", rhe.feature_bits, 2, 14),
    ] {
        if !(from..=to).contains(&bits) {
            at.key(key)
                .wrong(format!("found {bits}"), format!("{from} to {to} bits"));
        }
    }
    rhe
}
