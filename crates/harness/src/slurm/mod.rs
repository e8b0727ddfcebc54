//! Experiments as jobs of a Slurm cluster: an array with a job a shard, and one that merges.

mod limits;
mod script;
mod submit;

pub use limits::{Limits, Memory, WallTime};
pub use script::{Command, array, merge, quoted};
pub use submit::{SubmitError, Submitted, submit};
