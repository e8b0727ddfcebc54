//! The cache: finished stages as files that are checked before they are trusted.

use std::collections::{BTreeSet, HashMap};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use files::{Holder, Lock, LockError, Scratch};

use super::failure::StoreError;
use super::form::Form;
use super::key::StageKey;
use super::record::{Maker, Record};
use crate::error::HarnessError;

/// What the cache holds for a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A whole product of this code.
    Cached,
    /// Nothing.
    Missing,
    /// Nothing that can be used, and why: damaged, or made by other code.
    Stale(String),
}

/// A product from the cache, with the commit that made it.
#[derive(Debug)]
pub struct Kept<T> {
    /// The product.
    pub product: T,
    /// The commit.
    pub commit: String,
}

/// A folder of finished stages, addressed by what they depend on.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    /// The records of each kind of stage by their settings, once a plan has asked.
    siblings: Mutex<HashMap<&'static str, Siblings>>,
}

type Siblings = HashMap<String, Vec<PathBuf>>;

impl Store {
    /// A store in `root`, which is made when the first product is kept.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            siblings: Mutex::default(),
        }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn file(&self, key: &StageKey, extension: &str) -> PathBuf {
        let folder = self.root.join(key.stage());
        folder.join(format!("{}.{extension}", key.name()))
    }

    /// Where the record of `key` lies.
    pub fn record(&self, key: &StageKey) -> PathBuf {
        self.file(key, "json")
    }

    /// The product of `key`, if there is one that can be trusted, else why there is none.
    pub fn load<T>(&self, key: &StageKey, form: &dyn Form<T>) -> Result<Kept<T>, State> {
        let (record, path, contents) = self.checked(key)?;
        let product = form.read(&path, &contents).map_err(State::Stale)?;
        Ok(Kept {
            product,
            commit: record.commit,
        })
    }

    /// What [`Store::load`] would find, but for the product's own form; where there is nothing, whether
    /// other code has made it.
    pub fn state(&self, key: &StageKey) -> State {
        match self.checked(key) {
            Ok(_) => State::Cached,
            Err(State::Missing) => self.made_by_other_code(key),
            Err(state) => state,
        }
    }

    /// The instruction sets that had part in the product of `key`; none where there is no record.
    pub fn instructions(&self, key: &StageKey) -> BTreeSet<String> {
        let record = std::fs::read(self.record(key)).ok();
        let record: Option<Record> = record.and_then(|json| serde_json::from_slice(&json).ok());
        record.map(|record| record.instructions).unwrap_or_default()
    }

    fn checked(&self, key: &StageKey) -> Result<(Record, PathBuf, Vec<u8>), State> {
        let read = |path: &Path| match std::fs::read(path) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(State::Missing),
            Err(error) => Err(State::Stale(format!("cannot be read: {error}"))),
        };
        let record: Record = serde_json::from_slice(&read(&self.record(key))?)
            .map_err(|error| State::Stale(format!("damaged: {error}")))?;
        let path = self.file(key, &record.extension);
        let contents = read(&path)?;
        record.check(&contents).map_err(State::Stale)?;
        Ok((record, path, contents))
    }

    /// Which parts of the code have changed since the latest product of the same settings was made.
    fn made_by_other_code(&self, key: &StageKey) -> State {
        let mut siblings = self.siblings.lock().unwrap_or_else(PoisonError::into_inner);
        let known = siblings
            .entry(key.stage())
            .or_insert_with(|| records_by_settings(&self.root.join(key.stage())));
        let own = self.record(key);
        let records = known.get(key.hash()).into_iter().flatten();
        let others = records.filter(|path| **path != own);
        let latest = others.max_by_key(|path| {
            let modified = std::fs::metadata(path).and_then(|data| data.modified());
            modified.ok()
        });
        let record: Option<Record> = latest
            .and_then(|path| std::fs::read(path).ok())
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        match record {
            Some(record) => {
                let changed = key.code().differs_from(&record.code).join(", ");
                State::Stale(format!("code changed: {changed}"))
            }
            None => State::Missing,
        }
    }

    /// Keeps `product` under `key`: the product first, then the record without which it is not trusted.
    ///
    /// # Errors
    /// If it cannot be written; nothing is left then.
    pub fn save<T>(
        &self,
        key: &StageKey,
        what: &str,
        by: &Maker,
        form: &dyn Form<T>,
        product: &T,
    ) -> Result<(), HarnessError> {
        let path = self.file(key, form.extension());
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError { path, source }
        };
        let scratch = Scratch::beside(&path).map_err(failed(&path))?;
        // Whoever's writer it is: what cannot be kept ends the run, and not a cell.
        form.write(product, scratch.path())
            .map_err(|error| failed(&path)(why(error)))?;
        let contents = std::fs::read(scratch.path()).map_err(failed(&path))?;
        scratch.persist().map_err(failed(&path))?;
        let record = Record::new(key, what, by, form.extension(), &contents);
        let path = self.record(key);
        files::write_whole(&path, &record.to_json()).map_err(failed(&path))?;
        Ok(())
    }

    /// Waits for the right to make the product of `key`, which one process at a time has; `held` hears
    /// who has it, if it must be waited for.
    ///
    /// # Errors
    /// If the cache cannot be written.
    pub fn lock(&self, key: &StageKey, held: impl FnOnce(&Holder)) -> Result<Lock, StoreError> {
        let path = self.file(key, "lock");
        Lock::take(&path, held).map_err(|source| StoreError { path, source })
    }

    /// Takes away what killed runs left; what another run is at work on stays.
    pub fn sweep(&self) {
        let Ok(stages) = std::fs::read_dir(&self.root) else {
            return;
        };
        let stages = stages.flatten().map(|entry| entry.path());
        for folder in stages.chain([self.root.clone()]) {
            // A cache that cannot be swept may still be read.
            let _ = sweep_folder(&folder);
        }
    }
}

/// Sweeps a folder whose unfinished files are guarded by the lock of the same name.
fn sweep_folder(folder: &Path) -> std::io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    let free = |name: &str| {
        let lock = folder.join(name).with_extension("lock");
        match Lock::try_take(&lock) {
            Ok(_) => true,
            Err(LockError::Held(_) | LockError::File(_)) => false,
        }
    };
    files::sweep(folder, |name| free(name.split('.').next().unwrap_or(name)))?;
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        if let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".lock")) {
            // Taking the lock of a dead holder and giving it back removes its file.
            free(stem);
        }
    }
    Ok(())
}

/// Why a product could not be written.
fn why(error: HarnessError) -> std::io::Error {
    match error {
        HarnessError::File { source, .. } => source,
        error => std::io::Error::other(error.to_string()),
    }
}

fn records_by_settings(folder: &Path) -> Siblings {
    let mut all = Siblings::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let settings = name
            .strip_suffix(".json")
            .and_then(|name| name.split_once('-'));
        if let Some((settings, _)) = settings {
            all.entry(settings.to_owned()).or_default().push(path);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::code::Fingerprints;
    use super::super::form::Postcard;
    use super::super::key::KeyBuilder;
    use super::*;

    fn key(prints: &Fingerprints) -> StageKey {
        KeyBuilder::new("numbers", &prints.of(&["datasets"]))
            .with("n", &3)
            .finish()
    }

    fn maker(commit: &str) -> Maker {
        Maker {
            commit: commit.into(),
            instructions: ["avx2".to_owned()].into(),
        }
    }

    #[test]
    fn damaged_and_truncated_products_are_never_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let key = key(&Fingerprints::of_this_build());
        let load = || store.load::<Vec<f64>>(&key, &Postcard);
        assert_eq!(load().unwrap_err(), State::Missing);
        let product = vec![0.1, f64::MIN_POSITIVE, -7.25];
        store
            .save(&key, "numbers", &maker("abc"), &Postcard, &product)
            .unwrap();
        let kept = load().unwrap();
        assert_eq!((kept.product, kept.commit.as_str()), (product, "abc"));
        for path in [store.file(&key, "bin"), store.record(&key)] {
            let whole = std::fs::read(&path).unwrap();
            for at in 0..whole.len() {
                let mut flipped = whole.clone();
                flipped[at] ^= 0x10;
                std::fs::write(&path, &flipped).unwrap();
                assert!(load().is_err(), "{} byte {at}", path.display());
                assert_ne!(store.state(&key), State::Cached);
                std::fs::write(&path, &whole[..at]).unwrap();
                assert!(load().is_err());
            }
            std::fs::write(&path, &whole).unwrap();
        }
        assert_eq!(store.state(&key), State::Cached);
        // A product that lost its record, as after a kill between the two.
        std::fs::remove_file(store.record(&key)).unwrap();
        assert_eq!(load().unwrap_err(), State::Missing);
    }

    #[test]
    fn products_of_other_code_are_stale_with_the_part_that_changed() {
        let folder = tempfile::tempdir().unwrap();
        let now = Fingerprints::of_this_build();
        let then = now.clone().changed("datasets");
        let store = Store::new(folder.path());
        store
            .save(&key(&then), "", &maker(""), &Postcard, &1)
            .unwrap();
        let stale = State::Stale("code changed: datasets".into());
        assert_eq!(store.state(&key(&now)), stale);
        assert_eq!(store.state(&key(&then)), State::Cached);
        // Both are kept: going back to the old code finds the old product.
        store
            .save(&key(&now), "", &maker(""), &Postcard, &2)
            .unwrap();
        let loaded = |prints| store.load::<i32>(&key(prints), &Postcard).unwrap().product;
        assert_eq!((loaded(&then), loaded(&now)), (1, 2));
    }

    #[test]
    fn leftovers_are_swept_but_not_those_of_who_is_at_work() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let key = key(&Fingerprints::of_this_build());
        let stage = folder.path().join("numbers");
        let at_work = store.lock(&key, |_| {}).unwrap();
        let own = format!("{}.bin.x1.part", key.name());
        for name in [own.as_str(), "dead-1.bin.x2.part", "dead-2.lock"] {
            std::fs::write(stage.join(name), "half").unwrap();
        }
        store.sweep();
        let names = || {
            let names = std::fs::read_dir(&stage).unwrap().flatten();
            let mut names: Vec<_> = names
                .map(|it| it.file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        assert_eq!(names(), [own, format!("{}.lock", key.name())]);
        drop(at_work);
        store.sweep();
        assert!(names().is_empty());
    }
}
