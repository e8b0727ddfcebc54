//! Fingerprints of the workspace's crates: of their sources, and of the locked versions and features
//! of what they are built on.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::lock::Lock;
use super::manifest::{Manifest, workspace_line};
use super::source::meaning;

/// What one crate is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crate {
    /// Its name.
    pub name: String,
    /// Where it lies.
    pub folder: PathBuf,
    /// Hash of its sources and of what its manifest says.
    pub sources: String,
    /// Hash of each of its modules, the top level of `src`.
    pub modules: BTreeMap<String, String>,
    /// Hash of the versions of all libraries beneath it.
    pub libraries: String,
    /// The crates of this workspace that it is built on, itself not among them.
    pub beneath: Vec<String>,
}

/// Fingerprints every crate under `crates` of the workspace at `root`, by name.
///
/// # Errors
/// If a file cannot be read.
pub fn workspace(root: &Path) -> io::Result<Vec<Crate>> {
    let lock = Lock::parse(&read(&root.join("Cargo.lock"))?);
    let workspace = read(&root.join("Cargo.toml"))?;
    let mut folders: Vec<PathBuf> = entries(&root.join("crates"))?;
    folders.retain(|folder| folder.join("Cargo.toml").is_file());
    let mut manifests = BTreeMap::new();
    for folder in folders {
        let manifest = Manifest::parse(&read(&folder.join("Cargo.toml"))?);
        manifests.insert(manifest.name.clone(), (folder, manifest));
    }
    let mut crates = Vec::new();
    for (name, (folder, manifest)) in &manifests {
        let mut beneath = BTreeSet::new();
        let mut libraries = BTreeSet::new();
        let mut open = vec![name.as_str()];
        while let Some(next) = open.pop() {
            let Some((_, manifest)) = manifests.get(next) else {
                continue;
            };
            for needed in &manifest.dependencies {
                if let Some((own, _)) = manifests.get_key_value(needed) {
                    if beneath.insert(own.clone()) {
                        open.push(own);
                    }
                } else {
                    libraries.extend(workspace_line(&workspace, needed));
                    libraries.extend(lock.beneath(next, needed));
                }
            }
        }
        let (sources, modules) = sources(folder, manifest)?;
        crates.push(Crate {
            name: name.clone(),
            folder: folder.clone(),
            sources,
            modules,
            libraries: digest(libraries.iter().map(String::as_str)),
            beneath: beneath.into_iter().collect(),
        });
    }
    Ok(crates)
}

/// Hash of everything that a crate is compiled from, and of each module by itself.
fn sources(folder: &Path, manifest: &Manifest) -> io::Result<(String, BTreeMap<String, String>)> {
    let mut parts = vec![("Cargo.toml".to_owned(), manifest.meaning.clone())];
    let mut modules: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut files = Vec::new();
    walk(folder, &mut files)?;
    for file in files {
        let name = file.strip_prefix(folder).unwrap_or(&file);
        let words: Vec<String> = name
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        let name = words.join("/");
        let content = if name.ends_with(".rs") {
            meaning(&read(&file)?)
        } else {
            blake3::hash(&std::fs::read(&file)?).to_hex().to_string()
        };
        if words[0] == "src" {
            let module = words[1].trim_end_matches(".rs").to_owned();
            let module = modules.entry(module).or_default();
            module.push((name.clone(), content.clone()));
        }
        parts.push((name, content));
    }
    let hash = |parts: &[(String, String)]| {
        digest(
            parts
                .iter()
                .flat_map(|(name, content)| [name.as_str(), content.as_str()]),
        )
    };
    let modules = modules
        .iter()
        .map(|(name, parts)| (name.clone(), hash(parts)));
    Ok((hash(&parts), modules.collect()))
}

/// The files of a crate, sorted; without tests, benches, examples and documents.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for path in entries(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let counts = !matches!(
            name.as_ref(),
            "tests" | "tests.rs" | "benches" | "examples" | "target" | "Cargo.toml"
        ) && !name.ends_with(".md")
            && !name.starts_with('.');
        if !counts {
            continue;
        }
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|error| named(folder, &error))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path).map_err(|error| named(path, &error))
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// A short hash of several texts; which text a letter belongs to counts.
pub fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}
