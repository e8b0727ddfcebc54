//! Records what the command is built from: the commit, whether the tree was clean, and a fingerprint
//! of every crate, by which cached results of other code are told apart.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "build/fingerprint.rs"]
mod fingerprint;
#[path = "build/lock.rs"]
mod lock;
#[path = "build/manifest.rs"]
mod manifest;
#[path = "build/source.rs"]
mod source;

fn main() {
    let root = Path::new("../..");
    println!("cargo:rustc-env=RHEA_COMMIT={}", commit());
    let crates = fingerprint::workspace(root)
        .unwrap_or_else(|error| panic!("the sources cannot be fingerprinted: {error}"));
    let own = crates.iter().map(|it| &it.folder);
    for folder in own {
        for part in ["Cargo.toml", "src", "build", "build.rs"] {
            watch(&folder.join(part));
        }
    }
    watch(&root.join("Cargo.toml"));
    watch(&root.join("Cargo.lock"));
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo names it"));
    std::fs::write(out.join("fingerprints.rs"), rust(&crates))
        .unwrap_or_else(|error| panic!("{}: {error}", out.display()));
}

/// The fingerprints as a Rust expression.
fn rust(crates: &[fingerprint::Crate]) -> String {
    let mut text = String::from("&[\n");
    for it in crates {
        let modules: Vec<(&String, &String)> = it.modules.iter().collect();
        let _ = writeln!(
            text,
            "Crate {{ name: {:?}, sources: {:?}, libraries: {:?}, beneath: &{:?}, modules: &{:?} }},",
            it.name, it.sources, it.libraries, it.beneath, modules
        );
    }
    text + "]"
}

/// The commit, marked where the code differs from it; nothing outside a checkout.
fn commit() -> String {
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else {
        return String::new();
    };
    // Every commit and checkout adds a line to the log.
    for file in ["logs/HEAD", "HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", file]) {
            watch(Path::new(&path));
        }
    }
    let code = [
        ":(top,glob)crates/*/src/**",
        ":(top,glob)crates/*/build/**",
        ":(top,glob)crates/*/build.rs",
        ":(top,glob)crates/*/Cargo.toml",
        ":(top)Cargo.toml",
        ":(top)Cargo.lock",
    ];
    let asked = ["--no-optional-locks", "status", "--porcelain", "--"];
    match git(&[&asked[..], &code[..]].concat()) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit}+dirty"),
    }
}

/// Has cargo run this again when `path` changes. It would always, if it named a path that is not there.
fn watch(path: &Path) {
    if path.exists() {
        println!("cargo:rerun-if-changed={}", path.display());
    }
}

/// What git answers; nothing where there is no git or no repository.
fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
