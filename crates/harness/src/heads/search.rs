//! A search over a grid that grows until its best point is inside it.
//!
//! The points of the grid lie on axes. Every combination of their values is scored; then, for as long
//! as a neighbour of the best point is better by more than what counts, the search moves there, past
//! the ends of the axes where that is where it leads: the values beyond continue the axis by the ratio
//! of its last two. Where it stops, the best point has worse neighbours on every side.

use std::collections::HashMap;

/// By how much a neighbour must be better to be moved to: accuracies that are nearer to one another
/// than this differ by chance.
const COUNTS: f64 = 0.002;

/// Moves after which the search gives up.
const MOVES: usize = 12;

/// Values of one setting.
#[derive(Clone, Debug)]
pub struct Axis {
    /// Ascending.
    values: Vec<f64>,
    /// Whether values beyond the ends make sense.
    grows: bool,
    /// Whether values are whole numbers.
    whole: bool,
    /// No value is above.
    most: f64,
}

impl Axis {
    /// Real numbers up to `most`, in any order. A single one is kept to.
    pub fn real(values: &[f64], most: f64) -> Self {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        Self {
            grows: values.len() > 1,
            values,
            whole: false,
            most,
        }
    }

    /// Whole numbers from 1 to `most`.
    pub fn whole(values: &[usize], most: usize) -> Self {
        let values: Vec<f64> = values.iter().map(|&it| it as f64).collect();
        Self {
            whole: true,
            ..Self::real(&values, most as f64)
        }
    }

    /// The numbers of so many things that have no order.
    pub fn choices(count: usize) -> Self {
        Self {
            values: (0..count).map(|it| it as f64).collect(),
            grows: false,
            whole: true,
            most: f64::INFINITY,
        }
    }

    /// The value at a place: those of the list from 0 on, those beyond continued. None where there is
    /// none, or none that differs from the one before.
    fn at(&self, place: i64) -> Option<f64> {
        let (values, last) = (&self.values, self.values.len() as i64 - 1);
        if (0..=last).contains(&place) {
            return Some(values[place as usize]);
        }
        if !self.grows {
            return None;
        }
        let (end, ratio, steps) = if place < 0 {
            (values[0], values[0] / values[1], -place)
        } else {
            let end = values[last as usize];
            (end, end / values[last as usize - 1], place - last)
        };
        let value = |steps: i64| {
            let value = end * ratio.powi(steps as i32);
            if self.whole { value.round() } else { value }
        };
        let (own, before) = (value(steps), value(steps - 1));
        let possible = own > 0.0 && own <= self.most && own != before;
        possible.then_some(own)
    }
}

/// Combinations of the listed values.
pub fn listed(axes: &[Axis]) -> usize {
    axes.iter().map(|axis| axis.values.len()).product()
}

/// The best point that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// A value of each axis.
    pub at: Vec<f64>,
    /// Its score.
    pub score: f64,
    /// Points that were scored.
    pub tried: usize,
    /// Whether all its neighbours are worse, or not better by anything that counts; else the search
    /// gave up on its way.
    pub inside: bool,
}

/// The point of the largest `score`; none without a point.
///
/// # Errors
/// The first of `score`.
pub fn best<E>(
    axes: &[Axis],
    mut score: impl FnMut(&[f64]) -> Result<f64, E>,
) -> Result<Option<Found>, E> {
    let mut known: HashMap<Vec<i64>, f64> = HashMap::new();
    let mut known_or = |place: &[i64]| -> Result<Option<(f64, usize)>, E> {
        let values: Option<Vec<f64>> = axes.iter().zip(place).map(|(a, &p)| a.at(p)).collect();
        let Some(values) = values else {
            return Ok(None);
        };
        let found = match known.get(place) {
            Some(&found) => found,
            None => {
                let found = score(&values)?;
                known.insert(place.to_vec(), found);
                found
            }
        };
        Ok(Some((found, known.len())))
    };

    let mut tried = 0;
    let mut best: Option<(Vec<i64>, f64)> = None;
    for place in grid(axes) {
        if let Some((found, count)) = known_or(&place)? {
            tried = count;
            if best.as_ref().is_none_or(|(_, score)| found > *score) {
                best = Some((place, found));
            }
        }
    }
    let Some((mut place, mut found)) = best else {
        return Ok(None);
    };
    let mut inside = false;
    for _ in 0..MOVES {
        let mut next: Option<(Vec<i64>, f64)> = None;
        for axis in (0..axes.len()).filter(|&axis| axes[axis].grows) {
            for step in [-1, 1] {
                let mut beside = place.clone();
                beside[axis] += step;
                if let Some((score, count)) = known_or(&beside)? {
                    tried = count;
                    if score > next.as_ref().map_or(found + COUNTS, |(_, best)| *best) {
                        next = Some((beside, score));
                    }
                }
            }
        }
        match next {
            Some(next) => (place, found) = next,
            None => {
                inside = true;
                break;
            }
        }
    }
    let at = axes.iter().zip(&place).filter_map(|(axis, &p)| axis.at(p));
    Ok(Some(Found {
        at: at.collect(),
        score: found,
        tried,
        inside,
    }))
}

/// The places of all combinations of the listed values, the last axis fastest.
fn grid(axes: &[Axis]) -> impl Iterator<Item = Vec<i64>> {
    let lengths: Vec<usize> = axes.iter().map(|axis| axis.values.len()).collect();
    (0..listed(axes)).map(move |number| {
        let mut rest = number;
        let mut place = vec![0; lengths.len()];
        for (place, length) in place.iter_mut().zip(&lengths).rev() {
            *place = (rest % length) as i64;
            rest /= length;
        }
        place
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Never = std::convert::Infallible;

    fn search(axes: &[Axis], score: impl Fn(&[f64]) -> f64) -> Found {
        let found = best(axes, |at| Ok::<_, Never>(score(at)));
        found.expect("no error").expect("a point")
    }

    /// A hill in the logarithms of its settings.
    fn hill(at: &[f64], top: &[f64]) -> f64 {
        let far = at.iter().zip(top).map(|(x, top)| (x / top).ln().powi(2));
        1.0 - 0.05 * far.sum::<f64>()
    }

    #[test]
    fn a_best_inside_the_grid_costs_the_grid_alone() {
        let axes = [
            Axis::real(&[1.0, 2.0, 4.0], 1e3),
            Axis::whole(&[8, 16, 32], 1000),
        ];
        let found = search(&axes, |at| hill(at, &[2.0, 16.0]));
        assert_eq!((found.at.as_slice(), found.tried), (&[2.0, 16.0][..], 9));
        assert!(found.inside);
    }

    #[test]
    fn the_grid_grows_past_either_end_until_the_best_is_inside() {
        let axes = [
            Axis::real(&[4.0, 1.0, 2.0], 1e3),
            Axis::whole(&[8, 16, 32], 1000),
        ];
        let found = search(&axes, |at| hill(at, &[32.0, 2.0]));
        assert_eq!(found.at, [32.0, 2.0]);
        assert!(found.inside && found.tried > 9, "{found:?}");
    }

    #[test]
    fn a_slope_without_end_is_given_up_and_said() {
        let found = search(&[Axis::real(&[1.0, 2.0], f64::MAX)], |at| at[0].ln());
        assert!(!found.inside, "{found:?}");
        assert_eq!(found.at, [2f64.powi(13)]);
    }

    #[test]
    fn what_is_single_or_has_no_order_stays_and_bounds_hold() {
        let axes = [
            Axis::real(&[1.0], 1e3),
            Axis::choices(2),
            Axis::whole(&[1, 2], 8),
        ];
        let found = search(&axes, |at| at.iter().map(|x| x.ln_1p()).sum());
        assert_eq!(found.at, [1.0, 1.0, 8.0]);
        assert!(found.inside);
        // Of 1 and 2 there is nothing below, and halves are no epochs.
        let found = search(&axes, |at| -at[2]);
        assert_eq!(found.at, [1.0, 0.0, 1.0]);
    }

    #[test]
    fn differences_of_chance_move_nothing() {
        let found = search(&[Axis::real(&[1.0, 2.0], 1e9)], |at| 1e-4 * at[0].ln());
        assert_eq!((found.at.as_slice(), found.tried), (&[2.0][..], 3));
        assert!(best(&[Axis::choices(0)], |_| Ok::<_, Never>(0.0)).is_ok_and(|it| it.is_none()));
    }

    #[test]
    fn an_error_ends_the_search() {
        let axes = [Axis::real(&[1.0, 2.0], 10.0)];
        let found = best(&axes, |at| if at[0] > 1.0 { Err(at[0]) } else { Ok(0.0) });
        assert_eq!(found, Err(2.0));
    }
}
