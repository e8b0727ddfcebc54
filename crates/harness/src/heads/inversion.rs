//! Gradient inversion in a cell.
//!
//! Inverting a head takes seconds, so that what else attacks do by the hundred is rationed: scores
//! are relative to the classes as the attack that starts it reconstructs them, and the null `independent` compares
//! each victim's images with all other victims'.

use attacks::{
    Cost, GradientInversion, Nearest, NetworkInversion, Units, gaussian_heads, neighbour_heads,
    others_scores, score, single_gradients,
};
use evaluation::{Subject, mse};
use spec::{DefenceKind, Null, Start, Then};
use transfer::ShadowBatch;

use super::calibration::Calibration;
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
        None => Findings::OfSteps(gradients(trial, options)?, options.batch),
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
    let against_others =
        |images: &[f32]| others_scores(world, images, aim, &released, trial.heads().nulls);
    let (errors, null, others) = match trial.cell.null {
        Null::Independent => {
            let others = against_others(&images);
            let own = score(world, &images, aim, &released, &own);
            (own, others.clone(), Some(others))
        }
        Null::Gaussian => {
            let drawn = ShadowBatch {
                weights: gaussian_heads(world, released.len())?,
                ..released.clone()
            };
            let of_null = attack.one_a_class(&invert("inverting the null", &drawn));
            let mut null = against_others(&of_null);
            let same = score(world, &of_null, aim, &released, &own);
            null.iter_mut()
                .zip(same)
                .for_each(|(all, own)| all.extend(own));
            let own = score(world, &images, aim, &released, &own);
            (own, null, Some(against_others(&images)))
        }
        Null::ReplaceOne => {
            let neighbours = neighbour_heads(world, &released)?;
            let others = invert("inverting the null", &neighbours);
            let null = targets_alone(trial, &others);
            (targets_alone(trial, &all), null, None)
        }
    };
    let compared = Calibration::fit(world, start.as_ref())?.compared(errors, null, others);
    let mut cost = attack.cost();
    if options.start == Start::Noise {
        // The start is fitted all the same: scores are relative to it.
        cost.samples += start.cost().samples;
    }
    let gallery = gallery::pictures(world, &images, aim, &released);
    Ok(Reconstructed {
        compared,
        cost,
        ssim: gallery::mean_ssim(world, &gallery),
        gallery,
    })
}

/// For each victim the smallest error of its class's images (of class `victim mod K`) to the first
/// example of that class. The errors stand where their class's law is looked for; the others are
/// not numbers.
fn targets_alone(trial: &Trial<'_>, images: &[f32]) -> Units {
    let world = trial.world;
    let (pixels, shots) = (world.pixels(), world.shots);
    let classes = world.shape.classes;
    let units = images.chunks(world.members() * pixels).enumerate();
    units
        .map(|(unit, images)| {
            let class = unit % classes;
            let index = trial.victims.members(unit)[class * shots];
            let target = world.images.image(index as usize);
            let own = &images[class * shots * pixels..(class + 1) * shots * pixels];
            let errors = own.chunks(pixels).map(|image| mse(image, target));
            let nearest = |error: f64| about(trial, index, error);
            let mut unit = vec![nearest(f64::NAN); classes];
            unit[class] = nearest(errors.fold(f64::INFINITY, f64::min));
            unit
        })
        .collect()
}

/// An error that is about image number `index`.
fn about(trial: &Trial<'_>, index: u32, error: f64) -> Nearest {
    let class = trial.world.images.labels()[index as usize];
    let subject = Subject {
        class,
        image: index,
    };
    Nearest { error, subject }
}

/// One SGD step of the whole network on a few examples of each victim, from a head as its recipe
/// initialises it: each example by the nearest of the images that the step gives.
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
    let (updates, examples) = single_gradients(world, backbone, trial.victims, options.batch)?;
    let step = trial.grid.context.progress.step(
        "inverting gradients",
        (updates.len() * options.steps) as u64,
    );
    let told: Vec<_> = updates.iter().flatten().cloned().collect();
    let found = attack.invert(&told, |done| step.at(done, ""))?;
    drop(step);
    if told.len() < updates.len() {
        trial.grid.context.progress.say(&format!(
            "  {} of {} batches cannot be told apart: the mean public image is guessed",
            updates.len() - told.len(),
            updates.len()
        ));
    }
    let (guess, mut found) = (attack.guess(), found.chunks(options.batch * pixels));
    let images = updates.iter().map(|update| match update {
        Some(_) => found.next().unwrap_or(&guess).to_vec(),
        None => guess.clone(),
    });
    let images = images.collect::<Vec<_>>().concat();
    let of_victim: Vec<&[f32]> = images.chunks(options.batch * pixels).collect();
    let nearest = |victim: usize, example: u32| {
        let original = world.images.image(example as usize);
        let found = of_victim[victim].chunks(pixels);
        let (at, error) = evaluation::nearest(original, found).unwrap_or((0, f64::NAN));
        (about(trial, example, error), at)
    };
    let count = examples.len();
    let rounds = trial
        .heads()
        .nulls
        .div_ceil(count * options.batch)
        .clamp(1, count.max(2) - 1);
    let (mut errors, mut null, mut gallery): (Units, Units, Vec<Picture>) = Default::default();
    for (victim, own) in examples.iter().enumerate() {
        for &example in own {
            if gallery.len() < PICTURES {
                let (found, at) = nearest(victim, example);
                gallery.push(Picture {
                    original: world.images.image(example as usize).to_vec(),
                    reconstruction: of_victim[victim][at * pixels..(at + 1) * pixels].to_vec(),
                    mse: found.error,
                });
            }
        }
        let others = (1..=rounds).flat_map(|round| &examples[(victim + round) % count]);
        let others = others.filter(|&other| !own.contains(other));
        null.push(others.map(|&other| nearest(victim, other).0).collect());
        errors.push(
            own.iter()
                .map(|&example| nearest(victim, example).0)
                .collect(),
        );
    }
    let compared = Calibration::none().compared(errors, null.clone(), Some(null));
    let cost = Cost {
        samples: 0,
        ..attack.cost()
    };
    Ok(Reconstructed {
        compared,
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
