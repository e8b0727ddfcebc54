//! What reading a dataset took: the files that were opened, and what was not taken as it lay there.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::shown;

/// Something that a reader did not take as it lay there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remark {
    /// Left out: hidden, or in a hidden folder or in the shadow folder of a Mac's archive.
    Hidden,
    /// Left out: a link that leads nowhere, to a folder met before, or within an archive.
    Link,
    /// Left out: neither a file nor a folder (a pipe, a socket, a device).
    Special,
    /// Left out: of an ending that no reader takes.
    OtherEnding,
    /// Left out: below more folders than are searched.
    TooDeep,
    /// Left out: in no folder of a class.
    NoClass,
    /// Left out: the cell of its label is empty.
    Unlabelled,
    /// Left out: read before from another archive.
    Repeated,
    /// Left out: moving or of several pages; the first one is read.
    LaterFrame,
    /// Composed on the background of [`transparent parts`](crate::TRANSPARENT_ON).
    Composed,
}

impl Remark {
    /// What is said of one, and of several, of them.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Hidden => ("hidden file left out", "hidden files left out"),
            Self::Link => ("link left out", "links left out"),
            Self::Special => (
                "pipe, socket or device left out",
                "pipes, sockets or devices left out",
            ),
            Self::OtherEnding => (
                "file of another ending left out",
                "files of other endings left out",
            ),
            Self::TooDeep => (
                "folder left out that lies too deep",
                "folders left out that lie too deep",
            ),
            Self::NoClass => (
                "picture in no class's folder left out",
                "pictures in no class's folder left out",
            ),
            Self::Unlabelled => (
                "picture without a label left out",
                "pictures without a label left out",
            ),
            Self::Repeated => (
                "picture left out that another archive has",
                "pictures left out that another archive has",
            ),
            Self::LaterFrame => (
                "picture of several frames or pages, the first is read",
                "pictures of several frames or pages, the first of each is read",
            ),
            Self::Composed => (
                "picture with transparent parts, composed on white",
                "pictures with transparent parts, composed on white",
            ),
        }
    }
}

/// How often a [`Remark`] was made, and of what first.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tally {
    count: usize,
    first: String,
}

/// The account of one reading: every reader takes one and adds to it.
///
/// ```
/// use datasets::{Reading, Remark};
/// let mut reading = Reading::default();
/// reading.remark(Remark::Hidden, "a/.1.png");
/// reading.remark(Remark::Hidden, "a/.2.png");
/// assert_eq!(reading.lines(), ["2 hidden files left out (the first: a/.1.png)"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    opened: Vec<PathBuf>,
    tallies: BTreeMap<Remark, Tally>,
}

impl Reading {
    /// Counts `remark`, made of the file (or the place in an archive) `name`.
    pub fn remark(&mut self, remark: Remark, name: &str) {
        let first = || Tally {
            count: 0,
            first: shown(name),
        };
        self.tallies.entry(remark).or_insert_with(first).count += 1;
    }

    /// How often `remark` was made.
    pub fn count(&self, remark: Remark) -> usize {
        self.tallies.get(&remark).map_or(0, |tally| tally.count)
    }

    /// Every file whose content was read, in the order in which they were opened.
    pub fn opened(&self) -> &[PathBuf] {
        &self.opened
    }

    /// Every remark in a line for people; empty where everything was taken as it lay there.
    pub fn lines(&self) -> Vec<String> {
        self.to_string().lines().map(str::to_owned).collect()
    }

    /// Adds another account.
    pub(crate) fn add(&mut self, other: Self) {
        self.opened.extend(other.opened);
        for (remark, Tally { count, first }) in other.tallies {
            let none = Tally { count: 0, first };
            self.tallies.entry(remark).or_insert(none).count += count;
        }
    }

    /// Enters a file that is opened.
    pub(crate) fn enter(&mut self, path: &Path) {
        if self.opened.last().is_none_or(|last| last != path) {
            self.opened.push(path.to_path_buf());
        }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (remark, Tally { count, first })) in self.tallies.iter().enumerate() {
            if place > 0 {
                writeln!(out)?;
            }
            let (one, several) = remark.words();
            match count {
                1 => write!(out, "1 {one} ({first})")?,
                _ => write!(out, "{count} {several} (the first: {first})")?,
            }
        }
        Ok(())
    }
}
