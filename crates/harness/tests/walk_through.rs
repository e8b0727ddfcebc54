//! The walk-through of docs/audit.md, run as it stands there.

mod pairs;

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::CommandCargoExt;

/// The first block in this language after a heading.
fn block<'t>(text: &'t str, heading: &str, language: &str) -> &'t str {
    let after = &text[text.find(heading).expect("the heading")..];
    let open = format!("```{language}\n");
    let from = after.find(&open).expect("a block") + open.len();
    let to = after[from..].find("\n```").expect("its end");
    &after[from..from + to]
}

#[test]
#[ignore = "needs Python with numpy, safetensors and scikit-learn; a minute"]
fn from_scikit_learn_to_the_verdict_and_the_protected_head() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("docs/audit.md")).expect("the walk-through");
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    pairs::write(folder, "public", 3_000, 3);
    pairs::write(folder, "private", 50, 3);
    let config = block(&text, "## A head trained in PyTorch", "yaml");
    std::fs::write(folder.join("audit.yaml"), config).expect("written");
    let commands = block(&text, "## A head trained in scikit-learn", "sh");
    let binary = Command::cargo_bin("harness").expect("the binary is built");
    let beside = Path::new(binary.get_program())
        .parent()
        .expect("its folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .args(["-euc", commands])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", beside.display()))
        .env("RHEA_DATA", folder)
        .output()
        .expect("bash");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let answer = String::from_utf8_lossy(&output.stdout);
    assert!(
        answer.contains("coef.npy: ") && answer.contains("release"),
        "{answer}"
    );
    assert!(folder.join("head.rhe").is_file());
    let audit = std::fs::read(folder.join("results/my-head/audit.json")).expect("an audit");
    let audit: serde_json::Value = serde_json::from_slice(&audit).expect("JSON");
    // The stated recipe is the head's own: nothing is remarked.
    assert_eq!(
        audit["fit"]["remarks"].as_array().map(Vec::len),
        Some(0),
        "{audit:#}"
    );
}
