//! What cells that follow one another need alike, kept from one to the next: what extractions believe
//! before the first query, and what the victims reveal under encryption. Either takes longer than many
//! an attack.

use std::sync::{Arc, Mutex, PoisonError};

use attacks::{HeadPrior, World};
use config::experiment::Cell;

use super::encrypted::Revealed;
use crate::error::HarnessError;

/// What the protected victims of the last cell under encryption revealed, with what it depends on.
#[derive(Debug, Default)]
pub struct LastRevealed(Mutex<Option<(String, Revealed)>>);

impl LastRevealed {
    /// What the victims of `cell` reveal: found by `reveal` unless the last ones were the same.
    ///
    /// # Errors
    /// Those of `reveal`.
    pub fn get(
        &self,
        cell: &Cell,
        reveal: impl FnOnce() -> Result<Revealed, HarnessError>,
    ) -> Result<Revealed, HarnessError> {
        let trained = (&cell.backbone, cell.head, &cell.recipe, cell.shots);
        let name =
            serde_json::to_string(&(trained, &cell.defence)).expect("a cell has a JSON form");
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, revealed)) if *known == name => Ok(revealed.clone()),
            _ => {
                let revealed = reveal()?;
                *last = Some((name, revealed.clone()));
                Ok(revealed)
            }
        }
    }
}

/// The prior of the last extraction, with what it depends on.
#[derive(Debug, Default)]
pub struct LastPrior(Mutex<Option<(String, Arc<HeadPrior>)>>);

impl LastPrior {
    /// The prior of the heads of `cell`, whose world this is: fitted unless the last one was the same.
    ///
    /// # Errors
    /// If it cannot be fitted.
    pub fn get(&self, cell: &Cell, world: &World<'_>) -> Result<Arc<HeadPrior>, HarnessError> {
        let trained = (&cell.backbone, cell.head, &cell.recipe, &cell.adversary);
        let name = serde_json::to_string(&(trained, cell.shots, &cell.defence))
            .expect("a cell has a JSON form");
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, prior)) if *known == name => Ok(Arc::clone(prior)),
            _ => {
                let prior = Arc::new(HeadPrior::fit(world)?);
                *last = Some((name, Arc::clone(&prior)));
                Ok(prior)
            }
        }
    }
}
