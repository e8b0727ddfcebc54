//! What a search for the settings of training chose.

use serde::{Deserialize, Serialize};
use transfer::Recipe;

/// What a search chose.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// Learning rate.
    pub learning_rate: f64,
    /// Epochs.
    pub epochs: usize,
    /// Momentum, where it was searched for.
    pub momentum: Option<f64>,
    /// Clipping norm and sampling rate, where there is privacy.
    pub private: Option<(f64, f64)>,
    /// Mean accuracy on held-out public examples.
    pub accuracy: f64,
    /// Combinations that were tried.
    pub tried: usize,
    /// Whether settings on every side of the best ones do worse.
    pub inside: bool,
}

impl Chosen {
    /// The recipe with the settings that every training has.
    pub fn on(&self, recipe: Recipe) -> Recipe {
        Recipe {
            learning_rate: self.learning_rate as f32,
            steps: self.epochs,
            momentum: self.momentum.map_or(recipe.momentum, |it| it as f32),
            ..recipe
        }
    }

    /// In words, for the column `tuned`.
    pub fn words(&self) -> String {
        let clip = self
            .private
            .map_or_else(String::new, |(clip, _)| format!("clip {}, ", short(clip)));
        let edge = if self.inside {
            ""
        } else {
            ", still rising where the search ended"
        };
        let momentum = self
            .momentum
            .map_or_else(String::new, |it| format!(", momentum {it}"));
        let (rate, epochs) = (short(self.learning_rate), self.epochs);
        format!("{clip}learning rate {rate}, {epochs} epochs{momentum}{edge}")
    }
}

/// The number to four digits: continued grids have long ones.
fn short(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_said_and_where_the_search_was_cut_short() {
        let chosen = Chosen {
            learning_rate: 0.1 / 3.0,
            epochs: 48,
            momentum: Some(0.9),
            private: Some((8.0 * 4.0, 0.5)),
            accuracy: 0.5,
            tried: 9,
            inside: false,
        };
        let said = "clip 32, learning rate 0.03333, 48 epochs, momentum 0.9, still rising where the search ended";
        assert_eq!(chosen.words(), said);
        let plain = Chosen {
            momentum: None,
            private: None,
            inside: true,
            ..chosen
        };
        assert_eq!(plain.words(), "learning rate 0.03333, 48 epochs");
    }
}
