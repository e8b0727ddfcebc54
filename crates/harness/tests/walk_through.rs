//! The walk-through of docs/audit.md, run as it stands there.

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::CommandCargoExt;
use datasets::{DatasetSpec, StreamKey, StrokeClasses};
use rand::RngExt;
use safetensors::tensor::{Dtype, TensorView, serialize};

const WIDTH: usize = 96;

/// The first block in this language after a heading.
fn block<'t>(text: &'t str, heading: &str, language: &str) -> &'t str {
    let after = &text[text.find(heading).expect("the heading")..];
    let open = format!("```{language}\n");
    let from = after.find(&open).expect("a block") + open.len();
    let to = after[from..].find("\n```").expect("its end");
    &after[from..from + to]
}

/// What `scripts/export_features.py --out name` leaves, of drawn digits and a random layer with ReLU.
fn export(folder: &Path, name: &str, images: usize) {
    let classes = StrokeClasses::Digits;
    let key = StreamKey::from_seed(5);
    let images = DatasetSpec::Strokes { classes, images }
        .load("none".as_ref(), key.child(name))
        .expect("digits");
    let (n, pixels) = (images.len(), images.shape().len());
    let mut rng = key.child("layer").rng(0);
    let mut weight = || rng.random_range(-0.08..0.08_f32);
    let layer: Vec<f32> = (0..WIDTH * pixels).map(|_| weight()).collect();
    let rows = images.pixels().chunks(pixels).flat_map(|image| {
        layer.chunks(pixels).flat_map(|row| {
            let sum: f32 = row.iter().zip(image).map(|(w, x)| w * x).sum();
            sum.max(0.0).to_le_bytes()
        })
    });
    let rows: Vec<u8> = rows.collect();
    let labels = images.labels().iter();
    let labels: Vec<u8> = labels.flat_map(|&it| i64::from(it).to_le_bytes()).collect();
    let tensors = [
        (
            "features",
            TensorView::new(Dtype::F32, vec![n, WIDTH], &rows).expect("rows"),
        ),
        (
            "labels",
            TensorView::new(Dtype::I64, vec![n], &labels).expect("labels"),
        ),
    ];
    let file = serialize(tensors, None).expect("a file");
    std::fs::write(folder.join(format!("{name}.safetensors")), file).expect("written");
    let shape = images.shape();
    let mut header = format!(
        "{{'descr': '|u1', 'fortran_order': False, 'shape': ({n}, {}, {}, 3), }}",
        shape.height, shape.width
    );
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    let bytes = images.pixels().iter();
    npy.extend(bytes.flat_map(|x| [((x + 1.0) * 127.5).round() as u8; 3]));
    std::fs::write(folder.join(format!("{name}-images.npy")), npy).expect("written");
}

#[test]
#[ignore = "needs Python with numpy, safetensors and scikit-learn; a minute"]
fn from_scikit_learn_to_the_verdict_and_the_protected_head() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("docs/audit.md")).expect("the walk-through");
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    export(folder, "public", 3_000);
    export(folder, "private", 50);
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
