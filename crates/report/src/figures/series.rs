//! Rows grouped into series, and what to call them.

use crate::digits::number;
use crate::phrases::{queries_name, shots_name};
use crate::rows::{ResultRow, RocRow};
use crate::words::{defence_name, words};
use spec::DefenceKind;

/// What tells one series of rows from another, besides what is on the axes.
#[derive(Debug, Clone, PartialEq, PartialOrd, Default)]
pub struct Traits {
    /// Values by trait, in a fixed order; see [`Traits::label`].
    values: Vec<(&'static str, String)>,
}

impl Traits {
    /// The columns of results that traits are of.
    pub const COLUMNS: [&str; 12] = [
        "dataset", "backbone", "head", "shots", "defence", "epsilon", "clip", "attack", "release",
        "setting", "null", "queries",
    ];

    /// All that can tell two rows' series apart, in the order in which it is written.
    pub fn of(row: &ResultRow) -> Self {
        Self {
            values: vec![
                ("dataset", row.dataset.clone()),
                ("backbone", row.backbone.clone()),
                ("head", row.head.clone()),
                ("defence", defence_name(&row.defence).to_owned()),
                (
                    "epsilon",
                    row.epsilon
                        .map_or(String::new(), |e| format!("ε = {}", number(e))),
                ),
                ("clip", clip_name(row)),
                ("attack", words(&row.attack)),
                ("release", row.release.clone()),
                (
                    "setting",
                    row.setting.as_deref().map_or(String::new(), words),
                ),
                ("null", words(&row.null)),
                ("shots", shots_name(row.shots)),
                ("queries", row.queries.map_or(String::new(), queries_name)),
            ],
        }
    }

    /// The traits of a curve.
    pub fn of_curve(row: &RocRow) -> Self {
        Self::of(&ResultRow {
            dataset: row.dataset.clone(),
            backbone: row.backbone.clone(),
            head: row.head.clone(),
            shots: row.shots,
            defence: row.defence.clone(),
            epsilon: row.epsilon,
            clip: row.clip,
            tuned: row.tuned.clone(),
            release: row.release.clone(),
            attack: row.attack.clone(),
            null: row.null.clone(),
            queries: row.queries,
            setting: row.setting.clone(),
            ..ResultRow::default()
        })
    }

    /// The same without these traits.
    pub fn without(mut self, names: &[&str]) -> Self {
        self.values.retain(|(name, _)| !names.contains(name));
        self
    }

    /// Only these traits.
    pub fn only(mut self, names: &[&str]) -> Self {
        self.values.retain(|(name, _)| names.contains(name));
        self
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value.as_str())
    }

    /// What sets this series apart from `all` of them: the traits in which they differ. All traits
    /// alike: the ones worth a name.
    pub fn label(&self, all: &[Self]) -> String {
        let apart = self.apart(all);
        if !apart.is_empty() {
            return apart;
        }
        let named = ["defence", "attack"];
        let parts: Vec<&str> = self
            .values
            .iter()
            .filter(|(name, value)| named.contains(name) && !value.is_empty())
            .map(|(_, value)| value.as_str())
            .collect();
        parts.join(", ")
    }

    /// The traits in which this series differs from another; empty where what differs has no word.
    pub fn apart(&self, all: &[Self]) -> String {
        let differs = |at: usize| {
            let others = all
                .iter()
                .filter(|other| other.values.get(at) != self.values.get(at));
            match self.values[at].0 {
                // Having no clipping norm at all is what `undefended` says already.
                "clip" => others.clone().any(|other| !other.values[at].1.is_empty()),
                // A release that goes with the defence needs no word of its own.
                "release" => others
                    .clone()
                    .any(|other| other.get("defence") == self.get("defence")),
                _ => others.clone().next().is_some(),
            }
        };
        let parts: Vec<&str> = (0..self.values.len())
            .filter(|&at| differs(at))
            .map(|at| self.values[at].1.as_str())
            .filter(|value| !value.is_empty())
            .collect();
        parts.join(", ")
    }

    /// What all series have in common, as a subtitle says it.
    pub fn common(all: &[Self]) -> String {
        let Some(first) = all.first() else {
            return String::new();
        };
        let alike = |at: usize| {
            all.iter()
                .all(|other| other.values.get(at) == first.values.get(at))
        };
        let parts: Vec<String> = (0..first.values.len())
            .filter(|&at| alike(at) && !first.values[at].1.is_empty())
            .map(|at| match first.values[at] {
                ("null", ref value) => format!("null: {value}"),
                ("release", ref value) => format!("released: {value}"),
                (_, ref value) => value.clone(),
            })
            .collect();
        parts.join(" · ")
    }
}

/// The undefended rows that private ones of these traits are compared with: those alike but for `but`, or
/// where there are none, those without a setting, or where there is one setting, that. What only private heads
/// differ in, such as their directions, what a release is made from or how much an attack learns on them, does not
/// set undefended ones apart.
pub fn undefended<'a>(private: &Traits, but: &[&str], all: &[&'a ResultRow]) -> Vec<&'a ResultRow> {
    let open = |row: &&ResultRow| row.defence == DefenceKind::None;
    let open: Vec<&ResultRow> = all.iter().copied().filter(open).collect();
    let alike = |but: &[&str], row: &ResultRow| {
        Traits::of(row).without(but) == private.clone().without(but)
    };
    let own = open.iter().copied().filter(|row| alike(but, row));
    let own: Vec<&ResultRow> = own.collect();
    if !own.is_empty() {
        return own;
    }
    let but: Vec<&str> = but.iter().copied().chain(["setting"]).collect();
    let shared = open.into_iter().filter(|row| alike(&but, row));
    let mut shared: Vec<&ResultRow> = shared.collect();
    let setting = |row: &ResultRow| row.setting.clone().unwrap_or_default();
    if shared.iter().any(|row| !setting(row).is_empty()) {
        let first = shared.first().map(|row| setting(row));
        let one = shared.iter().all(|row| Some(setting(row)) == first);
        shared.retain(|row| one || setting(row).is_empty());
    }
    shared
}

/// The clipping norm where it was given, `tuned` where it was chosen.
fn clip_name(row: &ResultRow) -> String {
    match row.clip {
        _ if !row.tuned.is_empty() => "tuned".to_owned(),
        Some(clip) => format!("clip {}", number(clip)),
        None => String::new(),
    }
}

/// At most `count` of the items, evenly chosen from first to last.
pub fn evenly<T>(items: Vec<T>, count: usize) -> Vec<T> {
    let len = items.len();
    if len <= count {
        return items;
    }
    let kept: Vec<usize> = (0..count)
        .map(|i| i * (len - 1) / (count - 1).max(1))
        .collect();
    items
        .into_iter()
        .enumerate()
        .filter(|(at, _)| kept.contains(at))
        .map(|(_, item)| item)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_private_heads_do_not_set_undefended_ones_apart() {
        let row = |defence: &str, shots, setting: Option<&str>| ResultRow {
            defence: defence.to_owned(),
            shots,
            setting: setting.map(ToOwned::to_owned),
            ..ResultRow::default()
        };
        let plain = row("none", 1, None);
        let other = row("none", 1, Some("sixteen epochs"));
        let all = [&plain, &other];
        let but = ["shots", "defence"];
        let found = |setting| undefended(&Traits::of(&row("dp_sgd", 4, setting)), &but, &all);
        for (setting, right) in [
            (Some("sixteen epochs"), &other),
            (Some("no labels"), &plain),
            (None, &plain),
        ] {
            let found = found(setting);
            assert!(
                found.len() == 1 && std::ptr::eq(found[0], right),
                "{setting:?}"
            );
        }
        let alone = undefended(&Traits::of(&row("dp_sgd", 1, None)), &but, &[&other]);
        assert!(alone.len() == 1 && std::ptr::eq(alone[0], &other));
        let third = row("none", 1, Some("64 epochs"));
        let private = Traits::of(&row("dp_sgd", 1, None));
        assert!(undefended(&private, &but, &[&other, &third]).is_empty());
        let head = ResultRow {
            head: "hidden".to_owned(),
            ..row("dp_sgd", 1, None)
        };
        assert!(undefended(&Traits::of(&head), &but, &all).is_empty());
    }
}
