//! From files and overrides to experiments, and back to YAML.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::document::{Node, Origin, Override, parse, read};
use crate::error::{ConfigError, Fault, Problem};
use crate::experiment::Experiment;
use crate::{check, raw};

/// A checked experiment and the file it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The file.
    pub path: PathBuf,
    /// The experiment.
    pub experiment: Experiment,
}

/// Reads and checks configs; the overrides (`key.path=value`) apply to each of them.
///
/// # Errors
/// All problems of all files, or the first file that cannot be read.
pub fn load(paths: &[PathBuf], overrides: &[String]) -> Result<Vec<Loaded>, ConfigError> {
    let overrides = overrides
        .iter()
        .map(|text| Override::parse(text))
        .collect::<Result<Vec<_>, _>>()?;
    let mut loaded: Vec<Loaded> = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        let text = read_limited(path).map_err(|source| ConfigError::Read {
            path: path.clone(),
            source,
        })?;
        match check_text(&text, path, &overrides) {
            Ok(experiment) => loaded.push(Loaded {
                path: path.clone(),
                experiment,
            }),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(ConfigError::Invalid { problems });
    }
    for (index, second) in loaded.iter().enumerate() {
        if let Some(first) = loaded[..index]
            .iter()
            .find(|first| first.experiment.name == second.experiment.name)
        {
            return Err(ConfigError::SameName {
                name: second.experiment.name.clone(),
                first: first.path.clone(),
                second: second.path.clone(),
            });
        }
    }
    Ok(loaded)
}

/// Most bytes of a config: one without end, such as a device, ends in an error.
const MOST_BYTES: u64 = 16 << 20;

fn read_limited(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let mut file = std::fs::File::open(path)?.take(MOST_BYTES + 1);
    file.read_to_string(&mut text)?;
    if text.len() as u64 > MOST_BYTES {
        let reason = format!("it is larger than {} MiB", MOST_BYTES >> 20);
        return Err(std::io::Error::other(reason));
    }
    Ok(text)
}

/// Reads and checks the text of one config; `path` is its name in messages.
///
/// # Errors
/// Everything that is wrong with it.
pub fn from_text(text: &str, path: &Path, overrides: &[String]) -> Result<Experiment, ConfigError> {
    let overrides = overrides
        .iter()
        .map(|text| Override::parse(text))
        .collect::<Result<Vec<_>, _>>()?;
    check_text(text, path, &overrides).map_err(|problems| ConfigError::Invalid { problems })
}

fn check_text(text: &str, path: &Path, overrides: &[Override]) -> Result<Experiment, Vec<Problem>> {
    let placed = |faults: Vec<Fault>| -> Vec<Problem> {
        faults
            .into_iter()
            .map(|fault| problem(fault, path, overrides))
            .collect()
    };
    let root = tree(text, overrides).map_err(|fault| placed(vec![fault]))?;
    let raw: raw::Experiment = read(&root).map_err(|fault| placed(vec![fault]))?;
    check::check(&raw, &root).map_err(placed)
}

/// A fault of the file at `path`, or of one of the overrides as the user gave them.
fn problem(fault: Fault, path: &Path, overrides: &[Override]) -> Problem {
    let place = match fault.origin {
        Some(Origin::File { line, column }) => format!("{}:{line}:{column}", path.display()),
        Some(Origin::Override(index)) => match overrides.get(index) {
            Some(given) => format!("--set {}", given.text),
            None => "--set".to_owned(),
        },
        None => path.display().to_string(),
    };
    Problem {
        place,
        path: fault.path.to_string(),
        found: fault.found,
        expected: fault.expected,
        hint: fault.hint,
    }
}

fn tree(text: &str, overrides: &[Override]) -> Result<Node, Fault> {
    let mut root = parse(text)?;
    for (index, given) in overrides.iter().enumerate() {
        given.apply(&mut root, index)?;
    }
    Ok(root)
}

/// The experiment as YAML: every default and every expanded list written out. Reading it back
/// gives the same experiment.
///
/// # Errors
/// If the serialiser fails.
pub fn to_yaml(experiment: &Experiment) -> Result<String, ConfigError> {
    serde_saphyr::to_string(experiment).map_err(|error| ConfigError::Write {
        reason: error.to_string(),
    })
}

/// The config's JSON schema.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(raw::Experiment).to_value()
}
