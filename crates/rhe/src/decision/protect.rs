//! From a linear head in the clear to one that can be given away and decides under encryption.

use super::budget::{DecisionBudget, DecisionRange, one_layer};
use crate::error::RheError;
use crate::head::PlainHead;
use crate::keys::SecretKey;
use crate::linear::ProtectedLinear;
use crate::packing::Packing;
use crate::parameters::MAX_LOG2_FAILURE;
use crate::quantise::Precision;
use crate::randomness::{fill_from_system, system_generator};
use crate::relu::{FEATURE_NORM, residue};
use crate::rows::{EncryptedRows, Encryptor, Form};
use crate::transform::{Backend, Transform};

/// A protected linear head with its rows a second time, on the scale of decisions. Who classifies
/// chooses: encrypted logits by the first ([`ProtectedDecision::linear`]), or the encrypted class
/// alone by the second, which needs evaluation keys.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtectedDecision {
    pub(crate) linear: ProtectedLinear,
    pub(crate) rows: EncryptedRows,
}

impl ProtectedDecision {
    /// Encrypts a linear head of up to [`super::MAX_CLASSES`] classes. `range` sets the scale: see
    /// [`DecisionRange::guaranteed`] and, more precise, [`DecisionRange::calibrated`].
    pub fn protect(
        head: &PlainHead,
        key: &SecretKey,
        precision: Precision,
        range: DecisionRange,
        form: Form,
    ) -> Result<Self, RheError> {
        let layer = one_layer(head)?;
        let budget = DecisionBudget::new(layer.outputs, range)?;
        if budget.log2_failure > MAX_LOG2_FAILURE {
            return Err(RheError::Precision {
                log2_failure: budget.log2_failure,
                reason: format!("decisions among {} classes", layer.outputs),
            });
        }
        let packing = Packing::new(layer.inputs, layer.outputs)?;
        let scale = 1.0 / (2.0 * range.0 * FEATURE_NORM);
        let (mut weights, mut biases) = (Vec::new(), Vec::new());
        for k in 0..layer.outputs {
            let row = layer.row(k).iter();
            weights.extend(row.map(|&w| residue(f64::from(w) * scale)));
            biases.push(residue(f64::from(layer.bias(k)) * scale));
        }
        let mut seed = [0; 32];
        fill_from_system(&mut seed)?;
        let mut noise = system_generator()?;
        let transform = Transform::new(Backend::Detected);
        let mut encryptor = Encryptor::new(&transform, key.values(), &seed, &mut noise);
        let rows = EncryptedRows::encrypt(&mut encryptor, seed, packing, &weights, &biases);
        Ok(Self {
            linear: ProtectedLinear::protect(head, key, precision)?,
            rows: rows.into_form(form),
        })
    }

    /// The part that gives encrypted logits.
    pub fn linear(&self) -> &ProtectedLinear {
        &self.linear
    }
}
