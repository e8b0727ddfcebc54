//! What the adversary has, in one box.

use maud::{Markup, html};

use crate::phrases::queries_name;
use crate::rows::ResultRow;
use crate::words::{Aim, is_informed, is_private, null_words, release_words};
use spec::DefenceKind;

/// The threat model of the cells; `None` where nothing attacks. `known` is what the experiment adds.
pub(super) fn section(rows: &[ResultRow], known: &[(String, String)]) -> Option<Markup> {
    let attacked: Vec<&ResultRow> = rows.iter().filter(|row| !row.attack.is_empty()).collect();
    if attacked.is_empty() {
        return None;
    }
    let each = |of: &dyn Fn(&ResultRow) -> String| -> Vec<String> {
        let mut values: Vec<String> = Vec::new();
        for value in attacked.iter().map(|row| of(row)) {
            if !value.is_empty() && !values.contains(&value) {
                values.push(value);
            }
        }
        values
    };
    let wants = each(&|row| Aim::of(&row.attack).words().to_owned());
    let sees = each(&|row| row.release.clone());
    let nulls = each(&|row| null_words(&row.null).to_owned());
    let settings = each(&|row| row.setting.clone().unwrap_or_default());
    let queries = attacked.iter().filter_map(|row| row.queries).max();
    let encrypted = attacked.iter().any(|row| row.defence == DefenceKind::Rhe);
    let informed = attacked.iter().any(|row| is_informed(&row.attack));
    let private = attacked.iter().any(|row| is_private(&row.defence));
    Some(html! {
        section #threat {
            h2 { "What the adversary has" }
            dl.box {
                dt { "wants" }
                dd { (wants.join("; ")) }
                dt { "sees" }
                dd {
                    @for release in &sees {
                        div { b { (release) } ": " (release_words(release)) }
                    }
                }
                dt { "knows" }
                dd {
                    "the frozen network beneath the head, how heads are trained, how many examples a class, and public data to train shadow heads on"
                    @if informed { "; informed attacks also all training examples but the one that they are after" }
                    @if !settings.is_empty() { "; where a cell assumes otherwise, its setting says so" }
                    "."
                    @for (name, what) in known {
                        div { b { (name) } ": " (what) }
                    }
                }
                dt { "asks" }
                dd {
                    @match queries {
                        Some(queries) if queries > 0 => { "up to " (queries_name(queries)) " to a victim" }
                        _ => { "nothing: it needs no queries" }
                    }
                }
                dt { "lacks" }
                dd {
                    "the private training examples"
                    @if encrypted { "; of heads under RHE also the secret key" }
                    @if private { "; of heads under DP-SGD also the noise" }
                }
                dt { "is held against" }
                dd { (nulls.join("; ")) }
            }
        }
    })
}
