//! The recipes that the adversary trains shadow heads with, where it does not know the victims'.

use config::experiment::{Adversary, Assumed};
use transfer::Recipe;

/// Values that a range is cut into.
const STEPS: usize = 5;

/// Every combination of the values that the beliefs allow.
pub fn recipes(adversary: &Adversary, truth: Recipe) -> Vec<Recipe> {
    if truth.release.is_some() {
        // Made without steps: there is nothing to be unsure of.
        return vec![truth];
    }
    let init_std = values(adversary.init_std, f64::from(truth.init_std));
    let steps = values(adversary.epochs, truth.steps as f64);
    let learning_rate = values(adversary.learning_rate, f64::from(truth.learning_rate));
    let mut recipes = Vec::with_capacity(init_std.len() * steps.len() * learning_rate.len());
    for &init_std in &init_std {
        for &steps in &steps {
            for &learning_rate in &learning_rate {
                recipes.push(Recipe {
                    init_std: init_std as f32,
                    steps: (steps.round() as usize).max(1),
                    learning_rate: learning_rate as f32,
                    ..truth
                });
            }
        }
    }
    recipes
}

/// The belief's values: one where it is a point, else evenly spaced on a logarithmic axis.
fn values(belief: Assumed, truth: f64) -> Vec<f64> {
    let (from, to) = belief.bounds(truth);
    if from == to {
        return vec![from];
    }
    (0..STEPS)
        .map(|step| from * (to / from).powf(step as f64 / (STEPS - 1) as f64))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_recipe_is_one_and_ranges_span_their_ends() {
        let truth = Recipe::mnist(1);
        assert_eq!(recipes(&Adversary::default(), truth), vec![truth]);
        let unsure = Adversary {
            learning_rate: Assumed::Times(0.5, 2.0),
            ..Adversary::default()
        };
        let rates: Vec<f32> = recipes(&unsure, truth)
            .iter()
            .map(|it| it.learning_rate)
            .collect();
        assert_eq!(rates.len(), STEPS);
        assert!((rates[0] - 0.005).abs() < 1e-7 && (rates[4] - 0.02).abs() < 1e-7);
        assert!((rates[2] - 0.01).abs() < 1e-7);
    }
}
