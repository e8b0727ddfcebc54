//! From a linear head in the clear to one that can be given away.

use super::{Binding, LinearShape, encrypt_words};
use crate::error::RheError;
use crate::head::PlainHead;
use crate::keys::{Identity, SealedNumbers, SecretKey};
use crate::quantise::{PlaintextSpace, Precision, QuantisedLinear};
use crate::randomness::{fill_from_system, system_generator};
use crate::transform::{Backend, Transform};

/// A linear head under encryption: useless without the key, except to classify into encrypted
/// results. 10 × 1024 weights take 90 KB: 8 bytes a weight, and 8 a feature for the tags.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtectedLinear {
    pub(crate) binding: Binding,
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
        let [layer] = head.layers() else {
            return Err(RheError::head(format!(
                "it has {} layers, a linear head has one",
                head.layers().len()
            )));
        };
        let shape = LinearShape::new(layer.inputs, layer.outputs, precision)?;
        Self::check_size(&shape)?;
        let quantised = QuantisedLinear::new(layer, precision)?;
        let mut seed = [0; 32];
        fill_from_system(&mut seed)?;
        let head = Identity::random()?;
        let binding = Binding {
            key: key.id(),
            head,
            shape,
            step: SealedNumbers::seal(&[quantised.step], key, head),
            seed,
        };
        let transform = Transform::new(Backend::Detected);
        let secret = binding.secret(key, &transform);
        let mut bodies = shape.messages(&quantised);
        encrypt_words(
            &transform,
            &secret,
            &seed,
            &mut system_generator()?,
            &mut bodies,
        );
        Ok(Self {
            tags: binding.tag_key(key).row(&bodies),
            binding,
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
