//! Query images for label extraction: public images, and the lines between pairs of them.
//!
//! All victims are asked about the same lines, cut into equal steps. The features of a few points
//! of each line are computed once for all victims; points between them when they are asked about.

use backbones::Extractor;
use datasets::ImageSet;
use rand::RngExt;
use rand::seq::SliceRandom;

use crate::error::option;
use crate::{AttackError, AttackProgress, World};

/// How many query images to prepare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BoundaryOptions {
    /// Public images that are asked about first; lines run between them.
    pub seeds: usize,
    /// Lines.
    pub lines: usize,
    /// Steps a line is cut into, a power of two: its logarithm is the number of bisections where
    /// nothing is known of the flip.
    pub steps: usize,
    /// Steps of the coarse cut whose points all victims share: a power of two, at most `steps`.
    pub shared: usize,
}

/// From this budget on the lines are cut so finely that sharing all points would cost more than
/// asking for some.
const FINE: usize = 5_000;
/// Lines that are prepared at once.
const GROUP: usize = 32;
/// Most lines: the posterior solves a system of one equation a line.
const LINES: usize = 6_000;

impl BoundaryOptions {
    /// Options that can spend `queries` a victim where every flip after the first few is predicted:
    /// a tenth on seeds, then about 3 queries a line on a cut of 32 steps or 4 on one of 1 024, with
    /// lines to spare for those whose ends bear the same label. Lines are at most 6 000: what is left
    /// of a larger budget is not spent.
    pub fn for_budget(queries: usize) -> Self {
        let seeds = (queries / 10).clamp(64, 500);
        let (steps, shared, each) = match queries {
            FINE.. => (1024, 16, 4),
            _ => (32, 32, 3),
        };
        let lines = queries.saturating_sub(seeds) / each;
        Self {
            seeds,
            lines: (lines + lines / 4).clamp(16, LINES),
            steps,
            shared,
        }
    }

    /// Options that can spend `queries` a victim on plain bisections of 6 steps, all points shared.
    pub fn bisecting(queries: usize) -> Self {
        let steps = 64_usize;
        let seeds = (queries / 5).clamp(64, 2000);
        let lines = queries.saturating_sub(seeds) / steps.ilog2() as usize;
        Self {
            seeds,
            lines: (lines + lines / 4).max(16),
            steps,
            shared: steps,
        }
    }

    fn check(&self) -> Result<(), AttackError> {
        if !self.steps.is_power_of_two() || self.steps < 2 {
            return Err(option("steps", self.steps, "a power of two from 2 up"));
        }
        if !self.shared.is_power_of_two() || self.shared > self.steps {
            return Err(option(
                "shared",
                self.shared,
                "a power of two, at most `steps`",
            ));
        }
        Ok(())
    }
}

/// A point of a line, by its step from the first end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The line.
    pub line: usize,
    /// Steps from the line's first end (0) to its second (all steps).
    pub step: usize,
}

/// Query images and their features.
#[derive(Clone, Debug)]
pub struct Boundaries<'a> {
    backbone: &'a dyn Extractor,
    images: &'a ImageSet,
    width: usize,
    steps: usize,
    shared: usize,
    /// Public images at the ends of lines, by number.
    public: Vec<u32>,
    /// Features of the seeds, a row each.
    seeds: Vec<f32>,
    /// Seeds at the ends of each line.
    ends: Vec<(usize, usize)>,
    /// Features of the shared inner points, line-major: shared − 1 rows a line.
    inner: Vec<f32>,
}

impl<'a> Boundaries<'a> {
    /// Draws seeds and lines from the public images and sends the shared points through the
    /// backbone.
    pub fn prepare(
        world: &World<'a>,
        backbone: &'a dyn Extractor,
        options: &BoundaryOptions,
        mut progress: impl FnMut(AttackProgress),
    ) -> Result<Self, AttackError> {
        options.check()?;
        let width = world.features.width();
        let mut rng = world.key.child("boundaries").rng(0);
        let mut public: Vec<u32> = world.split.public.indices().collect();
        public.shuffle(&mut rng);
        public.truncate(options.seeds);
        let seeds = public
            .iter()
            .flat_map(|&index| world.features.row(index as usize))
            .copied()
            .collect();
        let label = |seed: usize| world.features.labels()[public[seed] as usize];
        let mut ends = Vec::with_capacity(options.lines);
        while ends.len() < options.lines {
            let a = rng.random_range(0..public.len());
            let b = rng.random_range(0..public.len());
            // Ends of different classes, unless the public part has a single one.
            if a != b && (label(a) != label(b) || rng.random_range(0..64) == 0) {
                ends.push((a, b));
            }
        }
        let mut boundaries = Self {
            backbone,
            images: world.images,
            width,
            steps: options.steps,
            shared: options.shared,
            public,
            seeds,
            ends,
            inner: Vec::new(),
        };
        let total = boundaries.ends.len() as u64;
        let every = options.steps / options.shared;
        let mut inner = Vec::with_capacity(boundaries.lines() * (options.shared - 1) * width);
        let lines: Vec<usize> = (0..boundaries.lines()).collect();
        for lines in lines.chunks(GROUP) {
            let points: Vec<Point> = lines
                .iter()
                .flat_map(|&line| {
                    (1..options.shared).map(move |at| Point {
                        line,
                        step: at * every,
                    })
                })
                .collect();
            inner.extend_from_slice(&boundaries.sent(&points)?);
            progress(AttackProgress {
                done: lines.last().map_or(0, |&line| line as u64 + 1),
                total,
                loss: f64::NAN,
            });
        }
        boundaries.inner = inner;
        Ok(boundaries)
    }

    /// Errors unless heads of `features` inputs can be asked, within `queries` at least about the
    /// seeds.
    pub(super) fn check(&self, features: usize, queries: usize) -> Result<(), AttackError> {
        if features != self.width {
            return Err(AttackError::Mismatch {
                what: "features of the query images",
                expected: features.to_string(),
                found: self.width.to_string(),
            });
        }
        if queries < self.seeds() {
            return Err(option(
                "queries",
                queries,
                "at least the number of seed images",
            ));
        }
        Ok(())
    }

    /// Width d of the features.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of seeds.
    pub fn seeds(&self) -> usize {
        self.seeds.len() / self.width
    }

    /// Number of lines.
    pub fn lines(&self) -> usize {
        self.ends.len()
    }

    /// Steps of a line.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Steps from one shared point of a line to the next.
    pub fn every(&self) -> usize {
        self.steps / self.shared
    }

    /// Features of a seed.
    pub fn seed(&self, seed: usize) -> &[f32] {
        &self.seeds[seed * self.width..(seed + 1) * self.width]
    }

    /// Seeds at the ends of `line`.
    pub fn ends(&self, line: usize) -> (usize, usize) {
        self.ends[line]
    }

    /// Features of a point that all victims share: an end, or a point of the coarse cut.
    pub fn shared(&self, point: Point) -> Option<&[f32]> {
        let (a, b) = self.ends[point.line];
        if point.step == 0 {
            return Some(self.seed(a));
        }
        if point.step == self.steps {
            return Some(self.seed(b));
        }
        if !point.step.is_multiple_of(self.every()) {
            return None;
        }
        let row = point.line * (self.shared - 1) + point.step / self.every() - 1;
        Some(&self.inner[row * self.width..(row + 1) * self.width])
    }

    /// Features of `points`, a row each; those that are not shared go through the backbone now.
    pub fn features(&self, points: &[Point]) -> Result<Vec<f32>, AttackError> {
        let apart: Vec<Point> = points
            .iter()
            .copied()
            .filter(|&point| self.shared(point).is_none())
            .collect();
        let sent = self.sent(&apart)?;
        let mut sent = sent.chunks(self.width);
        let mut rows = Vec::with_capacity(points.len() * self.width);
        for &point in points {
            let row = self.shared(point).or_else(|| sent.next());
            rows.extend_from_slice(row.unwrap_or_default());
        }
        Ok(rows)
    }

    /// Features of `points` from the backbone.
    fn sent(&self, points: &[Point]) -> Result<Vec<f32>, AttackError> {
        if points.is_empty() {
            return Ok(Vec::new());
        }
        let mut pixels = Vec::with_capacity(points.len() * self.images.shape().len());
        for point in points {
            let (a, b) = self.ends[point.line];
            let [a, b] = [a, b].map(|seed| self.images.image(self.public[seed] as usize));
            let t = point.step as f32 / self.steps as f32;
            pixels.extend(a.iter().zip(b).map(|(a, b)| a + t * (b - a)));
        }
        let blends = ImageSet::new(self.images.shape(), pixels, vec![0; points.len()], 1)?;
        Ok(self.backbone.features(&blends)?.into_values())
    }
}
