//! From the config as written to the checked experiment; all problems are found, not the first.

mod at;
mod attack;
mod audit;
mod cell;
mod cryptotl;
mod data;
mod dataset;
mod defence;
mod defended;
mod grid;
mod heads;
mod shadows;
mod shapes;
mod suited;

use crate::document::Node;
use crate::error::Fault;
use crate::experiment::{Experiment, Kind};
use crate::raw;
use at::{At, Check};

/// Checks a config.
///
/// # Errors
/// Everything that is wrong.
pub fn check(raw: &raw::Experiment, root: &Node) -> Result<Experiment, Vec<Fault>> {
    let check = Check::new(root);
    let at = check.root();
    let name = name(&raw.name, &at.key("name"));
    let kind = match &raw.cryptotl {
        Some(cryptotl) => {
            heads::must_be_absent(raw, &at);
            audit::must_be_absent(raw, &at, heads::BESIDE_CRYPTOTL);
            Some(Kind::CryptoTl {
                cryptotl: Box::new(cryptotl::check(cryptotl, &at.key("cryptotl"))),
            })
        }
        None if audit::is_meant(raw) => {
            audit::check(raw, &at).map(|audit| Kind::Audit(Box::new(audit)))
        }
        None => {
            audit::must_be_absent(
                raw,
                &at,
                "experiments have it in `sweep`, audits have no `sweep`",
            );
            heads::check(raw, &at).map(|heads| Kind::Heads(Box::new(heads)))
        }
    };
    let faults = check.into_faults();
    match kind {
        Some(kind) if faults.is_empty() => Ok(Experiment {
            name,
            seed: raw.seed,
            kind,
        }),
        _ => Err(faults),
    }
}

/// What the name of an experiment is, and with it that of the folder of its results.
pub const NAME: &str =
    "a folder name: up to 100 letters, digits, `-`, `_` and `.`, not starting with `.`";

/// Whether an experiment may be called so: see [`NAME`].
pub fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=100).contains(&name.len()) && !name.starts_with('.') && name.chars().all(letter)
}

fn name(name: &str, at: &At<'_>) -> String {
    if !is_name(name) {
        at.wrong(format!("found `{name}`"), NAME);
    }
    name.to_owned()
}
