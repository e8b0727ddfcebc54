//! Records the commit that the command is built from, where there is one.

use std::path::Path;

fn main() {
    let git = Path::new("../../.git");
    let head = git.join("HEAD");
    println!("cargo:rerun-if-changed={}", head.display());
    let mut commit = String::new();
    if let Ok(text) = std::fs::read_to_string(&head) {
        match text.trim().strip_prefix("ref: ") {
            Some(reference) => {
                let file = git.join(reference);
                println!("cargo:rerun-if-changed={}", file.display());
                commit = std::fs::read_to_string(file)
                    .ok()
                    .or_else(|| packed(git, reference))
                    .unwrap_or_default();
            }
            None => commit = text,
        }
    }
    let short: String = commit.trim().chars().take(12).collect();
    println!("cargo:rustc-env=RHEA_COMMIT={short}");
}

/// The commit of `reference` in a packed reference list.
fn packed(git: &Path, reference: &str) -> Option<String> {
    let text = std::fs::read_to_string(git.join("packed-refs")).ok()?;
    text.lines().find_map(|line| {
        line.strip_suffix(reference)?
            .split(' ')
            .next()
            .map(str::to_string)
    })
}
