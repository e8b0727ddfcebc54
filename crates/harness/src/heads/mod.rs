//! Experiments on heads: victims, releases, attacks.

mod adversary;
mod calibration;
mod encrypted;
mod extraction;
mod findings;
mod gallery;
pub mod given;
mod inference;
mod inversion;
mod learned;
mod lessons;
mod measure;
mod model;
mod one_release;
mod outcome;
mod prior;
mod private;
mod recipe;
mod reconstruction;
mod reports;
mod running;
mod shadows;
mod shared;
mod stages;
mod trial;
mod victims;
mod world;

pub use encrypted::{Encrypted, revealed};
pub use findings::{Errors, Picture};
pub use outcome::Outcome;
pub use private::Spending;
pub use recipe::recipe;
pub use running::Running;
pub use stages::{CellStages, Grid, Network};
