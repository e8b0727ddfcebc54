//! `harness cache`: what is kept, and what of it is of no use any more.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::cli::CacheCommand;
use crate::context::Context;
use crate::error::HarnessError;
use crate::failure::Failure;
use crate::stages::{Item, Use};

/// Lists or prunes the cache.
///
/// # Errors
/// If it cannot be read, or a file cannot be removed.
pub fn cache(command: &CacheCommand, context: &Context) -> Result<String, Failure> {
    let items = context.store.items(&context.code);
    let items = items.map_err(|source| HarnessError::File {
        action: "list",
        path: context.store.root().to_owned(),
        source,
    })?;
    Ok(match command {
        CacheCommand::List { each } => list(&items, *each),
        CacheCommand::Prune { all, instructions } => {
            context.store.sweep();
            let unlike = |item: &Item| {
                let unwanted = instructions.as_ref();
                unwanted.is_some_and(|set| item.instructions.contains(set))
            };
            let gone = |item: &&Item| *all || item.usable != Use::Current || unlike(item);
            let (mut count, mut bytes) = (0, 0);
            for item in items.iter().filter(gone) {
                if context.store.remove(item).map_err(HarnessError::from)? {
                    count += 1;
                    bytes += item.bytes;
                }
            }
            format!(
                "removed {}, {}\n",
                crate::names::count(count, "product"),
                size(bytes)
            )
        }
    })
}

fn list(items: &[Item], each: bool) -> String {
    let mut text = String::new();
    if each {
        for item in items {
            let state = match item.usable {
                Use::Current => "current",
                Use::OtherCode => "made by other code",
                Use::Damaged => "damaged",
            };
            let (stage, name, what) = (
                &item.stage,
                &item.name[..8.min(item.name.len())],
                &item.what,
            );
            let _ = writeln!(
                text,
                "{stage}  {name}  {}  {state}  {what}",
                size(item.bytes)
            );
        }
    }
    let mut stages: BTreeMap<&str, [(usize, u64); 2]> = BTreeMap::new();
    for item in items {
        let both = stages.entry(&item.stage).or_default();
        let own = &mut both[usize::from(item.usable != Use::Current)];
        own.0 += 1;
        own.1 += item.bytes;
    }
    let total = items.iter().map(|item| item.bytes).sum();
    for (stage, [(current, bytes), (useless, their_bytes)]) in stages {
        let _ = write!(
            text,
            "{stage:<16} {current:>6} of this code, {}",
            size(bytes)
        );
        let _ = match useless {
            0 => writeln!(text),
            _ => writeln!(
                text,
                "; {useless} of other code or damaged, {}",
                size(their_bytes)
            ),
        };
    }
    let _ = writeln!(
        text,
        "in all {}, {}",
        crate::names::count(items.len(), "product"),
        size(total)
    );
    text
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.2} GiB", bytes as f64 / 1_073_741_824.0),
    }
}
