//! One reconstructor for several cells.

use std::path::Path;

use attacks::{AttackError, Reconstructor, WhiteBox, World};
use serde::{Deserialize, Serialize};

use super::reports::reports;
use super::stages::Network;
use super::trial::Trial;
use super::world::world;
use crate::error::HarnessError;
use crate::stages::{Postcard, Stages};

/// A trained network as it is kept: each lesson's attack as its own file, none where its heads could
/// not be trained.
#[derive(Serialize, Deserialize)]
struct Attacks(Vec<Option<Vec<u8>>>);

/// The trial's attack, of the network of its cell and of all that share it: trained, or read from the
/// cache.
///
/// # Errors
/// If it cannot be trained or kept.
pub fn attack(
    trial: &Trial<'_>,
    network: Network,
    options: &spec::Reconstructor,
    samples: u64,
    stages: &mut Stages<'_>,
) -> Result<Box<dyn WhiteBox>, HarnessError> {
    let made = stages.get_or_make(network.id, &Postcard, |stages| {
        fit(trial, network, options, samples, stages)
    })?;
    let Attacks(attacks) = made.product;
    let lessons = attacks.len();
    let own = attacks.into_iter().nth(network.lesson).flatten();
    let own = own.ok_or_else(|| AttackError::Mismatch {
        what: "a cell among those that share its network",
        expected: format!("lesson {}", network.lesson + 1),
        found: format!("{lessons} lessons without it"),
    })?;
    let file = temporary(&own)?;
    Ok(Box::new(Reconstructor::load(&file)?))
}

fn fit(
    trial: &Trial<'_>,
    network: Network,
    options: &spec::Reconstructor,
    samples: u64,
    stages: &mut Stages<'_>,
) -> Result<Attacks, HarnessError> {
    let grid = trial.grid;
    let lessons = grid.lessons(network.id);
    let mut worlds = Vec::with_capacity(lessons.len());
    let mut taught = Vec::with_capacity(lessons.len());
    for (lesson, &at) in lessons.iter().enumerate() {
        let (cell, own) = (&grid.cells[at], &grid.stages[at]);
        match world(grid, trial.corpus, cell, own, stages) {
            Ok((world, _)) => {
                worlds.push(world);
                taught.push(lesson);
            }
            // A cell whose heads cannot be trained fails alone.
            Err(error) if lesson == network.lesson => return Err(error),
            Err(_) => {}
        }
    }
    let worlds: Vec<&World<'_>> = worlds.iter().collect();
    let progress = reports(stages.progress(), "training the reconstructor", samples);
    let trained = Reconstructor::fit_shared(&worlds, options, progress)?;
    let mut attacks = vec![None; lessons.len()];
    for (lesson, attack) in taught.into_iter().zip(trained) {
        let file = temporary(&[])?;
        attack.save(&file)?;
        attacks[lesson] = Some(read(&file)?);
    }
    Ok(Attacks(attacks))
}

fn temporary(contents: &[u8]) -> Result<tempfile::TempPath, HarnessError> {
    let written = tempfile::NamedTempFile::new().and_then(|mut file| {
        std::io::Write::write_all(&mut file, contents)?;
        Ok(file.into_temp_path())
    });
    written.map_err(|source| HarnessError::File {
        action: "write a file in",
        path: std::env::temp_dir(),
        source,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, HarnessError> {
    std::fs::read(path).map_err(|source| HarnessError::File {
        action: "read",
        path: path.to_owned(),
        source,
    })
}
