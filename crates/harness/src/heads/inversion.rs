//! Gradient inversion in a cell.
//!
//! Inverting a head takes seconds, so that what else attacks do by the hundred is rationed: scores
//! are relative to the classes as the attack that starts it reconstructs them, and the null `independent` compares
//! each victim's images with all other victims'.

use attacks::{
    Cost, GradientInversion, NetworkInversion, gaussian_heads, neighbour_heads, score,
    single_gradients,
};
use evaluation::mse;
use spec::{DefenceKind, Null, Start, Then};
use transfer::ShadowBatch;

use super::calibration::Calibration;
use super::extraction::rotated;
use super::findings::{Findings, Picture, Reconstructed};
use super::gallery;
use super::model;
use super::trial::Trial;
use crate::error::HarnessError;
use crate::stages::Stages;

/// Pictures of a cell.
const PICTURES: usize = 20;

/// Inverts the victims' heads, or a single gradient of each victim.
pub fn run(
    trial: &Trial<'_>,
    options: &spec::GradientInversion,
    stages: &mut Stages<'_>,
) -> Result<Findings, HarnessError> {
    Ok(match options.started_by() {
        Some(start) => Findings::Images(heads(trial, options, start, stages)?),
        None => Findings::SingleImages(gradients(trial, options)?),
    })
}

fn heads(
    trial: &Trial<'_>,
    options: &spec::GradientInversion,
    by: Then,
    stages: &mut Stages<'_>,
) -> Result<Reconstructed, HarnessError> {
    let world = trial.world;
    let start = model::white_box(trial, &by, stages)?;
    let from = (options.start != Start::Noise).then_some(start.as_ref());
    let attack = GradientInversion::new(world, backbone(trial)?, from, *options)?;
    let invert = |name: &str, heads: &ShadowBatch| {
        let step = trial
            .grid
            .context
            .progress
            .step(name, (heads.len() * options.steps) as u64);
        attack.invert(heads, |done| step.at(done, ""))
    };
    let mut released = trial.victims.clone();
    world.release(&mut released, "victims")?;
    let all = invert("inverting heads", &released);
    let images = attack.one_a_class(&all);
    let aim = start.aim();
    let own: Vec<usize> = (0..released.len()).collect();
    let (errors, null) = match trial.cell.null {
        Null::Independent => (
            score(world, &images, aim, &released, &own),
            rotated(trial, &images, aim),
        ),
        Null::Gaussian => {
            let drawn = ShadowBatch {
                weights: gaussian_heads(world, released.len())?,
                ..released.clone()
            };
            let others = attack.one_a_class(&invert("inverting the null", &drawn));
            let mut null = rotated(trial, &others, aim);
            let same = score(world, &others, aim, &released, &own);
            null.iter_mut()
                .zip(same)
                .for_each(|(all, own)| all.extend(own));
            (score(world, &images, aim, &released, &own), null)
        }
        Null::ReplaceOne => {
            let neighbours = neighbour_heads(world, &released)?;
            let others = invert("inverting the null", &neighbours);
            (targets_alone(trial, &all), targets_alone(trial, &others))
        }
    };
    let (scores, errors) = Calibration::fit(world, start.as_ref())?.scored(errors, null);
    let mut cost = attack.cost();
    if options.start == Start::Noise {
        // The start is fitted all the same: scores are relative to it.
        cost.samples += start.cost().samples;
    }
    let gallery = gallery::pictures(world, &images, aim, &released);
    Ok(Reconstructed {
        scores,
        errors,
        cost,
        ssim: gallery::mean_ssim(world, &gallery),
        gallery,
    })
}

/// For each victim the smallest error of its class's images (of class `victim mod K`) to the first
/// example of that class. The errors stand where their class's law is looked for; the others are
/// not numbers.
fn targets_alone(trial: &Trial<'_>, images: &[f32]) -> Vec<Vec<f64>> {
    let world = trial.world;
    let (pixels, shots) = (world.pixels(), world.shots);
    let classes = world.shape.classes;
    let units = images.chunks(world.members() * pixels).enumerate();
    units
        .map(|(unit, images)| {
            let class = unit % classes;
            let target = trial.victims.members(unit)[class * shots];
            let target = world.images.image(target as usize);
            let own = &images[class * shots * pixels..(class + 1) * shots * pixels];
            let errors = own.chunks(pixels).map(|image| mse(image, target));
            let mut unit = vec![f64::NAN; classes];
            unit[class] = errors.fold(f64::INFINITY, f64::min);
            unit
        })
        .collect()
}

/// One SGD step of the whole network on one example of each victim: the first of class `victim mod
/// K`, from a head as its recipe initialises it.
fn gradients(
    trial: &Trial<'_>,
    options: &spec::GradientInversion,
) -> Result<Reconstructed, HarnessError> {
    let world = trial.world;
    if trial.cell.defence.kind() != DefenceKind::None {
        return Err(HarnessError::Setting {
            place: "sweep.attack.gradient_inversion.form".into(),
            reason: "a single gradient is released without a defence\nhint: use `form: head`"
                .into(),
        });
    }
    let backbone = backbone(trial)?;
    let attack = NetworkInversion::new(world, backbone, *options)?;
    let pixels = world.pixels();
    let (updates, examples) = single_gradients(world, backbone, trial.victims)?;
    let step = trial.grid.context.progress.step(
        "inverting gradients",
        (updates.len() * options.steps) as u64,
    );
    let images = attack.invert(&updates, |done| step.at(done, ""))?;
    drop(step);
    let original = |victim: usize| world.images.image(examples[victim] as usize);
    let count = examples.len();
    let rounds = trial
        .heads()
        .nulls
        .div_ceil(count)
        .clamp(1, count.max(2) - 1);
    let (mut errors, mut null, mut gallery) = (Vec::new(), Vec::new(), Vec::new());
    for (victim, image) in images.chunks(pixels).enumerate() {
        errors.push(vec![mse(image, original(victim))]);
        let others = (1..=rounds).map(|round| (victim + round) % count);
        let others = others.filter(|&other| examples[other] != examples[victim]);
        null.push(others.map(|other| mse(image, original(other))).collect());
        if victim < PICTURES {
            gallery.push(Picture {
                original: original(victim).to_vec(),
                reconstruction: image.to_vec(),
                mse: mse(image, original(victim)),
            });
        }
    }
    let (scores, errors) = Calibration::none().scored(errors, null);
    let cost = Cost {
        samples: 0,
        ..attack.cost()
    };
    Ok(Reconstructed {
        scores,
        errors,
        cost,
        ssim: gallery::mean_ssim(world, &gallery),
        gallery,
    })
}

fn backbone<'a>(trial: &Trial<'a>) -> Result<&'a backbones::Backbone, HarnessError> {
    let network = trial.corpus.backbone.as_ref();
    network.ok_or_else(|| HarnessError::Setting {
        place: "sweep.attack.gradient_inversion".into(),
        reason: "images are optimised through a network, the data are features".into(),
    })
}
