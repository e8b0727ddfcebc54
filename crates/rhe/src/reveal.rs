//! What the owner opens, and for whom.
//!
//! Results of a linear head are authenticated: they open only if an honest classification made them.
//! Results of other heads, and decisions, are not: whoever makes one up and learns its class reads
//! the key, so they open only where it is said that who classified is trusted.

mod doubts;

pub use doubts::Doubts;

use crate::error::RheError;
use crate::files::{ContainerFile, Kind, LinearStream, RevealCount, at, other_kind};
use crate::keys::SecretKey;
use crate::linear::{Binding, Decryptor, LinearResults, Logits, TagCheck};
use crate::protected::{EncryptedResults, RESULTS};
use std::path::Path;

/// One image's answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Revealed {
    /// Logits and their class.
    Logits(Logits),
    /// A class found under encryption; none where three or more were too close to be ordered.
    Decision(Option<usize>),
}

/// What is asked of a file of results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Logits are wanted: an error for decisions, which have none.
    pub logits: bool,
    /// Who classified is trusted, which results other than a linear head's need: see
    /// [`SecretKey::reveal_trusted`].
    pub trusted_classifier: bool,
}

impl Ask {
    /// Whether results that nothing authenticates may be opened, and have what is wanted.
    fn allows(self, kind: Kind) -> Result<(), RheError> {
        if self.logits && kind == Kind::DecisionResults {
            return Err(RheError::NoLogits);
        }
        if self.trusted_classifier {
            Ok(())
        } else {
            Err(unauthenticated(kind))
        }
    }
}

impl SecretKey {
    /// The class of each image of a linear head's results, and nothing else: what to give to others.
    /// Refused as a whole unless every image is authentic.
    pub fn reveal(&self, results: &EncryptedResults) -> Result<Vec<usize>, RheError> {
        Ok(classes(self.reveal_logits(results)?))
    }

    /// The logits of each image of a linear head's results, for the key's owner alone: whoever may
    /// choose what is decrypted to logits reads the head out of them, one weight a query.
    pub fn reveal_logits(&self, results: &EncryptedResults) -> Result<Vec<Logits>, RheError> {
        match results {
            EncryptedResults::Linear(results) => self.reveal_linear_logits(results),
            other => Err(unauthenticated(other.kind())),
        }
    }

    /// As [`SecretKey::reveal`], for results of any kind, **of which a trusted classifier made
    /// those that are not a linear head's**: each class of one that was made up is a bit of the key.
    /// An undecided image of a decision is an error: see [`SecretKey::reveal_trusted_decisions`].
    pub fn reveal_trusted(&self, results: &EncryptedResults) -> Result<Vec<usize>, RheError> {
        if let EncryptedResults::Decision(results) = results {
            let classes = self
                .reveal_trusted_decisions(results)?
                .into_iter()
                .enumerate();
            return classes
                .map(|(image, class)| class.ok_or(RheError::Undecided { image }))
                .collect();
        }
        Ok(classes(self.reveal_trusted_logits(results)?))
    }

    /// As [`SecretKey::reveal_logits`], with the trust of [`SecretKey::reveal_trusted`]. A decision
    /// has no logits.
    pub fn reveal_trusted_logits(
        &self,
        results: &EncryptedResults,
    ) -> Result<Vec<Logits>, RheError> {
        match results {
            EncryptedResults::Linear(results) => self.reveal_linear_logits(results),
            EncryptedResults::Relu(results) => self.reveal_relu_logits(results),
            EncryptedResults::Square(results) => self.reveal_square_logits(results),
            EncryptedResults::Private(results) => self.reveal_private_logits(results),
            EncryptedResults::Decision(_) => Err(RheError::NoLogits),
        }
    }

    /// Opens a file of results, counting first: `each` gets image after image, and what it got is
    /// to be kept back until this returns without an error. Returns the number of images.
    ///
    /// Every image of a linear head's file is authenticated before any is decrypted, and again when
    /// it is, should the file have changed in between.
    pub fn reveal_file(
        &self,
        path: &Path,
        count: &mut RevealCount,
        ask: Ask,
        mut each: impl FnMut(Revealed),
    ) -> Result<u64, RheError> {
        let file = ContainerFile::open_unchecked(path, RESULTS)?;
        let kind = file.kind();
        if kind == Kind::LinearResults {
            let revealed = self.reveal_linear_file(&file, count, &mut each);
            return refusals_counted(count, revealed);
        }
        if !kind.is_results() {
            return Err(at(path, other_kind(RESULTS, kind)));
        }
        ask.allows(kind)?;
        let read = file.check().and_then(|()| file.reader());
        let results = read.and_then(|reader| EncryptedResults::read(kind, reader));
        let results = results.map_err(|error| at(path, error))?;
        count.reveal(results.images() as u64)?;
        let revealed = self.reveal_unauthenticated(&results)?;
        let images = revealed.len() as u64;
        revealed.into_iter().for_each(each);
        Ok(images)
    }

    /// As [`SecretKey::reveal_file`], for results that are at hand.
    ///
    /// # Errors
    /// Those of [`SecretKey::reveal_file`] but for a file's own.
    pub fn reveal_counted(
        &self,
        results: &EncryptedResults,
        count: &mut RevealCount,
        ask: Ask,
    ) -> Result<Vec<Revealed>, RheError> {
        let EncryptedResults::Linear(linear) = results else {
            ask.allows(results.kind())?;
            count.reveal(results.images() as u64)?;
            return self.reveal_unauthenticated(results);
        };
        let revealed = self.reveal_linear_results(linear, count);
        refusals_counted(count, revealed)
    }

    fn reveal_linear_results(
        &self,
        results: &LinearResults,
        count: &mut RevealCount,
    ) -> Result<Vec<Revealed>, RheError> {
        let check = TagCheck::new(self, &results.binding).ok_or(RheError::Refused)?;
        if !check.accepts(results) {
            return Err(RheError::Refused);
        }
        count.reveal(results.images() as u64)?;
        let logits = Decryptor::new(self, &results.binding)?.logits(results);
        Ok(logits.into_iter().map(Revealed::Logits).collect())
    }

    /// Opens results that nothing authenticates, once it is known that they may be.
    fn reveal_unauthenticated(
        &self,
        results: &EncryptedResults,
    ) -> Result<Vec<Revealed>, RheError> {
        if let EncryptedResults::Decision(results) = results {
            let classes = self.reveal_trusted_decisions(results)?;
            return Ok(classes.into_iter().map(Revealed::Decision).collect());
        }
        let logits = self.reveal_trusted_logits(results)?;
        Ok(logits.into_iter().map(Revealed::Logits).collect())
    }

    fn reveal_linear_file(
        &self,
        file: &ContainerFile,
        count: &mut RevealCount,
        each: &mut impl FnMut(Revealed),
    ) -> Result<u64, RheError> {
        file.check().map_err(|_| RheError::Refused)?;
        let (binding, check) = self.authenticate_file(file)?;
        let mut stream = stream(file)?;
        let images = stream.images as u64;
        count.reveal(images)?;
        let decryptor = Decryptor::new(self, &binding)?;
        let mut part = LinearResults::empty(stream.binding.clone());
        while stream.next(&mut part)? {
            if !check.accepts(&part) {
                return Err(RheError::Refused);
            }
            let logits = decryptor.logits(&part).into_iter();
            logits.map(Revealed::Logits).for_each(&mut *each);
        }
        Ok(images)
    }

    /// Authenticates every image of a file.
    fn authenticate_file(&self, file: &ContainerFile) -> Result<(Binding, TagCheck), RheError> {
        let mut stream = stream(file)?;
        let check = TagCheck::new(self, &stream.binding).ok_or(RheError::Refused)?;
        let mut part = LinearResults::empty(stream.binding.clone());
        let mut sound = true;
        while stream.next(&mut part)? {
            sound &= check.accepts(&part);
        }
        if sound {
            Ok((stream.binding, check))
        } else {
            Err(RheError::Refused)
        }
    }
}

/// Counts a refusal before it is told.
fn refusals_counted<T>(
    count: &mut RevealCount,
    revealed: Result<T, RheError>,
) -> Result<T, RheError> {
    if matches!(revealed, Err(RheError::Refused)) {
        count.refuse()?;
    }
    revealed
}

fn stream(file: &ContainerFile) -> Result<LinearStream<'_>, RheError> {
    LinearStream::open(file.reader().map_err(|_| RheError::Refused)?)
}

fn classes(logits: Vec<Logits>) -> Vec<usize> {
    logits.into_iter().map(|image| image.class).collect()
}

fn unauthenticated(kind: Kind) -> RheError {
    RheError::Unauthenticated { what: kind.name() }
}
