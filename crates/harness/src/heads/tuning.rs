//! The best settings of training, by a search on public data.

use std::collections::HashMap;

use privacy::{NoiseMultiplier, PrivacyError};
use rayon::prelude::*;
use spec::{Defence, DpSgd, PlainTuning, Tuning};
use transfer::{Recipe, ShadowStream};

use super::chosen::Chosen;
use super::private::{Run, Undefended};
use super::search::{self, Axis, Found};
use super::victims;
use crate::corpus::Corpus;
use crate::error::HarnessError;
use crate::progress::Progress;

/// Heads by which one combination of settings is judged.
const HEADS: usize = 48;
/// Most epochs that a search goes up to by itself.
const EPOCHS: usize = 4096;

/// Searches what `defence` asks for: heads on draws from the public pool, judged on public examples
/// (a draw's own few examples among them weigh little). Victims' data is not touched, so the search
/// costs no privacy.
///
/// # Errors
/// If heads cannot be trained, or there is nothing to search.
pub fn search(
    progress: &Progress,
    corpus: &Corpus,
    plain: Undefended,
    defence: &Defence,
) -> Result<Chosen, HarnessError> {
    let trial = Trial {
        corpus,
        plain,
        held_out: victims::test_set(&corpus.features, &corpus.split.public)?,
    };
    match defence {
        Defence::DpSgd(dp) => match &dp.tuned {
            Some(grid) => trial.private(progress, dp, grid),
            None => Err(nothing()),
        },
        Defence::None(as_trained) => match &as_trained.tuned {
            Some(grid) => trial.plain(progress, grid),
            None => Err(nothing()),
        },
        Defence::OneRelease(_) | Defence::Rhe(_) => Err(nothing()),
    }
}

fn nothing() -> HarnessError {
    HarnessError::Setting {
        place: "tuned".into(),
        reason: "nothing to try".into(),
    }
}

/// What settings are tried on.
struct Trial<'a> {
    corpus: &'a Corpus,
    plain: Undefended,
    held_out: datasets::FeatureSet,
}

impl Trial<'_> {
    fn private(
        &self,
        progress: &Progress,
        dp: &DpSgd,
        grid: &Tuning,
    ) -> Result<Chosen, HarnessError> {
        let samplings = grid.samplings(dp.sampling);
        let momenta = momenta(&grid.momentum, 0.0);
        let axes = [
            Axis::choices(samplings.len()),
            Axis::choices(momenta.len()),
            self.epochs(&grid.epochs),
            Axis::real(&grid.clip, f64::from(f32::MAX)),
            self.rates(&grid.learning_rate),
        ];
        let mut noises: HashMap<(usize, usize), Option<NoiseMultiplier>> = HashMap::new();
        let found = self.best(progress, "tuning DP-SGD", &axes, |at| {
            let (choice, epochs) = (at[0] as usize, at[2] as usize);
            let run = Run::new(samplings[choice], dp.delta, epochs, self.plain)?;
            let noise = match noises.get(&(choice, epochs)) {
                Some(noise) => *noise,
                None => {
                    let noise = match run.noise(dp) {
                        // So many steps have no such ε: no settings for these heads.
                        Err(HarnessError::Privacy(PrivacyError::Unreachable { .. })) => None,
                        other => Some(other?),
                    };
                    noises.insert((choice, epochs), noise);
                    noise
                }
            };
            let recipe = noise.map(|noise| run.recipe(self.plain, at[3], at[4], noise));
            let momentum = momenta[at[1] as usize] as f32;
            Ok(recipe.map(|recipe| Recipe { momentum, ..recipe }))
        })?;
        let sampling = samplings[found.at[0] as usize];
        Ok(Chosen {
            private: Some((found.at[3], sampling.rate())),
            momentum: searched(&grid.momentum, found.at[1]),
            ..chosen(&found, found.at[4], found.at[2])
        })
    }

    fn plain(&self, progress: &Progress, grid: &PlainTuning) -> Result<Chosen, HarnessError> {
        let momenta = momenta(&grid.momentum, f64::from(self.plain.recipe.momentum));
        let axes = [
            Axis::choices(momenta.len()),
            self.epochs(&grid.epochs),
            self.rates(&grid.learning_rate),
        ];
        let found = self.best(progress, "tuning undefended heads", &axes, |at| {
            Ok(Some(Recipe {
                learning_rate: at[2] as f32,
                steps: at[1] as usize,
                momentum: momenta[at[0] as usize] as f32,
                ..self.plain.recipe
            }))
        })?;
        Ok(Chosen {
            momentum: searched(&grid.momentum, found.at[0]),
            ..chosen(&found, found.at[2], found.at[1])
        })
    }

    fn epochs(&self, listed: &[usize]) -> Axis {
        let most = listed.iter().copied().fold(EPOCHS, usize::max);
        Axis::whole(listed, most)
    }

    /// Learning rates, below the one at which weight decay overshoots.
    fn rates(&self, listed: &[f64]) -> Axis {
        let decay = f64::from(self.plain.recipe.weight_decay);
        let most = if decay > 0.0 { 0.5 / decay } else { 1e6 };
        Axis::real(listed, most)
    }

    /// The settings of the highest accuracy; those without a recipe have none.
    fn best(
        &self,
        progress: &Progress,
        name: &str,
        axes: &[Axis],
        mut recipe: impl FnMut(&[f64]) -> Result<Option<Recipe>, HarnessError>,
    ) -> Result<Found, HarnessError> {
        let step = progress.step(name, search::listed(axes) as u64);
        let (mut done, mut best) = (0, 0.0);
        let found = search::best(axes, |at| {
            let accuracy = match recipe(at)? {
                Some(recipe) => self.accuracy(recipe)?,
                None => 0.0,
            };
            (done, best) = (done + 1, f64::max(best, accuracy));
            step.at(done, &format!("best accuracy {best:.3}"));
            Ok::<f64, HarnessError>(accuracy)
        })?;
        found.ok_or_else(nothing)
    }

    /// Mean accuracy of heads trained on public draws; 0 for a recipe that diverges.
    fn accuracy(&self, recipe: Recipe) -> Result<f64, HarnessError> {
        let Self { corpus, plain, .. } = self;
        let stream = ShadowStream::new(
            &corpus.features,
            &corpus.split.public,
            plain.shape,
            recipe,
            plain.shots,
            corpus.root.child("tuning"),
        );
        let stream = match stream {
            Ok(stream) => stream,
            Err(transfer::TransferError::Diverged { .. }) => return Ok(0.0),
            Err(error) => return Err(error.into()),
        };
        let mut batch = stream.batch(HEADS);
        stream.fill(0, &mut batch);
        let accuracies: Vec<f64> = (0..batch.len())
            .into_par_iter()
            .map(|index| victims::accuracy_of(plain.shape, batch.head(index), &self.held_out))
            .collect();
        Ok(accuracies.iter().sum::<f64>() / accuracies.len() as f64)
    }
}

/// The momenta that are tried: `own` alone where none are listed.
fn momenta(listed: &[f64], own: f64) -> Vec<f64> {
    match listed {
        [] => vec![own],
        _ => listed.to_vec(),
    }
}

/// The one that was chosen, where any was asked for.
fn searched(listed: &[f64], choice: f64) -> Option<f64> {
    listed.get(choice as usize).copied()
}

fn chosen(found: &Found, rate: f64, epochs: f64) -> Chosen {
    Chosen {
        learning_rate: rate,
        epochs: epochs as usize,
        momentum: None,
        private: None,
        accuracy: found.score,
        tried: found.tried,
        inside: found.inside,
    }
}
