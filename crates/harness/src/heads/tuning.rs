//! The best settings of training or of one release, by a search on public data.

use std::collections::HashMap;
use std::sync::Arc;

use config::experiment::Data;
use privacy::{NoiseMultiplier, PrivacyError};
use rayon::prelude::*;
use spec::{Defence, DpSgd, OneRelease, PlainTuning, ReleaseTuning, Tuning};
use transfer::one_release::{Method, PublicSpace};
use transfer::{Recipe, ShadowStream, Trainer, TransferError};

use super::chosen::{Chosen, Settings, Training};
use super::private::{Run, Undefended};
use super::search::{self, Axis, Found};
use super::{one_release, victims};
use crate::context::Context;
use crate::corpus::{Corpus, Lookup};
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
    (context, data): (&Context, &Data),
    corpus: &Corpus,
    plain: Undefended,
    defence: &Defence,
) -> Result<Chosen, HarnessError> {
    let trial = Trial {
        corpus,
        plain,
        held_out: victims::test_set(&corpus.features, &corpus.split.public)?,
    };
    let ranks = defence.directions().map(|directions| {
        let lookup = Lookup {
            context,
            data,
            directions,
        };
        Ranks::of(corpus, lookup)
    });
    match defence {
        Defence::DpSgd(dp) => match &dp.tuned {
            Some(grid) => trial.private(progress, dp, grid, ranks),
            None => Err(nothing()),
        },
        Defence::None(as_trained) => match &as_trained.tuned {
            Some(grid) => trial.plain(progress, grid),
            None => Err(nothing()),
        },
        Defence::OneRelease(release) => match (&release.tuned, ranks) {
            (Some(grid), Some(ranks)) => trial.released(progress, ranks, release, grid),
            _ => Err(nothing()),
        },
        Defence::Rhe(_) => Err(nothing()),
    }
}

fn nothing() -> HarnessError {
    HarnessError::Setting {
        place: "tuned".into(),
        reason: "nothing to try".into(),
    }
}

/// A recipe, and the coordinates in which heads are made by it, where not from features as they are.
type Tried = (Recipe, Option<Arc<PublicSpace>>);

/// Spaces of the ranks that are tried, each cut once.
struct Ranks<'a> {
    corpus: &'a Corpus,
    lookup: Lookup<'a>,
    cut: HashMap<usize, Arc<PublicSpace>>,
}

impl<'a> Ranks<'a> {
    fn of(corpus: &'a Corpus, lookup: Lookup<'a>) -> Self {
        Self {
            corpus,
            lookup,
            cut: HashMap::new(),
        }
    }

    /// Those listed that there are; all there are where they are fewer.
    fn axis(&self, listed: &[usize]) -> Result<Axis, HarnessError> {
        let most = self.corpus.directions(self.lookup)?;
        let there: Vec<usize> = listed.iter().copied().filter(|it| *it <= most).collect();
        Ok(match there.as_slice() {
            [] => Axis::whole(&[most], most),
            ranks => Axis::whole(ranks, most),
        })
    }

    fn space(&mut self, rank: usize) -> Result<Arc<PublicSpace>, HarnessError> {
        if let Some(space) = self.cut.get(&rank) {
            return Ok(Arc::clone(space));
        }
        let space = self.corpus.space(self.lookup, Some(rank))?;
        self.cut.insert(rank, Arc::clone(&space));
        Ok(space)
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
        mut ranks: Option<Ranks<'_>>,
    ) -> Result<Chosen, HarnessError> {
        let samplings = grid.samplings(dp.sampling);
        let momenta = momenta(&grid.momentum, 0.0);
        let mut axes = vec![
            Axis::choices(samplings.len()),
            Axis::choices(momenta.len()),
            self.epochs(&grid.epochs),
            Axis::real(&grid.clip, f64::from(f32::MAX)),
            self.rates(&grid.learning_rate),
        ];
        if let Some(ranks) = &ranks {
            axes.push(ranks.axis(grid.ranks())?);
        }
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
            let space = match &mut ranks {
                Some(ranks) => Some(ranks.space(at[5] as usize)?),
                None => None,
            };
            Ok(recipe.map(|recipe| (Recipe { momentum, ..recipe }, space)))
        })?;
        let sampling = samplings[found.at[0] as usize];
        let training = Training {
            learning_rate: found.at[4],
            epochs: found.at[2] as usize,
            private: Some((found.at[3], sampling.rate())),
            momentum: searched(&grid.momentum, found.at[1]),
            rank: found.at.get(5).map(|rank| *rank as usize),
        };
        Ok(chosen(&found, Settings::Training(training)))
    }

    /// The rank and the method's own options.
    fn released(
        &self,
        progress: &Progress,
        mut ranks: Ranks<'_>,
        options: &OneRelease,
        grid: &ReleaseTuning,
    ) -> Result<Chosen, HarnessError> {
        let (release, _) = one_release::noise(options, self.plain.n)?;
        let own = one_release::method(options);
        let mut axes = vec![ranks.axis(&grid.rank)?];
        match own {
            Method::Prototypes { .. } => {}
            Method::LeastSquares { .. } => {
                axes.push(Axis::real(&grid.clip, f64::MAX));
                axes.push(Axis::real(&grid.ridge, f64::MAX));
            }
            Method::OutputPerturbation { .. } => {
                axes.push(Axis::real(&grid.regularisation, f64::MAX));
            }
        }
        let method = |at: &[f64]| match own {
            Method::Prototypes { .. } => own,
            Method::LeastSquares { .. } => Method::LeastSquares {
                clip: at[1],
                ridge: at[2],
            },
            Method::OutputPerturbation { .. } => Method::OutputPerturbation {
                regularisation: at[1],
            },
        };
        let found = self.best(progress, "tuning one release", &axes, |at| {
            let rank = at[0] as usize;
            let recipe = one_release::recipe(method(at), release, rank);
            Ok(Some((recipe, Some(ranks.space(rank)?))))
        })?;
        let settings = Settings::Release {
            method: method(&found.at),
            rank: found.at[0] as usize,
        };
        Ok(chosen(&found, settings))
    }

    fn plain(&self, progress: &Progress, grid: &PlainTuning) -> Result<Chosen, HarnessError> {
        let momenta = momenta(&grid.momentum, f64::from(self.plain.recipe.momentum));
        let axes = [
            Axis::choices(momenta.len()),
            self.epochs(&grid.epochs),
            self.rates(&grid.learning_rate),
        ];
        let found = self.best(progress, "tuning undefended heads", &axes, |at| {
            let recipe = Recipe {
                learning_rate: at[2] as f32,
                steps: at[1] as usize,
                momentum: momenta[at[0] as usize] as f32,
                ..self.plain.recipe
            };
            Ok(Some((recipe, None)))
        })?;
        let training = Training {
            learning_rate: found.at[2],
            epochs: found.at[1] as usize,
            momentum: searched(&grid.momentum, found.at[0]),
            private: None,
            rank: None,
        };
        Ok(chosen(&found, Settings::Training(training)))
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
        mut recipe: impl FnMut(&[f64]) -> Result<Option<Tried>, HarnessError>,
    ) -> Result<Found, HarnessError> {
        let step = progress.step(name, search::listed(axes) as u64);
        let (mut done, mut best) = (0, 0.0);
        let found = search::best(axes, |at| {
            let accuracy = match recipe(at)? {
                Some((recipe, space)) => self.accuracy(recipe, space)?,
                None => 0.0,
            };
            (done, best) = (done + 1, f64::max(best, accuracy));
            step.at(done, &format!("best accuracy {best:.3}"));
            Ok::<f64, HarnessError>(accuracy)
        })?;
        found.ok_or_else(nothing)
    }

    /// Mean accuracy of heads trained on public draws; 0 for a recipe that diverges or does not
    /// converge.
    fn accuracy(
        &self,
        recipe: Recipe,
        space: Option<Arc<PublicSpace>>,
    ) -> Result<f64, HarnessError> {
        let Self { corpus, plain, .. } = self;
        let stream = ShadowStream::by(
            &corpus.features,
            &corpus.split.public,
            Trainer::new(plain.shape, recipe)?.in_space(space),
            plain.shots,
            corpus.root.child("tuning"),
        );
        let heads = stream.and_then(|stream| {
            let mut batch = stream.batch(HEADS);
            stream.fill(0, &mut batch)?;
            Ok(batch)
        });
        let batch = match heads {
            Ok(batch) => batch,
            Err(TransferError::Diverged { .. } | TransferError::NotConverged { .. }) => {
                return Ok(0.0);
            }
            Err(error) => return Err(error.into()),
        };
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

fn chosen(found: &Found, settings: Settings) -> Chosen {
    Chosen {
        settings,
        accuracy: found.score,
        tried: found.tried,
        inside: found.inside,
    }
}
