//! Query images for label extraction: public images, and the lines between pairs of them.
//!
//! All victims are asked about the same lines, cut into equal steps, so that the backbone sees
//! each query image once whatever the number of victims.

use backbones::Backbone;
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
    /// Steps a line is cut into, a power of two: its logarithm is the number of bisections.
    pub steps: usize,
}

impl BoundaryOptions {
    /// Options that can spend `queries` a victim: a fifth on seeds, the rest on bisections of 6
    /// steps, with lines to spare for those whose ends bear the same label.
    pub fn for_budget(queries: usize) -> Self {
        let steps = 64_usize;
        let seeds = (queries / 5).clamp(64, 2000);
        let lines = queries.saturating_sub(seeds) / steps.ilog2() as usize;
        Self {
            seeds,
            lines: (lines + lines / 4).max(16),
            steps,
        }
    }
}

/// Features of the query images.
#[derive(Clone, Debug)]
pub struct Boundaries {
    width: usize,
    steps: usize,
    /// Features of the seeds, a row each.
    seeds: Vec<f32>,
    /// Seeds at the ends of each line.
    ends: Vec<(usize, usize)>,
    /// Features of the inner points, line-major: steps − 1 rows a line.
    inner: Vec<f32>,
}

impl Boundaries {
    /// Draws seeds and lines from the public images and sends them through the backbone.
    pub fn prepare(
        world: &World<'_>,
        backbone: &Backbone,
        options: &BoundaryOptions,
        mut progress: impl FnMut(AttackProgress),
    ) -> Result<Self, AttackError> {
        if !options.steps.is_power_of_two() || options.steps < 2 {
            return Err(option("steps", options.steps, "a power of two from 2 up"));
        }
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
        let mut inner = Vec::with_capacity(ends.len() * (options.steps - 1) * width);
        for (line, &(a, b)) in ends.iter().enumerate() {
            let (a, b) = (
                world.images.image(public[a] as usize),
                world.images.image(public[b] as usize),
            );
            let mut pixels = Vec::with_capacity((options.steps - 1) * a.len());
            for step in 1..options.steps {
                let t = step as f32 / options.steps as f32;
                pixels.extend(a.iter().zip(b).map(|(a, b)| a + t * (b - a)));
            }
            let blends =
                ImageSet::new(world.images.shape(), pixels, vec![0; options.steps - 1], 1)?;
            inner.extend_from_slice(backbone.features(&blends)?.values());
            progress(AttackProgress {
                done: line as u64 + 1,
                total: ends.len() as u64,
                loss: f64::NAN,
            });
        }
        Ok(Self {
            width,
            steps: options.steps,
            seeds,
            ends,
            inner,
        })
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

    /// Features of a seed.
    pub fn seed(&self, seed: usize) -> &[f32] {
        &self.seeds[seed * self.width..(seed + 1) * self.width]
    }

    /// Seeds at the ends of `line`.
    pub fn ends(&self, line: usize) -> (usize, usize) {
        self.ends[line]
    }

    /// Features of the point `step` of `line`, from its first end (0) to its second (`steps`).
    pub fn point(&self, line: usize, step: usize) -> &[f32] {
        let (a, b) = self.ends[line];
        match step {
            0 => self.seed(a),
            step if step == self.steps => self.seed(b),
            step => {
                let row = line * (self.steps - 1) + step - 1;
                &self.inner[row * self.width..(row + 1) * self.width]
            }
        }
    }
}
