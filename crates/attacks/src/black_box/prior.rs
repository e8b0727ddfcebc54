//! What the adversary believes about a head before the first query: a normal law fitted to shadow
//! heads, w = μ + B c + s ε with standard normal c and ε.
//!
//! The common row of a softmax head shows in no label and no probability, so heads are centred:
//! the mean of the class rows is taken from every row.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, Side};
use transfer::HeadKind;

use crate::alone::alone;
use crate::{AttackError, World};

/// Shadow heads that the law is fitted to.
const HEADS: usize = 1500;
/// Leading principal directions that are kept.
const DIRECTIONS: usize = 500;

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
    /// Fits the law to shadow heads of `world`.
    pub fn fit(world: &World<'_>) -> Result<Self, AttackError> {
        if world.shape.kind != HeadKind::Linear {
            return Err(AttackError::Unsuited {
                attack: "extraction under a normal prior",
                head: "a head with a hidden layer".into(),
                hint: "use extraction by fitting",
            });
        }
        let (classes, width) = (world.shape.classes, world.shape.features + 1);
        let shadows = world.shadows("extraction prior")?;
        let mut batch = shadows.batch(HEADS);
        shadows.fill(0, &mut batch);
        let mut heads: Vec<f64> = batch.weights.iter().map(|&w| f64::from(w)).collect();
        drop(batch);
        for head in heads.chunks_mut(classes * width) {
            centre_rows(head, width);
        }
        let mut mean = vec![0.0; classes * width];
        for head in heads.chunks(classes * width) {
            mean.iter_mut()
                .zip(head)
                .for_each(|(sum, w)| *sum += w / HEADS as f64);
        }
        for head in heads.chunks_mut(classes * width) {
            head.iter_mut().zip(&mean).for_each(|(w, mean)| *w -= mean);
        }
        let heads = MatRef::from_row_major_slice(&heads, HEADS, classes * width);
        let mut gram = Mat::<f64>::zeros(HEADS, HEADS);
        // One thread: the same bits on any machine with any number of cores.
        matmul(
            &mut gram,
            Accum::Replace,
            heads,
            heads.transpose(),
            1.0,
            Par::Seq,
        );
        let eigen = alone(1, |_| gram.self_adjoint_eigen(Side::Lower))
            .pop()
            .unwrap_or(Err(faer::linalg::evd::EvdError::NoConvergence))
            .map_err(|_| AttackError::Singular {
                attack: "extraction prior",
                reason: "the shadow heads' covariance has no eigenvalues".into(),
            })?;
        let free = (HEADS - 1) as f64;
        let values: Vec<f64> = (0..HEADS).map(|i| eigen.S()[i].max(0.0)).collect();
        let kept = DIRECTIONS.min((classes - 1) * width / 2);
        // Eigenvalues ascend; the leading ones stand last.
        let rest_sum: f64 = values[..HEADS - kept].iter().sum();
        let unexplained = ((classes - 1) * width - kept).max(1) as f64;
        let rest_variance = rest_sum / free / unexplained;
        let mut loads = Mat::<f64>::zeros(HEADS, kept);
        for column in 0..kept {
            let index = HEADS - 1 - column;
            let own = (1.0 - rest_variance * free / values[index].max(f64::MIN_POSITIVE)).max(0.0);
            for row in 0..HEADS {
                loads[(row, column)] = eigen.U()[(row, index)] * (own / free).sqrt();
            }
        }
        // Directions u = Xᵀ v / √λ times their standard deviation √(λ / (M − 1)).
        let mut directions = Mat::<f64>::zeros(classes * width, kept);
        matmul(
            &mut directions,
            Accum::Replace,
            heads.transpose(),
            &loads,
            1.0,
            Par::Seq,
        );
        Ok(Self {
            classes,
            width,
            mean,
            directions,
            rest: rest_variance.sqrt(),
        })
    }

    /// The mean head's row of `class`.
    pub(crate) fn mean_row(&self, class: usize) -> &[f64] {
        &self.mean[class * self.width..(class + 1) * self.width]
    }
}

/// Takes the mean of the rows from every row of `head` (rows of `width` values).
pub fn centre_rows(head: &mut [f64], width: usize) {
    let rows = (head.len() / width) as f64;
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
