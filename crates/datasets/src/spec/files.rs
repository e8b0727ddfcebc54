//! The files of a dataset: where they are looked for and whether they are whole.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::read::files;
use crate::{DatasetError, Reading};

/// A file that a dataset needs, under any of some names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What the file holds.
    pub what: String,
    /// Where it is looked for, in this order, absolute or below the data folder.
    pub names: Vec<PathBuf>,
    /// The MD5 sum published for the unpacked content, by any of these names.
    pub md5: Option<&'static str>,
    /// Whether it is a folder rather than a file.
    pub folder: bool,
    /// Whether the dataset cannot be read without it. Of several that are not required one at
    /// least must be there.
    pub required: bool,
}

/// A place from which a dataset can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its address.
    pub url: &'static str,
    /// The published MD5 sum of what lies there.
    pub md5: Option<&'static str>,
}

/// What has become of a needed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The need.
    pub need: Need,
    /// The file found for it.
    pub path: Option<PathBuf>,
    /// Whether it is whole.
    pub state: FileState,
}

/// Whether a file is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Its sum is the published one.
    Whole,
    /// It is there; no sum is published, or it was not asked for.
    Present,
    /// It is not there.
    Missing,
    /// Its sum is another than the published one: changed, cut short, or a part of the original.
    Differs {
        /// Both sums.
        reason: String,
    },
    /// It cannot be read.
    Damaged {
        /// Why not.
        reason: String,
    },
}

impl Need {
    pub(super) fn new(what: &str, names: &[&str]) -> Self {
        Self {
            what: what.into(),
            names: names.iter().map(PathBuf::from).collect(),
            md5: None,
            folder: false,
            required: true,
        }
    }

    /// A file or folder of the user's.
    pub(super) fn own(what: &str, path: &Path, folder: bool) -> Self {
        Self {
            what: what.into(),
            names: vec![path.to_path_buf()],
            md5: None,
            folder,
            required: true,
        }
    }

    pub(super) fn md5(mut self, sum: &'static str) -> Self {
        self.md5 = Some(sum);
        self
    }

    pub(super) fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// The first of the names under which there is a file (or, where that is needed, a folder).
    pub fn find(&self, data_dir: &Path) -> Option<PathBuf> {
        let mut paths = self.names.iter().map(|name| data_dir.join(name));
        paths.find(|path| {
            if self.folder {
                path.is_dir()
            } else {
                path.is_file()
            }
        })
    }

    /// As [`Need::find`].
    ///
    /// # Errors
    /// [`DatasetError::Missing`] with the places looked at and `hint`.
    pub(super) fn require(
        &self,
        dataset: &str,
        data_dir: &Path,
        hint: &str,
    ) -> Result<PathBuf, DatasetError> {
        self.find(data_dir).ok_or_else(|| DatasetError::Missing {
            dataset: dataset.into(),
            file: self.what.clone(),
            looked_for: self.names.iter().map(|name| data_dir.join(name)).collect(),
            hint: hint.into(),
        })
    }

    /// Looks for the file and, where `sums`, compares its sum with the published one.
    pub(super) fn check(self, data_dir: &Path, sums: bool) -> Checked {
        let path = self.find(data_dir);
        let state = match (&path, self.md5) {
            (None, _) => FileState::Missing,
            (Some(path), Some(published)) if sums => match md5_of(path) {
                Ok(sum) if sum == published => FileState::Whole,
                Ok(sum) => FileState::Differs {
                    reason: format!("its MD5 sum is {sum}, the published one {published}"),
                },
                Err(error) => FileState::Damaged {
                    reason: error.to_string(),
                },
            },
            (Some(_), _) => FileState::Present,
        };
        Checked {
            need: self,
            path,
            state,
        }
    }
}

/// The MD5 sum of a file, unpacked if it is gzipped: the sums of MNIST's files are of the content,
/// since the packing differs from mirror to mirror.
fn md5_of(path: &Path) -> Result<String, DatasetError> {
    let mut reader = files::open(path, &mut Reading::default())?;
    let mut sum = md5::Context::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = reader
            .read(&mut buffer)
            .map_err(|error| DatasetError::read(path, error))?;
        if count == 0 {
            return Ok(format!("{:x}", sum.finalize()));
        }
        sum.consume(&buffer[..count]);
    }
}

/// The files of `needs` that are there.
///
/// # Errors
/// If a required one is missing, or if none is there at all.
pub(super) fn find_all(
    needs: &[Need],
    dataset: &str,
    data_dir: &Path,
    hint: &str,
) -> Result<Vec<PathBuf>, DatasetError> {
    let mut found = Vec::new();
    for need in needs {
        if need.required {
            found.push(need.require(dataset, data_dir, hint)?);
        } else {
            found.extend(need.find(data_dir));
        }
    }
    match (needs.first(), found.is_empty()) {
        (Some(first), true) => {
            let any = Need {
                what: format!("at least one file such as {}", first.what),
                names: needs.iter().flat_map(|need| need.names.clone()).collect(),
                ..first.clone()
            };
            any.require(dataset, data_dir, hint).map(|path| vec![path])
        }
        _ => Ok(found),
    }
}
