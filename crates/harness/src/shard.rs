//! One of several runs that share an experiment's cells and one cache.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::costs::Costs;
use crate::error::HarnessError;
use crate::experiments::Cells;
use crate::stages::StageId;

/// Shard `number` of `count`; numbers begin at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: usize,
    count: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers =
            parts.and_then(|(number, count)| Some((number.parse().ok()?, count.parse().ok()?)));
        match numbers {
            Some((number, count)) if (1..=count).contains(&number) => Ok(Self { number, count }),
            _ => Err("expected a shard and their number, such as 1/4 for the first of four".into()),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

impl Shard {
    /// The cells that are this shard's. Cells that share a stage are the same shard's, so that it is made
    /// once; the rest is shared out so that all shards have about as much to do. It depends on the
    /// experiment alone.
    pub fn cells(self, cells: &dyn Cells) -> Vec<usize> {
        let groups = groups(cells);
        let costs = Costs::default();
        let graph = cells.graph();
        let goals = cells.goals();
        let cost = |group: &Vec<usize>| -> f64 {
            let own = group.iter().map(|&cell| goals[cell]);
            let last = graph.node(goals[group[0]]).needs.last().copied();
            let stages = own.chain(last).map(|id| graph.node(id));
            stages
                .map(|node| costs.estimate(&node.work, node.units))
                .sum()
        };
        let mut dear: Vec<(f64, &Vec<usize>)> = groups.iter().map(|it| (cost(it), it)).collect();
        // The dearest first, each to whoever has least to do; of equals the first.
        dear.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut load = vec![0.0; self.count];
        let mut own = Vec::new();
        for (cost, group) in dear {
            let least = (0..self.count).min_by(|&a, &b| f64::total_cmp(&load[a], &load[b]));
            let least = least.unwrap_or(0);
            load[least] += cost;
            if least + 1 == self.number {
                own.extend(group);
            }
        }
        own.sort_unstable();
        own
    }

    /// Where the shard says which of its cells failed.
    pub fn file(self, folder: &Path) -> PathBuf {
        let Self { number, count } = self;
        folder
            .join("shards")
            .join(format!("{number}-of-{count}.json"))
    }
}

/// The shards beyond which there is nothing left to share out.
pub fn most(cells: &dyn Cells) -> usize {
    groups(cells).len()
}

/// The cells in groups that share the last stage before their own, unless all cells do.
fn groups(cells: &dyn Cells) -> Vec<Vec<usize>> {
    let graph = cells.graph();
    let goals = cells.goals();
    let last = |goal: &StageId| graph.node(*goal).needs.last().copied();
    let mut sharing: HashMap<StageId, usize> = HashMap::new();
    for stage in goals.iter().filter_map(last) {
        *sharing.entry(stage).or_default() += 1;
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<StageId, usize> = HashMap::new();
    for (cell, goal) in goals.iter().enumerate() {
        let shared = last(goal).filter(|stage| sharing[stage] < goals.len());
        let group = *known.entry(shared.unwrap_or(*goal)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(cell);
    }
    groups
}

/// Cells that failed, by the hash of the stage that measures them, and why.
pub type Failures = BTreeMap<String, String>;

/// Keeps what failed in a shard.
///
/// # Errors
/// If it cannot be written.
pub fn keep_failures(path: &Path, failures: &Failures) -> Result<(), HarnessError> {
    let json = serde_json::to_vec_pretty(failures).expect("texts have a JSON form");
    files::write_whole(path, &json).map_err(|source| HarnessError::File {
        action: "write",
        path: path.to_owned(),
        source,
    })
}

/// What failed in all shards that ran into `folder`.
///
/// # Errors
/// If a shard's file is there and cannot be read.
pub fn all_failures(folder: &Path) -> Result<Failures, HarnessError> {
    let mut all = Failures::new();
    let folder = folder.join("shards");
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let read = std::fs::read(&path)
            .and_then(|bytes| Ok(serde_json::from_slice::<Failures>(&bytes)?))
            .map_err(|source| HarnessError::File {
                action: "read",
                path,
                source,
            })?;
        all.extend(read);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_read_and_refused() {
        assert_eq!(
            "2/4".parse(),
            Ok(Shard {
                number: 2,
                count: 4
            })
        );
        for wrong in ["0/4", "5/4", "4", "1/0", "a/b", "-1/2", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
