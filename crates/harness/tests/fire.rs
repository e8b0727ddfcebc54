//! A run where the machine is against it: no room, nowhere to write, nothing to read, no environment,
//! a clock that jumps.
#![cfg(unix)]

mod small;

use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use small::{command as harness, files, leftovers, results, said, with_room};
use tempfile::TempDir;

/// A whole run, its cache and its results.
static WHOLE: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = folder();
    let output = harness(folder.path(), &["small.yaml", "-q"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    folder
});

fn folder() -> TempDir {
    small::folder("sweep: { shots: [1, 2], attack: { unmixing: { samples: 1000 } } }")
}

/// A folder with a copy of the whole run's cache.
fn folder_with_cache() -> TempDir {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &target);
            } else {
                std::fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    let folder = folder();
    copy(
        &WHOLE.path().join(".rhea-cache"),
        &folder.path().join(".rhea-cache"),
    );
    folder
}

#[test]
fn where_there_is_no_room_it_says_so_leaves_nothing_half_and_goes_on_when_there_is() {
    let folder = folder();
    let mut stopped = 0;
    // The largest file that may be written, in KiB: nothing, a record, a table, a network, almost all.
    for room in [0, 1, 4, 16, 64] {
        let output = with_room(folder.path(), room).output().unwrap();
        let message = said(&output);
        assert!(!message.contains("panicked"), "{room} KiB: {message}");
        let left = leftovers(folder.path());
        assert!(left.is_empty(), "{room} KiB: {left:?}");
        if !output.status.success() {
            stopped += 1;
            assert_eq!(output.status.code(), Some(1), "{room} KiB: {message}");
            assert!(
                message.contains("File too large") && message.starts_with("error: cannot "),
                "{room} KiB: {message}"
            );
        }
    }
    assert!(stopped >= 3, "{stopped} of the runs had no room");
    let output = harness(folder.path(), &["small.yaml", "-q"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(results(folder.path()), results(WHOLE.path()));
}

#[test]
#[cfg(target_os = "linux")]
fn folders_where_nobody_may_write_are_named_with_a_way_out() {
    // Not even root makes folders there.
    for option in ["--results", "--cache"] {
        let folder = folder();
        let output = harness(folder.path(), &["small.yaml", "-q", option, "/sys/rhea"])
            .output()
            .unwrap();
        let message = said(&output);
        assert_eq!(output.status.code(), Some(1), "{message}");
        let hint = format!("\nhint: choose another folder with {option}");
        assert!(
            message.contains("cannot write ")
                && message.contains("/sys/rhea")
                && message.contains(&hint),
            "{message}"
        );
    }
    // To look is to write nothing.
    let folder = folder();
    let plan = [
        "plan",
        "small.yaml",
        "--cache",
        "/sys/rhea",
        "--results",
        "/sys/rhea",
    ];
    let output = harness(folder.path(), &plan).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn what_of_the_cache_cannot_be_read_is_made_again() {
    let folder = folder_with_cache();
    let cache = folder.path().join(".rhea-cache");
    let records = files(&cache).into_iter().filter(|path| {
        path.extension().is_some_and(|it| it == "json") && !path.ends_with("costs.json")
    });
    let mut count = 0;
    for (at, record) in records.enumerate() {
        // Garbage, nothing, or what is no text.
        let damage: &[u8] = [&b"{ \"stage\": "[..], b"", b"\xff\xfe\x00"][at % 3];
        std::fs::write(record, damage).unwrap();
        count += 1;
    }
    assert!(count >= 4, "{count} records");
    let output = harness(folder.path(), &["small.yaml"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("is made again: damaged"),
        "{}",
        said(&output)
    );
    assert_eq!(results(folder.path()), results(WHOLE.path()));
}

#[test]
fn a_folder_where_a_record_should_be_is_said() {
    let folder = folder_with_cache();
    let cache = folder.path().join(".rhea-cache");
    let record = files(&cache.join("backbone"))
        .into_iter()
        .find(|path| path.extension().is_some_and(|it| it == "json"))
        .unwrap();
    std::fs::remove_file(&record).unwrap();
    std::fs::create_dir(&record).unwrap();
    for outcome in files(&cache.join("outcome"))
        .iter()
        .chain(&files(&cache.join("model")))
    {
        std::fs::remove_file(outcome).unwrap();
    }
    std::fs::remove_dir_all(cache.join("features")).unwrap();
    let output = harness(folder.path(), &["small.yaml", "-q"])
        .output()
        .unwrap();
    let message = said(&output);
    assert_eq!(output.status.code(), Some(1), "{message}");
    let name = record.file_name().unwrap().to_str().unwrap();
    assert!(
        message.contains(name) && message.contains("\nhint: choose another folder with --cache"),
        "{message}"
    );
}

#[test]
fn no_environment_is_needed() {
    let folder = folder();
    let mut command = harness(folder.path(), &["small.yaml"]);
    let output = command.env_clear().output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        !said(&output).contains('\x1b'),
        "plain lines without a terminal"
    );
    assert_eq!(results(folder.path()), results(WHOLE.path()));
}

#[test]
fn clocks_that_jumped_change_nothing() {
    let folder = folder_with_cache();
    let day = Duration::from_secs(24 * 3600);
    let times = [
        SystemTime::now() + 400 * day,
        SystemTime::UNIX_EPOCH,
        SystemTime::now() - 4000 * day,
    ];
    for (at, path) in files(folder.path()).iter().enumerate() {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(times[at % times.len()]).unwrap();
    }
    let output = harness(folder.path(), &["small.yaml"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains(" 0 cells measured, 2 from the cache"),
        "{}",
        said(&output)
    );
    assert_eq!(results(folder.path()), results(WHOLE.path()));
}
