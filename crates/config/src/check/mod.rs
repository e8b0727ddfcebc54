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

fn name(name: &str, at: &At<'_>) -> String {
    let letters = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if name.is_empty() || name.len() > 100 || name.starts_with('.') || !letters {
        at.wrong(
            format!("found `{name}`"),
            "a folder name: up to 100 letters, digits, `-`, `_` and `.`, not starting with `.`",
        );
    }
    name.to_owned()
}
