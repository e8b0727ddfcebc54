//! Whether a given head is one of those that its audit simulates. An attack that is fitted to heads of
//! another kind finds nothing, and nothing found must not pass for nothing there.

use attacks::World;
use datasets::FeatureSet;
use transfer::Head;

use super::finding::Fit;
use super::weights::{Named, list};
use crate::error::HarnessError;

/// Simulated heads whose sizes are measured.
const HEADS: usize = 100;
/// Deviations of the logarithm of the size beyond which a head is of another kind.
const FAR: f64 = 6.0;
/// Ratios of sizes that are never taken for another kind.
const NEAR: f64 = 1.2;
/// Of the accuracy that simulated heads have above chance, the parts that a head may lack before it is
/// remarked, and before it is refused.
const LACKING: [f64; 2] = [0.25, 0.5];

/// Accuracy above chance that simulated heads need for a head's own to tell anything.
const TELLING: f64 = 0.1;

/// Compares `head` with simulated heads, whose accuracies on `test` are `simulated`.
///
/// # Errors
/// A head that is right about as often as chance where simulated ones are not: its classes are in
/// another order, or its features are others.
pub fn fit(
    world: &World<'_>,
    test: &FeatureSet,
    head: &Named,
    simulated: &[f64],
) -> Result<Fit, HarnessError> {
    let shape = world.shape;
    let classes = shape.classes;
    let predicted = Head::new(shape, head.weights.clone())?.predict(test.values())?;
    let mut counts = vec![0_usize; classes * classes];
    for (&said, &label) in predicted.iter().zip(test.labels()) {
        counts[said as usize * classes + label as usize] += 1;
    }
    let total = test.len().max(1) as f64;
    let right = |order: &dyn Fn(usize) -> usize| -> f64 {
        let hits = (0..classes).map(|said| counts[said * classes + order(said)]);
        hits.sum::<usize>() as f64 / total
    };
    let accuracy = right(&|said| said);
    let n = simulated.len().max(1) as f64;
    let mean = simulated.iter().sum::<f64>() / n;
    let least = simulated.iter().copied().fold(f64::INFINITY, f64::min);
    let above = (mean - 1.0 / classes as f64).max(f64::MIN_POSITIVE);
    let lacks = |part: f64| accuracy < least && mean - accuracy > part * above;
    if lacks(LACKING[1]) {
        let meant = matching(&counts, classes);
        let permuted = right(&|said| meant[said]);
        let reason = if mean - permuted < 0.5 * above {
            format!(
                "it is right about {} of public test examples, and about {} with its outputs in \
                 another order\nhint: its classes are numbered otherwise than those of the data: \
                 --classes {}",
                percent(accuracy),
                percent(permuted),
                list(&meant)
            )
        } else {
            format!(
                "it is right about {} of public test examples, heads trained by this recipe about \
                 {}\nhint: features must be those of its training: the same backbone, input size, \
                 normalisation and scaling; and classes must be numbered alike",
                percent(accuracy),
                percent(mean)
            )
        };
        return Err(HarnessError::Given {
            path: head.name.clone().into(),
            reason,
        });
    }
    let mut remarks = Vec::new();
    if above < TELLING {
        remarks.push(format!(
            "simulated heads are right about {} of public test examples, little more than chance: whether \
             its features and the order of its classes are theirs cannot be told",
            percent(mean)
        ));
    }
    if lacks(LACKING[0]) {
        remarks.push(format!(
            "it is right about {} of public test examples, none of the simulated heads less than {}",
            percent(accuracy),
            percent(least)
        ));
    }
    let size = relative_size(world, head)?;
    if let Some(words) = size.remark() {
        remarks.push(words);
    }
    Ok(Fit {
        accuracy,
        accuracy_simulated: mean,
        size: size.ratio,
        remarks,
    })
}

/// The class that each output stands for: pairs of an output and a class, each once, those that
/// were seen together most often first.
fn matching(counts: &[usize], classes: usize) -> Vec<usize> {
    let mut pairs: Vec<usize> = (0..counts.len()).collect();
    pairs.sort_by_key(|&pair| std::cmp::Reverse(counts[pair]));
    let mut meant = vec![None; classes];
    let mut taken = vec![false; classes];
    for pair in pairs {
        let (said, label) = (pair / classes, pair % classes);
        if meant[said].is_none() && !taken[label] {
            meant[said] = Some(label);
            taken[label] = true;
        }
    }
    meant.into_iter().flatten().collect()
}

struct Size {
    /// Over the mean of simulated heads.
    ratio: f64,
    /// Deviations of its logarithm.
    deviations: f64,
}

impl Size {
    fn remark(&self) -> Option<String> {
        let apart = self.ratio.max(1.0 / self.ratio);
        // What is no number is remarked.
        let near = self.deviations.abs() <= FAR || apart <= NEAR;
        (!near).then(|| {
            format!(
                "its weights are {:.2} times as large as those of simulated heads, {:.0} standard \
                 deviations off: it was trained by another recipe, on other features or on another \
                 number of examples",
                self.ratio, self.deviations
            )
        })
    }
}

fn relative_size(world: &World<'_>, head: &Named) -> Result<Size, HarnessError> {
    let shadows = world.shadows("fit")?;
    let mut batch = shadows.batch(HEADS);
    shadows.fill(0, &mut batch)?;
    let rows = world.shape.first_rows();
    let width = world.shape.features + 1;
    let log_size = |weights: &[f32]| -> f64 {
        let mut mean = vec![0.0_f64; width];
        for row in weights.chunks_exact(width).take(rows) {
            let each = mean.iter_mut().zip(row);
            each.for_each(|(sum, &w)| *sum += f64::from(w) / rows as f64);
        }
        // A hidden layer has no common row that does not count.
        let common = if rows == world.shape.classes {
            1.0
        } else {
            0.0
        };
        let rows = weights.chunks_exact(width).take(rows);
        let squares = rows.flat_map(|row| {
            row.iter()
                .zip(&mean)
                .take(width - 1)
                .map(|(&w, mean)| (f64::from(w) - common * mean).powi(2))
        });
        0.5 * squares.sum::<f64>().ln()
    };
    let logs: Vec<f64> = (0..batch.len()).map(|i| log_size(batch.head(i))).collect();
    let n = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let variance = logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let own = log_size(&head.weights) - mean;
    Ok(Size {
        ratio: own.exp(),
        deviations: own / variance.sqrt().max(1e-3),
    })
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
