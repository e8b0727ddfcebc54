//! Black-box reconstruction in a cell: extract the head by queries, then attack the copy.

use attacks::{
    Boundaries, BoundaryOptions, Extracted, FittedExtraction, HiddenLaw, LabelExtraction,
    ScoreExtraction, centred_cosine, others_scores, score,
};
use rayon::prelude::*;
use rhe::SimulatedHead;
use spec::{Labels, ScoreKind, Scores, Then};
use transfer::{Head, HeadKind, ShadowBatch};

use super::calibration::Calibration;
use super::findings::{Copied, Reconstructed};
use super::gallery;
use super::model;
use super::trial::Trial;
use super::victims::share_equal;
use crate::error::HarnessError;
use crate::stages::Stages;

/// Extraction by hard labels.
pub fn by_labels(
    trial: &Trial<'_>,
    options: &Labels,
    stages: &mut Stages<'_>,
) -> Result<Copied, HarnessError> {
    if trial.world.shape.kind != HeadKind::Linear {
        return by_fitting(trial, options, stages);
    }
    let prior = trial.prior.get(trial.cell, trial.world)?;
    let boundaries = query_images(trial, BoundaryOptions::for_budget(options.queries))?;
    let extraction = LabelExtraction::new(&prior, &boundaries, options.queries)?;
    let copies = each_victim(trial, "extracting by labels", |victim| {
        Ok(extraction.extract(|features| victim.class(features))?)
    })?;
    let cosine = cosine_of_rows(trial, None);
    attack_copies(trial, &options.then, copies, cosine, stages)
}

/// Extraction by hard labels of heads with a hidden layer. The cosine is over the weights of both
/// layers, with the units aligned and the layers balanced.
fn by_fitting(
    trial: &Trial<'_>,
    options: &Labels,
    stages: &mut Stages<'_>,
) -> Result<Copied, HarnessError> {
    let law = HiddenLaw::fit(trial.world)?;
    let boundaries = query_images(trial, BoundaryOptions::bisecting(options.queries))?;
    let extraction = FittedExtraction::new(&law, &boundaries, options.queries)?;
    let copies = each_victim(trial, "fitting heads to labels", |victim| {
        Ok(extraction.extract(|features| victim.class(features))?)
    })?;
    let cosine = |copy: &[f32], victim: &[f32]| law.cosine(copy, victim);
    attack_copies(trial, &options.then, copies, cosine, stages)
}

/// Images that all victims are asked about, with their features.
fn query_images<'a>(
    trial: &Trial<'a>,
    budget: BoundaryOptions,
) -> Result<Boundaries<'a>, HarnessError> {
    let backbone = trial
        .corpus
        .extractor()
        .ok_or_else(|| HarnessError::Setting {
            place: "sweep.attack.labels".into(),
            reason: "label queries are images, the data are features".into(),
        })?;
    let progress = &trial.grid.context.progress;
    let step = progress.step("query images", budget.lines as u64);
    Ok(Boundaries::prepare(trial.world, backbone, &budget, |at| {
        step.at(at.done, "")
    })?)
}

/// Extraction by scores. The cosine is over the weights that some query's features reach: a weight
/// on a feature that stays zero shows in no answer.
pub fn by_scores(
    trial: &Trial<'_>,
    options: &Scores,
    stages: &mut Stages<'_>,
) -> Result<Copied, HarnessError> {
    let prior = trial.prior.get(trial.cell, trial.world)?;
    let extraction = ScoreExtraction::new(trial.world, &prior, trial.corpus.extractor(), *options)?;
    let copies = each_victim(trial, "extracting by scores", |victim| {
        Ok(extraction.extract(|features| {
            let logits = victim.logits(features);
            match options.kind {
                ScoreKind::Logits => logits,
                ScoreKind::Probabilities => softmax(&logits),
            }
        })?)
    })?;
    let cosine = cosine_of_rows(trial, Some(extraction.activated()));
    attack_copies(trial, &options.then, copies, cosine, stages)
}

/// Cosine of linear heads, over the columns that count.
fn cosine_of_rows<'a>(
    trial: &Trial<'_>,
    columns: Option<&'a [bool]>,
) -> impl Fn(&[f32], &[f32]) -> f64 + Sync + use<'a> {
    let width = trial.world.shape.features + 1;
    move |copy, victim| centred_cosine(copy, victim, width, columns)
}

/// A victim behind an interface.
enum Victim {
    Plain(Head),
    /// Answers are ciphertexts: their numbers stand where the logits would.
    Encrypted(SimulatedHead),
    /// Answers are ciphertexts whose classes the owner reveals.
    Revealed(SimulatedHead),
}

impl Victim {
    fn new(trial: &Trial<'_>, index: usize) -> Result<Self, HarnessError> {
        let weights = trial.victims.head(index);
        Ok(match trial.encrypted {
            None => Self::Plain(Head::new(trial.world.shape, weights.to_vec())?),
            Some(encrypted) => {
                let key = trial.corpus.root.child("encrypted answers");
                let head = encrypted.classifier(weights, &mut key.rng(index as u64))?;
                if encrypted.reveals() {
                    Self::Revealed(head)
                } else {
                    Self::Encrypted(head)
                }
            }
        })
    }

    /// What is seen in the place of the class. Shapes were checked: there is always an answer.
    fn class(&self, features: &[f32]) -> usize {
        match self {
            Self::Revealed(head) => head.revealed_class(features).unwrap_or_default(),
            _ => class_of(&self.logits(features)),
        }
    }

    /// What is seen in the place of the logits. Shapes were checked: there is always an answer.
    fn logits(&self, features: &[f32]) -> Vec<f32> {
        match self {
            Self::Plain(head) => head.logits(features).unwrap_or_default(),
            Self::Encrypted(head) | Self::Revealed(head) => {
                head.observed_scores(features).unwrap_or_default()
            }
        }
    }
}

/// The largest logit's class, the first of equals; of a single logit its sign.
fn class_of(logits: &[f32]) -> usize {
    if let [logit] = logits {
        return usize::from(*logit > 0.0);
    }
    let mut best = 0;
    for (class, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = class;
        }
    }
    best
}

fn each_victim(
    trial: &Trial<'_>,
    name: &str,
    extract: impl Fn(&Victim) -> Result<Extracted, HarnessError> + Sync,
) -> Result<Vec<Extracted>, HarnessError> {
    let progress = &trial.grid.context.progress;
    let step = progress.step(name, trial.victims.len() as u64);
    let done = std::sync::atomic::AtomicU64::new(0);
    (0..trial.victims.len())
        .into_par_iter()
        .map(|index| {
            let copy = extract(&Victim::new(trial, index)?);
            step.at(
                done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1,
                "",
            );
            copy
        })
        .collect()
}

/// Runs the white-box attack on the copies. More copies would be dear, so the null compares each
/// copy's reconstructions with other victims' images.
fn attack_copies(
    trial: &Trial<'_>,
    then: &Then,
    copies: Vec<Extracted>,
    cosine: impl Fn(&[f32], &[f32]) -> f64 + Sync,
    stages: &mut Stages<'_>,
) -> Result<Copied, HarnessError> {
    let world = trial.world;
    let victims = trial.victims;
    let model = model::white_box(trial, then, stages)?;
    let queries = copies.iter().map(|copy| copy.queries).max().unwrap_or(0);
    let batch = ShadowBatch {
        heads: copies.len(),
        weights: copies.into_iter().flat_map(|copy| copy.weights).collect(),
        members: victims.members.clone(),
    };
    let cosines: Vec<f64> = (0..batch.len())
        .into_par_iter()
        .map(|index| cosine(batch.head(index), victims.head(index)))
        .collect();
    let agreements = (0..batch.len())
        .into_par_iter()
        .map(|index| {
            let of = |weights: &[f32]| {
                Head::new(world.shape, weights.to_vec())?.predict(trial.test.values())
            };
            Ok(share_equal(
                &of(batch.head(index))?,
                &of(victims.head(index))?,
            ))
        })
        .collect::<Result<Vec<f64>, HarnessError>>()?;

    let images = model.reconstruct(world, &batch);
    let own: Vec<usize> = (0..batch.len()).collect();
    let errors = score(world, &images, model.aim(), victims, &own);
    let null = others_scores(world, &images, model.aim(), victims, trial.heads().nulls);
    let calibration = Calibration::fit(world, model.as_ref())?;
    let compared = calibration.compared(errors, null.clone(), Some(null));
    let gallery = gallery::pictures(world, &images, model.aim(), victims);
    Ok(Copied {
        reconstructed: Reconstructed {
            compared,
            cost: model.cost(),
            ssim: gallery::mean_ssim(world, &gallery),
            gallery,
        },
        cosine: mean(&cosines),
        label_agreement: mean(&agreements),
        queries,
    })
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().fold(f32::NEG_INFINITY, |max, &z| max.max(z));
    let powers: Vec<f32> = logits.iter().map(|z| (z - largest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
