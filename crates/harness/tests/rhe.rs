//! The life of a protected head from the shell, from files as PyTorch and NumPy write them.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

const FEATURES: usize = 30;
const CLASSES: usize = 3;
const IMAGES: usize = 4;

fn harness(folder: &Path, args: &str) -> Output {
    Command::cargo_bin("harness")
        .expect("the binary is built")
        .current_dir(folder)
        .args(args.split_whitespace())
        .output()
        .expect("it starts")
}

/// Runs a step that must succeed and returns what it printed.
fn step(folder: &Path, args: &str) -> String {
    let output = harness(folder, args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{args}: {said}");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs a step that must fail and returns its exit code and message.
fn refused(folder: &Path, args: &str) -> (i32, String) {
    let output = harness(folder, args);
    let said = String::from_utf8(output.stderr).expect("text");
    (output.status.code().expect("it ends by itself"), said)
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// `safetensors.torch.save_file(torch.nn.Linear(30, 3).state_dict(), path)`: tensors in the order
/// of their names, a metadata entry, the header padded with blanks to a multiple of eight.
fn pytorch_linear(path: &Path, weight: &[f32], bias: &[f32]) {
    let split = 4 * bias.len();
    let end = split + 4 * weight.len();
    let mut header = format!(
        r#"{{"__metadata__":{{"format":"pt"}},"bias":{{"dtype":"F32","shape":[{CLASSES}],"data_offsets":[0,{split}]}},"weight":{{"dtype":"F32","shape":[{CLASSES},{FEATURES}],"data_offsets":[{split},{end}]}}}}"#
    );
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend(bytes(bias));
    file.extend(bytes(weight));
    std::fs::write(path, file).expect("it can be written");
}

/// `numpy.save(path, features)` of single-precision rows.
fn numpy_rows(path: &Path, rows: &[f32]) {
    let mut header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {FEATURES}), }}",
        rows.len() / FEATURES
    );
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.bytes());
    file.extend(bytes(rows));
    std::fs::write(path, file).expect("it can be written");
}

/// Writes `head.safetensors`, `features.npy` and a second, `public.npy`; returns the class of each
/// image, one a line.
fn prepare(folder: &Path) -> String {
    let wave = |at: usize, step: f32| (at as f32 * step).sin();
    let weight: Vec<f32> = (0..CLASSES * FEATURES).map(|i| wave(i, 0.37)).collect();
    let bias = [0.3, -0.2, 0.1];
    let rows: Vec<f32> = (0..IMAGES * FEATURES)
        .map(|i| wave(i, 0.91).max(0.0))
        .collect();
    let public: Vec<f32> = (0..200 * FEATURES).map(|i| wave(i, 1.7).max(0.0)).collect();
    pytorch_linear(&folder.join("head.safetensors"), &weight, &bias);
    numpy_rows(&folder.join("features.npy"), &rows);
    numpy_rows(&folder.join("public.npy"), &public);
    let classes = rows.chunks(FEATURES).map(|row| {
        let logits: Vec<f32> = weight
            .chunks(FEATURES)
            .zip(bias)
            .map(|(w, b)| b + w.iter().zip(row).map(|(w, x)| w * x).sum::<f32>())
            .collect();
        let mut sorted = logits.clone();
        sorted.sort_by(f32::total_cmp);
        assert!(sorted[2] - sorted[1] > 0.05, "no near tie: {logits:?}");
        logits
            .iter()
            .position(|l| *l == sorted[2])
            .expect("it is there")
    });
    classes.map(|class| format!("{class}\n")).collect()
}

#[test]
fn a_pytorch_linear_is_protected_used_and_revealed() {
    let here = tempfile::tempdir().expect("a folder");
    let here = here.path();
    let expected = prepare(here);
    step(here, "rhe keygen --key owner.key");
    step(
        here,
        "rhe protect --head head.safetensors --key owner.key --out head.rhe",
    );
    step(
        here,
        "rhe classify --head head.rhe --features features.npy --out answers.rhe",
    );
    assert_eq!(
        step(here, "rhe reveal answers.rhe --key owner.key"),
        expected
    );
    // Logits are told when asked for and not before.
    let told = step(here, "rhe reveal answers.rhe --key owner.key --logits");
    assert!(
        told.lines()
            .all(|line| line.split('\t').count() == 1 + CLASSES)
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(here.join("owner.key")).expect("it is there");
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    }
    let (code, said) = refused(here, "rhe keygen --key owner.key");
    assert_eq!(code, 2, "{said}");
    step(here, "rhe keygen --key other.key");
    let (code, said) = refused(here, "rhe reveal answers.rhe --key other.key");
    assert!(code == 4 && said.contains("this is key"), "{code}: {said}");
    let (code, said) = refused(
        here,
        "rhe classify --head head.rhe --features features.npy --decision --out d.rhe",
    );
    assert!(
        code == 2 && said.contains("protect --decision"),
        "{code}: {said}"
    );
    let mut damaged = std::fs::read(here.join("answers.rhe")).expect("it is there");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(here.join("answers.rhe"), &damaged).expect("it can be written");
    let (code, said) = refused(here, "rhe reveal answers.rhe --key owner.key");
    assert!(code == 4 && said.contains("damaged"), "{code}: {said}");
}

#[test]
fn who_classifies_may_let_out_the_class_alone() {
    let here = tempfile::tempdir().expect("a folder");
    let here = here.path();
    let expected = prepare(here);
    step(here, "rhe keygen --key owner.key --evaluation-key eval.key");
    step(
        here,
        "rhe protect --head head.safetensors --key owner.key --decision --calibration public.npy --out head.rhe",
    );
    let (code, said) = refused(
        here,
        "rhe classify --head head.rhe --features features.npy --decision --out d.rhe",
    );
    assert!(
        code == 2 && said.contains("--evaluation-key"),
        "{code}: {said}"
    );
    step(
        here,
        "rhe classify --head head.rhe --features features.npy --decision --evaluation-key eval.key --out d.rhe",
    );
    assert_eq!(step(here, "rhe reveal d.rhe --key owner.key"), expected);
    let (code, said) = refused(here, "rhe reveal d.rhe --key owner.key --logits");
    assert!(
        code == 2 && said.contains("the class alone"),
        "{code}: {said}"
    );
    // The same head without the option gives logits.
    step(
        here,
        "rhe classify --head head.rhe --features features.npy --out l.rhe",
    );
    let told = step(here, "rhe reveal l.rhe --key owner.key --logits");
    assert_eq!(told.lines().count(), IMAGES);
}
