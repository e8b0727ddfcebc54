//! Heads under RHE: what the adversary sees of them, and whether their labels agree.

use attacks::{AttackError, View};
use config::experiment::Rhe;
use datasets::FeatureSet;
use rand_chacha::ChaCha8Rng;
use rhe::{
    Backend, CiphertextView, EncryptedResults, LinearClassifier, PlainHead, Precision,
    ProtectedLinear, SecretKey, SimulatedHead,
};
use transfer::{HeadKind, HeadShape, ShadowBatch};

use super::victims::share_equal;
use crate::error::HarnessError;

/// Victims whose protected heads are run on the test examples.
const CHECKED: usize = 3;

/// Ciphertexts in place of weights. The randomness of an experiment's ciphertexts comes from its
/// own streams, so that it can be repeated; no key that protects anything is made of it.
#[derive(Debug)]
pub struct Encrypted {
    view: CiphertextView,
}

impl Encrypted {
    /// The view of heads of this shape, which must be linear: experiments have no view of the
    /// accumulators and CKKS ciphertexts of heads with a hidden layer.
    pub fn new(shape: HeadShape, options: &Rhe) -> Result<Self, HarnessError> {
        if shape.kind != HeadKind::Linear {
            return Err(HarnessError::Setting {
                place: "sweep.defence.rhe".into(),
                reason: "experiments attack encrypted linear heads only\nhint: use `head: linear`; `harness rhe` protects heads with a hidden layer too".into(),
            });
        }
        let view = CiphertextView::new(shape.features, shape.classes, precision(options))?;
        Ok(Self { view })
    }
}

impl Encrypted {
    /// A head behind an interface that gives encrypted results: what black-box queries meet.
    pub fn classifier(
        &self,
        weights: &[f32],
        rng: &mut ChaCha8Rng,
    ) -> Result<SimulatedHead, HarnessError> {
        Ok(self.view.simulate_classifier(weights, rng)?)
    }
}

impl View for Encrypted {
    fn see(&self, weights: &mut [f32], rng: &mut ChaCha8Rng) -> Result<(), AttackError> {
        let head = weights.to_vec();
        self.view
            .simulate(&head, rng, weights)
            .map_err(|error| AttackError::View {
                reason: error.to_string(),
            })
    }
}

fn precision(options: &Rhe) -> Precision {
    Precision {
        weight_bits: options.weight_bits,
        feature_bits: options.feature_bits,
    }
}

/// Share of test examples on which protected heads reveal the float head's class: the first
/// victims, encrypted with keys of the operating system's randomness, run and revealed.
pub fn label_agreement(
    victims: &ShadowBatch,
    shape: HeadShape,
    test: &FeatureSet,
    options: &Rhe,
) -> Result<f64, HarnessError> {
    let count = CHECKED.min(victims.len());
    let mut agreement = 0.0;
    for index in 0..count {
        let plain = PlainHead::linear(shape.features, shape.classes, victims.head(index))?;
        let key = SecretKey::generate()?;
        let protected = ProtectedLinear::protect(&plain, &key, precision(options))?;
        let classifier = LinearClassifier::new(&protected, Backend::Detected);
        let results = EncryptedResults::Linear(classifier.classify(test.values())?);
        let classes: Vec<u32> = key
            .reveal(&results)?
            .iter()
            .map(|&class| class as u32)
            .collect();
        let head = transfer::Head::new(shape, victims.head(index).to_vec())?;
        agreement += share_equal(&classes, &head.predict(test.values())?) / count as f64;
    }
    Ok(agreement)
}
