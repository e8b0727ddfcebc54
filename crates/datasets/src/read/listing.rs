//! Which files of a tree of folders, or of an archive, are pictures of a class.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{DatasetError, Reading, Remark};

/// Endings of the pictures that are read; the content says which format it is.
pub(crate) const ENDINGS: [&str; 13] = [
    "png", "jpg", "jpeg", "jpe", "jfif", "bmp", "gif", "tif", "tiff", "webp", "pgm", "ppm", "pbm",
];
/// Folders within a class's folder that are searched, one in the other.
const MOST_DEPTH: usize = 8;

/// Whether a path of an archive, or a name, ends as a picture does.
pub(super) fn is_picture(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty() && ENDINGS.iter().any(|k| ending.eq_ignore_ascii_case(k))
    })
}

/// Whether a path of an archive is of a hidden file, in a hidden folder, or one of the shadow
/// files that a Mac adds.
pub(crate) fn is_hidden(name: &str) -> bool {
    let parts = name
        .split('/')
        .filter(|part| !matches!(*part, "" | "." | ".."));
    parts.into_iter().any(is_hidden_part)
}

fn is_hidden_part(part: &str) -> bool {
    part.starts_with('.') || part == "__MACOSX"
}

/// The pictures of each class, class by class and within a class by their paths.
pub(crate) struct ClassFiles {
    /// Name of a class and one of its pictures.
    pub files: Vec<(String, PathBuf)>,
}

impl ClassFiles {
    /// Lists `folder/CLASS/**/PICTURE`. Links are followed; a folder that was met before is not
    /// entered again.
    ///
    /// # Errors
    /// If a folder cannot be read, or a class has no picture.
    pub fn list(folder: &Path, reading: &mut Reading) -> Result<Self, DatasetError> {
        let mut files = Vec::new();
        let mut search = Search {
            root: folder,
            entered: HashSet::new(),
        };
        search.enter(folder, reading)?;
        for path in search.entries(folder, reading)? {
            let name = file_name(&path);
            if !path.is_dir() {
                search.remark_stray(&path, reading);
                continue;
            }
            if !search.enter(&path, reading)? {
                continue;
            }
            let before = files.len();
            search.pictures(&path, 0, &name, &mut files, reading)?;
            if files.len() == before {
                return Err(DatasetError::format(
                    folder,
                    name,
                    format!(
                        "a class folder without a picture ({})\nhint: remove the folder or fill it",
                        ENDINGS.join(", ")
                    ),
                ));
            }
        }
        Ok(Self { files })
    }
}

impl ClassFiles {
    /// Pictures of each class, in the order of the classes' names.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = std::collections::BTreeMap::new();
        for (class, _) in &self.files {
            *counts.entry(class).or_insert(0) += 1;
        }
        counts.into_values().collect()
    }
}

struct Search<'a> {
    root: &'a Path,
    /// Folders as the file system knows them, whatever links led there.
    entered: HashSet<PathBuf>,
}

impl Search<'_> {
    fn remark(&self, remark: Remark, path: &Path, reading: &mut Reading) {
        let name = path.strip_prefix(self.root).unwrap_or(path);
        reading.remark(remark, &name.display().to_string());
    }

    /// Whether `folder` was not entered before.
    fn enter(&mut self, folder: &Path, reading: &mut Reading) -> Result<bool, DatasetError> {
        let real = fs::canonicalize(folder).map_err(|error| DatasetError::read(folder, error))?;
        let new = self.entered.insert(real);
        if !new {
            self.remark(Remark::Link, folder, reading);
        }
        Ok(new)
    }

    /// All pictures below `folder`, in the order of their paths.
    fn pictures(
        &mut self,
        folder: &Path,
        depth: usize,
        class: &str,
        out: &mut Vec<(String, PathBuf)>,
        reading: &mut Reading,
    ) -> Result<(), DatasetError> {
        for path in self.entries(folder, reading)? {
            if path.is_dir() {
                if depth == MOST_DEPTH {
                    self.remark(Remark::TooDeep, &path, reading);
                } else if self.enter(&path, reading)? {
                    self.pictures(&path, depth + 1, class, out, reading)?;
                }
            } else if !is_picture(&file_name(&path)) {
                self.remark(Remark::OtherEnding, &path, reading);
            } else if path.is_file() {
                out.push((class.to_owned(), path));
            } else {
                self.remark_odd(&path, reading);
            }
        }
        Ok(())
    }

    /// Says what lies beside the folders of the classes.
    fn remark_stray(&self, path: &Path, reading: &mut Reading) {
        if !path.is_file() {
            self.remark_odd(path, reading);
        } else if is_picture(&file_name(path)) {
            self.remark(Remark::NoClass, path, reading);
        } else {
            self.remark(Remark::OtherEnding, path, reading);
        }
    }

    /// Says what is neither a file nor a folder.
    fn remark_odd(&self, path: &Path, reading: &mut Reading) {
        let remark = if path.exists() {
            Remark::Special
        } else {
            Remark::Link
        };
        self.remark(remark, path, reading);
    }

    /// The paths in `folder` that are not hidden, sorted.
    fn entries(&self, folder: &Path, reading: &mut Reading) -> Result<Vec<PathBuf>, DatasetError> {
        let entries: Result<Vec<PathBuf>, std::io::Error> = fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
        let mut entries = entries.map_err(|error| DatasetError::read(folder, error))?;
        entries.sort();
        let (hidden, seen): (Vec<PathBuf>, Vec<PathBuf>) = entries
            .into_iter()
            .partition(|path| is_hidden_part(&file_name(path)));
        for path in &hidden {
            self.remark(Remark::Hidden, path, reading);
        }
        Ok(seen)
    }
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
