//! How long stages take: rates measured on this machine, kept beside the cache.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Seconds a unit of work before anything was measured here, by how its name begins; from two cores of a
/// server.
const FIRST_GUESS: [(&str, f64); 13] = [
    ("backbone", 1.5e-3),
    ("features", 4e-4),
    ("features/onnx", 5e-3),
    ("tuning", 20.0),
    ("model/unmixing", 5e-4),
    ("model/reconstructor", 1.5e-4),
    ("outcome/labels", 1e-2),
    ("outcome/scores", 2e-3),
    ("outcome/gradient_inversion", 5e-2),
    ("outcome", 1e-3),
    ("cryptotl-lower", 1.0),
    ("cryptotl", 1.0),
    ("both-ways", 5.0),
];

/// Seconds a unit of work, by kind of stage. Estimates only: no result depends on them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    #[serde(flatten)]
    rates: BTreeMap<String, f64>,
    #[serde(skip)]
    path: PathBuf,
}

impl Costs {
    /// The rates kept in `folder`, if there are any that can be read.
    pub fn load(folder: &std::path::Path) -> Self {
        let path = folder.join("costs.json");
        let rates = std::fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self { rates, path }
    }

    /// Seconds that `units` of work should take.
    pub fn estimate(&self, work: &str, units: u64) -> f64 {
        let guess = || {
            let known = FIRST_GUESS.iter();
            let known = known.filter(|(name, _)| work.starts_with(name));
            known
                .max_by_key(|(name, _)| name.len())
                .map(|(_, rate)| *rate)
        };
        let rate = self.rates.get(work).copied().or_else(guess);
        rate.unwrap_or(0.0) * units as f64
    }

    /// Takes in a measurement, half old and half new, and keeps it for the next plan.
    pub fn learn(&mut self, work: &str, units: u64, seconds: f64) {
        let measured = seconds / units.max(1) as f64;
        self.rates
            .entry(work.to_string())
            .and_modify(|rate| *rate = 0.5 * (*rate + measured))
            .or_insert(measured);
        // A lost estimate is no loss: neither where another run writes its own, nor where none can be.
        let lock = files::Lock::try_take(&self.path.with_extension("lock"));
        if let (Ok(_lock), Ok(json)) = (lock, serde_json::to_vec_pretty(&self.rates)) {
            let _ = files::write_whole(&self.path, &json);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_replace_guesses_and_survive() {
        let folder = tempfile::tempdir().unwrap();
        let mut costs = Costs::load(folder.path());
        assert!((costs.estimate("backbone", 1000) - 1.5).abs() < 1e-9);
        costs.learn("backbone", 10, 5.0);
        costs.learn("backbone", 10, 15.0);
        assert!((Costs::load(folder.path()).estimate("backbone", 2) - 2.0).abs() < 1e-9);
    }
}
