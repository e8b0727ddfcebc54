//! What client and server agree on before anything is sent.

use crate::layout::{Layout, Packing};
use crate::{CryptoTlError, LowerShape, error::shape_error};
use ckks::{Context, Parameters};

/// The agreed shape, parameters and packing. Public; both parties derive the same from it.
#[derive(Clone, Debug)]
pub struct Setup {
    shape: LowerShape,
    degree: usize,
    packing: Packing,
    context: Context,
    layout: Layout,
}

impl Setup {
    /// A setup for networks of `shape` with an activation of `activation_degree`.
    ///
    /// # Errors
    /// If the shape is impossible, too wide for the slots, or needs more levels than there are: one
    /// for each matrix and ⌈log2(degree + 1)⌉ for the activation.
    pub fn new(
        shape: LowerShape,
        activation_degree: usize,
        parameters: Parameters,
        packing: Packing,
    ) -> Result<Self, CryptoTlError> {
        shape.check()?;
        let needed = activation_levels(activation_degree) + 2;
        if activation_degree == 0 || parameters.max_level() < needed {
            return shape_error(
                "set up CryptoTL",
                format!(
                    "an activation of degree {activation_degree} needs {needed} levels, the \
                     parameters have {}",
                    parameters.max_level()
                ),
            );
        }
        Ok(Self {
            shape,
            degree: activation_degree,
            packing,
            layout: Layout::new(shape, parameters.degree() / 2, packing)?,
            context: Context::new(&parameters)?,
        })
    }

    /// The widths of the lower network.
    pub fn shape(&self) -> LowerShape {
        self.shape
    }

    /// The degree of the activation.
    pub fn activation_degree(&self) -> usize {
        self.degree
    }

    /// The packing.
    pub fn packing(&self) -> Packing {
        self.packing
    }

    /// The encryption context.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Inputs that one ciphertext holds: real and imaginary parts of every block.
    pub fn capacity(&self) -> usize {
        2 * self.layout.blocks()
    }

    /// The rotations (in slots) that the server takes: keys for these are sent, no others.
    pub fn rotations(&self) -> impl Iterator<Item = i64> {
        self.layout.rotations().into_iter()
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The level of a query: after two matrices and the activation, level 0.
    pub(crate) fn start_level(&self) -> usize {
        activation_levels(self.degree) + 2
    }

    /// Digest of everything agreed on, carried by every message.
    pub(crate) fn fingerprint(&self) -> [u8; 16] {
        let mut hash = blake3::Hasher::new_derive_key("rhea cryptotl setup v1");
        hash.update(&self.context.fingerprint());
        let LowerShape {
            inputs,
            kernel,
            hidden,
            pool,
            features,
        } = self.shape;
        for width in [inputs, kernel, hidden, pool, features, self.degree] {
            hash.update(&(width as u64).to_le_bytes());
        }
        hash.update(&[self.packing as u8]);
        let mut out = [0; 16];
        out.copy_from_slice(&hash.finalize().as_bytes()[..16]);
        out
    }
}

/// ⌈log2(degree + 1)⌉.
fn activation_levels(degree: usize) -> usize {
    (degree + 1).next_power_of_two().ilog2() as usize
}
