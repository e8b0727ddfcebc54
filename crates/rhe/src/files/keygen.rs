//! A new key with its count, and with evaluation keys where they are wanted: all of them or nothing.

use super::count::RevealCount;
use super::output::{check_outputs, must_be_new};
use crate::bootstrap::EvaluationKeys;
use crate::error::RheError;
use crate::keys::SecretKey;
use std::path::{Path, PathBuf};

/// Files that are taken back unless all of them are written.
#[derive(Default)]
struct Written(Vec<PathBuf>);

impl Written {
    fn add(&mut self, path: &Path, written: Result<(), RheError>) -> Result<(), RheError> {
        written?;
        self.0.push(path.to_path_buf());
        Ok(())
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // What cannot be removed again is what the error leaves behind.
        self.0
            .iter()
            .for_each(|path| drop(std::fs::remove_file(path)));
    }
}

impl SecretKey {
    /// Makes a key in the new file `path`, its count beside it with as many images as may ever be
    /// revealed, and evaluation keys in `evaluation`.
    ///
    /// # Errors
    /// If one of the files is there already or cannot be written; then none is left, since a key
    /// alone would stand in the way of the next try.
    pub fn create(
        path: &Path,
        quota: Option<u64>,
        evaluation: Option<&Path>,
    ) -> Result<Self, RheError> {
        let count = RevealCount::path_of(path);
        let mut outputs = vec![path, count.as_path()];
        outputs.extend(evaluation);
        outputs.iter().try_for_each(|path| must_be_new(path))?;
        check_outputs(&[], &outputs)?;
        let key = Self::generate()?;
        let keys = match evaluation {
            Some(path) => Some((path, EvaluationKeys::generate(&key)?)),
            None => None,
        };
        let mut written = Written::default();
        written.add(path, key.save(path))?;
        written.add(&count, RevealCount::begin(path, &key, quota))?;
        if let Some((path, keys)) = keys {
            written.add(path, keys.save(path))?;
        }
        written.0.clear();
        Ok(key)
    }
}
