//! The bootstrap of victims, null units and images, each drawn again with replacement.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::EvaluationError;
use crate::intervals::check_level;
use crate::ranking::{Counts, LANES, Ranking, Reading, Weights};
use crate::subjects::Drawn;

/// Draws that leave nothing of a side are made again this often before the images are left as they are.
const TRIES: usize = 64;

/// How intervals of ROC readings are made.
///
/// Each resample draws as many victims as there are, and as many null units as there are, with
/// replacement, and reads every rate again at the threshold which that null gives: the threshold's
/// own uncertainty is part of the interval.
///
/// Where scores say which image they are about, images that several units name are drawn again too,
/// within their class, and a score counts as often as its unit times as often as its image: the
/// pigeonhole bootstrap of Owen (2007, doi:10.1214/07-AOAS122) for victims crossed with images. It is
/// cautious: it counts the part of victims and images about as it is, what single scores have of their
/// own up to three times. Images that one unit alone names are drawn with it, so that without shared
/// images this is the plain cluster bootstrap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// Number of resamples; 1 000 leaves about 2 % of Monte Carlo error in an interval's width.
    pub resamples: u32,
    /// Key of the ChaCha stream; resample `i` reads stream `i`, whatever thread makes it.
    pub key: [u8; 32],
    /// Confidence level, .95 for 95 %.
    pub level: f64,
}

/// Which units stand on the two sides.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sides {
    /// So many victims, and so many null units that are none of them.
    Apart(usize, usize),
    /// So many victims; null units are numbered as the victims that they are.
    Victims(usize),
}

impl Sides {
    /// Units that are drawn of the victims, and of the null for itself.
    fn units(self) -> (usize, usize) {
        match self {
            Self::Apart(victims, null) => (victims, null),
            Self::Victims(victims) => (victims, 0),
        }
    }
}

impl Bootstrap {
    /// 1 000 resamples at 95 % under this key.
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            resamples: 1_000,
            key,
            level: 0.95,
        }
    }

    pub(crate) fn check(&self) -> Result<(), EvaluationError> {
        check_level(self.level)?;
        if self.resamples < 2 {
            return Err(EvaluationError::OutOfRange {
                name: "bootstrap resamples",
                value: f64::from(self.resamples),
                expected: "at least 2",
            });
        }
        Ok(())
    }

    /// What each resample reads of a ranking at each of `fprs` (ascending). The draws depend on the
    /// key, the sides and the images that are drawn alone, not on the ranking.
    pub(crate) fn readings(
        &self,
        ranking: &Ranking,
        sides: Sides,
        drawn: &Drawn,
        fprs: &[f64],
    ) -> Vec<Reading> {
        let count = u64::from(self.resamples);
        let mut readings: Vec<Reading> = (0..count.div_ceil(LANES as u64))
            .into_par_iter()
            .map_init(Scratch::default, |scratch, block| {
                let first = block * LANES as u64;
                scratch.clear(sides, drawn);
                for (lane, resample) in (first..count).take(LANES).enumerate() {
                    let mut rng = ChaCha8Rng::from_seed(self.key);
                    rng.set_stream(resample);
                    scratch.draw(&mut rng, lane, sides, drawn, ranking);
                }
                let (victims, null) =
                    counts(sides, &scratch.victims, &scratch.null, &scratch.images);
                ranking.read(victims, null, fprs, &mut scratch.weights)
            })
            .collect::<Vec<_>>()
            .into_flattened();
        readings.truncate(self.resamples as usize);
        readings
    }
}

/// Counts of as many resamples as are read at once.
#[derive(Default)]
struct Scratch {
    victims: Vec<[u32; LANES]>,
    null: Vec<[u32; LANES]>,
    images: Vec<[u32; LANES]>,
    weights: Weights,
}

impl Scratch {
    /// Forgets what was drawn.
    fn clear(&mut self, sides: Sides, drawn: &Drawn) {
        let (victims, null) = sides.units();
        let images = drawn.classes().sum::<usize>() + 1;
        for (counts, len) in [
            (&mut self.victims, victims),
            (&mut self.null, null),
            (&mut self.images, images),
        ] {
            counts.clear();
            counts.resize(len, [0; LANES]);
        }
    }

    /// Draws units and images of one resample until something is left of both sides.
    fn draw(
        &mut self,
        rng: &mut ChaCha8Rng,
        lane: usize,
        sides: Sides,
        drawn: &Drawn,
        ranking: &Ranking,
    ) {
        for tried in 0..=TRIES {
            draw(rng, lane, &mut self.victims);
            draw(rng, lane, &mut self.null);
            let mut rest = &mut self.images[..];
            for class in drawn.classes() {
                let (images, others) = rest.split_at_mut(class);
                if tried < TRIES {
                    draw(rng, lane, images);
                } else {
                    images.iter_mut().for_each(|count| count[lane] = 1);
                }
                rest = others;
            }
            rest[0][lane] = 1;
            let (victims, null) = counts(sides, &self.victims, &self.null, &self.images);
            let all_count = matches!(sides, Sides::Apart(..)) && self.images.len() == 1;
            if all_count || ranking.weighs(lane, victims, null) {
                return;
            }
        }
    }
}

fn counts<'a>(
    sides: Sides,
    victims: &'a [[u32; LANES]],
    null: &'a [[u32; LANES]],
    images: &'a [[u32; LANES]],
) -> (Counts<'a>, Counts<'a>) {
    let of = |units| Counts { units, images };
    match sides {
        Sides::Apart(..) => (of(victims), of(null)),
        Sides::Victims(_) => (of(victims), of(victims)),
    }
}

/// Multinomial counts of one resample: as many draws with replacement as there are `counts`.
fn draw(rng: &mut ChaCha8Rng, lane: usize, counts: &mut [[u32; LANES]]) {
    counts.iter_mut().for_each(|count| count[lane] = 0);
    // 32-bit draws are half the price; a unit count beyond them would not fit in memory.
    let end = u32::try_from(counts.len()).unwrap_or(u32::MAX);
    for _ in 0..counts.len() {
        counts[rng.random_range(0..end) as usize][lane] += 1;
    }
}

/// Sampling variance of what resamples read.
pub(crate) fn variance(values: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let n = values.len() as f64;
    let mean = values.clone().sum::<f64>() / n;
    values.map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)
}
