//! Options of gradient inversion.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arity::{Arity, Many, One};
use crate::bounds::{Bounds, Options, OutOfBounds, Real, Whole};
use crate::head::{HeadKind, Unsuited};
use crate::recipe::Optimiser;
use crate::reconstruction::{Reconstructor, Unmixing};
use crate::then::Then;
use crate::word::words;

/// Joint optimisation of all training images through the backbone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, bound = "")]
#[schemars(rename = "GradientInversion", bound = "")]
pub struct GradientInversion<A: Arity = One> {
    /// Evaluations of the objective and its gradient, one a step of L-BFGS; in a single gradient all
    /// stages together (what takes the convolutions off is not counted).
    pub steps: A::Of<usize>,
    /// Root mean square of the first step, in standard deviations of the images' law; later steps
    /// find their own length.
    pub learning_rate: f64,
    /// What is minimised.
    pub distance: Distance,
    /// Weight of the images' law against the likelihood of the head; 1 is the posterior.
    pub prior: f64,
    /// Weight of the total variation (the sum of differences of neighbouring pixels).
    pub total_variation: f64,
    /// Where the images start, and what their law is centred on.
    pub start: Start,
    /// Shadow heads seen by the attack that starts the images and calibrates the scores: `unmixing`, or
    /// the rows that `reconstructor` sees.
    pub samples: usize,
    /// Which release is inverted.
    pub form: GradientForm,
    /// Examples of the step whose gradient is released; more than one with `single_gradient` alone.
    pub batch: usize,
}

impl<A: Arity> Default for GradientInversion<A> {
    fn default() -> Self {
        Self {
            steps: A::one(60),
            learning_rate: 0.05,
            distance: Distance::Squared,
            prior: 0.5,
            total_variation: 0.0,
            start: Start::Unmixing,
            samples: 20_000,
            form: GradientForm::Head,
            batch: 1,
        }
    }
}

impl GradientInversion {
    /// Bounds of `steps`.
    pub const STEPS: Whole = Whole::new(1, 1_000_000);
    /// Bounds of `learning_rate`.
    pub const LEARNING_RATE: Real = Real::POSITIVE;
    /// Bounds of `batch`: the work of telling examples apart doubles with each.
    pub const BATCH: Whole = Whole::new(1, 16);
    /// Bounds of `prior` and `total_variation`.
    pub const WEIGHT: Real = Real::NOT_NEGATIVE;

    /// The attack that is fitted before the inversion of heads; none before that of a single
    /// gradient.
    pub fn started_by(&self) -> Option<Then> {
        let samples = self.samples;
        let start = match self.start {
            Start::Unmixing | Start::Noise => Then::Unmixing(Unmixing {
                samples,
                ..Unmixing::default()
            }),
            Start::Reconstructor => Then::Reconstructor(Reconstructor {
                samples,
                ..Reconstructor::default()
            }),
        };
        (self.form == GradientForm::Head).then_some(start)
    }
}

impl<A: Arity> Options for GradientInversion<A> {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        GradientInversion::LEARNING_RATE.one("learning_rate", self.learning_rate, wrong);
        GradientInversion::WEIGHT.one("prior", self.prior, wrong);
        GradientInversion::WEIGHT.one("total_variation", self.total_variation, wrong);
        match self.start {
            Start::Unmixing | Start::Noise => {
                Unmixing::SAMPLES.one("samples", self.samples, wrong);
            }
            Start::Reconstructor => {
                let start: Reconstructor = Reconstructor {
                    samples: self.samples,
                    ..Reconstructor::default()
                };
                start.each_wrong(wrong);
            }
        }
        GradientInversion::BATCH.one("batch", self.batch, wrong);
        GradientInversion::STEPS.each("steps", A::values(&self.steps), wrong);
    }
}

impl<A: Arity> GradientInversion<A> {
    /// Errors unless the heads are linear and, where the whole training is inverted, trained by
    /// gradient descent.
    pub fn suits(&self, head: HeadKind, optimiser: Optimiser) -> Result<(), Unsuited> {
        let unsuited = |head, hint| Unsuited {
            what: "gradient_inversion",
            head,
            hint,
        };
        match (head, self.form, optimiser) {
            (HeadKind::Linear, GradientForm::SingleGradient, _)
            | (HeadKind::Linear, GradientForm::Head, Optimiser::Sgd) => Ok(()),
            (HeadKind::Linear, GradientForm::Head, Optimiser::Adam) => Err(unsuited(
                "a head trained by Adam",
                "train by `sgd`, or use the attack `reconstructor`",
            )),
            (HeadKind::Linear, GradientForm::Head, _) => Err(unsuited(
                "a head not trained by gradient descent",
                "train by `sgd`, or use the attack `reconstructor`",
            )),
            (HeadKind::Mlp { .. } | HeadKind::Adapter { .. }, ..) => Err(unsuited(
                head.described(),
                "use the attack `reconstructor`, which reads heads of every kind",
            )),
        }
    }
}

impl GradientInversion<Many> {
    /// One for each number of steps.
    pub fn expand(&self) -> Vec<GradientInversion> {
        let with = |&steps: &usize| GradientInversion {
            steps,
            learning_rate: self.learning_rate,
            distance: self.distance,
            prior: self.prior,
            total_variation: self.total_variation,
            start: self.start,
            samples: self.samples,
            form: self.form,
            batch: self.batch,
        };
        self.steps.values.iter().map(with).collect()
    }
}

words! {
    /// What gradient inversion minimises between the head and the head that the images would make.
    #[derive(Default)]
    pub enum Distance of "distance" {
        /// Squared distance in units of the noise: minus the log-likelihood.
        #[default]
        Squared = "squared",
        /// One minus the cosine, in the units in which it equals the squared distance of nearby
        /// heads of the same length.
        Cosine = "cosine",
    }
}

words! {
    /// Where gradient inversion starts.
    #[derive(Default)]
    pub enum Start of "start" {
        /// The reconstruction by `unmixing`, with its errors as the law.
        #[default]
        Unmixing = "unmixing",
        /// The reconstruction by `reconstructor`, with its errors as the law.
        Reconstructor = "reconstructor",
        /// Noise around each class's mean public image, with the public images' spread as the law.
        Noise = "noise",
    }
}

words! {
    /// Which release gradient inversion inverts.
    #[derive(Default)]
    pub enum GradientForm of "form" {
        /// The head after its whole training on all N examples. With one epoch and initial weights
        /// of 0 (`recipe: { epochs: 1, init_std: 0 }`) this is the head's part of a single gradient.
        #[default]
        Head = "head",
        /// The update that one SGD step on `batch` examples makes to the whole network, backbone and
        /// head: each victim gives up so many examples of its set, and n is that in the results.
        SingleGradient = "single_gradient",
    }
}
