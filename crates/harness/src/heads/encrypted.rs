//! Heads under RHE: what the adversary sees of them, and whether their labels agree.

use attacks::{AttackError, View};
use config::experiment::Rhe;
use datasets::FeatureSet;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use rhe::{
    Backend, CiphertextView, EncryptedResults, HiddenView, LinearClassifier, PlainHead, Precision,
    ProtectedLinear, SecretKey, Sight, SimulatedHead, SquareView,
};
use spec::{Activation, DefenceKind, Release};
use transfer::{HeadKind, HeadShape, ShadowBatch};

use super::victims::share_equal;
use crate::error::HarnessError;

/// Ciphertexts in place of weights. The randomness of an experiment's ciphertexts comes from its
/// own streams, so that it can be repeated; no key that protects anything is made of it.
#[derive(Debug)]
pub struct Encrypted {
    shown: Shown,
    release: Release,
}

/// The ciphertexts of one kind of head as numbers.
#[derive(Debug)]
enum Shown {
    Linear(CiphertextView),
    Relu(HiddenView),
    Square(SquareView),
    Adapter {
        head: CiphertextView,
        /// A and Bᵀ as the rows of a linear layer; none where they are released in the clear.
        adapter: Option<CiphertextView>,
        rank: usize,
    },
}

impl Encrypted {
    /// The view of heads of this shape, of which `release` is seen.
    ///
    /// # Errors
    /// If experiments have no view of such heads.
    pub fn new(shape: HeadShape, options: &Rhe, release: Release) -> Result<Self, HarnessError> {
        let suited = DefenceKind::Rhe.suits(shape.kind);
        suited.map_err(AttackError::Unsuited)?;
        let (d, k) = (shape.features, shape.classes);
        let shown = match shape.kind {
            HeadKind::Linear => Shown::Linear(CiphertextView::new(d, k, precision(options))?),
            HeadKind::Mlp { hidden, activation } => match activation {
                Activation::Relu => Shown::Relu(HiddenView::new(d, hidden, shape.outputs())?),
                Activation::Square => Shown::Square(SquareView::new(d, hidden, shape.outputs())?),
            },
            HeadKind::Adapter { rank } => {
                let of = |rows| CiphertextView::new(shape.units(), rows, precision(options));
                Shown::Adapter {
                    head: of(k)?,
                    adapter: match options.clear_adapter {
                        true => None,
                        false => Some(of(2 * rank)?),
                    },
                    rank,
                }
            }
        };
        Ok(Self { shown, release })
    }

    /// Whether the owner reveals classes to whoever asks.
    pub fn reveals(&self) -> bool {
        self.release == Release::Labels
    }

    /// A linear head behind an interface that gives encrypted results: what black-box queries meet.
    pub fn classifier(
        &self,
        weights: &[f32],
        rng: &mut ChaCha8Rng,
    ) -> Result<SimulatedHead, HarnessError> {
        match &self.shown {
            Shown::Linear(view) => Ok(view.simulate_classifier(weights, rng)?),
            // Configs that ask for it are refused before anything runs.
            Shown::Relu(_) | Shown::Square(_) | Shown::Adapter { .. } => {
                Err(HarnessError::Setting {
                    place: "sweep.attack".into(),
                    reason: "an encrypted head that is not linear answers no queries here".into(),
                })
            }
        }
    }

    /// What stands in the place of the weights. Classes that are revealed are those of the rounded
    /// weights, which is what the key shows.
    fn sight(&self) -> Sight {
        match self.release {
            Release::Labels | Release::KnownSecret => Sight::KnownSecret,
            _ => Sight::Released,
        }
    }
}

impl View for Encrypted {
    fn beside(&self) -> usize {
        match &self.shown {
            Shown::Linear(view) => view.beside(),
            Shown::Relu(view) => view.beside(),
            Shown::Square(view) => view.beside(),
            Shown::Adapter { head, adapter, .. } => {
                let classes = head.classes();
                let more = adapter.as_ref().map_or(0, CiphertextView::beside);
                head.beside() + more.next_multiple_of(classes)
            }
        }
    }

    fn see(
        &self,
        weights: &mut [f32],
        beside: &mut [f32],
        rng: &mut ChaCha8Rng,
    ) -> Result<(), AttackError> {
        let head = weights.to_vec();
        let sight = self.sight();
        let seen = match &self.shown {
            Shown::Linear(view) => view.simulate(&head, sight, rng, weights, beside),
            Shown::Relu(view) => view.simulate(&head, sight, rng, weights, beside),
            Shown::Square(view) => view.simulate(&head, sight, rng, weights, beside),
            Shown::Adapter {
                head: view,
                adapter,
                rank,
            } => {
                let (dense, rest) = weights.split_at_mut(view.len());
                let mut own = vec![0.0; view.beside()];
                let mut seen = view.simulate(&head[..view.len()], sight, rng, dense, &mut own);
                let mut more = vec![0.0; beside.len() - own.len()];
                if let (Some(adapter), Ok(())) = (adapter, &seen) {
                    seen = see_adapter(adapter, *rank, sight, rng, rest, &mut more);
                }
                // Each logit's share of both.
                let classes = view.classes();
                let (own_share, share) = (own.len() / classes, more.len() / classes);
                for (class, out) in beside.chunks_mut(own_share + share).enumerate() {
                    let (first, second) = out.split_at_mut(own_share);
                    first.copy_from_slice(&own[class * own_share..][..own_share]);
                    second.copy_from_slice(&more[class * share..][..share]);
                }
                seen
            }
        };
        seen.map_err(|error| AttackError::View {
            reason: error.to_string(),
        })
    }
}

/// Puts ciphertexts in the place of A and B, and what is seen beside them in front of `beside`.
fn see_adapter(
    view: &CiphertextView,
    rank: usize,
    sight: Sight,
    rng: &mut ChaCha8Rng,
    weights: &mut [f32],
    beside: &mut [f32],
) -> Result<(), rhe::RheError> {
    let (down, up) = weights.split_at_mut(weights.len() / 2);
    let units = down.len() / rank;
    let mut rows = vec![0.0; view.len()];
    for (at, row) in rows.chunks_mut(units + 1).enumerate() {
        for (unit, value) in row[..units].iter_mut().enumerate() {
            *value = match at.checked_sub(rank) {
                None => down[at * units + unit],
                Some(at) => up[unit * rank + at],
            };
        }
    }
    let mut seen = vec![0.0; view.len()];
    let beside = &mut beside[..view.beside()];
    view.simulate(&rows, sight, rng, &mut seen, beside)?;
    for (at, row) in seen.chunks(units + 1).enumerate() {
        for (unit, value) in row[..units].iter().enumerate() {
            match at.checked_sub(rank) {
                None => down[at * units + unit] = *value,
                Some(at) => up[unit * rank + at] = *value,
            }
        }
    }
    Ok(())
}

fn precision(options: &Rhe) -> Precision {
    Precision {
        weight_bits: options.weight_bits,
        feature_bits: options.feature_bits,
    }
}

/// What protected heads reveal of the test examples.
#[derive(Clone, Debug, PartialEq)]
pub struct Revealed {
    /// Accuracy of each victim's.
    pub accuracy: Vec<f64>,
    /// Share of the examples on which the class is that of the head in the clear, mean over victims.
    pub agreement: f64,
}

/// Protects every victim with a key of the operating system's randomness, classifies the test
/// examples under encryption, and reveals their classes.
///
/// # Errors
/// If a head cannot be protected, or a result is refused.
pub fn revealed(
    victims: &ShadowBatch,
    shape: HeadShape,
    test: &FeatureSet,
    options: &Rhe,
) -> Result<Revealed, HarnessError> {
    let each = (0..victims.len()).into_par_iter().map(|index| {
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
        let clear = head.predict(test.values())?;
        Ok((
            share_equal(&classes, test.labels()),
            share_equal(&classes, &clear),
        ))
    });
    let each = each.collect::<Result<Vec<(f64, f64)>, HarnessError>>()?;
    let (accuracy, agreement): (Vec<f64>, Vec<f64>) = each.into_iter().unzip();
    Ok(Revealed {
        agreement: agreement.iter().sum::<f64>() / agreement.len().max(1) as f64,
        accuracy,
    })
}
