//! From a linear head in the clear to one that can be given away.

use crate::error::RheError;
use crate::head::PlainHead;
use crate::keys::{Identity, SealedNumbers, SecretKey};
use crate::modular::{from_signed, mul};
use crate::packing::Packing;
use crate::quantise::{FeatureScale, PlaintextSpace, Precision, QuantisedLinear, Rounding};
use crate::randomness::{fill_from_system, system_generator};
use crate::rows::{EncryptedRows, Encryptor, Form};
use crate::transform::{Backend, Transform};

/// What is public about a linear head or a result of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LinearShape {
    pub(crate) packing: Packing,
    pub(crate) precision: Precision,
    pub(crate) space: PlaintextSpace,
}

impl LinearShape {
    pub(crate) fn new(
        features: usize,
        classes: usize,
        precision: Precision,
    ) -> Result<Self, RheError> {
        Ok(Self {
            packing: Packing::new(features, classes)?,
            precision,
            space: precision.space(features)?,
        })
    }

    /// ŵ and b̂ times Δ, as residues.
    pub(crate) fn messages(&self, head: &QuantisedLinear) -> (Vec<u64>, Vec<u64>) {
        let message = |value: i64| mul(from_signed(value), self.space.delta);
        let weights = head.weights.iter().map(|&w| message(i64::from(w)));
        (
            weights.collect(),
            head.biases.iter().map(|&b| message(b)).collect(),
        )
    }
}

/// A linear head under encryption: useless without the key, except to classify into encrypted
/// results. 10 × 1024 weights are five GLWE ciphertexts: 82 KB seeded, 164 KB in full.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtectedLinear {
    pub(crate) shape: LinearShape,
    pub(crate) key: Identity,
    pub(crate) id: Identity,
    pub(crate) rows: EncryptedRows,
    /// Step and norm of each row: see [`Rounding`].
    pub(crate) step: SealedNumbers,
    /// What features are divided by before they are rounded.
    pub(crate) scale: FeatureScale,
}

impl ProtectedLinear {
    /// Encrypts a linear head: ŵ and b̂ times Δ, in the coefficients of GLWE ciphertexts.
    pub fn protect(
        head: &PlainHead,
        key: &SecretKey,
        precision: Precision,
        form: Form,
    ) -> Result<Self, RheError> {
        Self::protect_scaled(head, key, precision, form, FeatureScale::none())
    }

    /// As [`ProtectedLinear::protect`], for features that are divided by a public scale before they
    /// are rounded: see [`FeatureScale::calibrated`].
    pub fn protect_scaled(
        head: &PlainHead,
        key: &SecretKey,
        precision: Precision,
        form: Form,
        scale: FeatureScale,
    ) -> Result<Self, RheError> {
        let [layer] = head.layers() else {
            return Err(RheError::head(format!(
                "it has {} layers, a linear head has one",
                head.layers().len()
            )));
        };
        let layer = &scale.fold(layer)?;
        let quantised = QuantisedLinear::new(layer, precision)?;
        let rounding = Rounding::new(layer, &quantised);
        let shape = LinearShape::new(layer.inputs, layer.outputs, precision)?;
        let mut seed = [0; 32];
        fill_from_system(&mut seed)?;
        let mut noise = system_generator()?;
        let transform = Transform::new(Backend::Detected);
        let mut encryptor = Encryptor::new(&transform, key.values(), &seed, &mut noise);
        let (weights, biases) = shape.messages(&quantised);
        let rows = EncryptedRows::encrypt(&mut encryptor, seed, shape.packing, &weights, &biases);
        let id = Identity::random()?;
        Ok(Self {
            shape,
            key: key.id(),
            id,
            rows: rows.into_form(form),
            step: SealedNumbers::seal(&rounding.to_numbers(), key, id),
            scale,
        })
    }

    /// d, the number of features.
    pub fn features(&self) -> usize {
        self.shape.packing.features
    }

    /// K, the number of classes.
    pub fn classes(&self) -> usize {
        self.shape.packing.classes
    }

    /// Where the weights lie.
    pub fn packing(&self) -> &Packing {
        &self.shape.packing
    }

    /// How finely it is quantised.
    pub fn precision(&self) -> Precision {
        self.shape.precision
    }

    /// Its public plaintext space.
    pub fn space(&self) -> &PlaintextSpace {
        &self.shape.space
    }

    /// The name of the key that opens its results.
    pub fn key_id(&self) -> Identity {
        self.key
    }

    /// Its own name, drawn at random.
    pub fn id(&self) -> Identity {
        self.id
    }

    /// Whether the masks are written out.
    pub fn form(&self) -> Form {
        self.rows.form()
    }

    /// The same head with its masks written out or left to their seed.
    pub fn into_form(mut self, form: Form) -> Self {
        self.rows = self.rows.into_form(form);
        self
    }
}
