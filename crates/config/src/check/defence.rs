//! Defences: lists expanded, numbers within their bounds.

use spec::{Defence, DpSgd, Many, OneOrMany, OneRelease, Tuning};

use super::at::At;
use super::dataset::natural;
use crate::experiment::Data;

/// The defences of a sweep.
pub fn expand(raw: &[Defence<Many>], data: &Data, at: &At<'_>) -> Vec<Defence> {
    if raw.is_empty() {
        at.distinct(raw);
        return vec![Defence::default()];
    }
    let mut defences = Vec::new();
    for (index, defence) in raw.iter().enumerate() {
        let at = at.item(index).choice(defence.word());
        match defence {
            Defence::None(as_trained) => {
                at.key("tuned").options(as_trained);
                defences.push(Defence::None(as_trained.clone()));
            }
            Defence::DpSgd(dp) => {
                let clip = if natural(&data.target) {
                    DpSgd::CLIP_NATURAL
                } else {
                    DpSgd::CLIP
                };
                defences.extend(expand_dp(dp, clip, &at).into_iter().map(Defence::DpSgd));
            }
            Defence::OneRelease(release) => {
                defences.extend(
                    expand_release(release, &at)
                        .into_iter()
                        .map(Defence::OneRelease),
                );
            }
            Defence::Rhe(rhe) => {
                at.options(rhe);
                defences.push(Defence::Rhe(*rhe));
            }
        }
    }
    if at.nothing_wrong() {
        at.distinct(&defences);
    }
    defences
}

/// DP-SGD for each strength, kind of directions, rank and clipping norm.
pub fn expand_dp(raw: &DpSgd<Many>, default_clip: f64, at: &At<'_>) -> Vec<DpSgd> {
    let given = (raw.epsilon.is_some(), raw.noise_multiplier.is_some());
    check_strength("dp_sgd", given, at);
    at.options(raw);
    let nowhere = raw.directions.is_none();
    let whole = "without `directions` heads are trained in all of feature space";
    at.key("rank").unused(nowhere && raw.rank.is_some(), whole);
    if let Some(tuning) = &raw.tuned {
        let at = at.key("tuned").key("rank");
        at.unused(nowhere && !tuning.rank.is_empty(), whole);
    }
    match &raw.tuned {
        Some(tuning) => {
            check_tuning(raw, tuning, at);
            raw.expand()
        }
        None => DpSgd {
            clip: raw.clip.clone().or(Some(OneOrMany::one(default_clip))),
            ..raw.clone()
        }
        .expand(),
    }
}

/// One release for each method, strength, kind of directions and rank.
fn expand_release(raw: &OneRelease<Many>, at: &At<'_>) -> Vec<OneRelease> {
    let given = (raw.epsilon.is_some(), raw.noise_multiplier.is_some());
    check_strength("one_release", given, at);
    at.options(raw);
    let own = raw.unused().map(|idle| (at.clone(), idle));
    let searched_for = raw.searched_unused().map(|idle| (at.key("tuned"), idle));
    for (at, (option, method)) in own.chain(searched_for) {
        at.key(option)
            .unused(true, format!("it is an option of the method `{method}`"));
    }
    if let Some(tuning) = &raw.tuned {
        for (key, fixed) in [
            ("rank", raw.rank.is_some()),
            ("clip", raw.clip.is_some()),
            ("ridge", raw.ridge.is_some()),
            ("regularisation", raw.regularisation.is_some()),
        ] {
            searched(key, fixed, at);
        }
        at.key("tuned").options(tuning);
    }
    raw.expand()
}

fn check_strength(word: &str, given: (bool, bool), at: &At<'_>) {
    const EXPECTED: &str = "one of `epsilon` and `noise_multiplier`";
    match given {
        (true, true) => at.key("noise_multiplier").wrong_hint(
            "found both `epsilon` and `noise_multiplier`",
            EXPECTED,
            format!("one follows from the other; two entries `{word}` may differ in it"),
        ),
        (false, false) => at.wrong_hint(
            "the strength is missing",
            EXPECTED,
            format!(
                "write `{{ {word}: {{ epsilon: [5, 20, 80] }} }}`; for no noise use the defence `none`"
            ),
        ),
        _ => {}
    }
}

fn check_tuning(raw: &DpSgd<Many>, tuning: &Tuning, at: &At<'_>) {
    for (key, fixed) in [
        ("clip", raw.clip.is_some()),
        ("learning_rate", raw.learning_rate.is_some()),
        ("epochs", raw.epochs.is_some()),
        ("rank", raw.rank.is_some() && raw.directions.is_some()),
    ] {
        searched(key, fixed, at);
    }
    let at = at.key("tuned");
    at.options(tuning);
}

/// Says that a search and a value for it do not go together.
fn searched(key: &str, fixed: bool, at: &At<'_>) {
    at.key(key).unused(
        fixed,
        format!("`tuned` searches it; to bound the search write `tuned: {{ {key}: [..] }}`"),
    );
}
