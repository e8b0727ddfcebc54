//! Names of stages: a hash of everything that a stage's product depends on.

use serde::Serialize;

/// The name of one stage's product.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StageKey {
    stage: &'static str,
    hash: String,
}

impl StageKey {
    /// The kind of stage.
    pub fn stage(&self) -> &'static str {
        self.stage
    }

    /// Hexadecimal hash of everything the product depends on.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// Collects what a product depends on.
pub struct KeyBuilder {
    stage: &'static str,
    hasher: blake3::Hasher,
}

impl KeyBuilder {
    /// Starts the key of a stage.
    pub fn new(stage: &'static str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("rhea stage key v1");
        hasher.update(stage.as_bytes());
        Self { stage, hasher }
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

    /// Adds the product of an earlier stage.
    pub fn after(self, parent: &StageKey) -> Self {
        self.with(parent.stage, &parent.hash)
    }

    /// The finished key.
    pub fn finish(self) -> StageKey {
        StageKey {
            stage: self.stage,
            hash: self.hasher.finalize().to_hex()[..32].to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dependency_changes_the_key() {
        let key = |seed: u64, name: &str| {
            KeyBuilder::new("features")
                .with("seed", &seed)
                .with("data", &name)
                .finish()
        };
        assert_eq!(key(1, "mnist"), key(1, "mnist"));
        assert_ne!(key(1, "mnist"), key(2, "mnist"));
        assert_ne!(key(1, "mnist"), key(1, "strokes"));
        assert_ne!(
            key(1, "mnist"),
            KeyBuilder::new("victims")
                .with("seed", &1u64)
                .with("data", &"mnist")
                .finish()
        );
    }
}
