//! Names of secret keys.

/// A random public name of a secret key, carried by what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(pub(crate) [u8; 16]);

impl KeyId {
    /// The name's bytes.
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}
