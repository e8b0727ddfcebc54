//! The bootstrap of victims, null units and images, each drawn again with replacement.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::EvaluationError;
use crate::intervals::check_level;
use crate::ranking::{Counts, Ranking, Reading};
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
        (0..u64::from(self.resamples))
            .into_par_iter()
            .map_init(Scratch::default, |scratch, resample| {
                let mut rng = ChaCha8Rng::from_seed(self.key);
                rng.set_stream(resample);
                scratch.draw(&mut rng, sides, drawn, ranking);
                let mut reading = Reading::default();
                let (victims, null) =
                    counts(sides, &scratch.victims, &scratch.null, &scratch.images);
                let cumulative = &mut scratch.cumulative;
                ranking.read(victims, null, fprs, cumulative, &mut reading);
                reading
            })
            .collect()
    }
}

#[derive(Default)]
struct Scratch {
    victims: Vec<u32>,
    null: Vec<u32>,
    images: Vec<u32>,
    cumulative: Vec<u64>,
}

impl Scratch {
    /// Draws units and images until something is left of both sides.
    fn draw(&mut self, rng: &mut ChaCha8Rng, sides: Sides, drawn: &Drawn, ranking: &Ranking) {
        for tried in 0..=TRIES {
            let units = match sides {
                Sides::Apart(victims, null) => [victims, null],
                Sides::Victims(victims) => [victims, 0],
            };
            for (units, counts) in units.into_iter().zip([&mut self.victims, &mut self.null]) {
                counts.clear();
                draw(rng, units, counts);
            }
            self.images.clear();
            for class in drawn.classes() {
                if tried < TRIES {
                    draw(rng, class, &mut self.images);
                } else {
                    self.images.extend(std::iter::repeat_n(1, class));
                }
            }
            self.images.push(1);
            let (victims, null) = counts(sides, &self.victims, &self.null, &self.images);
            let all_count = matches!(sides, Sides::Apart(..)) && self.images.len() == 1;
            if all_count || ranking.weighs(victims, null) {
                return;
            }
        }
    }
}

fn counts<'a>(
    sides: Sides,
    victims: &'a [u32],
    null: &'a [u32],
    images: &'a [u32],
) -> (Counts<'a>, Counts<'a>) {
    let of = |units| Counts { units, images };
    match sides {
        Sides::Apart(..) => (of(victims), of(null)),
        Sides::Victims(_) => (of(victims), of(victims)),
    }
}

/// Adds multinomial counts of `units` draws with replacement among `units`.
fn draw(rng: &mut ChaCha8Rng, units: usize, counts: &mut Vec<u32>) {
    let first = counts.len();
    counts.resize(first + units, 0);
    // 32-bit draws are half the price; a unit count beyond them would not fit in memory.
    let end = u32::try_from(units).unwrap_or(u32::MAX);
    for _ in 0..units {
        counts[first + rng.random_range(0..end) as usize] += 1;
    }
}

/// Sampling variance of what resamples read.
pub(crate) fn variance(values: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let n = values.len() as f64;
    let mean = values.clone().sum::<f64>() / n;
    values.map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)
}
