//! Experiments on heads: victims, releases, attacks.

mod adversary;
mod calibration;
mod encrypted;
mod extraction;
mod findings;
mod gallery;
mod inference;
mod inversion;
mod learned;
mod measure;
mod model;
mod outcome;
mod prior;
mod private;
mod recipe;
mod reconstruction;
mod reports;
mod running;
mod shared;
mod stages;
mod trial;
mod victims;
mod world;

pub use encrypted::{Encrypted, label_agreement};
pub use outcome::{Errors, Outcome, Picture};
pub use private::Spending;
pub use recipe::recipe;
pub use running::Running;
pub use stages::{CellStages, Grid, Network};
pub use victims::accuracies;
