//! The pages, and what stands on them.

use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::canonicalize(root).expect("the workspace")
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn in_folder(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).expect("a folder");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|it| it == extension))
        .collect();
    paths.sort();
    paths
}

/// README and the pages of `docs/`.
pub fn pages() -> Vec<PathBuf> {
    let mut pages = in_folder("docs", "md");
    pages.push(root().join("README.md"));
    assert!(pages.len() > 8, "{pages:?}");
    pages
}

/// A fenced block.
pub struct Block {
    pub page: PathBuf,
    pub line: usize,
    pub language: String,
    pub text: String,
}

impl Block {
    pub fn place(&self) -> String {
        format!("{}:{}", self.page.display(), self.line)
    }
}

pub fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for page in pages() {
        let text = read(&page);
        let mut open: Option<Block> = None;
        for (number, line) in text.lines().enumerate() {
            match (line.strip_prefix("```"), &mut open) {
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(language), None) => {
                    open = Some(Block {
                        page: page.clone(),
                        line: number + 2,
                        language: language.to_owned(),
                        text: String::new(),
                    });
                }
                (None, Some(block)) => {
                    block.text += line;
                    block.text.push('\n');
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block without end", page.display());
    }
    blocks
}

/// Text outside blocks.
pub fn prose(page: &Path) -> String {
    let text = read(page);
    let outside = text.split("```").step_by(2);
    outside.collect::<Vec<_>>().join("\n")
}

/// The pieces of code in running text.
pub fn spans(prose: &str) -> Vec<&str> {
    prose
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect()
}
