//! Gradient inversion in a cell.
//!
//! Inverting a head takes seconds, so that what else attacks do by the hundred is rationed: scores
//! are relative to the classes as `unmixing` reconstructs them, and the null `independent` compares
//! each victim's images with all other victims'.

use attacks::{
    GradientInversion, NetworkInversion, gaussian_heads, neighbour_heads, score, single_gradients,
};
use evaluation::mse;
use spec::{Defence, Null, Start, Then, Unmixing};
use transfer::ShadowBatch;

use super::calibration::Calibration;
use super::extraction::rotated;
use super::gallery;
use super::measure::Trial;
use super::model;
use super::outcome::{Outcome, Picture};
use crate::error::HarnessError;
use crate::timings::Timings;

/// Pictures of a cell.
const PICTURES: usize = 20;

/// Inverts the victims' heads, or a single gradient of each victim.
pub fn run(
    trial: &Trial<'_>,
    options: &spec::GradientInversion,
    timings: &mut Timings,
    outcome: &mut Outcome,
) -> Result<(), HarnessError> {
    match options.started_by() {
        Some(unmixing) => heads(trial, options, unmixing, timings, outcome),
        None => gradients(trial, options, outcome),
    }
}

fn heads(
    trial: &Trial<'_>,
    options: &spec::GradientInversion,
    unmixing: Unmixing,
    timings: &mut Timings,
    outcome: &mut Outcome,
) -> Result<(), HarnessError> {
    let setting = trial.setting;
    let then = Then::Unmixing(unmixing);
    let start = model::white_box(trial, &then, timings)?;
    let from = (options.start == Start::Unmixing).then_some(start.as_ref());
    let attack = GradientInversion::new(setting, backbone(trial)?, from, *options)?;
    let invert = |name: &str, heads: &ShadowBatch| {
        let step = trial
            .context
            .progress
            .step(name, (heads.len() * options.steps) as u64);
        attack.invert(heads, |done| step.at(done, ""))
    };
    let mut released = trial.victims.clone();
    setting.release(&mut released, "victims")?;
    let all = invert("inverting heads", &released);
    let images = attack.one_a_class(&all);
    let aim = start.aim();
    let own: Vec<usize> = (0..released.len()).collect();
    let (errors, null) = match trial.cell.null {
        Null::Independent => (
            score(setting, &images, aim, &released, &own),
            rotated(trial, &images, aim),
        ),
        Null::Gaussian => {
            let drawn = ShadowBatch {
                weights: gaussian_heads(setting, released.len())?,
                ..released.clone()
            };
            let others = attack.one_a_class(&invert("inverting the null", &drawn));
            let mut null = rotated(trial, &others, aim);
            let same = score(setting, &others, aim, &released, &own);
            null.iter_mut()
                .zip(same)
                .for_each(|(all, own)| all.extend(own));
            (score(setting, &images, aim, &released, &own), null)
        }
        Null::ReplaceOne => {
            let neighbours = neighbour_heads(setting, &released)?;
            let others = invert("inverting the null", &neighbours);
            (targets_alone(trial, &all), targets_alone(trial, &others))
        }
    };
    Calibration::fit(setting, start.as_ref())?.take(outcome, errors, null);
    outcome.samples = start.cost().samples + attack.cost().samples;
    if options.start == Start::Unmixing {
        outcome.samples -= start.cost().samples;
    }
    outcome.steps = attack.cost().steps;
    outcome.gallery = gallery::pictures(setting, &images, aim, &released);
    outcome.ssim = gallery::mean_ssim(setting, &outcome.gallery);
    Ok(())
}

/// For each victim the smallest error of its class's images (of class `victim mod K`) to the first
/// example of that class. The errors stand where their class's law is looked for; the others are
/// not numbers.
fn targets_alone(trial: &Trial<'_>, images: &[f32]) -> Vec<Vec<f64>> {
    let setting = trial.setting;
    let (pixels, shots) = (setting.pixels(), setting.shots);
    let classes = setting.shape.classes;
    let units = images.chunks(setting.members() * pixels).enumerate();
    units
        .map(|(unit, images)| {
            let class = unit % classes;
            let target = trial.victims.members(unit)[class * shots];
            let target = setting.images.image(target as usize);
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
    outcome: &mut Outcome,
) -> Result<(), HarnessError> {
    let setting = trial.setting;
    if trial.cell.defence != Defence::None {
        return Err(HarnessError::Setting {
            place: "sweep.attack.gradient_inversion.form".into(),
            reason: "a single gradient is released without a defence\nhint: use `form: head`"
                .into(),
        });
    }
    let backbone = backbone(trial)?;
    let attack = NetworkInversion::new(setting, backbone, *options)?;
    let pixels = setting.pixels();
    let (updates, examples) = single_gradients(setting, backbone, trial.victims)?;
    let step = trial.context.progress.step(
        "inverting gradients",
        (updates.len() * options.steps) as u64,
    );
    let images = attack.invert(&updates, |done| step.at(done, ""))?;
    drop(step);
    let original = |victim: usize| setting.images.image(examples[victim] as usize);
    let count = examples.len();
    let rounds = trial.heads.nulls.div_ceil(count).clamp(1, count.max(2) - 1);
    let (mut errors, mut null) = (Vec::new(), Vec::new());
    for (victim, image) in images.chunks(pixels).enumerate() {
        errors.push(vec![mse(image, original(victim))]);
        let others = (1..=rounds).map(|round| (victim + round) % count);
        let others = others.filter(|&other| examples[other] != examples[victim]);
        null.push(others.map(|other| mse(image, original(other))).collect());
        if victim < PICTURES {
            outcome.gallery.push(Picture {
                original: original(victim).to_vec(),
                reconstruction: image.to_vec(),
                mse: mse(image, original(victim)),
            });
        }
    }
    Calibration::none().take(outcome, errors, null);
    outcome.n = 1;
    // No head comes out of a single step that could be told right or wrong.
    outcome.accuracy.clear();
    outcome.steps = attack.cost().steps;
    outcome.ssim = gallery::mean_ssim(setting, &outcome.gallery);
    Ok(())
}

fn backbone<'a>(trial: &Trial<'a>) -> Result<&'a backbones::Backbone, HarnessError> {
    let world = trial.world;
    world
        .backbone
        .as_ref()
        .ok_or_else(|| HarnessError::Setting {
            place: "sweep.attack.gradient_inversion".into(),
            reason: "images are optimised through a network, the data are features".into(),
        })
}
