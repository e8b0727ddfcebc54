//! Names of stages: a hash of everything that a stage's product depends on.

use std::hash::Hasher;
use std::sync::Arc;

use serde::Serialize;

use super::code::Code;

/// The name of one stage's product: what was asked for, and the code that makes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StageKey {
    stage: &'static str,
    settings: String,
    code: Arc<Code>,
}

/// By the settings alone, which tell keys of one build apart: to go through the fingerprints of all the
/// code each time was an eighth of the work of a large plan.
impl std::hash::Hash for StageKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.settings.as_bytes());
    }
}

impl StageKey {
    /// The kind of stage.
    pub fn stage(&self) -> &'static str {
        self.stage
    }

    /// Hexadecimal hash of settings and data, those of the stages beneath included: the same whatever
    /// code makes it.
    pub fn hash(&self) -> &str {
        &self.settings
    }

    /// The code that makes it.
    pub fn code(&self) -> &Code {
        &self.code
    }

    /// What its files are called, but for the extension.
    pub fn name(&self) -> String {
        format!("{}-{}", self.settings, self.code.hash())
    }
}

/// Collects what a product depends on.
#[derive(Clone)]
pub struct KeyBuilder {
    stage: &'static str,
    hasher: blake3::Hasher,
    code: Arc<Code>,
}

impl KeyBuilder {
    /// Starts the key of a stage that this code makes.
    pub fn new(stage: &'static str, code: &Arc<Code>) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("rhea stage key v1");
        hasher.update(stage.as_bytes());
        Self {
            stage,
            hasher,
            code: Arc::clone(code),
        }
    }

    /// Adds a named value, by its JSON form.
    ///
    /// # Panics
    /// If `value` has no JSON form, which is a defect of its type.
    pub fn with(mut self, name: &str, value: &impl Serialize) -> Self {
        let json = serde_json::to_string(value).expect("stage dependencies have a JSON form");
        // Lengths keep two neighbours from running into one another.
        self.hasher
            .update(format!("|{}:{name}={}:{json}", name.len(), json.len()).as_bytes());
        self
    }

    /// Adds the product of an earlier stage, and the code that makes it.
    pub fn after(mut self, parent: &StageKey) -> Self {
        let beneath = &parent.code;
        let known = |(name, print): (&String, &String)| self.code.parts().get(name) == Some(print);
        if !beneath.parts().iter().all(known) {
            self.code = Arc::new(beneath.and(&self.code));
        }
        self.with(parent.stage, &parent.settings)
    }

    /// The finished key.
    pub fn finish(self) -> StageKey {
        StageKey {
            stage: self.stage,
            settings: self.hasher.finalize().to_hex()[..32].to_string(),
            code: self.code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::code::Fingerprints;
    use super::*;

    #[test]
    fn every_dependency_changes_the_key() {
        let code = Fingerprints::of_this_build().of(&["datasets"]);
        let key = |seed: u64, name: &str| {
            KeyBuilder::new("features", &code)
                .with("seed", &seed)
                .with("data", &name)
                .finish()
        };
        assert_eq!(key(1, "mnist"), key(1, "mnist"));
        assert_ne!(key(1, "mnist"), key(2, "mnist"));
        assert_ne!(key(1, "mnist"), key(1, "strokes"));
        let other = KeyBuilder::new("victims", &code)
            .with("seed", &1u64)
            .with("data", &"mnist")
            .finish();
        assert_ne!(key(1, "mnist"), other);
    }

    #[test]
    fn code_beneath_changes_the_name_and_not_the_settings() {
        let key = |prints: Fingerprints| {
            let below = KeyBuilder::new("features", &prints.of(&["backbones"])).finish();
            KeyBuilder::new("outcome", &prints.of(&["privacy"]))
                .after(&below)
                .finish()
        };
        let now = key(Fingerprints::of_this_build());
        let then = key(Fingerprints::of_this_build().changed("backbones"));
        assert_eq!(now.hash(), then.hash());
        assert_ne!(now.name(), then.name());
        assert_eq!(now.code().differs_from(then.code().parts()), ["backbones"]);
    }
}
