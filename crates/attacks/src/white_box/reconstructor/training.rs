//! Training on a stream of shadow heads.

use spec::{Architecture, Options};
use transfer::ShadowBatch;

use super::super::encoder::Encoder;
use super::super::loss::softmin;
use super::super::pyramid::Pyramid;
use super::{AttackProgress, Reconstructor};
use crate::error::option;
use crate::network::{Network, NetworkShape, Scratch};
use crate::world::Shadows;
use crate::{AttackError, World};

/// Sharpness α of the soft minimum over the images of a class.
const ALPHA: f64 = 100.0;
/// Steps over which the learning rate rises at the start.
const WARM_UP: f64 = 200.0;

/// One world with what its heads become.
struct Source<'a, 'w> {
    world: &'a World<'w>,
    encoder: Encoder,
    shadows: Shadows<'w>,
}

pub(super) fn fit(
    worlds: &[&World<'_>],
    options: &spec::Reconstructor,
    mut progress: impl FnMut(AttackProgress),
) -> Result<Vec<Reconstructor>, AttackError> {
    options.check()?;
    let sources = worlds
        .iter()
        .map(|world| {
            Ok(Source {
                world,
                encoder: Encoder::fit(world, options)?,
                shadows: world.shadows("reconstructor")?,
            })
        })
        .collect::<Result<Vec<_>, AttackError>>()?;
    let own = common_inputs(&sources)?;
    let inputs = own + told(sources.len());
    let targets = sources[0].encoder.aim.targets();
    let shape = network_shape(options, inputs, worlds[0])?;
    let mut network = Network::random(&shape, worlds[0].key.child("reconstructor"));
    let mut scratch = Scratch::default();
    let heads = options.batch.div_ceil(targets);
    let rows = heads * targets;
    let steps = options.samples.div_ceil(rows) as u64;
    // Worlds take turns; each draws its own heads in order.
    let turns = sources.len() as u64;
    let fill = |step: u64, batch: &mut ShadowBatch| {
        let source = &sources[(step % turns) as usize];
        if batch.members.len() != heads * source.world.members() {
            *batch = source.shadows.batch(heads);
        }
        source.shadows.fill(step / turns, batch)
    };
    let mut batch = sources[0].shadows.batch(heads);
    let mut next = batch.clone();
    fill(0, &mut batch)?;
    let pyramid = Pyramid::new(worlds[0].images.shape(), options.scales);
    let mut loss = f64::NAN;
    for step in 0..steps {
        let at = (step % turns) as usize;
        let Source { world, encoder, .. } = &sources[at];
        let rate = options.learning_rate as f32 * rate_factor(step, steps);
        let encoded = encoder.encode_all(world, &batch);
        let train = || {
            network.step(
                rows,
                rate,
                &mut scratch,
                |row, input| {
                    let (values, which) = input.split_at_mut(own);
                    values.copy_from_slice(&encoded[row * own..(row + 1) * own]);
                    tell(which, at);
                },
                |row, output, gradient| {
                    let members = batch.members(row / targets);
                    let aim = encoder.aim;
                    let members = aim.candidates(members, world.shots, row % targets);
                    let images = members.iter().map(|&it| world.images.image(it as usize));
                    match options.scales {
                        1 => softmin(output, images, ALPHA, gradient),
                        _ => on_scales(pyramid, output, images, gradient),
                    }
                },
            )
        };
        let (now, filled) = rayon::join(train, || fill(step + 1, &mut next));
        filled?;
        if !now.is_finite() {
            return Err(AttackError::Diverged {
                attack: "reconstructor",
                step,
            });
        }
        loss = if loss.is_nan() {
            now
        } else {
            loss + 0.02 * (now - loss)
        };
        std::mem::swap(&mut batch, &mut next);
        progress(AttackProgress {
            done: (step + 1) * heads as u64,
            total: steps * heads as u64,
            loss,
        });
    }
    let which = sources.into_iter().enumerate();
    let each = which.map(|(at, source)| {
        let mut fixed = vec![0.0; inputs - own];
        tell(&mut fixed, at);
        Reconstructor {
            encoder: source.encoder,
            network: network.with_last_inputs_fixed(&fixed),
            samples: steps * heads as u64,
            steps,
        }
    });
    Ok(each.collect())
}

/// The loss with all resolutions of the images side by side.
fn on_scales<'a>(
    pyramid: Pyramid,
    output: &[f32],
    images: impl Iterator<Item = &'a [f32]>,
    gradient: &mut [f32],
) -> f64 {
    let stack = |image: &[f32]| {
        let mut stack = vec![0.0; pyramid.len()];
        pyramid.stack(image, &mut stack);
        stack
    };
    let images: Vec<Vec<f32>> = images.map(stack).collect();
    let mut slopes = vec![0.0; pyramid.len()];
    let images = images.iter().map(Vec::as_slice);
    let loss = softmin(&stack(output), images, ALPHA, &mut slopes);
    gradient.fill(0.0);
    pyramid.unstack(&mut slopes, gradient);
    loss
}

/// The network for `inputs` numbers a row.
fn network_shape(
    options: &spec::Reconstructor,
    inputs: usize,
    world: &World<'_>,
) -> Result<NetworkShape, AttackError> {
    let hidden = [options.hidden; 2];
    let image = world.images.shape();
    match options.architecture {
        Architecture::Mlp => Ok(NetworkShape::dense(inputs, &hidden, image.len())),
        Architecture::Conv => {
            let sides = [image.channels, image.height, image.width];
            NetworkShape::conv(inputs, &hidden, sides).ok_or_else(|| {
                let value = format!("conv for {} × {} pixels", image.height, image.width);
                let expected = "mlp where sides are odd or under 6 pixels";
                option("architecture", value, expected)
            })
        }
    }
}

/// Inputs that tell the network which of several worlds a head is of.
fn told(worlds: usize) -> usize {
    if worlds > 1 { worlds } else { 0 }
}

/// Writes world `at` as a one-hot vector, where there is more than one.
fn tell(out: &mut [f32], at: usize) {
    out.fill(0.0);
    if let Some(slot) = out.get_mut(at) {
        *slot = 1.0;
    }
}

/// Inputs that all worlds' heads become.
fn common_inputs(sources: &[Source<'_, '_>]) -> Result<usize, AttackError> {
    let Some(first) = sources.first() else {
        return Err(option("worlds", "none", "at least one"));
    };
    let shape = |source: &Source<'_, '_>| {
        let encoder = &source.encoder;
        (encoder.inputs(), encoder.aim, source.world.images.shape())
    };
    let in_words = |source: &Source<'_, '_>| {
        let (inputs, aim, images) = shape(source);
        format!("{inputs} inputs, {aim}, images of {images}")
    };
    for other in sources {
        if shape(other) != shape(first) {
            return Err(AttackError::Mismatch {
                what: "worlds that share a reconstructor",
                expected: in_words(first),
                found: in_words(other),
            });
        }
    }
    Ok(first.encoder.inputs())
}

/// Share of the learning rate in a step: a short rise, then half a cosine down to zero.
fn rate_factor(step: u64, steps: u64) -> f32 {
    let progress = step as f64 / steps as f64;
    let rise = ((step + 1) as f64 / WARM_UP).min(1.0);
    (rise * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())) as f32
}
