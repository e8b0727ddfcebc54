//! Which cells share one trained network, and what it learns from each.

use std::collections::HashMap;

use config::experiment::Cell;
use serde::Serialize;

use super::lessons::{Lesson, shares};

/// The cells that share networks.
pub(super) struct Groups {
    pub all: Vec<Group>,
    /// Group and lesson of each cell.
    of: Vec<Option<(usize, usize)>>,
}

/// Cells that share one.
pub(super) struct Group {
    /// A cell a lesson, in their order.
    pub lessons: Vec<usize>,
    /// Stands for all lessons.
    pub hash: String,
}

impl Groups {
    /// Cells of one backbone, head and attack share a network, whatever their shots, privacy and null.
    pub fn new(cells: &[Cell]) -> Self {
        let mut all: Vec<Group> = Vec::new();
        let mut by_network: HashMap<String, usize> = HashMap::new();
        let mut by_lesson: HashMap<(usize, String), usize> = HashMap::new();
        let mut hashers: Vec<blake3::Hasher> = Vec::new();
        let mut of = Vec::with_capacity(cells.len());
        for (at, cell) in cells.iter().enumerate() {
            if !shares(cell) {
                of.push(None);
                continue;
            }
            let network = json(&(&cell.backbone, cell.head, &cell.attack));
            let group = *by_network.entry(network).or_insert_with(|| {
                all.push(Group {
                    lessons: Vec::new(),
                    hash: String::new(),
                });
                hashers.push(blake3::Hasher::new());
                all.len() - 1
            });
            let lesson = json(&Lesson::of(cell));
            let lessons = &mut all[group].lessons;
            let hasher = &mut hashers[group];
            let lesson = *by_lesson
                .entry((group, lesson))
                .or_insert_with_key(|(_, lesson)| {
                    hasher.update(&(lesson.len() as u64).to_le_bytes());
                    hasher.update(lesson.as_bytes());
                    lessons.push(at);
                    lessons.len() - 1
                });
            of.push(Some((group, lesson)));
        }
        for (group, hasher) in all.iter_mut().zip(hashers) {
            group.hash = hasher.finalize().to_hex().to_string();
        }
        Self { all, of }
    }

    /// Group and lesson of the cell at `at`.
    pub fn of(&self, at: usize) -> Option<(usize, usize)> {
        self.of[at]
    }
}

/// A part of a cell, to tell it from others.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("parts of a cell have a JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_one_attack_share_whatever_shots_privacy_and_null() {
        let text = "name: x\ndata:\n  source: { strokes: { classes: letters, images: 2600 } }\n  target: { strokes: { classes: digits, images: 2000 } }\nsweep: { shots: [1, 2], defence: [none, { dp_sgd: { epsilon: 5 } }, rhe], null: [independent, gaussian], attack: [unmixing, { reconstructor: { shared: true } }] }\n";
        let path = std::path::Path::new("x.yaml");
        let experiment = config::from_text(text, path, &[]).expect("it checks");
        let cells = experiment.cells();
        let groups = Groups::new(&cells);
        assert_eq!(groups.all.len(), 1);
        assert_eq!(groups.all[0].lessons.len(), 4);
        let sharing = (0..cells.len()).filter(|&at| groups.of(at).is_some());
        assert_eq!(sharing.count(), 8);
        for (at, cell) in cells.iter().enumerate() {
            assert_eq!(groups.of(at).is_some(), shares(cell));
        }
    }
}
