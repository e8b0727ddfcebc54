//! Extraction by hard labels: walk along lines between images until the label flips, take each flip
//! as an equation (w_a − w_b) · f̃ ≈ 0, and find the posterior mean of the head under the shadow
//! heads' law.
//!
//! Lines are asked about in stages, each as large as all before it. After each stage the estimate
//! so far predicts the flips of the next, so that a line soon costs fewer queries than a whole
//! bisection.
//!
//! The equations are homogeneous: alone they would only shrink the estimate. The component along
//! the mean head is therefore pinned to its prior value.

use super::posterior::{Flip, posterior};
use super::search::Search;
use super::walk::Walk;
use super::{Boundaries, Extracted, HeadPrior};
use crate::AttackError;

/// Lines of the first stage, which nothing predicts.
const FIRST: usize = 64;
/// First stride of a search in units of the median error of the last predictions: where flips
/// are about as likely to lie within the stride as beyond it.
const STRIDE: f64 = 0.7;
/// The same before there are errors to go by, as a share of the line.
const FIRST_STRIDE: f64 = 0.02;

/// Extraction by labels, ready for any number of victims.
#[derive(Clone, Copy)]
pub struct LabelExtraction<'a> {
    prior: &'a HeadPrior,
    boundaries: &'a Boundaries<'a>,
    /// Most queries a victim.
    queries: usize,
}

impl<'a> LabelExtraction<'a> {
    /// Extraction of heads that follow `prior`, by at most so many queries a victim about
    /// `boundaries`.
    pub fn new(
        prior: &'a HeadPrior,
        boundaries: &'a Boundaries<'a>,
        queries: usize,
    ) -> Result<Self, AttackError> {
        boundaries.check(prior.width - 1, queries)?;
        Ok(Self {
            prior,
            boundaries,
            queries,
        })
    }

    /// Extracts a head that is reached only through `label`, the class of an image with the given
    /// features.
    pub fn extract(&self, label: impl Fn(&[f32]) -> usize) -> Result<Extracted, AttackError> {
        let search = Search {
            boundaries: self.boundaries,
        };
        let seeds = search.seeds(&label);
        let mut queries = seeds.len();
        let mut lines = search.walks(&seeds);
        let mut flips: Vec<Flip> = Vec::new();
        let mut head = self.prior.mean.clone();
        let mut stride = FIRST_STRIDE * self.boundaries.steps() as f64;
        loop {
            let guided = !flips.is_empty();
            let mut walks: Vec<Walk> = lines.by_ref().take(flips.len().max(FIRST)).collect();
            if walks.is_empty() || queries == self.queries {
                break;
            }
            let mut errors = Vec::new();
            if guided {
                let expected = search.expect(&mut walks, &head, stride)?;
                queries += search.walk(&mut walks, self.queries - queries, &label)?;
                let found = walks.iter().map(|walk| walk.low as f64 + 0.5);
                errors.extend(found.zip(&expected).map(|(at, near)| (at - near).abs()));
            } else {
                queries += search.walk(&mut walks, self.queries - queries, &label)?;
            }
            flips.extend(walks.iter().map(|walk| search.flip(walk)));
            head = posterior(self.prior, &flips, &head)?;
            if !errors.is_empty() {
                let middle = errors.len() / 2;
                stride = STRIDE * *errors.select_nth_unstable_by(middle, f64::total_cmp).1;
            }
        }
        Ok(Extracted {
            weights: head.into_iter().map(|w| w as f32).collect(),
            queries: queries as u64,
        })
    }
}
