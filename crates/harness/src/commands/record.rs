//! `harness show --record`: a run as a folder that can be kept with a project.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use report::{Look, ResultRow, Table};
use serde_json::Value;

use super::tables::read;
use crate::error::HarnessError;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::folder;

/// Copies each run's table, config and pictures to a folder of its experiment's name below `into`, and
/// writes `RECORD.md` there: command, commit, machine, time, and the table. Other files there stay.
///
/// # Errors
/// If a run is missing or damaged, two are of one experiment, the folder is that of a run, or something
/// cannot be written.
pub(super) fn record(runs: &[PathBuf], into: &Path) -> Result<String, Failure> {
    let runs: Vec<Run> = runs
        .iter()
        .map(|path| Run::read(path))
        .collect::<Result<_, _>>()?;
    for run in &runs {
        // A record may be written anew, but finished results stay.
        let kept = into.join(&run.experiment).join(PROVENANCE);
        if kept.exists() {
            let message = format!(
                "{}: this is the folder of a run; records go elsewhere, as to `--record kept`",
                into.join(&run.experiment).display()
            );
            return Err(Failure::new(&message, Exit::Usage));
        }
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = runs.iter().find(|run| !names.insert(&run.experiment)) {
        let message = format!(
            "{}: another run of `{}` is recorded already; one a name",
            twice.table.path().display(),
            twice.experiment
        );
        return Err(Failure::new(&message, Exit::Usage));
    }
    let mut said = Vec::new();
    for run in &runs {
        let folder = into.join(&run.experiment);
        std::fs::create_dir_all(&folder).map_err(|source| HarnessError::File {
            action: "create",
            path: folder.clone(),
            source,
        })?;
        for (name, bytes) in &run.files {
            folder::write(folder.join(name), bytes)?;
        }
        let record = folder.join("RECORD.md");
        folder::write(record.clone(), run.page()?.as_bytes())?;
        said.push(record.display().to_string());
    }
    Ok(said.join("\n"))
}

/// The file by which the folder of a run is known.
const PROVENANCE: &str = "provenance.json";

/// What is kept of a run.
struct Run {
    experiment: String,
    table: Table<ResultRow>,
    commits: BTreeSet<String>,
    provenance: Value,
    /// Files by the names that they get.
    files: Vec<(String, Vec<u8>)>,
    pictures: Vec<String>,
}

impl Run {
    fn read(path: &Path) -> Result<Self, Failure> {
        let table = read(path)?;
        let data = |error: &dyn std::fmt::Display| Failure::new(&error.to_string(), Exit::Data);
        let rows = table.rows().map_err(|error| data(&error))?;
        let Some(first) = rows.first() else {
            let message = format!("{}: it has no rows", table.path().display());
            return Err(Failure::new(&message, Exit::Data));
        };
        // A table comes from anywhere, and what it says becomes a folder.
        if !config::is_name(&first.experiment) {
            let message = format!(
                "{}, column `experiment`: found `{}`, expected {}",
                table.path().display(),
                first.experiment.escape_debug(),
                config::NAME
            );
            return Err(Failure::new(&message, Exit::Data));
        }
        let folder = table.path().parent().unwrap_or(Path::new("."));
        let bytes = |path: &Path| {
            std::fs::read(path).map_err(|source| HarnessError::File {
                action: "read",
                path: path.to_owned(),
                source,
            })
        };
        let said = folder.join(PROVENANCE);
        let provenance: Value = serde_json::from_slice(&bytes(&said)?)
            .map_err(|error| data(&format!("{}: {error}", said.display())))?;
        let mut files = vec![("results.csv".to_string(), bytes(table.path())?)];
        let config = folder.join("resolved.yaml");
        files.push(("resolved.yaml".to_string(), bytes(&config)?));
        let figures = folder.join("figures");
        let listed = |source| HarnessError::File {
            action: "read",
            path: figures.clone(),
            source,
        };
        let entries = std::fs::read_dir(&figures).map_err(listed)?;
        let mut drawn: Vec<PathBuf> = entries
            .map(|entry| entry.map(|it| it.path()))
            .collect::<Result<_, _>>()
            .map_err(listed)?;
        drawn.retain(|path| path.extension().is_some_and(|it| it == "png"));
        drawn.sort();
        let mut pictures = Vec::new();
        for path in drawn {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            files.push((name.to_string(), bytes(&path)?));
            pictures.push(name.to_string());
        }
        Ok(Self {
            experiment: first.experiment.clone(),
            commits: rows.iter().map(|row| row.commit.clone()).collect(),
            table,
            provenance,
            files,
            pictures,
        })
    }

    fn page(&self) -> Result<String, Failure> {
        let words = |name: &str, from: usize| {
            let items = self.provenance[name].as_array().into_iter().flatten();
            let items = items.filter_map(Value::as_str).skip(from);
            items.collect::<Vec<_>>().join(" ")
        };
        let commits: Vec<&str> = self.commits.iter().map(String::as_str).collect();
        let seconds = self.provenance["seconds"].as_f64().unwrap_or_default();
        let cells = &self.provenance["cells"];
        let kept = match cells["cached"].as_u64() {
            Some(0) | None => String::new(),
            Some(kept) => format!(" ({kept} cells came from the cache)"),
        };
        let memory = self.provenance["peak_memory"].as_f64();
        let memory = memory.map_or_else(String::new, |bytes| {
            format!(", at most {:.2} GiB", bytes / f64::from(1 << 30))
        });
        let table = report::show(std::slice::from_ref(&self.table), Look::Markdown)
            .map_err(|error| Failure::new(&error, Exit::Data))?;
        let mut page = format!(
            "# {}\n\n    harness {}\n\nMeasured by commit {}, on {} ({}), {} threads, in {seconds:.0} s{kept}{memory}.\n\n{}\n",
            self.experiment,
            words("arguments", 1),
            commits.join(", "),
            self.provenance["cpu"].as_str().unwrap_or("unknown"),
            words("instructions", 0),
            self.provenance["threads"],
            table.trim_end(),
        );
        for picture in &self.pictures {
            let name = picture.trim_end_matches(".png").replace(['_', '-'], " ");
            page += &format!("\n![{name}]({picture})\n");
        }
        page += "\nEvery column: `results.csv`; every option: `resolved.yaml`.\n";
        Ok(page)
    }
}
