//! Scores sorted once, then read under any weights of their units.
//!
//! A bootstrap resample is a vector of counts, one a unit. Sorting does not depend on the counts, so
//! a resample costs one pass over the sorted scores instead of a sort.

use crate::subjects::{Drawn, Shared, Subject};

/// Slack of a false positive budget, against `0.29 * 100 < 29`; far below one score.
const BUDGET_SLACK: f64 = 1e-9;

/// A score with where it comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub score: f64,
    pub unit: u32,
    /// The image that it is about, where that was said.
    pub about: Option<Subject>,
}

/// Where the two counts stand that a score's weight is the product of.
type Place = (u32, u32);

/// Resamples that are read at once: a place is looked up once for all of them, and their counts stand
/// side by side.
pub(crate) const LANES: usize = 4;

/// How often each unit, and each image, of a side is drawn in each resample. The last count of `images`
/// is of those that are not drawn: 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts<'a> {
    pub units: &'a [[u32; LANES]],
    pub images: &'a [[u32; LANES]],
}

impl Counts<'_> {
    fn of(self, (unit, image): Place) -> [u64; LANES] {
        let (unit, image) = (&self.units[unit as usize], &self.images[image as usize]);
        std::array::from_fn(|lane| u64::from(unit[lane]) * u64::from(image[lane]))
    }
}

/// Scores of both hypotheses in ascending order, with the unit and the image that each belongs to.
pub(crate) struct Ranking {
    /// Null scores, ascending.
    pub null: Vec<f64>,
    null_place: Vec<Place>,
    /// Victim scores, ascending.
    pub victims: Vec<f64>,
    victim_place: Vec<Place>,
    /// For each null score, how many victim scores lie strictly below it.
    victims_below: Vec<u32>,
    /// For each victim score, how many null scores lie strictly below it, and at or below it.
    nulls_below: Vec<(u32, u32)>,
}

/// What one pass over a ranking finds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    /// Largest TPR for each false positive rate asked for.
    pub tpr: Vec<f64>,
    /// Probability that a victim scores below a null, ties counted half.
    pub auc: f64,
}

/// Where the largest TPR within a false positive budget is reached.
pub(crate) struct OperatingPoint {
    pub tpr: f64,
    pub fpr: f64,
    /// Scores strictly below this are called positive; infinite if all may be.
    pub threshold: f64,
}

/// Scratch of a reading: the weights of all scores up to each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weights {
    below: Vec<[u64; LANES]>,
    called: Vec<[u64; LANES]>,
}

impl Ranking {
    /// Sorts the scores of both sides; `drawn` and what each side shares place their images.
    pub fn new(victims: (&[Entry], &Shared), null: (&[Entry], &Shared), drawn: &Drawn) -> Self {
        let (null, null_place) = sorted(null, drawn);
        let (victims, victim_place) = sorted(victims, drawn);
        let victims_below = null
            .iter()
            .map(|&score| victims.partition_point(|&v| v < score) as u32)
            .collect();
        let nulls_below = victims
            .iter()
            .map(|&score| {
                let below = null.partition_point(|&n| n < score) as u32;
                let within = null.partition_point(|&n| n <= score) as u32;
                (below, within)
            })
            .collect();
        Self {
            null,
            null_place,
            victims,
            victim_place,
            victims_below,
            nulls_below,
        }
    }

    /// The largest TPR whose FPR is at most `fpr`, on the sample itself.
    pub fn operating_point(&self, fpr: f64) -> OperatingPoint {
        let budget = (fpr * self.null.len() as f64 + BUDGET_SLACK) as usize;
        let Some(&threshold) = self.null.get(budget) else {
            return OperatingPoint {
                tpr: 1.0,
                fpr: 1.0,
                threshold: f64::INFINITY,
            };
        };
        // Ties with the threshold are negative, so the realised rate can be below the budget.
        let false_positives = self.null.partition_point(|&score| score < threshold);
        OperatingPoint {
            tpr: f64::from(self.victims_below[budget]) / self.victims.len() as f64,
            fpr: false_positives as f64 / self.null.len() as f64,
            threshold,
        }
    }

    /// Whether anything is left of either side of one resample under these counts.
    pub fn weighs(&self, lane: usize, victims: Counts<'_>, null: Counts<'_>) -> bool {
        let any = |places: &[Place], counts: Counts<'_>| {
            places.iter().any(|&place| counts.of(place)[lane] > 0)
        };
        any(&self.victim_place, victims) && any(&self.null_place, null)
    }

    /// Reads TPRs and AUC of each resample, with each score counted as often as its unit times as often
    /// as its image. `fprs` ascend.
    pub fn read(
        &self,
        victims: Counts<'_>,
        null: Counts<'_>,
        fprs: &[f64],
        weights: &mut Weights,
    ) -> [Reading; LANES] {
        let Weights { below, called } = weights;
        let totals = running(&self.null_place, null, below);
        let victim_totals = running(&self.victim_place, victims, called);

        // Twice the number of (victim, null) pairs in the wrong order; a tie is worth one. Two sides of
        // 2^31 scores, which fit in no memory, would not fill 64 bits.
        let mut losses = [0_u64; LANES];
        for (at, &(under, within)) in self.nulls_below.iter().enumerate() {
            let (before, after) = (&called[at], &called[at + 1]);
            let (under, within) = (&below[under as usize], &below[within as usize]);
            for lane in 0..LANES {
                let weight = after[lane].wrapping_sub(before[lane]);
                let lost = weight.wrapping_mul(under[lane].wrapping_add(within[lane]));
                losses[lane] = losses[lane].wrapping_add(lost);
            }
        }

        std::array::from_fn(|lane| {
            let (total, victim_total) = (totals[lane], victim_totals[lane]);
            let rate = |&fpr: &f64| {
                // The first null score that the budget cannot pay for is the (exclusive) threshold.
                let budget = (fpr * total as f64 + BUDGET_SLACK) as u64;
                let threshold = below[1..].partition_point(|weights| weights[lane] <= budget);
                let end = match self.victims_below.get(threshold) {
                    Some(&below) => below as usize,
                    None => self.victims.len(),
                };
                called[end][lane] as f64 / victim_total as f64
            };
            let pairs = 2 * victim_total * total - losses[lane];
            Reading {
                tpr: fprs.iter().map(rate).collect(),
                auc: pairs as f64 / (2.0 * victim_total as f64 * total as f64),
            }
        })
    }
}

/// The weights of all places up to each, and of none before the first; returns those of all.
fn running(places: &[Place], counts: Counts<'_>, sums: &mut Vec<[u64; LANES]>) -> [u64; LANES] {
    sums.clear();
    sums.resize(places.len() + 1, [0; LANES]);
    let mut total = [0_u64; LANES];
    for (sum, &place) in sums[1..].iter_mut().zip(places) {
        let weights = counts.of(place);
        // Lane by lane to its place: an array that is copied whole goes through memory, and waits there.
        // A check of each sum, which is far from 2^64, would keep the lanes apart.
        for lane in 0..LANES {
            total[lane] = total[lane].wrapping_add(weights[lane]);
            sum[lane] = total[lane];
        }
    }
    sums[places.len()]
}

fn sorted((entries, shared): (&[Entry], &Shared), drawn: &Drawn) -> (Vec<f64>, Vec<Place>) {
    let mut order: Vec<&Entry> = entries.iter().collect();
    order.sort_unstable_by(|a, b| {
        let alike = || a.unit.cmp(&b.unit).then(a.about.cmp(&b.about));
        a.score.total_cmp(&b.score).then_with(alike)
    });
    let place = |entry: &Entry| {
        let image = drawn.slot(shared, entry.about.as_ref());
        (entry.score, (entry.unit, image))
    };
    order.into_iter().map(place).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scores;
    use proptest::prelude::*;

    /// Without images.
    fn ranked(scores: &Scores, drawn: &Drawn) -> Ranking {
        let victims: Vec<Entry> = scores.victim_entries().collect();
        let null: Vec<Entry> = scores.null_entries().collect();
        let none = Shared::default();
        Ranking::new((&victims, &none), (&null, &none), drawn)
    }

    /// The same counts in every lane but the first, which is another resample's.
    fn lanes(counts: &[u32]) -> Vec<[u32; LANES]> {
        let lane = |count: u32| std::array::from_fn(|lane| if lane == 0 { 1 } else { count });
        counts.iter().copied().map(lane).collect()
    }

    /// What is read of counts of units and images.
    fn read(
        ranking: &Ranking,
        (victims, null): (&[u32], &[u32]),
        images: &[u32],
        fprs: &[f64],
    ) -> Reading {
        let (victims, null, images) = (lanes(victims), lanes(null), lanes(images));
        let of = |units| Counts {
            units,
            images: &images,
        };
        let weights = &mut Weights::default();
        let readings = ranking.read(of(&victims), of(&null), fprs, weights);
        let (first, rest) = readings.split_first().unwrap();
        assert!(rest.iter().all(|it| it == &rest[0]));
        assert!(first.auc.is_finite());
        rest[0].clone()
    }

    /// The definitions, by comparing every pair.
    fn direct(victims: &[f64], null: &[f64], fpr: f64) -> (f64, f64) {
        let share = |scores: &[f64], t: f64, closed: bool| {
            let hit = |&&s: &&f64| s < t || (closed && s == t);
            scores.iter().filter(hit).count() as f64 / scores.len() as f64
        };
        let mut tpr = 0.0_f64;
        for &t in victims.iter().chain(null) {
            for closed in [false, true] {
                if share(null, t, closed) <= fpr + 1e-12 {
                    tpr = tpr.max(share(victims, t, closed));
                }
            }
        }
        let mut wins = 0.0;
        for v in victims {
            for n in null {
                wins += if v < n {
                    1.0
                } else if v == n {
                    0.5
                } else {
                    0.0
                };
            }
        }
        (tpr, wins / (victims.len() * null.len()) as f64)
    }

    /// A score that is about image number (position in its unit) modulo 3, counted as often as its
    /// unit times as often as its image.
    fn crossed(units: &[Vec<f64>], weight: &[u32], images: [u32; 3]) -> Vec<f64> {
        let each = |(unit, &w): (&Vec<f64>, &u32)| {
            let scores = unit.iter().enumerate();
            let each = scores.map(|(at, &it)| vec![it; (w * images[at % 3]) as usize]);
            each.collect::<Vec<_>>().concat()
        };
        units.iter().zip(weight).flat_map(each).collect()
    }

    fn repeated(units: &[Vec<f64>], weight: &[u32]) -> Vec<f64> {
        let each = |(unit, &w): (&Vec<f64>, &u32)| unit.repeat(w as usize);
        units.iter().zip(weight).flat_map(each).collect()
    }

    fn side() -> impl Strategy<Value = (Vec<Vec<f64>>, Vec<u32>)> {
        // Few distinct values, so that ties abound.
        let unit = prop::collection::vec((0..12_i32).prop_map(|v| f64::from(v) / 8.0), 1..4);
        prop::collection::vec((unit, 0..4_u32), 1..9)
            .prop_map(|units| units.into_iter().unzip())
            .prop_filter("some weight", |(_, w): &(Vec<_>, Vec<u32>)| {
                w.iter().any(|&w| w > 0)
            })
    }

    proptest! {
        #[test]
        fn weighted_reading_equals_the_definition((victims, vw) in side(), (null, nw) in side()) {
            let fprs = [0.001, 0.01, 0.1, 0.25, 0.5, 1.0];
            let scores = Scores::new(victims.clone(), null.clone()).unwrap();
            let ranking = ranked(&scores, &Drawn::default());
            let reading = read(&ranking, (&vw, &nw), &[1], &fprs);
            let (v, n) = (repeated(&victims, &vw), repeated(&null, &nw));
            for (at, &fpr) in fprs.iter().enumerate() {
                let (tpr, auc) = direct(&v, &n, fpr);
                prop_assert!((reading.tpr[at] - tpr).abs() < 1e-12);
                prop_assert!((reading.auc - auc).abs() < 1e-12);
            }
        }

        #[test]
        fn a_score_counts_as_often_as_its_unit_times_its_image(
            (victims, vw) in side(), (null, nw) in side(), images in prop::array::uniform3(1..3_u32),
        ) {
            let name = |units: &[Vec<f64>]| -> Vec<Vec<Subject>> {
                let each = |unit: &Vec<f64>| (0..unit.len() as u32)
                    .map(|at| Subject { class: 0, image: at % 3 })
                    .collect();
                units.iter().map(each).collect()
            };
            let scores = Scores::new(victims.clone(), null.clone()).unwrap();
            let scores = scores.about(name(&victims), name(&null)).unwrap();
            let own: Vec<Entry> = scores.victim_entries().collect();
            let others: Vec<Entry> = scores.null_entries().collect();
            // All three images are taken as shared, whoever names them.
            let all = Shared::of((0..6).map(|i| (i / 3, Subject { class: 0, image: i % 3 })));
            let drawn = Drawn::new([&all].into_iter());
            let ranking = Ranking::new((&own, &all), (&others, &all), &drawn);
            let fprs = [0.01, 0.25, 0.5];
            let counts = [images[0], images[1], images[2], 1];
            let reading = read(&ranking, (&vw, &nw), &counts, &fprs);
            let (v, n) = (crossed(&victims, &vw, images), crossed(&null, &nw, images));
            for (at, &fpr) in fprs.iter().enumerate() {
                let (tpr, auc) = direct(&v, &n, fpr);
                prop_assert!((reading.tpr[at] - tpr).abs() < 1e-12);
                prop_assert!((reading.auc - auc).abs() < 1e-12);
            }
        }

        #[test]
        fn the_sample_itself_has_weight_one((victims, _) in side(), (null, _) in side()) {
            let scores = Scores::new(victims.clone(), null.clone()).unwrap();
            let ranking = ranked(&scores, &Drawn::default());
            let (vw, nw) = (vec![1_u32; victims.len()], vec![1_u32; null.len()]);
            let fprs = [0.0, 0.2, 0.6];
            let reading = read(&ranking, (&vw, &nw), &[1], &fprs);
            for (at, &fpr) in fprs.iter().enumerate() {
                let point = ranking.operating_point(fpr);
                prop_assert_eq!(point.tpr, reading.tpr[at]);
                prop_assert!(point.fpr <= fpr + 1e-12);
            }
        }
    }
}
