//! A context-free grammar that writes short texts.

use rand::{Rng, RngExt};

/// Rules by name; `{name}` in an alternative is replaced by one of that rule's alternatives, `#` by
/// a digit.
pub(super) struct Grammar {
    /// Numbers of sentences before the last, one of which is drawn.
    pub sentences: &'static [usize],
    /// Chance that a longer text holds one sentence of the other class.
    pub stray: f64,
    /// Chance that a text begins with a sentence that both classes use.
    pub neutral_start: f64,
    /// `zero`, `one` and `both` are the sentences; the other rules are their parts.
    pub rules: &'static [(&'static str, &'static [&'static str])],
}

impl Grammar {
    /// Writes one expansion of `rule` to `out`.
    pub fn expand(&self, rule: &str, rng: &mut impl Rng, out: &mut String) {
        let found = self.rules.iter().find(|(name, _)| *name == rule);
        let Some((_, alternatives)) = found else {
            debug_assert!(false, "no rule {rule}");
            return;
        };
        let mut rest = alternatives[rng.random_range(0..alternatives.len())];
        while let Some((before, after)) = rest.split_once('{') {
            digits(before, rng, out);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            self.expand(name, rng, out);
            rest = after;
        }
        digits(rest, rng, out);
    }
}

fn digits(text: &str, rng: &mut impl Rng, out: &mut String) {
    out.extend(text.chars().map(|letter| match letter {
        '#' => char::from(b'0' + rng.random_range(0..10_u8)),
        other => other,
    }));
}

#[cfg(test)]
mod tests {
    use crate::text::chat::MESSAGES;
    use crate::text::reviews::REVIEWS;

    /// Every rule that is named exists, every rule is named, and no rule leads back to itself.
    #[test]
    fn the_grammars_are_whole() {
        for grammar in [&MESSAGES, &REVIEWS] {
            let names = |text: &'static str| {
                let parts = text.split('{').skip(1);
                parts.map(|part| part.split_once('}').expect("closed").0)
            };
            let rule = |name: &str| {
                let found = grammar.rules.iter().find(|(known, _)| *known == name);
                found.unwrap_or_else(|| panic!("no rule {name}")).1
            };
            fn depth(
                name: &str,
                level: usize,
                rule: &dyn Fn(&str) -> &'static [&'static str],
            ) -> usize {
                assert!(level < 12, "{name} leads back to itself");
                let parts = rule(name).iter().flat_map(|text| {
                    let parts = text.split('{').skip(1);
                    parts.map(|part| part.split_once('}').expect("closed").0)
                });
                parts
                    .map(|part| depth(part, level + 1, rule))
                    .max()
                    .unwrap_or(level)
            }
            for start in ["zero", "one", "both"] {
                depth(start, 0, &rule);
            }
            let all: Vec<&str> = grammar
                .rules
                .iter()
                .flat_map(|(_, a)| *a)
                .copied()
                .collect();
            for (name, alternatives) in grammar.rules {
                assert!(!alternatives.is_empty());
                let used = all.iter().any(|text| names(text).any(|part| part == *name));
                assert!(
                    used || ["zero", "one", "both"].contains(name),
                    "{name} is not used"
                );
            }
        }
    }
}
