//! The schema that editors read and the reference that people read are those of this code.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn kept(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_kept_schema_is_current() {
    let kept: serde_json::Value =
        serde_json::from_str(&kept("configs/schema.json")).expect("the kept schema is JSON");
    assert!(
        kept == config::schema(),
        "configs/schema.json is out of date: `cargo run -p harness -- schema > configs/schema.json`"
    );
}

#[test]
fn the_kept_reference_is_current() {
    assert!(
        kept("docs/config.md") == config::reference(),
        "docs/config.md is out of date: `cargo run -p harness -- schema --markdown > docs/config.md`"
    );
}

#[test]
fn every_config_points_editors_at_the_schema() {
    for (folder, schema) in [
        ("configs", "schema.json"),
        ("configs/paper", "../schema.json"),
    ] {
        for entry in std::fs::read_dir(root().join(folder)).expect("the folder of configs") {
            let path = entry.expect("an entry").path();
            if path
                .extension()
                .is_some_and(|extension| extension == "yaml")
            {
                let text = std::fs::read_to_string(&path).expect("a config");
                let first = format!("# yaml-language-server: $schema={schema}\n");
                assert!(text.starts_with(&first), "{}", path.display());
            }
        }
    }
}
