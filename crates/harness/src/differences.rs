//! What sets the cells of one experiment apart, in words: for tables, legends and plans.

mod attack;
mod facet;
mod facets;

use std::borrow::Cow;
use std::collections::HashMap;

use config::experiment::Cell;

use crate::names;
use facet::{Facet, Side};
use facets::{METHOD, all, without_column};

/// The facets in which the cells of an experiment differ, each with the words that go without
/// saying: those of most cells.
#[derive(Clone, Debug)]
pub struct Differences {
    facets: fn(&Cell) -> Vec<Facet>,
    varied: HashMap<Cow<'static, str>, Option<String>>,
}

/// What sets one cell apart.
pub struct Apart(Vec<Facet>);

impl Differences {
    /// Those that have no column of their own in a table of results.
    pub fn new(cells: &[Cell]) -> Self {
        Self::among(cells, without_column)
    }

    /// All of them: two cells are never told in the same words.
    pub fn in_full(cells: &[Cell]) -> Self {
        Self::among(cells, all)
    }

    /// Finds the facets that take two values or more among `cells`.
    fn among(cells: &[Cell], facets: fn(&Cell) -> Vec<Facet>) -> Self {
        let mut counts: HashMap<Cow<'static, str>, HashMap<String, usize>> = HashMap::new();
        for Facet { name, words, .. } in cells.iter().flat_map(facets) {
            *counts.entry(name).or_default().entry(words).or_default() += 1;
        }
        let varied = counts.into_iter().filter(|(_, values)| values.len() > 1);
        let usual = |values: HashMap<String, usize>| {
            let most = values.values().copied().max()?;
            let mut frequent = values.into_iter().filter(|(_, count)| *count == most);
            let (words, _) = frequent.next()?;
            // Of two values that are as frequent neither goes without saying.
            frequent.next().is_none().then_some(words)
        };
        Self {
            facets,
            varied: varied.map(|(name, values)| (name, usual(values))).collect(),
        }
    }

    /// What sets `cell` apart.
    pub fn of(&self, cell: &Cell) -> Apart {
        let mut facets = (self.facets)(cell);
        facets.retain(|facet| {
            let varied = self.varied.get(&facet.name);
            facet.name == METHOD || varied.is_some_and(|usual| usual.as_ref() != Some(&facet.words))
        });
        Apart(facets)
    }
}

impl Apart {
    /// All of it.
    pub fn whole(&self) -> String {
        self.words(|_| true)
    }

    /// What sets its network and the training of its heads apart.
    pub fn training(&self) -> String {
        self.words(|side| matches!(side, Side::Network | Side::Training))
    }

    /// What sets the adversary and its attack apart.
    pub fn attack(&self) -> String {
        self.words(|side| matches!(side, Side::Beliefs | Side::Attack))
    }

    /// What sets a network that several cells share apart from others.
    pub fn network(&self) -> String {
        self.words(|side| matches!(side, Side::Network | Side::Attack))
    }

    /// What sets apart what the attack sees and is compared with.
    pub fn comparison(&self) -> String {
        self.words(|side| side == Side::Comparison)
    }

    fn words(&self, of: impl Fn(Side) -> bool) -> String {
        let facets = self.0.iter().filter(|facet| of(facet.side));
        names::listed(facets.map(|facet| facet.words.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(sweep: &str) -> Vec<Cell> {
        let text = format!(
            "name: x\ndata:\n  source: {{ strokes: {{ classes: letters, images: 2600 }} }}\n  target: {{ strokes: {{ classes: digits, images: 2000 }} }}\nsweep: {sweep}\n"
        );
        let path = std::path::Path::new("x.yaml");
        let experiment = config::from_text(&text, path, &[]).expect("it checks");
        experiment.cells()
    }

    fn settings(sweep: &str) -> Vec<String> {
        let cells = cells(sweep);
        let differences = Differences::new(&cells);
        let told = cells.iter().map(|cell| differences.of(cell).whole());
        told.collect()
    }

    #[test]
    fn no_two_cells_are_told_in_the_same_words() {
        let cells = cells(
            "[{ shots: [1, 2], null: [independent, gaussian], release: [weights, labels], \
             learning_rate: [0.01, 0.1], head: [linear, { mlp: { hidden: 4 } }], \
             defence: [none, { dp_sgd: { epsilon: 5, clip: 1 } }, { dp_sgd: { epsilon: 5, clip: 2 } }], \
             attack: [{ reconstructor: { samples: 4000 } }, { reconstructor: { samples: 8000, architecture: conv } }, membership] }, \
             { shots: [1, 2], defence: [\
             { one_release: { epsilon: 5, method: [prototypes, least_squares], rank: [8, 16] } }, \
             { one_release: { epsilon: 5, method: least_squares, rank: 8, clip: 2 } }, \
             { dp_sgd: { epsilon: 5 } }, { dp_sgd: { epsilon: 5, directions: [principal, class_labels], rank: [4, 8] } }], \
             attack: [{ reconstructor: { samples: 4000 } }, membership] }]",
        );
        let differences = Differences::in_full(&cells);
        let mut told = std::collections::HashSet::new();
        for cell in &cells {
            let words = names::listed([
                names::attack(&cell.attack),
                names::count(cell.shots, "shot"),
                names::defence(cell),
                differences.of(cell).whole(),
            ]);
            assert!(told.insert(words.clone()), "{words}");
        }
        assert!(cells.len() > 100);
    }

    #[test]
    fn only_what_differs_is_said() {
        assert_eq!(settings("{ shots: [1, 2], epochs: 8 }"), ["", ""]);
        let grids = "[{ shots: 1 }, { shots: 1, epochs: [8, 64] }, { shots: 1, adversary: { epochs: { times: 1.5 } } }]";
        let expected = [
            "",
            "epochs 8",
            "epochs 64",
            "adversary assumes epochs × 1.5",
        ];
        assert_eq!(settings(grids), expected);
    }

    #[test]
    fn directions_are_told_of_dp_sgd_where_some_heads_have_others() {
        let sweep = "{ shots: 1, defence: [{ dp_sgd: { epsilon: [5, 20, 80] } }, { dp_sgd: { epsilon: 5, directions: principal, rank: [4, 8] } }, { one_release: { epsilon: 5 } }] }";
        let released = "prototypes, no labels, usual rank";
        let told = settings(sweep);
        assert_eq!(told[..3], ["", "", ""]);
        assert_eq!(told[3..5], ["no labels, rank 4", "no labels, rank 8"]);
        assert!(
            released.starts_with(&told[5]) && !told[5].is_empty(),
            "{}",
            told[5]
        );
        let none = "{ shots: 1, defence: [none, { dp_sgd: { epsilon: 5 } }] }";
        assert_eq!(settings(none), ["", ""]);
    }

    #[test]
    fn options_are_compared_within_one_attack() {
        let sweep =
            "{ shots: 1, attack: [unmixing, { reconstructor: { samples: [10000, 20000] } }] }";
        assert_eq!(settings(sweep), ["", "10000 samples", "20000 samples"]);
        let sweep = "[{ shots: [1, 2] }, { shots: 1, attack: { unmixing: { samples: 900 } } }]";
        assert_eq!(settings(sweep), ["", "", "900 samples"]);
    }
}
