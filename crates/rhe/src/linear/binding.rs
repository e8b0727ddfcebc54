//! What a head is bound to, and the secrets that follow from it.

use super::{LinearShape, Scheme};
use crate::keys::{Identity, SealedNumbers, SecretKey};
use crate::parameters::POLYNOMIAL_SIZE;
use crate::randomness::{MaskSeed, fill_binary};
use crate::transform::Transform;
use zeroize::Zeroizing;

/// H: all that is said of a linear head beside its ciphertexts. Its secrets are derived from it, so
/// that who alters any of it has a head under secrets that nothing was ever encrypted with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Binding {
    pub(crate) key: Identity,
    pub(crate) head: Identity,
    pub(crate) shape: LinearShape,
    pub(crate) scheme: Scheme,
    /// Step and norm of each row: see [`crate::Rounding`].
    pub(crate) step: SealedNumbers,
    /// The seed of the masks.
    pub(crate) seed: MaskSeed,
}

impl Binding {
    /// H as bytes, as it is written to files too; parts before it fix the length of each part.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let shape = &self.shape;
        let mut bytes = Vec::with_capacity(160);
        bytes.extend_from_slice(&self.key.0);
        bytes.extend_from_slice(&self.head.0);
        bytes.extend_from_slice(&(shape.features as u64).to_le_bytes());
        bytes.extend_from_slice(&(shape.classes as u64).to_le_bytes());
        bytes.extend_from_slice(&shape.precision.weight_bits.to_le_bytes());
        bytes.extend_from_slice(&shape.precision.feature_bits.to_le_bytes());
        bytes.extend_from_slice(&(self.scheme as u32).to_le_bytes());
        bytes.extend_from_slice(&(self.step.0.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&self.step.0);
        bytes.extend_from_slice(&self.seed);
        bytes
    }

    /// The ring secret of this head alone, in evaluation form.
    pub(crate) fn secret(&self, key: &SecretKey, transform: &Transform) -> Zeroizing<Vec<u64>> {
        let mut secret = Zeroizing::new(vec![0; POLYNOMIAL_SIZE]);
        let mut stream = key.derived("rhea rhe linear head secret", &self.bytes());
        fill_binary(&mut stream, &mut secret);
        transform.forward(&mut secret);
        secret
    }
}
