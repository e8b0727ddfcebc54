//! `harness data`.

use std::fmt::Write as _;
use std::path::Path;

use datasets::{
    Checked, DatasetError, DatasetSpec, Description, FileState, Reading, StreamKey, TextSpec,
    printable,
};

use crate::cli::DataCommand;
use crate::error::HarnessError;
use crate::exit::Exit;

/// Lists the datasets, or reads those that are there. The exit code says whether all is whole.
///
/// # Errors
/// For a name that is no dataset's.
pub fn data(command: &DataCommand, folder: &Path) -> Result<(String, Exit), HarnessError> {
    let known = known();
    match command {
        DataCommand::List => Ok((
            printable(
                &known
                    .iter()
                    .map(|set| list(set, folder))
                    .collect::<String>(),
            )
            .into_owned(),
            Exit::Done,
        )),
        DataCommand::Verify { names } => {
            if let Some(name) = names
                .iter()
                .find(|name| known.iter().all(|set| set.name() != *name))
            {
                return Err(unknown(name, &known));
            }
            let (mut text, mut exit) = (String::new(), Exit::Done);
            for set in &known {
                let named = names.iter().any(|name| name == set.name());
                if named || names.is_empty() {
                    let verdict = verify(set, folder);
                    if verdict.is_bad(named) {
                        exit = Exit::Data;
                    }
                    text += &verdict.render(set.name());
                }
            }
            Ok((printable(&text).into_owned(), exit))
        }
    }
}

/// A dataset of images or of texts.
enum Known {
    Images(DatasetSpec),
    Texts(TextSpec),
}

fn known() -> Vec<Known> {
    let images = DatasetSpec::known().into_iter().map(Known::Images);
    images
        .chain(TextSpec::known().into_iter().map(Known::Texts))
        .collect()
}

impl Known {
    fn name(&self) -> &'static str {
        self.describe().name
    }

    fn describe(&self) -> Description {
        match self {
            Self::Images(spec) => spec.describe(),
            Self::Texts(spec) => spec.describe(),
        }
    }

    fn check(&self, folder: &Path, sums: bool) -> Vec<Checked> {
        match self {
            Self::Images(spec) => spec.verify(folder, sums),
            Self::Texts(spec) => spec.verify(folder, sums),
        }
    }

    /// Reads all of it and says what was read; the account says what was left out.
    fn read(&self, folder: &Path, reading: &mut Reading) -> Result<String, DatasetError> {
        // The key only matters to procedural data, which is not verified, and to limits.
        let key = StreamKey::from_seed(0);
        match self {
            Self::Images(spec) => {
                let set = spec.load_with(folder, key, reading)?;
                let shape = set.shape();
                Ok(format!(
                    "{} images of {} classes, {} x {} x {}",
                    set.len(),
                    set.classes(),
                    shape.channels,
                    shape.height,
                    shape.width
                ))
            }
            Self::Texts(spec) => {
                let set = spec.load_with(folder, key, reading)?;
                Ok(format!("{} texts of {} classes", set.len(), set.classes()))
            }
        }
    }
}

fn list(set: &Known, folder: &Path) -> String {
    let Description {
        name,
        summary,
        sources,
        ..
    } = set.describe();
    let files = set.check(folder, false);
    let state = match presence(&files) {
        Presence::Embedded => "embedded",
        Presence::There => "there",
        Presence::Absent => "not there",
    };
    let mut text = format!("{name}: {state}\n  {summary}\n");
    for file in &files {
        match &file.path {
            Some(path) => writeln!(text, "  {}: {}", file.need.what, path.display()),
            None => {
                let places: Vec<String> = file
                    .need
                    .names
                    .iter()
                    .map(|name| folder.join(name).display().to_string())
                    .collect();
                let needed = if file.need.required {
                    "missing"
                } else {
                    "missing, and not always needed"
                };
                writeln!(
                    text,
                    "  {}: {needed}; looked for {}",
                    file.need.what,
                    places.join(", ")
                )
            }
        }
        .expect("a string takes all that is written to it");
    }
    for source in sources {
        text += &format!("  from {}\n", source.url);
    }
    text
}

enum Presence {
    Embedded,
    There,
    Absent,
}

/// Whether all that is required is there and, if nothing is, at least one file.
fn presence(files: &[Checked]) -> Presence {
    let there = |file: &Checked| file.path.is_some();
    if files.is_empty() {
        Presence::Embedded
    } else if files.iter().any(there) && files.iter().all(|file| there(file) || !file.need.required)
    {
        Presence::There
    } else {
        Presence::Absent
    }
}

/// What became of one dataset.
enum Verdict {
    Embedded,
    Absent(Vec<String>),
    Whole {
        read: String,
        unsummed: usize,
        reading: Reading,
    },
    Bad(Vec<String>),
}

impl Verdict {
    /// A dataset that is not there is only bad where it was asked for.
    fn is_bad(&self, named: bool) -> bool {
        matches!(self, Self::Bad(_)) || (named && matches!(self, Self::Absent(_)))
    }

    fn render(&self, name: &str) -> String {
        match self {
            Self::Embedded => format!("{name}: embedded, nothing to verify\n"),
            Self::Absent(missing) => format!("{name}: not there: no {}\n", missing.join(", no ")),
            Self::Whole {
                read,
                unsummed,
                reading,
            } => {
                let mut text = match unsummed {
                    0 => format!("{name}: whole: {read}\n"),
                    _ => format!(
                        "{name}: readable: {read}; no sum is published for {unsummed} of its files\n"
                    ),
                };
                for line in reading.lines() {
                    text += &format!("  {line}\n");
                }
                text
            }
            Self::Bad(reasons) => format!("{name}: damaged: {}\n", reasons.join("; ")),
        }
    }
}

fn verify(set: &Known, folder: &Path) -> Verdict {
    let files = set.check(folder, true);
    match presence(&files) {
        Presence::Embedded => return Verdict::Embedded,
        Presence::Absent => {
            let missing = files.into_iter().filter(|file| file.path.is_none());
            return Verdict::Absent(missing.map(|file| file.need.what).collect());
        }
        Presence::There => {}
    }
    let damaged: Vec<String> = files
        .iter()
        .filter_map(|file| match (&file.state, &file.path) {
            (FileState::Damaged { reason } | FileState::Differs { reason }, Some(path)) => {
                Some(format!("{}: {reason}", path.display()))
            }
            _ => None,
        })
        .collect();
    if !damaged.is_empty() {
        return Verdict::Bad(damaged);
    }
    let mut reading = Reading::default();
    match set.read(folder, &mut reading) {
        Ok(read) => {
            let unsummed = files
                .iter()
                .filter(|file| file.state == FileState::Present)
                .count();
            Verdict::Whole {
                read,
                unsummed,
                reading,
            }
        }
        Err(error) => Verdict::Bad(vec![error.to_string()]),
    }
}

fn unknown(name: &str, known: &[Known]) -> HarnessError {
    let names: Vec<&str> = known.iter().map(Known::name).collect();
    HarnessError::Setting {
        place: "data verify".to_owned(),
        reason: format!(
            "no dataset is called `{name}`\nhint: there are {}",
            names.join(", ")
        ),
    }
}
