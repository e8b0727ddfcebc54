//! What an attack has shown: empirical lower bounds on ε.
//!
//! - [`epsilon_lower_bound`]: from counts at thresholds that were fixed beforehand;
//! - [`ScoreAudit`]: from scores, with the threshold chosen on some and counted on the others;
//! - [`one_run_epsilon`]: from guesses about many records of one single run.
//!
//! A bound speaks of the data sets that the scores come from: sets with and without a record bound
//! `add_remove`'s ε, sets with a record and with another in its place `replace_one`'s.

mod counts;
mod limits;
mod one_run;
mod scores;

pub use counts::{AttackCounts, AuditBound, epsilon_lower_bound};
pub use limits::clopper_pearson;
pub use one_run::{OneRun, one_run_epsilon, one_run_p_value};
pub use scores::{ScoreAudit, ScoreAuditAnswer};
