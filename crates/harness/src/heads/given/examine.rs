//! From a head to what is found of it.

use attacks::{Aim, WhiteBox, World};
use config::experiment::Audit;
use spec::Then;
use transfer::{ShadowBatch, Trainer};

use super::agreement::{self, Calibrated};
use super::beside::Beside;
use super::finding::{Finding, Target};
use super::fit::fit;
use super::records::Records;
use super::weights::{Named, Saved};
use crate::corpus::Corpus;
use crate::error::HarnessError;
use crate::heads::learned::white_box;
use crate::heads::model;
use crate::heads::outcome::Outcome;
use crate::heads::prior::LastPrior;
use crate::heads::recipe::shape;
use crate::heads::stages::Grid;
use crate::heads::trial::Trial;
use crate::heads::victims;
use crate::heads::world::world;
use crate::stages::Stages;

/// Attacks that are fitted anew where nothing but their agreement can be told.
const FITS: usize = 4;
/// Where in the victims' stream the heads begin that agreement is calibrated on: far beyond all others.
const AGREEMENT_START: u64 = 1 << 42;

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The audit.
    pub audit: &'a Audit,
    /// The head; none for one that is trained here, on the private set.
    pub head: Option<&'a Saved>,
    /// What the first cell found: the same attack on simulated heads that nothing defends.
    pub simulated: &'a Outcome,
    /// Scores below this are called at 1 % false positives.
    pub threshold: Option<f64>,
}

/// Refuses head and records that cannot be audited, before heads like it are attacked.
///
/// # Errors
/// As [`examine`] has them.
pub fn check(
    grid: &Grid<'_>,
    audit: &Audit,
    head: Option<&Saved>,
    stages: &mut Stages<'_>,
) -> Result<(), HarnessError> {
    let (corpus, _) = prepare(grid, audit, stages)?;
    match head {
        Some(saved) => {
            let (cell, features) = (&grid.cells[0], &corpus.features);
            saved.read(shape(cell.head, features.width(), features.classes()))?;
        }
        None if audit.private.is_none() => return Err(no_head()),
        None => {}
    }
    Ok(())
}

fn no_head() -> HarnessError {
    HarnessError::Setting {
        place: "--head".into(),
        reason: "there is no head to audit\nhint: name its file with `harness audit CONFIG --head \
                 FILE`, or a training set with `private` to train one on"
            .into(),
    }
}

/// Public data, and the owner's records.
fn prepare(
    grid: &Grid<'_>,
    audit: &Audit,
    stages: &mut Stages<'_>,
) -> Result<(Corpus, Option<Records>), HarnessError> {
    let (cell, own) = (&grid.cells[0], &grid.stages[0]);
    let corpus = Corpus::prepare(
        grid.context,
        grid.experiment.seed,
        &grid.heads.data,
        &cell.backbone,
        &own.corpus,
        stages,
    )?;
    corpus.split.check(cell.shots)?;
    let task = &grid.heads.data.task;
    let load = |spec| Records::load(grid.context, spec, task, cell.shots, &corpus);
    let records = audit.private.as_ref().map(load).transpose()?;
    Ok((corpus, records))
}

/// Attacks the head as the first cell of `grid` does its victims.
///
/// # Errors
/// A head or records that do not fit, see [`Saved::read`], `fit` and `Records::load`; what cannot be
/// trained, kept or run.
pub fn examine(
    grid: &Grid<'_>,
    asked: Asked<'_>,
    stages: &mut Stages<'_>,
) -> Result<(Named, Finding), HarnessError> {
    let (cell, own) = (&grid.cells[0], &grid.stages[0]);
    let (corpus, records) = prepare(grid, asked.audit, stages)?;
    let (world, _) = world(grid, &corpus, cell, own, stages)?;
    let head = match (asked.head, &records) {
        (Some(saved), _) => saved.read(world.shape)?,
        (None, Some(records)) => demonstration(&world, records)?,
        (None, None) => return Err(no_head()),
    };
    let test = victims::test_set(&corpus.features, &corpus.split.test)?;
    let fit = fit(&world, &test, &head, &asked.simulated.accuracy)?;
    let attack = white_box(&asked.audit.attack).ok_or_else(|| HarnessError::Setting {
        place: "attack".into(),
        reason: "nothing is read back by it".into(),
    })?;
    let none = ShadowBatch {
        heads: 0,
        weights: Vec::new(),
        members: Vec::new(),
    };
    let trial = Trial {
        grid,
        corpus: &corpus,
        world: &world,
        cell,
        stages: own,
        prior: &LastPrior::default(),
        victims: &none,
        test: &test,
        encrypted: None,
    };
    let model = model::white_box(&trial, &attack, stages)?;
    let tau = grid.heads.tau.unwrap_or(corpus.tau);
    let one = single(&world, &head);
    let images = model.reconstruct(&world, &one);
    let mut finding = Finding {
        fit,
        targets: targets(&world, model.aim(), &images),
        records: Vec::new(),
        null_heads: 0,
        share: None,
        agreement: None,
        tau,
        shape: corpus.images.shape(),
    };
    match &records {
        Some(records) => {
            if !records.balanced() {
                finding.fit.remarks.push(format!(
                    "its classes have not all {} training examples; simulated heads have",
                    cell.shots
                ));
            }
            let beside = Beside {
                world: &world,
                records,
                model: model.as_ref(),
            };
            let progress = stages.progress();
            (finding.records, finding.null_heads) = beside.rank(&one, progress)?;
            if let Some(threshold) = asked.threshold {
                let share = beside.share(&images, threshold, &asked.simulated.victims)?;
                finding.share = Some(share);
            }
        }
        None => by_agreement(
            &world,
            &attack,
            model.as_ref(),
            &one,
            &mut finding,
            stages,
            grid.heads.victims,
        )?,
    }
    Ok((head, finding))
}

/// A head trained here, by the recipe, on the private set.
fn demonstration(world: &World<'_>, records: &Records) -> Result<Named, HarnessError> {
    let mut members: Vec<u32> = (0..records.len() as u32).collect();
    members.sort_by_key(|&index| records.features.labels()[index as usize]);
    let mut weights = vec![0.0; world.shape.weight_len()];
    let mut rng = world.key.child("demonstration").rng(0);
    let mut trainer = Trainer::new(world.shape, world.recipe)?.in_space(world.space.clone());
    trainer.train(&records.features, &members, &mut rng, &mut weights)?;
    Ok(Named {
        name: "a demonstration head".into(),
        shape: world.shape,
        weights,
    })
}

/// The head as a batch; nobody knows its members.
fn single(world: &World<'_>, head: &Named) -> ShadowBatch {
    ShadowBatch {
        heads: 1,
        weights: head.weights.clone(),
        members: vec![0; world.members()],
    }
}

fn targets(world: &World<'_>, aim: Aim, images: &[f32]) -> Vec<Target> {
    let each = images.chunks(world.pixels()).enumerate();
    each.map(|(target, pixels)| Target {
        class: (aim.targets() > 1).then_some(target),
        reconstruction: pixels.to_vec(),
        confidence: None,
    })
    .collect()
}

/// Says how far reconstructions can be believed without the truth.
fn by_agreement(
    world: &World<'_>,
    attack: &Then,
    model: &dyn WhiteBox,
    head: &ShadowBatch,
    finding: &mut Finding,
    stages: &Stages<'_>,
    heads: usize,
) -> Result<(), HarnessError> {
    let anew = (1..FITS).map(|fit| {
        let world = World {
            key: world.key.child("anew").child(&fit.to_string()),
            ..world.clone()
        };
        model::fit(&world, attack, stages.progress())
    });
    let anew: Vec<Box<dyn WhiteBox>> = anew.collect::<Result<_, _>>()?;
    let fits = |batch: &ShadowBatch| -> Vec<Vec<f32>> {
        let all = std::iter::once(model).chain(anew.iter().map(Box::as_ref));
        all.map(|model| model.reconstruct(world, batch)).collect()
    };
    let calibrated = Calibrated::new(
        world,
        model.aim(),
        &fits,
        heads,
        AGREEMENT_START,
        finding.tau,
    )?;
    let images = fits(head);
    for (at, target) in finding.targets.iter_mut().enumerate() {
        let apart = agreement::disagreement(&images, world.pixels(), at);
        target.confidence = Some(calibrated.confidence(at, apart));
    }
    finding.agreement = Some(super::finding::Agreement {
        fits: FITS,
        ..calibrated.checked
    });
    Ok(())
}
