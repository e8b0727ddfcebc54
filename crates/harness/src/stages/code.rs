//! Which code a product was made by: fingerprints of the crates and modules beneath its stage.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What the build script found of one crate.
struct Crate {
    name: &'static str,
    sources: &'static str,
    libraries: &'static str,
    beneath: &'static [&'static str],
    modules: &'static [(&'static str, &'static str)],
}

/// The crates of this build.
const CRATES: &[Crate] = include!(concat!(env!("OUT_DIR"), "/fingerprints.rs"));

/// Fingerprints of all code that a stage may depend on.
#[derive(Clone, Debug)]
pub struct Fingerprints {
    /// Hashes by part: of the sources of a crate (`attacks`) or a module (`harness/heads`), and of the
    /// libraries beneath a crate (`libraries of attacks`).
    parts: BTreeMap<String, String>,
    /// The crates beneath each crate.
    beneath: BTreeMap<String, Vec<String>>,
}

/// The code that one stage depends on: a fingerprint a part.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code {
    parts: BTreeMap<String, String>,
    hash: String,
}

impl Fingerprints {
    /// Those of the code that this command was built from.
    pub fn of_this_build() -> Self {
        let mut all = Self {
            parts: BTreeMap::new(),
            beneath: BTreeMap::new(),
        };
        for it in CRATES {
            let name = it.name;
            let mut add = |part: String, hash: &str| all.parts.insert(part, hash.to_owned());
            add(name.into(), it.sources);
            add(libraries_of(name), it.libraries);
            for (module, hash) in it.modules {
                add(format!("{name}/{module}"), hash);
            }
            let beneath = it.beneath.iter().map(|name| (*name).to_owned());
            all.beneath.insert(name.into(), beneath.collect());
        }
        all
    }

    /// The same but for one part, as if its code had changed.
    pub fn changed(mut self, part: &str) -> Self {
        let print = self.parts.entry(part.to_owned()).or_default();
        print.push('*');
        self
    }

    /// The same with networks trained on a card, which gives them other digits than the CPU does.
    pub fn trained_on(mut self, card: Option<spec::Device>) -> Self {
        if let Some(card) = card {
            for name in TRAINERS {
                self.parts.insert(device_of(name), card.word().to_owned());
            }
        }
        self
    }

    /// Whether a product that was made by code with these fingerprints would be made by the same now.
    pub fn hold(&self, then: &BTreeMap<String, String>) -> bool {
        then.iter()
            .all(|(part, print)| self.parts.get(part) == Some(print))
    }

    /// The code of a stage that is built on `parts`: crates, with every crate beneath them, and single
    /// modules (`harness/heads`).
    ///
    /// # Panics
    /// If there is no such part, which is a slip of the pen in a stage's declaration.
    pub fn of(&self, parts: &[&str]) -> Arc<Code> {
        let mut found = BTreeMap::new();
        let mut add = |name: &str| {
            let print = self.parts.get(name);
            let print = print.unwrap_or_else(|| panic!("the build script knows no code `{name}`"));
            found.insert(name.to_owned(), print.clone());
        };
        for part in parts {
            add(part);
            if let Some(beneath) = self.beneath.get(*part) {
                beneath.iter().for_each(|name| add(name));
                // Those of a crate hold all beneath it.
                add(&libraries_of(part));
            }
        }
        let devices = TRAINERS.iter().filter(|name| found.contains_key(**name));
        let devices: Vec<_> = devices.map(|name| device_of(name)).collect();
        let devices = devices.into_iter().filter_map(|name| {
            let print = self.parts.get(&name)?.clone();
            Some((name, print))
        });
        found.extend(devices);
        Arc::new(Code::new(found))
    }
}

/// Crates that train networks on the device that was asked for.
const TRAINERS: [&str; 2] = ["attacks", "backbones"];

fn device_of(name: &str) -> String {
    format!("device of {name}")
}

fn libraries_of(name: &str) -> String {
    format!("libraries of {name}")
}

impl Code {
    /// The code with these fingerprints.
    pub fn new(parts: BTreeMap<String, String>) -> Self {
        let mut all = String::new();
        for (name, print) in &parts {
            all += &format!("{name}={print}\n");
        }
        Self {
            hash: short(&all),
            parts,
        }
    }

    /// Sixteen hexadecimal digits that stand for all of it.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The fingerprints by part.
    pub fn parts(&self) -> &BTreeMap<String, String> {
        &self.parts
    }

    /// This code and that of a stage above.
    pub fn and(&self, other: &Self) -> Self {
        let both = self.parts.iter().chain(&other.parts);
        Self::new(
            both.map(|(name, print)| (name.clone(), print.clone()))
                .collect(),
        )
    }

    /// The parts that differ from those that a product was made by.
    pub fn differs_from<'a>(&'a self, then: &'a BTreeMap<String, String>) -> Vec<&'a str> {
        let names = self.parts.keys().chain(then.keys());
        let mut changed: Vec<&str> = names
            .filter(|name| self.parts.get(*name) != then.get(*name))
            .map(String::as_str)
            .collect();
        changed.sort_unstable();
        changed.dedup();
        changed
    }
}

fn short(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_brings_what_is_beneath_it_and_nothing_else() {
        let prints = Fingerprints::of_this_build();
        let code = prints.of(&["attacks", "harness/heads"]);
        for part in ["attacks", "transfer", "backbones", "datasets", "evaluation"] {
            assert!(code.parts().contains_key(part), "{part}");
        }
        for part in ["report", "rhe", "harness", "harness/run"] {
            assert!(!code.parts().contains_key(part), "{part}");
        }
        let same = |other: &Fingerprints| *other.of(&["attacks", "harness/heads"]) == *code;
        for part in ["report", "harness/cli", "rhe"] {
            assert!(same(&prints.clone().changed(part)), "{part}");
        }
        for part in ["attacks", "datasets", "harness/heads"] {
            let changed = prints
                .clone()
                .changed(part)
                .of(&["attacks", "harness/heads"]);
            assert_ne!(changed.hash(), code.hash());
            assert_eq!(changed.differs_from(code.parts()), [part]);
        }
    }

    #[test]
    fn what_a_card_trained_is_not_taken_for_what_the_cpu_trained() {
        let cpu = Fingerprints::of_this_build();
        let card = cpu.clone().trained_on(Some(spec::Device::Wgpu));
        let networks = ["backbones"];
        let found = card.of(&networks);
        assert_eq!(
            found.differs_from(cpu.of(&networks).parts()),
            ["device of backbones"]
        );
        assert!(!cpu.hold(found.parts()));
        for (part, same) in [("attacks", false), ("datasets", true), ("rhe", true)] {
            assert_eq!(
                card.of(&[part]).hash() == cpu.of(&[part]).hash(),
                same,
                "{part}"
            );
        }
        assert_eq!(
            cpu.clone().trained_on(None).of(&networks),
            cpu.of(&networks)
        );
    }

    #[test]
    fn a_stage_above_holds_the_code_of_both() {
        let prints = Fingerprints::of_this_build();
        let both = prints.of(&["backbones"]).and(&prints.of(&["privacy"]));
        assert!(both.parts().contains_key("datasets") && both.parts().contains_key("privacy"));
        let changed = prints.clone().changed("privacy");
        let changed = changed.of(&["backbones"]).and(&changed.of(&["privacy"]));
        assert_eq!(changed.differs_from(both.parts()), ["privacy"]);
    }
}
