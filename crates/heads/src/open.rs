//! From a path to a head.

use std::path::Path;

use crate::error::HeadError;
use crate::head::{Asked, ReadHead};
use crate::layers::layers;
use crate::read::contents;

impl ReadHead {
    /// Reads a head's file: `.pt`, `.pth` and `.bin` as PyTorch's, `.npy` as scikit-learn's,
    /// anything else as safetensors.
    ///
    /// # Errors
    /// [`HeadError`] names the file, the tensor and a mend.
    pub fn read(path: &Path, asked: &Asked) -> Result<Self, HeadError> {
        let contents = contents(path)?;
        layers(&contents, asked).map_err(|fault| fault.at(path))
    }
}
