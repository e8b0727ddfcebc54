//! What extractions believe before the first query, kept for the cells that follow: fitting it takes
//! longer than many an extraction.

use std::sync::{Arc, Mutex, PoisonError};

use attacks::HeadPrior;

use super::measure::Trial;
use crate::error::HarnessError;

/// The prior of the last extraction, with what it depends on.
#[derive(Debug, Default)]
pub struct LastPrior(Mutex<Option<(String, Arc<HeadPrior>)>>);

impl LastPrior {
    /// The prior of the trial's heads: fitted unless the last one was the same.
    pub fn get(&self, trial: &Trial<'_>) -> Result<Arc<HeadPrior>, HarnessError> {
        let cell = trial.cell;
        let trained = (&cell.backbone, cell.head, &cell.recipe, &cell.adversary);
        let name = format!("{trained:?} {} {:?}", cell.shots, cell.defence);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, prior)) if *known == name => Ok(Arc::clone(prior)),
            _ => {
                let prior = Arc::new(HeadPrior::fit(trial.setting)?);
                *last = Some((name, Arc::clone(&prior)));
                Ok(prior)
            }
        }
    }
}
