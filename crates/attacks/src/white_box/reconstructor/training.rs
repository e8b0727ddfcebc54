//! Training on a stream of shadow heads.

use spec::{Architecture, Options};
use transfer::ShadowBatch;

use super::super::encoder::Encoder;
use super::super::pyramid::Pyramid;
use super::lesson::Lesson;
use super::trainer::Trainer;
use super::{AttackProgress, Reconstructor};
use crate::error::option;
use crate::network::{Network, NetworkShape};
use crate::world::Shadows;
use crate::{AttackError, World};

/// Steps over which the learning rate rises at the start.
const WARM_UP: f64 = 200.0;

/// One world with what its heads become.
struct Source<'a, 'w> {
    world: &'a World<'w>,
    encoder: Encoder,
    shadows: Shadows<'w>,
}

/// Heads of one step with the network's inputs.
#[derive(Clone)]
struct Lot {
    batch: ShadowBatch,
    encoded: Vec<f32>,
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
    let network = Network::random(&shape, worlds[0].key.child("reconstructor"));
    let pyramid = Pyramid::new(worlds[0].images.shape(), options.scales);
    let card = backbones::card().map(|card| &card.device);
    let mut trainer = Trainer::new(network, card, pyramid);
    let heads = options.batch.div_ceil(targets);
    let rows = heads * targets;
    let steps = options.samples.div_ceil(rows) as u64;
    // Worlds take turns; each draws its own heads in order.
    let turns = sources.len() as u64;
    let prepare = |step: u64, lot: &mut Lot| {
        let source = &sources[(step % turns) as usize];
        if lot.batch.members.len() != heads * source.world.members() {
            lot.batch = source.shadows.batch(heads);
        }
        source.shadows.fill(step / turns, &mut lot.batch)?;
        lot.encoded = source.encoder.encode_all(source.world, &lot.batch);
        Ok::<_, AttackError>(())
    };
    let mut lot = Lot {
        batch: sources[0].shadows.batch(heads),
        encoded: Vec::new(),
    };
    let mut next = lot.clone();
    prepare(0, &mut lot)?;
    let mut told = vec![0.0; inputs - own];
    let mut loss = f64::NAN;
    for step in 0..steps {
        let at = (step % turns) as usize;
        let Source { world, encoder, .. } = &sources[at];
        let rate = options.learning_rate as f32 * rate_factor(step, steps);
        tell(&mut told, at);
        let lesson = Lesson {
            rows,
            encoded: &lot.encoded,
            told: &told,
            images: world.images,
            candidates: |row: usize| {
                let members = lot.batch.members(row / targets);
                let aim = encoder.aim;
                aim.candidates(members, world.shots, row % targets)
            },
        };
        let train = || trainer.step(&lesson, rate);
        let (now, prepared) = rayon::join(train, || prepare(step + 1, &mut next));
        prepared?;
        if let Some(now) = now? {
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
        }
        std::mem::swap(&mut lot, &mut next);
        progress(AttackProgress {
            done: (step + 1) * heads as u64,
            total: steps * heads as u64,
            loss,
        });
    }
    let network = trainer.finish();
    let which = sources.into_iter().enumerate();
    let each = which.map(|(at, source)| {
        tell(&mut told, at);
        Reconstructor {
            encoder: source.encoder,
            network: network.with_last_inputs_fixed(&told),
            samples: steps * heads as u64,
            steps,
        }
    });
    Ok(each.collect())
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
