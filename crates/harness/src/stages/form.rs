//! How products become files.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::HarnessError;

/// How products of one kind are written and read.
pub trait Form<T> {
    /// Extension of their files.
    fn extension(&self) -> &'static str;

    /// Writes a product to a new file.
    ///
    /// # Errors
    /// If it cannot be written.
    fn write(&self, product: &T, path: &Path) -> Result<(), HarnessError>;

    /// Reads a product from its file, whose contents have been read and checked.
    ///
    /// # Errors
    /// Says why it cannot be this product.
    fn read(&self, path: &Path, contents: &[u8]) -> Result<T, String>;
}

/// Plain data, in postcard's encoding.
#[derive(Clone, Copy, Debug)]
pub struct Postcard;

impl<T: Serialize + DeserializeOwned> Form<T> for Postcard {
    fn extension(&self) -> &'static str {
        "bin"
    }

    fn write(&self, product: &T, path: &Path) -> Result<(), HarnessError> {
        let written = postcard::to_stdvec(product)
            .map_err(std::io::Error::other)
            .and_then(|bytes| std::fs::write(path, bytes));
        written.map_err(|source| HarnessError::File {
            action: "write",
            path: path.to_owned(),
            source,
        })
    }

    fn read(&self, _: &Path, contents: &[u8]) -> Result<T, String> {
        postcard::from_bytes(contents).map_err(|error| format!("damaged: {error}"))
    }
}
