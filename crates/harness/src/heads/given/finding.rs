//! What is found of a given head.

use datasets::ImageShape;
use serde::Serialize;

/// What is found of a given head.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Whether the head is one of those that its audit simulates.
    pub fit: Fit,
    /// What the attack gives, one image a target.
    pub targets: Vec<Target>,
    /// The owner's records, those most at risk first; empty without a private set.
    pub records: Vec<Record>,
    /// Heads trained on other data that records are held against.
    pub null_heads: usize,
    /// Targets below the threshold of 1 % false positives; none without a private set.
    pub share: Option<Share>,
    /// What is said without a private set.
    pub agreement: Option<Agreement>,
    /// Error at or under which a reconstruction counts as read back.
    pub tau: f64,
    /// Shape of all images.
    pub shape: ImageShape,
}

/// How the head compares with heads trained by the stated recipe.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fit {
    /// Accuracy on public test examples.
    pub accuracy: f64,
    /// Mean of the simulated heads.
    pub accuracy_simulated: f64,
    /// Size of its weights, each class's less the mean of all, over that of simulated heads.
    pub size: f64,
    /// What does not fit; empty where all does.
    pub remarks: Vec<String>,
}

/// One image that the attack gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Its class; none where it is of the whole set.
    pub class: Option<usize>,
    /// Its pixels, in [-1, 1].
    pub reconstruction: Vec<f32>,
    /// How likely it is of a training image, as far as can be told without one.
    pub confidence: Option<Confidence>,
}

/// Of reconstructions that agreed as well, how many were within τ of a training image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Confidence {
    /// Mean squared difference between the reconstructions of attacks fitted anew.
    pub disagreement: f64,
    /// Share of the simulated heads' reconstructions of this class that disagree as much.
    pub within_tau: f64,
    /// Lower end of its 95 % interval.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Whether it is called read back.
    pub called: bool,
}

/// One record of the owner's.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its number in the private set, from 0.
    pub index: usize,
    /// Its class.
    pub class: usize,
    /// Its pixels.
    pub original: Vec<f32>,
    /// Which target it is held against.
    pub target: usize,
    /// Mean squared error of that.
    pub error: f64,
    /// Middle of the errors of heads that never saw it.
    pub error_null: f64,
    /// Share of such heads whose error is as small.
    pub p: f64,
    /// The same for the smallest p of all records.
    pub adjusted: f64,
    /// Log-likelihood ratio of "trained with it".
    pub membership: f64,
    /// Share of heads that never saw it with as large a ratio.
    pub membership_p: f64,
    /// The same for the smallest p of all records.
    pub membership_adjusted: f64,
}

/// How many of a head's targets are read back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// Share of its targets below the threshold of 1 % false positives.
    pub value: f64,
    /// Share of simulated heads of which no more is read back.
    pub quantile: f64,
}

/// What calling by agreement was right in, on simulated heads that it was not calibrated on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// Attacks that were fitted anew.
    pub fits: usize,
    /// Simulated heads that it was calibrated on, and as many that it was checked on.
    pub heads: usize,
    /// Reconstructions of the latter that were called.
    pub called: u64,
    /// Share of these within τ of a training image; none where none was called.
    pub right: Option<f64>,
    /// Ends of its 95 % interval, heads being the unit.
    pub interval: Option<[f64; 2]>,
}
