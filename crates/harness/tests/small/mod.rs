//! A folder with a small experiment, and the command run in it.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::CommandCargoExt;
use tempfile::TempDir;

/// Twelve victims on 1 500 drawn digits, seconds of work: everything but the sweep.
const DATA: &str = "
name: small
seed: 7
data:
  source: { strokes: { classes: letters, images: 520 } }
  target: { strokes: { classes: digits, images: 1500 } }
backbone: { vgg_tiny: { width: 2, features: 32, epochs: 1 } }
victims: 12
nulls: 1000
";

/// A folder with the experiment that has this sweep, in `small.yaml`.
pub fn folder(sweep: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("small.yaml"), format!("{DATA}{sweep}\n")).unwrap();
    folder
}

/// `harness` with these arguments, in this folder.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let command = Command::cargo_bin("harness").expect("the binary is built for this test");
    in_folder(command, folder, arguments)
}

/// Any command with these arguments, in this folder.
pub fn in_folder(mut command: Command, folder: &Path, arguments: &[&str]) -> Command {
    command
        .stdin(Stdio::null())
        .env_remove("RHEA_DATA")
        .current_dir(folder)
        .args(arguments);
    command
}

/// The run where no file may grow beyond so many KiB.
pub fn with_room(folder: &Path, room: u64) -> Command {
    let program = Command::cargo_bin("harness").expect("the binary is built for this test");
    let limit = format!("trap '' XFSZ; ulimit -f {room}; exec \"$0\" small.yaml -q");
    let mut command = Command::new("bash");
    command.args(["-c", &limit]).arg(program.get_program());
    in_folder(command, folder, &[])
}

/// What was printed as an error.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The table of results.
pub fn results(folder: &Path) -> String {
    table(folder, "results.csv")
}

/// A file of the results.
pub fn table(folder: &Path, name: &str) -> String {
    let path = folder.join("results/small").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below `folder`.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// What writers and holders of locks left below `folder`.
pub fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let ends = |path: &PathBuf| {
        let name = path.to_string_lossy();
        let left = [".part", ".lock", ".partial"];
        left.iter().any(|end| name.ends_with(end))
    };
    files(folder).into_iter().filter(ends).collect()
}
