//! What the adversary believes about a head before the first query: a normal law,
//! w = μ + B c + s ε with standard normal c and ε.
//!
//! A head is nearly linear in the features of its examples: row k moves by Σ_l a_kl (f_l − E f_l),
//! where f_l is the mean feature of class l's shots. The slopes a and what they leave unexplained
//! are fitted to shadow heads; the covariances of the features, of which there are far more
//! directions than shadow heads show, come from the public examples themselves.
//!
//! The common row of a softmax head shows in no label and no probability, so heads are centred:
//! the mean of the class rows is taken from every row.

use faer::prelude::Solve;
use faer::{Mat, MatRef, Side};
use rayon::prelude::*;
use transfer::{HeadKind, ShadowBatch};

use super::principal::Principal;
use crate::{AttackError, World};

/// Shadow heads that the slopes are fitted to, in batches.
const HEADS: [usize; 2] = [4, 250];
/// Directions of what the slopes leave unexplained.
const UNEXPLAINED: usize = 40;
/// Examples of a class, and directions of all classes' features together.
const EXAMPLES: usize = 600;
const DIRECTIONS: usize = 800;

/// A normal law over centred linear heads of K class rows of d + 1 weights.
#[derive(Clone, Debug)]
pub struct HeadPrior {
    pub(crate) classes: usize,
    /// d + 1.
    pub(crate) width: usize,
    /// Mean head μ, K (d + 1) values.
    pub(crate) mean: Vec<f64>,
    /// Principal directions times their standard deviations: K (d + 1) rows.
    pub(crate) directions: Mat<f64>,
    /// Standard deviation s of what no direction explains.
    pub(crate) rest: f64,
}

impl HeadPrior {
    /// Fits the law to shadow heads and public examples of `world`.
    pub fn fit(world: &World<'_>) -> Result<Self, AttackError> {
        if world.shape.kind != HeadKind::Linear {
            return Err(spec::Unsuited {
                what: "extraction under a normal prior",
                head: world.shape.kind.described(),
                hint: "extract it by `labels`, which fits a head to the answers",
            }
            .into());
        }
        let (classes, width) = (world.shape.classes, world.shape.features + 1);
        let free = (classes - 1).max(1) * width;
        let groups = Groups::of(world);
        let (mut heads, features) = shadows(world, &groups)?;
        let mean = means(&heads, classes * width);
        let slopes = explain(&mut heads, &mean, &features, classes, width)?;
        let count = heads.len() / (classes * width);
        let left = MatRef::from_row_major_slice(&heads, count, classes * width);
        let left = Principal::of(left, UNEXPLAINED, free)?;
        let kept = (DIRECTIONS / groups.laws.len()).clamp(8, (width / 2).max(8));
        let laws = groups
            .laws
            .par_iter()
            .map(|rows| Principal::of(rows.as_ref(), kept, width - 1))
            .collect::<Result<Vec<_>, _>>()?;

        let columns: usize = laws.iter().map(|law| law.directions.ncols()).sum();
        let own = left.directions.ncols();
        let mut directions = Mat::<f64>::zeros(classes * width, own + columns);
        directions
            .as_mut()
            .subcols_mut(0, own)
            .copy_from(&left.directions);
        let (mut rest, mut from) = (left.rest, own);
        for (group, law) in laws.iter().enumerate() {
            for class in 0..classes {
                let slope = slopes[(class, group)];
                for (column, axis) in law.directions.col_iter().enumerate() {
                    for (row, value) in axis.iter().enumerate() {
                        directions[(class * width + row, from + column)] = slope * value;
                    }
                }
                rest += slope * slope * law.rest * (width - 1) as f64 / free as f64;
            }
            from += law.directions.ncols();
        }
        Ok(Self {
            classes,
            width,
            mean,
            directions,
            rest: rest.sqrt(),
        })
    }

    /// The mean head's row of `class`.
    pub(crate) fn mean_row(&self, class: usize) -> &[f64] {
        &self.mean[class * self.width..(class + 1) * self.width]
    }
}

/// The classes of the examples: mean features, and deviations of some examples from them.
struct Groups {
    /// Mean feature of each class.
    means: Vec<Vec<f64>>,
    /// Deviations of a mean of c examples, rows of d values.
    laws: Vec<Mat<f64>>,
}

impl Groups {
    fn of(world: &World<'_>) -> Self {
        let width = world.features.width();
        let pool = &world.split.public;
        let groups = 0..pool.classes();
        let of = |group: usize| {
            let members = &pool.class(group)[..pool.class(group).len().min(EXAMPLES)];
            let row = |member: u32| world.features.row(member as usize);
            let mut mean = vec![0.0; width];
            for &member in members {
                let row = row(member).iter();
                mean.iter_mut().zip(row).for_each(|(sum, &x)| {
                    *sum += f64::from(x) / members.len() as f64;
                });
            }
            let shrink = (world.shots as f64).sqrt();
            let rows = Mat::from_fn(members.len(), width, |i, j| {
                (f64::from(row(members[i])[j]) - mean[j]) / shrink
            });
            (mean, rows)
        };
        let (means, laws) = groups.into_par_iter().map(of).unzip();
        Self { means, laws }
    }
}

/// Centred shadow heads, and the deviations of their classes' mean features: heads × (K (d + 1))
/// and heads × (classes × d).
fn shadows(world: &World<'_>, groups: &Groups) -> Result<(Vec<f64>, Vec<f64>), AttackError> {
    let shadows = world.shadows("extraction prior")?;
    let [batches, size] = HEADS;
    let mut batch: ShadowBatch = shadows.batch(size);
    let (mut heads, mut features) = (Vec::new(), Vec::new());
    for number in 0..batches {
        shadows.fill(number as u64, &mut batch)?;
        heads.extend(batch.weights.iter().map(|&w| f64::from(w)));
        for head in 0..size {
            let members = batch.members(head).chunks(world.shots);
            for (members, mean) in members.zip(&groups.means) {
                let from = features.len();
                features.extend(mean.iter().map(|mean| -mean));
                for &member in members {
                    let row = world.features.row(member as usize).iter();
                    features[from..].iter_mut().zip(row).for_each(|(sum, &x)| {
                        *sum += f64::from(x) / world.shots as f64;
                    });
                }
            }
        }
    }
    for head in heads.chunks_mut(world.shape.classes * (world.shape.features + 1)) {
        centre_rows(head, world.shape.features + 1);
    }
    Ok((heads, features))
}

fn means(heads: &[f64], length: usize) -> Vec<f64> {
    let count = (heads.len() / length) as f64;
    let mut mean = vec![0.0; length];
    for head in heads.chunks(length) {
        mean.iter_mut()
            .zip(head)
            .for_each(|(sum, w)| *sum += w / count);
    }
    mean
}

/// Slopes of rows on class features (K × classes) by least squares over heads and coordinates;
/// leaves of the heads what mean and slopes do not explain.
fn explain(
    heads: &mut [f64],
    mean: &[f64],
    features: &[f64],
    classes: usize,
    width: usize,
) -> Result<Mat<f64>, AttackError> {
    let d = width - 1;
    let count = heads.len() / (classes * width);
    let groups = features.len() / (count * d);
    let mut gram = Mat::<f64>::zeros(groups, groups);
    let mut cross = Mat::<f64>::zeros(groups, classes);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let each = features.chunks(groups * d);
    for (head, features) in heads.chunks_mut(classes * width).zip(each) {
        head.iter_mut().zip(mean).for_each(|(w, mean)| *w -= mean);
        for (i, own) in features.chunks(d).enumerate() {
            for (j, other) in features.chunks(d).enumerate() {
                gram[(i, j)] += dot(own, other);
            }
            for (k, row) in head.chunks(width).enumerate() {
                cross[(i, k)] += dot(own, &row[..d]);
            }
        }
    }
    let power = (0..groups).map(|i| gram[(i, i)]).sum::<f64>() / groups as f64;
    for i in 0..groups {
        gram[(i, i)] += 1e-9 * power + f64::MIN_POSITIVE;
    }
    let factor = gram.llt(Side::Lower).map_err(|_| AttackError::Singular {
        attack: "extraction prior",
        reason: "features that are not finite, or all the same".into(),
    })?;
    let slopes = factor.solve(&cross).transpose().to_owned();
    let each = features.chunks(groups * d);
    for (head, features) in heads.chunks_mut(classes * width).zip(each) {
        for (k, row) in head.chunks_mut(width).enumerate() {
            for (l, feature) in features.chunks(d).enumerate() {
                let slope = slopes[(k, l)];
                let pairs = row.iter_mut().zip(feature);
                pairs.for_each(|(w, x)| *w -= slope * x);
            }
        }
    }
    Ok(slopes)
}

/// Takes the mean of the rows from every row of `head` (rows of `width` values); a head of a single
/// logit has no common row.
pub fn centre_rows(head: &mut [f64], width: usize) {
    let rows = (head.len() / width) as f64;
    if rows < 2.0 {
        return;
    }
    for column in 0..width {
        let mean = head.iter().skip(column).step_by(width).sum::<f64>() / rows;
        head.iter_mut()
            .skip(column)
            .step_by(width)
            .for_each(|w| *w -= mean);
    }
}

/// Cosine of two heads with their common rows removed, over the `columns` that count (all of them
/// where none are given).
pub fn centred_cosine(a: &[f32], b: &[f32], width: usize, columns: Option<&[bool]>) -> f64 {
    let centred = |head: &[f32]| {
        let mut head: Vec<f64> = head.iter().map(|&w| f64::from(w)).collect();
        centre_rows(&mut head, width);
        if let Some(columns) = columns {
            for row in head.chunks_mut(width) {
                let left_out = row.iter_mut().zip(columns).filter(|(_, counts)| !**counts);
                left_out.for_each(|(w, _)| *w = 0.0);
            }
        }
        head
    };
    let (a, b) = (centred(a), centred(b));
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
}
