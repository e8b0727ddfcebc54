//! What the build script reads of `Cargo.lock`.

use std::collections::{BTreeMap, BTreeSet};

/// The locked packages.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    packages: Vec<Package>,
    named: BTreeMap<String, Vec<usize>>,
}

#[derive(Clone, Debug, Default)]
struct Package {
    name: String,
    version: String,
    checksum: String,
    dependencies: Vec<String>,
}

impl Lock {
    /// Reads a lock file as cargo writes it.
    pub fn parse(text: &str) -> Self {
        let mut lock = Self::default();
        for line in text.lines().map(str::trim) {
            if line == "[[package]]" {
                lock.packages.push(Package::default());
                continue;
            }
            let Some(package) = lock.packages.last_mut() else {
                continue;
            };
            let quoted = line.split('"').nth(1).unwrap_or_default().to_owned();
            match line.split([' ', '=']).next() {
                Some("name") => package.name = quoted,
                Some("version") => package.version = quoted,
                Some("checksum") => package.checksum = quoted,
                _ if line.starts_with('"') => package.dependencies.push(quoted),
                _ => {}
            }
        }
        for (at, package) in lock.packages.iter().enumerate() {
            lock.named.entry(package.name.clone()).or_default().push(at);
        }
        lock
    }

    /// Name, version and checksum of the dependency `name` of the package `of`, and of everything
    /// beneath that.
    pub fn beneath(&self, of: &str, name: &str) -> BTreeSet<String> {
        let asked = |wanted: &&String| wanted.split(' ').next() == Some(name);
        let owner = self.named.get(of).map_or(&[][..], Vec::as_slice);
        let mut open: Vec<usize> = owner
            .iter()
            .flat_map(|&at| self.packages[at].dependencies.iter().filter(asked))
            .flat_map(|wanted| self.find(wanted))
            .collect();
        let mut seen = BTreeSet::new();
        let mut found = BTreeSet::new();
        while let Some(at) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            let package = &self.packages[at];
            found.insert(format!(
                "{} {} {}",
                package.name, package.version, package.checksum
            ));
            open.extend(
                package
                    .dependencies
                    .iter()
                    .flat_map(|wanted| self.find(wanted)),
            );
        }
        found
    }

    /// The packages that `name` or `name version` stands for.
    fn find(&self, wanted: &str) -> Vec<usize> {
        let mut words = wanted.split(' ');
        let named = words.next().and_then(|name| self.named.get(name));
        let version = words.next();
        named
            .into_iter()
            .flatten()
            .copied()
            .filter(|&at| version.is_none_or(|version| self.packages[at].version == version))
            .collect()
    }
}
