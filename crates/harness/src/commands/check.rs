//! `harness check`: the regression gate.

use std::path::{Path, PathBuf};

use report::{
    Format, Gate, Outcome, ReportError, ResultRow, Table, check_baseline, compare, save_baseline,
};

use super::tables::read;
use crate::cli::{CheckArgs, CheckFormat};
use crate::exit::Exit;
use crate::failure::Failure;

/// Results, and the file of the baseline that they are held against.
struct Pair {
    measured: Table<ResultRow>,
    baseline: PathBuf,
}

/// Compares results with a baseline, or makes them one.
///
/// # Errors
/// If a table is missing or damaged, if a baseline holds nothing, or if two of a table's rows ask for
/// the same.
pub fn check(args: &CheckArgs) -> Result<(String, Exit), Failure> {
    let pairs = pairs(args)?;
    if args.save {
        return save(args, &pairs);
    }
    let outcome = held(args, &pairs)?;
    let exit = if outcome.passes() {
        Exit::Done
    } else {
        Exit::FellShort
    };
    Ok((rendered(args, &outcome)?, exit))
}

/// Which file each of the results is held against.
fn pairs(args: &CheckArgs) -> Result<Vec<Pair>, Failure> {
    let folder = args.baseline.is_dir() || (args.save && args.measured.len() > 1);
    if !folder && args.measured.len() > 1 {
        return Err(Failure::new(
            &format!(
                "{} is one baseline for several results\nhint: name a folder that has one of each \
                 experiment; `harness check RESULTS... --baseline DIR --save` fills it",
                args.baseline.display()
            ),
            Exit::Usage,
        ));
    }
    let mut pairs: Vec<Pair> = Vec::new();
    for path in &args.measured {
        if folder && is(path, &args.baseline) {
            continue;
        }
        let measured = read(path)?;
        let baseline = if folder {
            let name = format!("{}.csv", experiment(&measured)?);
            args.baseline.join(name)
        } else {
            args.baseline.clone()
        };
        if let Some(other) = pairs.iter().find(|pair| pair.baseline == baseline) {
            return Err(Failure::new(
                &format!(
                    "{} and {} are results of one experiment\nhint: check one of them at a time",
                    other.measured.path().display(),
                    measured.path().display()
                ),
                Exit::Usage,
            ));
        }
        if folder && !args.save && !baseline.exists() {
            return Err(Failure::new(
                &format!(
                    "{} has no baseline for {}\nhint: make one with `harness check RESULTS --baseline \
                     DIR --save`, or leave these results out",
                    args.baseline.display(),
                    measured.path().display()
                ),
                Exit::Data,
            ));
        }
        pairs.push(Pair { measured, baseline });
    }
    if pairs.is_empty() {
        return Err(Failure::new(
            &format!(
                "there are no results beside the baselines in {}\nhint: run an experiment first",
                args.baseline.display()
            ),
            Exit::Usage,
        ));
    }
    Ok(pairs)
}

/// Whether two paths lead to one folder.
fn is(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path == folder,
        _ => false,
    }
}

/// The experiment that a table is of: the name of its baseline's file.
fn experiment(table: &Table<ResultRow>) -> Result<String, Failure> {
    let refused = |reason: String| {
        let path = table.path().display();
        Failure::new(&format!("{path}: {reason}"), Exit::Data)
    };
    let rows = table
        .rows()
        .map_err(|error| Failure::new(&error, Exit::Data))?;
    let Some(first) = rows.first() else {
        let path = table.path().to_owned();
        return Err(Failure::new(&ReportError::Empty { path }, Exit::Data));
    };
    let name = &first.experiment;
    if let Some(other) = rows.iter().find(|row| row.experiment != *name) {
        return Err(refused(format!(
            "it holds the experiments {name:?} and {:?}\nhint: a baseline is of one: name a file in the \
             place of the folder",
            other.experiment
        )));
    }
    // A table from elsewhere must not lead out of the folder.
    if Path::new(name).file_name() != Some(name.as_ref()) {
        return Err(refused(format!(
            "its experiment is {name:?}, which names no file\nhint: name a file in the place of the folder"
        )));
    }
    Ok(name.clone())
}

/// Says what the new baselines change, where there are old ones, and writes them.
fn save(args: &CheckArgs, pairs: &[Pair]) -> Result<(String, Exit), Failure> {
    let failed = |error: ReportError| Failure::new(&error, Exit::Data);
    for pair in pairs {
        check_baseline(&pair.measured).map_err(failed)?;
    }
    let old: Vec<&Pair> = pairs
        .iter()
        .filter(|pair| pair.baseline.try_exists().unwrap_or(true))
        .collect();
    let mut text = match old.as_slice() {
        [] => String::new(),
        old => rendered(args, &held(args, old.iter().copied())?)?,
    };
    for Pair { measured, baseline } in pairs {
        if let Some(folder) = baseline.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                let reason = format!("cannot make {}: {error}", folder.display());
                Failure::new(&reason, Exit::Data)
            })?;
        }
        save_baseline(measured, baseline).map_err(failed)?;
        // Machines read the findings; what is saved they asked for themselves.
        if args.format == CheckFormat::Text {
            text += &format!(
                "saved: {} cells in {}\n",
                measured.height(),
                baseline.display()
            );
        }
    }
    Ok((text, Exit::Done))
}

/// Every comparison, in the order of the results.
fn held<'a>(
    args: &CheckArgs,
    pairs: impl IntoIterator<Item = &'a Pair>,
) -> Result<Outcome, Failure> {
    let gate = Gate {
        attack: args.attack_fall,
        defence: args.leak_rise,
        accuracy: args.accuracy_fall,
    };
    let mut outcome = Outcome::default();
    for Pair { measured, baseline } in pairs {
        let found = compare(&read(baseline)?, measured, &gate);
        let found = found.map_err(|error| Failure::new(&error, Exit::Data))?;
        outcome.findings.extend(found.findings);
    }
    Ok(outcome)
}

fn rendered(args: &CheckArgs, outcome: &Outcome) -> Result<String, Failure> {
    let format = match args.format {
        CheckFormat::Text => Format::Text,
        CheckFormat::Markdown => Format::Markdown,
        CheckFormat::Junit => Format::Junit,
    };
    outcome
        .render(format)
        .map_err(|error| Failure::new(&error, Exit::Failed))
}
