//! What the build script takes for a change of the code, and what not.

use std::path::Path;

#[path = "../build/fingerprint.rs"]
mod fingerprint;
#[path = "../build/lock.rs"]
mod lock;
#[path = "../build/manifest.rs"]
mod manifest;
#[path = "../build/source.rs"]
mod source;

use fingerprint::{Crate, workspace};
use source::meaning;

#[test]
fn comments_documentation_layout_and_tests_mean_nothing() {
    let code = "pub const RIDGE: f64 = 1e-3;\npub fn twice(x: f64) -> f64 { 2.0 * x }\n";
    let dressed = "//! A crate.\n\n/// The ridge.\n#[doc = \"really\"]\npub const RIDGE: f64 =\n    1e-3; // small\n\n/* said */\npub fn twice(x: f64) -> f64 {\n    2.0 * x\n}\n\n#[cfg(test)]\n#[allow(missing_docs)]\npub mod tests {\n    #[test]\n    fn it() { assert_eq!(super::twice(1.0), 2.0); }\n}\n\n#[cfg(test)]\nmod more;\n";
    assert_eq!(meaning(code), meaning(dressed));
}

#[test]
fn every_token_means_something() {
    let code = "pub fn f(x: f64) -> f64 { 2.0 * x + 1e-3 }";
    for (from, to) in [
        ("2.0", "2.1"),
        ("+", "-"),
        ("1e-3", "1e-4"),
        ("f64 {", "f32 {"),
        ("x +", "y +"),
    ] {
        assert_ne!(
            meaning(code),
            meaning(&code.replacen(from, to, 1)),
            "{from}"
        );
    }
    // Only whole modules of tests are left out, and only of tests.
    let counted = [
        "#[cfg(test)] const A: u8 = 1;",
        "#[cfg(unix)] mod a { const A: u8 = 1; }",
        "#[inline] fn a() {}",
        "fn a() { let s = \"// 1\"; }",
    ];
    for code in counted {
        let other = code.replace('1', "2").replace("inline", "cold");
        assert_ne!(meaning(code), meaning(&other), "{code}");
    }
    // What is no Rust counts letter by letter.
    assert_ne!(meaning("fn ("), meaning("fn  ("));
}

/// A workspace of three crates, one upon another, and a library beneath the lowest.
fn toy(folder: &Path) {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"crates/*\"]\n\n[workspace.dependencies]\nlow = { path = \"crates/low\" }\nfft = { version = \"1\", features = [\"simd\"] }\nprobe = \"1\"\n",
    );
    write(
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"fft\"\nversion = \"1.0.0\"\nchecksum = \"aa\"\ndependencies = [\n \"num\",\n]\n\n[[package]]\nname = \"low\"\nversion = \"0.1.0\"\ndependencies = [\n \"fft\",\n \"probe\",\n]\n\n[[package]]\nname = \"num\"\nversion = \"2.0.0\"\nchecksum = \"bb\"\n\n[[package]]\nname = \"probe\"\nversion = \"1.0.0\"\nchecksum = \"cc\"\n",
    );
    for (name, needs) in [
        ("low", "fft.workspace = true"),
        ("high", "low.workspace = true"),
        ("other", ""),
    ] {
        write(
            &format!("crates/{name}/Cargo.toml"),
            &format!(
                "[package]\nname = \"{name}\"\n\n[dependencies]\n{needs}\n\n[dev-dependencies]\nprobe.workspace = true\n"
            ),
        );
        write(&format!("crates/{name}/src/lib.rs"), "pub mod part;\n");
        write(
            &format!("crates/{name}/src/part.rs"),
            "pub const N: u32 = 1;\n",
        );
        write(&format!("crates/{name}/src/tests.rs"), "fn test() {}\n");
        write(&format!("crates/{name}/tests/it.rs"), "fn test() {}\n");
    }
}

fn find<'a>(crates: &'a [Crate], name: &str) -> &'a Crate {
    crates.iter().find(|it| it.name == name).unwrap()
}

/// The crates whose sources, and those whose libraries, differ after `change`.
fn after(change: impl Fn(&Path)) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    toy(folder.path());
    let before = workspace(folder.path()).unwrap();
    change(folder.path());
    let after = workspace(folder.path()).unwrap();
    let differ = |of: fn(&Crate) -> &String| {
        let changed = before
            .iter()
            .filter(|it| of(it) != of(find(&after, &it.name)));
        changed.map(|it| it.name.clone()).collect()
    };
    (differ(|it| &it.sources), differ(|it| &it.libraries))
}

fn replace(file: &str, from: &'static str, to: &'static str) -> impl Fn(&Path) {
    move |folder| {
        let path = folder.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }
}

#[test]
fn a_change_is_seen_where_it_is() {
    let none = || Vec::<String>::new();
    let low = || vec!["low".to_owned()];
    let built_on_fft = || vec!["high".to_owned(), "low".to_owned()];
    assert_eq!(
        after(replace("crates/low/src/part.rs", "= 1", "= 2")),
        (low(), none())
    );
    assert_eq!(
        after(replace("crates/low/src/part.rs", "pub", "// said\npub")),
        (none(), none())
    );
    for tests in ["crates/low/src/tests.rs", "crates/low/tests/it.rs"] {
        assert_eq!(after(replace(tests, "test()", "other()")), (none(), none()));
    }
    // A library two steps beneath, and the features that one is built with.
    let versions = replace("Cargo.lock", "version = \"2.0.0\"", "version = \"2.0.1\"");
    assert_eq!(after(versions), (none(), built_on_fft()));
    let features = replace("Cargo.toml", "\"simd\"", "\"slow\"");
    assert_eq!(after(features), (none(), built_on_fft()));
    // What only tests are built on.
    assert_eq!(
        after(replace("Cargo.lock", "\"cc\"", "\"dd\"")),
        (none(), none())
    );
    assert_eq!(
        after(replace("Cargo.toml", "probe = \"1\"", "probe = \"2\"")),
        (none(), none())
    );
}

#[test]
fn crates_know_what_is_beneath_them_and_modules_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    toy(folder.path());
    let before = workspace(folder.path()).unwrap();
    assert_eq!(find(&before, "high").beneath, ["low"]);
    assert!(find(&before, "low").beneath.is_empty());
    replace("crates/low/src/part.rs", "= 1", "= 2")(folder.path());
    let after = workspace(folder.path()).unwrap();
    let (before, after) = (&find(&before, "low").modules, &find(&after, "low").modules);
    assert_ne!(before["part"], after["part"]);
    assert_eq!(before["lib"], after["lib"]);
    let names: Vec<&str> = after.keys().map(String::as_str).collect();
    assert_eq!(names, ["lib", "part"]);
}

#[test]
fn this_workspace_is_read() {
    let crates = workspace(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    let attacks = find(&crates, "attacks");
    for name in ["backbones", "datasets", "evaluation", "transfer"] {
        assert!(attacks.beneath.iter().any(|it| it == name), "{name}");
    }
    assert!(!attacks.beneath.iter().any(|it| it == "report"));
    assert!(find(&crates, "harness").modules.contains_key("heads"));
    assert!(attacks.folder.ends_with("crates/attacks"));
}
