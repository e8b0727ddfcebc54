//! What a search for the settings of heads chose.

use serde::{Deserialize, Serialize};
use transfer::Recipe;
use transfer::one_release::Method;

/// What a search chose.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// The settings.
    pub settings: Settings,
    /// Mean accuracy on held-out public examples.
    pub accuracy: f64,
    /// Combinations that were tried.
    pub tried: usize,
    /// Whether settings on every side of the best ones do worse.
    pub inside: bool,
}

/// Settings that were searched for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Settings {
    /// Of training.
    Training(Training),
    /// Of one release: the method with its options, and the rank.
    Release {
        /// How the head is made.
        method: Method,
        /// Directions that are kept.
        rank: usize,
    },
}

/// Settings of training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Learning rate.
    pub learning_rate: f64,
    /// Epochs.
    pub epochs: usize,
    /// Momentum, where it was searched for.
    pub momentum: Option<f64>,
    /// Clipping norm and sampling rate, where there is privacy.
    pub private: Option<(f64, f64)>,
    /// Public directions that are kept, where their number was searched for.
    pub rank: Option<usize>,
}

impl Training {
    /// The recipe with the settings that every training has.
    pub fn on(&self, recipe: Recipe) -> Recipe {
        Recipe {
            learning_rate: self.learning_rate as f32,
            steps: self.epochs,
            momentum: self.momentum.map_or(recipe.momentum, |it| it as f32),
            ..recipe
        }
    }

    fn words(&self) -> String {
        let rank = self
            .rank
            .map_or_else(String::new, |rank| format!("rank {rank}, "));
        let clip = self
            .private
            .map_or_else(String::new, |(clip, _)| format!("clip {}, ", short(clip)));
        let momentum = self
            .momentum
            .map_or_else(String::new, |it| format!(", momentum {it}"));
        let (rate, epochs) = (short(self.learning_rate), self.epochs);
        format!("{rank}{clip}learning rate {rate}, {epochs} epochs{momentum}")
    }
}

impl Chosen {
    /// The settings of training; none of one release.
    pub fn training(&self) -> Option<Training> {
        match self.settings {
            Settings::Training(training) => Some(training),
            Settings::Release { .. } => None,
        }
    }

    /// In words, for the column `tuned`.
    pub fn words(&self) -> String {
        let settings = match self.settings {
            Settings::Training(training) => training.words(),
            Settings::Release { method, rank } => format!("rank {rank}{}", options(method)),
        };
        let edge = if self.inside {
            ""
        } else {
            ", still rising where the search ended"
        };
        format!("{settings}{edge}")
    }
}

fn options(method: Method) -> String {
    match method {
        Method::Prototypes { .. } => String::new(),
        Method::LeastSquares { clip, ridge } => {
            format!(", clip {}, ridge {}", short(clip), short(ridge))
        }
        Method::OutputPerturbation { regularisation } => format!(", λ {}", short(regularisation)),
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
        let training = Training {
            learning_rate: 0.1 / 3.0,
            epochs: 48,
            momentum: Some(0.9),
            private: Some((8.0 * 4.0, 0.5)),
            rank: None,
        };
        let chosen = |settings, inside| Chosen {
            settings,
            accuracy: 0.5,
            tried: 9,
            inside,
        };
        let said = "clip 32, learning rate 0.03333, 48 epochs, momentum 0.9, still rising where the search ended";
        assert_eq!(chosen(Settings::Training(training), false).words(), said);
        let along = Training {
            momentum: None,
            rank: Some(8),
            ..training
        };
        assert_eq!(
            chosen(Settings::Training(along), true).words(),
            "rank 8, clip 32, learning rate 0.03333, 48 epochs"
        );
        let plain = Training {
            momentum: None,
            private: None,
            ..training
        };
        assert_eq!(
            chosen(Settings::Training(plain), true).words(),
            "learning rate 0.03333, 48 epochs"
        );
        let method = Method::LeastSquares {
            clip: 2.0 / 3.0,
            ridge: 0.1,
        };
        assert_eq!(
            chosen(Settings::Release { method, rank: 8 }, true).words(),
            "rank 8, clip 0.6667, ridge 0.1"
        );
    }
}
