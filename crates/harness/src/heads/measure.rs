//! One cell, from victims to scores.

use config::experiment::{Attack, Defence, Task, Then};

use super::blind;
use super::encrypted::{self, Encrypted};
use super::extraction;
use super::findings::Findings;
use super::inference;
use super::inversion;
use super::outcome::{Outcome, Victims};
use super::people;
use super::prior::{LastPrior, LastRevealed};
use super::reconstruction;
use super::stages::Grid;
use super::trial::Trial;
use super::victims;
use super::world::world;
use crate::corpus::Corpus;
use crate::error::HarnessError;
use crate::stages::Stages;
use transfer::HeadKind;

/// Trains the victims of the cell `at`, attacks them, and scores the attack under both hypotheses.
///
/// # Errors
/// If something cannot be trained, attacked or kept.
pub fn measure(
    grid: &Grid<'_>,
    at: usize,
    corpus: &Corpus,
    (prior, revealed): (&LastPrior, &LastRevealed),
    stages: &mut Stages<'_>,
) -> Result<Outcome, HarnessError> {
    let (cell, own) = (&grid.cells[at], &grid.stages[at]);
    let (mut world, terms) = world(grid, corpus, cell, own, stages)?;
    let shape = world.shape;
    let stream = world.victims()?;
    let mut batch = stream.batch(grid.heads.victims);
    stream.fill(0, &mut batch)?;
    let test = victims::test_set(&corpus.features, &corpus.split.test)?;
    let view;
    let mut encrypted = None;
    let mut encrypted_agreement = None;
    let mut accuracy = None;
    if let Defence::Rhe(options) = &cell.defence {
        view = Encrypted::new(shape, options, cell.release)?;
        // What a hidden layer under encryption reveals depends on the noise of its bootstraps, and
        // takes a second an image: nothing is said of it rather than the accuracy in the clear.
        accuracy = Some(Vec::new());
        if shape.kind == HeadKind::Linear {
            let own = || encrypted::revealed(&batch, shape, &test, options);
            let revealed = revealed.get(cell, own)?;
            encrypted_agreement = Some(revealed.agreement);
            accuracy = Some(revealed.accuracy);
        }
        encrypted = Some(&view);
        // An extraction sees answers, not the head, and knows its own shadow heads in the clear.
        if !matches!(cell.attack, Attack::Labels(_) | Attack::Scores(_)) {
            world = world.seen_through(&view);
        }
    }
    let trial = Trial {
        grid,
        corpus,
        world: &world,
        cell,
        stages: own,
        prior,
        victims: &batch,
        test: &test,
        encrypted,
    };
    let findings = attack(&trial, stages)?;
    let tau = grid.heads.tau.unwrap_or(corpus.tau);
    let blind = blind::errors(&trial, &findings, tau);
    let victims = Victims {
        n: world.members() as u64,
        accuracy: accuracy.unwrap_or_else(|| match grid.heads.data.task {
            Task::Person { .. } => people::accuracies(corpus, &batch, shape, &test),
            Task::Classes | Task::Binary { .. } => victims::accuracies(&batch, shape, &test),
        }),
        encrypted_agreement,
        terms,
        blind,
        tau: corpus.tau,
        shape: corpus.images.shape(),
    };
    Ok(Outcome::new(victims, findings).read(grid.resampling(at))?)
}

fn attack(trial: &Trial<'_>, stages: &mut Stages<'_>) -> Result<Findings, HarnessError> {
    Ok(match &trial.cell.attack {
        Attack::Unmixing(options) => {
            let attack = Then::Unmixing(*options);
            Findings::Images(reconstruction::run(trial, &attack, stages)?)
        }
        Attack::Reconstructor(options) => {
            let attack = Then::Reconstructor(*options);
            Findings::Images(reconstruction::run(trial, &attack, stages)?)
        }
        Attack::Labels(options) => Findings::Copies(extraction::by_labels(trial, options, stages)?),
        Attack::Scores(options) => Findings::Copies(extraction::by_scores(trial, options, stages)?),
        Attack::Membership(options) => Findings::Answers(inference::membership(trial, options)?),
        Attack::Property(options) => Findings::Answers(inference::property(trial, options)?),
        Attack::GradientInversion(options) => inversion::run(trial, options, stages)?,
    })
}
