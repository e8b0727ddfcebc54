//! What a cell measured: kept in the cache.

use datasets::{ImageShape, StreamKey};
use evaluation::EvaluationError;
use serde::{Deserialize, Serialize};

use super::chosen::Chosen;
use super::findings::{About, Errors, Findings, Others, Picture, Reconstructed, Scored};
use super::private::Spending;
use super::readings::{Read, Readings};
use super::world::Terms;

/// Scores and accuracies of one cell, and what they say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Size of a training set, N.
    pub n: u64,
    /// Accuracy of each victim on the test part.
    pub accuracy: Vec<f64>,
    /// For each victim, the scores of its targets; smaller is more success.
    pub victims: Vec<Vec<f64>>,
    /// The same for each draw of the null hypothesis.
    pub null: Vec<Vec<f64>>,
    /// What the scores say, where there are any.
    pub readings: Option<Readings>,
    /// Mean squared errors behind the scores, where the attack reconstructs.
    pub errors: Option<Errors>,
    /// The image that each score is about, where the attack reconstructs.
    pub about: Option<About>,
    /// The null that attacks on the same victims share, where there is one.
    pub others: Option<Others>,
    /// Mean structural similarity with the nearest training image.
    pub ssim: Option<f64>,
    /// Share of test images on which the attacked head (extracted, or decrypted) agrees with the
    /// victim's.
    pub label_agreement: Option<f64>,
    /// Share of test images on which the victims under encryption reveal the class that they give in
    /// the clear.
    pub encrypted_agreement: Option<f64>,
    /// Mean cosine between the extracted heads and the victims'.
    pub cosine: Option<f64>,
    /// Shadow heads or rows seen by the attack.
    pub samples: u64,
    /// Optimisation steps of the attack.
    pub steps: u64,
    /// Queries a victim.
    pub queries: Option<u64>,
    /// What privacy spends, where the defence is private.
    pub spending: Option<Spending>,
    /// The settings of training, where they were searched for.
    pub tuned: Option<Chosen>,
    /// Errors of the best blind guess of each victim's targets, where privacy bounds what an attack
    /// adds to it.
    pub blind: Option<Vec<Vec<f64>>>,
    /// Error at or under which a reconstruction counts as a success.
    pub tau: f64,
    /// Shape of the pictures.
    pub shape: Option<ImageShape>,
    /// A few originals and what was read back of them.
    pub gallery: Vec<Picture>,
}

/// What a cell's victims are, before they are attacked.
#[derive(Clone, Debug, PartialEq)]
pub struct Victims {
    /// Size of a training set, N.
    pub n: u64,
    /// Accuracy of each on the test part.
    pub accuracy: Vec<f64>,
    /// Share of test images on which heads under encryption agree with those in the clear.
    pub encrypted_agreement: Option<f64>,
    /// What its privacy spends, and how it was tuned.
    pub terms: Terms,
    /// Errors of the best blind guess.
    pub blind: Option<Vec<Vec<f64>>>,
    /// Error at or under which a reconstruction counts as a success.
    pub tau: f64,
    /// Shape of the images.
    pub shape: ImageShape,
}

impl Outcome {
    /// The victims and what an attack found of them.
    pub fn new(victims: Victims, findings: Findings) -> Self {
        let Victims {
            n,
            accuracy,
            encrypted_agreement,
            terms,
            blind,
            tau,
            shape,
        } = victims;
        let nothing = Self {
            n,
            accuracy,
            victims: Vec::new(),
            null: Vec::new(),
            readings: None,
            errors: None,
            about: None,
            others: None,
            ssim: None,
            label_agreement: encrypted_agreement,
            encrypted_agreement,
            cosine: None,
            samples: 0,
            steps: 0,
            queries: None,
            spending: terms.spending,
            tuned: terms.tuned,
            blind,
            tau,
            shape: Some(shape),
            gallery: Vec::new(),
        };
        match findings {
            Findings::Images(found) => nothing.with_images(found),
            Findings::OfSteps(found, batch) => Self {
                n: batch as u64,
                // No head comes out of a single step that could be told right or wrong.
                accuracy: Vec::new(),
                ..nothing.with_images(found)
            },
            Findings::Copies(found) => Self {
                cosine: Some(found.cosine),
                label_agreement: Some(found.label_agreement),
                queries: Some(found.queries),
                ..nothing.with_images(found.reconstructed)
            },
            Findings::Answers(found) => Self {
                samples: found.samples,
                queries: Some(found.queries),
                ..nothing.with_scores(found.scores)
            },
        }
    }

    /// Reads the scores; `key` is the cell's, for resampling.
    ///
    /// # Errors
    /// If they cannot be compared.
    pub fn read(self, key: StreamKey) -> Result<Self, EvaluationError> {
        let read = Read {
            victims: &self.victims,
            null: &self.null,
            about: self.about.as_ref(),
            errors: self.errors.as_ref(),
        };
        let readings = Readings::of(read, key)?;
        Ok(Self { readings, ..self })
    }

    fn with_scores(self, scores: Scored) -> Self {
        Self {
            victims: scores.victims,
            null: scores.null,
            ..self
        }
    }

    fn with_images(self, found: Reconstructed) -> Self {
        Self {
            errors: Some(found.compared.errors),
            about: Some(found.compared.about),
            others: found.compared.others,
            ssim: found.ssim,
            samples: found.cost.samples,
            steps: found.cost.steps,
            gallery: found.gallery,
            ..self.with_scores(found.compared.scores)
        }
    }
}
