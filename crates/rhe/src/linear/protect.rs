//! From a linear head in the clear to one that can be given away.

use super::{Binding, LinearShape, Scheme, TagKey};
use crate::error::RheError;
use crate::head::PlainHead;
use crate::keys::{Identity, SealedNumbers, SecretKey};
use crate::quantise::{FeatureScale, PlaintextSpace, Precision, QuantisedLinear, Rounding};
use crate::randomness::fill_from_system;

/// A linear head under encryption: useless without the key, except to classify into encrypted
/// results. 10 × 1024 weights take 90 KB: 8 bytes a weight, and 8 a feature for the tags.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtectedLinear {
    pub(crate) binding: Binding,
    /// What features are divided by before they are rounded.
    pub(crate) scale: FeatureScale,
    /// B, `K × (d + 1)`, the bias last in each row.
    pub(crate) bodies: Vec<u64>,
    /// T, d + 1.
    pub(crate) tags: Vec<u64>,
}

impl ProtectedLinear {
    /// Encrypts a linear head, under a secret of its own that is derived from the key.
    pub fn protect(
        head: &PlainHead,
        key: &SecretKey,
        precision: Precision,
    ) -> Result<Self, RheError> {
        Self::protect_as(
            head,
            key,
            precision,
            FeatureScale::none(),
            Scheme::default(),
        )
    }

    /// As [`ProtectedLinear::protect`], for features that are divided by a public scale before they
    /// are rounded ([`FeatureScale::calibrated`]), hidden as a scheme does it.
    pub fn protect_as(
        head: &PlainHead,
        key: &SecretKey,
        precision: Precision,
        scale: FeatureScale,
        scheme: Scheme,
    ) -> Result<Self, RheError> {
        let [layer] = head.layers() else {
            return Err(RheError::head(format!(
                "it has {} layers, a linear head has one",
                head.layers().len()
            )));
        };
        let shape = LinearShape::new(layer.inputs, layer.outputs, precision)?;
        Self::check_size(&shape)?;
        scheme.check(&shape.space)?;
        let layer = &scale.fold(layer)?;
        let quantised = QuantisedLinear::new(layer, precision)?;
        let rounding = Rounding::new(layer, &quantised);
        let mut seed = [0; 32];
        fill_from_system(&mut seed)?;
        let head = Identity::random()?;
        let binding = Binding {
            key: key.id(),
            head,
            shape,
            scheme,
            step: SealedNumbers::seal(&rounding.to_numbers(), key, head),
            seed,
        };
        let bodies = binding.hide(key, &quantised)?;
        Ok(Self {
            tags: TagKey::of(key, &binding).row(&bodies),
            binding,
            scale,
            bodies,
        })
    }

    /// d, the number of features.
    pub fn features(&self) -> usize {
        self.binding.shape.features
    }

    /// K, the number of classes.
    pub fn classes(&self) -> usize {
        self.binding.shape.classes
    }

    /// What hides its weights.
    pub fn scheme(&self) -> Scheme {
        self.binding.scheme
    }

    /// How finely it is quantised.
    pub fn precision(&self) -> Precision {
        self.binding.shape.precision
    }

    /// Its public plaintext space.
    pub fn space(&self) -> &PlaintextSpace {
        &self.binding.shape.space
    }

    /// The name of the key that opens its results.
    pub fn key_id(&self) -> Identity {
        self.binding.key
    }

    /// Its own name, drawn at random.
    pub fn id(&self) -> Identity {
        self.binding.head
    }
}
