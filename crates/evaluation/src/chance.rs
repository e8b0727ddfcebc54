//! One unit held against others that it cannot be told from under the null hypothesis.
//!
//! n null units and the unit in question are each measured on the same records, smaller being more of
//! a success. Where the null hypothesis holds, all n + 1 are exchangeable, so that the rank of the
//! unit's value on a record is a p-value, exactly and for any law: p = #{units at or below it} / (n + 1).
//! With many records some p-value is small by chance. The adjusted one compares it with the smallest
//! p-value over all records that each unit has (Westfall and Young 1993, single-step minP): calling
//! the records whose adjusted p-value is at most α calls any of them with probability at most α under
//! the null, however the records depend on one another.

/// How often chance does as well on one record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chance {
    /// Probability of such a value on this record.
    pub p: f64,
    /// Probability of so small a p-value on any of the records.
    pub adjusted: f64,
}

/// For each record how often chance does as well as `unit`; `null` holds one list a null unit, of the
/// same records. Values that are not numbers count as no success.
///
/// # Panics
/// If a null unit has another number of records.
pub fn chance(unit: &[f64], null: &[Vec<f64>]) -> Vec<Chance> {
    let pool = null.len() + 1;
    let value = |member: usize, record: usize| {
        let values = null.get(member).map_or(unit, Vec::as_slice);
        assert_eq!(values.len(), unit.len(), "every unit has every record");
        if values[record].is_nan() {
            f64::INFINITY
        } else {
            values[record]
        }
    };
    // The unit itself comes last.
    let mut least = vec![pool; pool];
    let mut own = Vec::with_capacity(unit.len());
    let mut order: Vec<(f64, usize)> = Vec::with_capacity(pool);
    for record in 0..unit.len() {
        order.clear();
        order.extend((0..pool).map(|member| (value(member, record), member)));
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut from = 0;
        while from < pool {
            let tied = order[from..].iter().take_while(|it| it.0 == order[from].0);
            let to = from + tied.count();
            for &(_, member) in &order[from..to] {
                // Ties count against success: the rank is that of the last of them.
                least[member] = least[member].min(to);
                if member == null.len() {
                    own.push(to);
                }
            }
            from = to;
        }
    }
    let mut sorted = least;
    sorted.sort_unstable();
    let share = |count: usize| count as f64 / pool as f64;
    own.into_iter()
        .map(|rank| Chance {
            p: share(rank),
            adjusted: share(sorted.partition_point(|&other| other <= rank)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn a_rank_is_counted_with_its_ties() {
        let null = vec![vec![1.0, 5.0], vec![2.0, f64::NAN], vec![3.0, 7.0]];
        let found = chance(&[2.0, 9.0], &null);
        assert_eq!(
            found.iter().map(|it| it.p).collect::<Vec<_>>(),
            [0.75, 0.75]
        );
        // Best ranks of the three: 1, 3, 2 (of 5, none, 7 on the second record: 1, 4, 2).
        assert_eq!(found[0].adjusted, 1.0);
        let best = chance(&[0.5, 9.0], &null);
        assert_eq!((best[0].p, best[0].adjusted), (0.25, 0.5));
    }

    #[test]
    fn chance_calls_no_more_than_it_says() {
        // 12 records that share much of their noise; 99 null units, 600 trials at α = 10 %: the share
        // of trials with a call lies within four standard deviations (.049) of 10 %, or below.
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut draw = || {
            let shared: f64 = rng.random();
            let each = (0..12).map(|_| shared + rng.random::<f64>());
            each.collect::<Vec<f64>>()
        };
        let mut called = 0;
        for _ in 0..600 {
            let null: Vec<_> = (0..99).map(|_| draw()).collect();
            let found = chance(&draw(), &null);
            called += usize::from(found.iter().any(|it| it.adjusted <= 0.1));
        }
        let rate = f64::from(called as u32) / 600.0;
        assert!(rate <= 0.149, "{rate}");
        // And it is not called seldom without reason: single-step minP is exact up to ties.
        assert!(rate >= 0.02, "{rate}");
    }

    #[test]
    fn what_stands_out_is_called() {
        let null: Vec<_> = (0..99)
            .map(|i| vec![1.0 + f64::from(i) / 99.0; 4])
            .collect();
        let found = chance(&[1.5, 0.1, 1.7, 1.2], &null);
        assert!(found[1].adjusted <= 0.05, "{found:?}");
        assert!(
            found[0].adjusted > 0.3 && found[2].adjusted > 0.3,
            "{found:?}"
        );
    }
}
