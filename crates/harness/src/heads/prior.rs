//! What extractions believe before the first query, kept for the cells that follow: fitting it takes
//! longer than many an extraction.

use std::sync::{Arc, Mutex, PoisonError};

use attacks::{HeadPrior, World};
use config::experiment::Cell;

use crate::error::HarnessError;

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
