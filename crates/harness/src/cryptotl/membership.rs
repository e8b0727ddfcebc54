//! The attack on what CryptoTL leaves in the clear: was a text among the fine-tuning examples?
//!
//! A network is surer of what it was tuned on, but also of easy texts. So the adversary, who knows
//! the recipe and texts of the same kind, compares a text's margin with its mean margin under
//! networks tuned without it (difficulty calibration, Watson et al. 2022, arXiv:2111.08440). The
//! other victims' networks are those: tuned by the same recipe on draws of their own.

use config::experiment::CryptoTl;
use cryptotl::FineTune;
use rayon::prelude::*;

use super::outcome::MembershipScores;
use super::tasks::{Tasks, select};
use crate::error::HarnessError;

/// Examples of each class a victim on each side.
const EXAMPLES: usize = 5;

/// What the adversary sees of one victim.
struct Victim {
    /// Rows that it was tuned on.
    rows: Vec<usize>,
    /// Whether a row is among them.
    member: Vec<bool>,
    /// Logit of the right class over the other's, for every row.
    margins: Vec<f64>,
}

/// Scores of training examples and of others, a list a victim, as many of each class: the lower, the
/// more like a training example.
pub fn scores(
    tasks: &Tasks,
    wanted: &CryptoTl,
    recipe: &FineTune,
    size: usize,
    progress: impl Fn(usize) + Sync,
) -> Result<MembershipScores, HarnessError> {
    let done = std::sync::atomic::AtomicUsize::new(0);
    let victims = (0..wanted.victims)
        .into_par_iter()
        .map(|number| {
            let victim = Victim::tune(tasks, recipe, size, wanted.folds + number, number)?;
            progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1);
            Ok(victim)
        })
        .collect::<Result<Vec<_>, HarnessError>>()?;
    let pairs = (0..victims.len()).map(|own| {
        let (members, others) = candidates(tasks, &victims[own]);
        let score = |rows: Vec<usize>| -> Vec<f64> {
            rows.iter()
                .map(|&row| calibrated(&victims, own, row))
                .collect()
        };
        (score(members), score(others))
    });
    let (members, others) = pairs.unzip();
    Ok(MembershipScores { members, others })
}

impl Victim {
    fn tune(
        tasks: &Tasks,
        recipe: &FineTune,
        size: usize,
        draw: usize,
        number: usize,
    ) -> Result<Self, HarnessError> {
        let rows = tasks.draw(size, draw);
        let key = tasks.root.child("victims");
        let key = key.child(&format!("{size} {number}"));
        let network = recipe
            .run(None, &select(&tasks.features, &rows)?, &key)?
            .upper;
        let labels = tasks.features.labels();
        let margins = network
            .logits(&tasks.features)?
            .into_iter()
            .zip(labels)
            .map(|(logit, &label)| f64::from(if label == 1 { logit } else { -logit }))
            .collect();
        let mut member = vec![false; labels.len()];
        rows.iter().for_each(|&row| member[row] = true);
        Ok(Self {
            rows,
            member,
            margins,
        })
    }
}

/// Rows to tell apart: of each class some that the victim was tuned on, and as many that it was not,
/// from the rows that training sets are drawn from (test rows where these run out).
fn candidates(tasks: &Tasks, victim: &Victim) -> (Vec<usize>, Vec<usize>) {
    let labels = tasks.features.labels();
    let some = |rows: &mut dyn Iterator<Item = usize>| -> Vec<usize> {
        let mut left = [EXAMPLES; 2];
        rows.filter(|&row| {
            let left = &mut left[labels[row] as usize];
            let take = *left > 0;
            *left -= usize::from(take);
            take
        })
        .collect()
    };
    let rest = tasks.pool.iter().chain(&tasks.test).copied();
    (
        some(&mut victim.rows.iter().copied()),
        some(&mut rest.filter(|&row| !victim.member[row])),
    )
}

/// The mean margin of a row under the victims that were tuned without it, less its margin under `own`.
fn calibrated(victims: &[Victim], own: usize, row: usize) -> f64 {
    let without = victims
        .iter()
        .enumerate()
        .filter(|(at, victim)| *at != own && !victim.member[row]);
    let (count, sum) = without.fold((0, 0.0), |(count, sum), (_, victim)| {
        (count + 1, sum + victim.margins[row])
    });
    sum / f64::from(count.max(1)) - victims[own].margins[row]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn victim(rows: &[usize], margins: [f64; 4]) -> Victim {
        Victim {
            rows: rows.to_vec(),
            member: (0..4).map(|row| rows.contains(&row)).collect(),
            margins: margins.to_vec(),
        }
    }

    #[test]
    fn easy_texts_are_not_taken_for_members() {
        // Row 0 is easy for all; row 1 is sure only where it was tuned on.
        let victims = [
            victim(&[1], [5.0, 3.0, 0.0, 0.0]),
            victim(&[2], [5.0, 1.0, 3.0, 0.0]),
            victim(&[3], [5.0, 0.0, 1.0, 3.0]),
        ];
        assert_eq!(calibrated(&victims, 0, 0), 0.0);
        assert_eq!(calibrated(&victims, 0, 1), 0.5 - 3.0);
        assert_eq!(calibrated(&victims, 1, 1), 0.0 - 1.0);
        // Every other victim has it: nothing to compare with.
        let alone = [victim(&[1], [0.0, 2.0, 0.0, 0.0]), victim(&[1], [0.0; 4])];
        assert_eq!(calibrated(&alone, 0, 1), -2.0);
    }
}
