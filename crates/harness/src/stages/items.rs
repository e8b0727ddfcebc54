//! What lies in the cache, whatever run it belongs to.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::PathBuf;

use files::{Lock, LockError};

use super::code::Fingerprints;
use super::failure::StoreError;
use super::record::Record;
use super::store::Store;

/// A product in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The kind of stage.
    pub stage: String,
    /// What its files are called, but for the extension.
    pub name: String,
    /// What it is, in words.
    pub what: String,
    /// Size of its files.
    pub bytes: u64,
    /// Whether it is of use.
    pub usable: Use,
    /// The instruction sets of the processors that had part in it.
    pub instructions: BTreeSet<String>,
    files: Vec<PathBuf>,
}

/// Of what use a product is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Made by the code of this build.
    Current,
    /// Made by other code.
    OtherCode,
    /// Not whole.
    Damaged,
}

impl Store {
    /// Everything that is kept, by stage and name.
    ///
    /// # Errors
    /// If the cache is there and cannot be listed.
    pub fn items(&self, code: &Fingerprints) -> std::io::Result<Vec<Item>> {
        let stages = match std::fs::read_dir(self.root()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            stages => stages?,
        };
        let mut items = Vec::new();
        for stage in stages {
            let stage = stage?;
            if !stage.file_type()?.is_dir() {
                continue;
            }
            let mut names: std::collections::BTreeMap<String, Vec<PathBuf>> = Default::default();
            for entry in std::fs::read_dir(stage.path())? {
                let path = entry?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let Some((stem, extension)) = name.split_once('.') else {
                    continue;
                };
                // Locks and unfinished files are swept, not listed.
                if extension != "lock" && !extension.ends_with("part") {
                    names.entry(stem.to_owned()).or_default().push(path.clone());
                }
            }
            let stage = stage.file_name().to_string_lossy().into_owned();
            items.extend(
                names
                    .into_iter()
                    .map(|(name, files)| item(&stage, name, files, code)),
            );
        }
        items.sort_by(|a, b| (&a.stage, &a.name).cmp(&(&b.stage, &b.name)));
        Ok(items)
    }

    /// Removes a product, unless a run is at work on it; says whether it did.
    ///
    /// # Errors
    /// If a file cannot be removed.
    pub fn remove(&self, item: &Item) -> Result<bool, StoreError> {
        let lock = self
            .root()
            .join(&item.stage)
            .join(format!("{}.lock", item.name));
        let _lock = match Lock::try_take(&lock) {
            Ok(lock) => lock,
            Err(LockError::Held(_)) => return Ok(false),
            Err(LockError::File(source)) => return Err(StoreError { path: lock, source }),
        };
        for path in &item.files {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                removed => removed.map_err(|source| StoreError {
                    path: path.clone(),
                    source,
                })?,
            }
        }
        Ok(true)
    }
}

fn item(stage: &str, name: String, mut files: Vec<PathBuf>, code: &Fingerprints) -> Item {
    // The record goes first: a product without one is not trusted.
    files.sort_by_key(|path| path.extension().is_none_or(|extension| extension != "json"));
    let length = |path: &PathBuf| std::fs::metadata(path).map_or(0, |data| data.len());
    let bytes: u64 = files.iter().map(length).sum();
    let record = files.first().and_then(|path| std::fs::read(path).ok());
    let record: Option<Record> = record.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let whole = record.as_ref().is_some_and(|record| {
        let product = files.iter().find(|path| {
            path.extension()
                .is_some_and(|extension| *extension == *record.extension)
        });
        product.is_some_and(|path| length(path) == record.bytes)
    });
    let usable = match &record {
        Some(record) if whole && code.hold(&record.code) => Use::Current,
        Some(_) if whole => Use::OtherCode,
        _ => Use::Damaged,
    };
    let (what, instructions) = record
        .map(|record| (record.what, record.instructions))
        .unwrap_or_default();
    Item {
        stage: stage.into(),
        what,
        instructions,
        name,
        bytes,
        usable,
        files,
    }
}
