//! Hashes of the contents of data files.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::error::HarnessError;

/// Content hashes that this process has worked out: files of gigabytes are read once.
#[derive(Debug, Default)]
pub struct Contents(Mutex<HashMap<String, String>>);

impl Contents {
    /// The hash of what `name` (of any type with a JSON form) stands for; worked out by `hash` the first
    /// time.
    ///
    /// # Errors
    /// Those of `hash`.
    pub fn get_or(
        &self,
        name: &impl Serialize,
        hash: impl FnOnce() -> Result<String, HarnessError>,
    ) -> Result<String, HarnessError> {
        let name = serde_json::to_string(name).expect("names of data have a JSON form");
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hash) = known.get(&name) {
            return Ok(hash.clone());
        }
        let hash = hash()?;
        known.insert(name, hash.clone());
        Ok(hash)
    }
}
