//! The life of a protected head from the shell, from files as PyTorch and NumPy write them.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

const FEATURES: usize = 30;
const CLASSES: usize = 3;
const IMAGES: usize = 4;

/// What is said of results that are not authentic, whatever is wrong with them.
const REFUSAL: &str = "error: the results are refused: they are damaged or altered, or no head of \
    this key made them\nhint: classify again with the protected head, and reveal with the key that \
    protected it\n";

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
    assert!(code == 4 && said == REFUSAL, "{code}: {said}");
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
    assert!(code == 4 && said == REFUSAL, "{code}: {said}");
}

/// A forged answer under a right checksum: the same words as for any other damage, nothing told,
/// and counted; and no more told than the quota.
#[test]
fn refusals_and_images_are_counted() {
    let here = tempfile::tempdir().expect("a folder");
    let here = here.path();
    let expected = prepare(here);
    step(here, "rhe keygen --key owner.key --quota 9");
    step(
        here,
        "rhe protect --head head.safetensors --key owner.key --out head.rhe",
    );
    step(
        here,
        "rhe classify --head head.rhe --features features.npy --out answers.rhe",
    );
    let reveal = "rhe reveal answers.rhe --key owner.key";
    assert_eq!(step(here, reveal), expected);
    let honest = std::fs::read(here.join("answers.rhe")).expect("it is there");
    for at in [honest.len() - 17, honest.len() - 40, 200, 30] {
        let mut forged = honest.clone();
        forged[at] ^= 1;
        forged.truncate(honest.len() - 16);
        let checksum = blake3::hash(&forged);
        forged.extend(&checksum.as_bytes()[..16]);
        std::fs::write(here.join("answers.rhe"), &forged).expect("it can be written");
        let output = harness(here, reveal);
        assert_eq!(output.status.code(), Some(4));
        assert_eq!(String::from_utf8_lossy(&output.stderr), REFUSAL);
        assert!(output.stdout.is_empty(), "no class is told");
    }
    std::fs::write(here.join("answers.rhe"), &honest).expect("it can be written");
    let output = harness(here, reveal);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("warning: 4 results files were refused"),
        "{said}"
    );
    let said = step(here, "rhe count --key owner.key");
    assert!(
        said.contains("8 of 9 images revealed, 4 of 1048576"),
        "{said}"
    );
    let (code, said) = refused(here, reveal);
    assert!(
        code == 4 && said.contains("1 are left of the 9"),
        "{code}: {said}"
    );
    // Without its count a key reveals nothing.
    std::fs::remove_file(here.join("owner.key.count")).expect("it is there");
    let (code, said) = refused(here, reveal);
    assert!(
        code == 4 && said.contains("count --begin"),
        "{code}: {said}"
    );
    step(here, "rhe count --key owner.key --begin");
    assert_eq!(step(here, reveal), expected);
}

/// Every way to name an input, a key, a link or a device as an output.
#[test]
fn no_output_takes_the_place_of_an_input_or_a_key() {
    let here = tempfile::tempdir().expect("a folder");
    let here = here.path();
    prepare(here);
    for line in [
        "rhe keygen --key k --evaluation-key k",
        "rhe keygen --key k --evaluation-key ./k",
        "rhe keygen --key k --evaluation-key k.count",
        "rhe keygen --key k --evaluation-key nowhere/k",
    ] {
        let (code, said) = refused(here, line);
        assert!(code == 2 || code == 4, "{line}: {said}");
        // Nothing is left that blocks the next try.
        assert!(
            !here.join("k").exists() && !here.join("k.count").exists(),
            "{line}"
        );
    }
    step(here, "rhe keygen --key owner.key");
    step(
        here,
        "rhe protect --head head.safetensors --key owner.key --out head.rhe",
    );
    std::fs::create_dir(here.join("sub")).expect("a folder");
    std::fs::hard_link(here.join("owner.key"), here.join("same.key")).expect("a link");
    let mut places = vec![
        "owner.key",
        "./owner.key",
        "sub/../owner.key",
        "same.key",
        "sub",
    ];
    places.push("owner.key.count");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("owner.key", here.join("link")).expect("a link");
        std::os::unix::fs::symlink("nothing", here.join("dangling")).expect("a link");
        places.extend(["link", "dangling", "/dev/null", "/dev/stdout"]);
    }
    let files = [
        "owner.key",
        "owner.key.count",
        "head.rhe",
        "head.safetensors",
        "features.npy",
    ];
    let content = || files.map(|name| std::fs::read(here.join(name)).expect("it is there"));
    let before = content();
    let protect = "rhe protect --head head.safetensors --key owner.key --out";
    let classify = "rhe classify --head head.rhe --features features.npy --out";
    for (line, also) in [
        (protect, ["head.safetensors", "./head.safetensors"]),
        (classify, ["head.rhe", "sub/../features.npy"]),
    ] {
        for place in places.iter().chain(&also) {
            let (code, said) = refused(here, &format!("{line} {place}"));
            assert!(code == 2, "{line} {place}: {code}: {said}");
            assert!(said.contains("cannot write"), "{line} {place}: {said}");
            assert!(content() == before, "{line} {place}");
        }
    }
    // What is neither is replaced.
    step(here, &format!("{classify} answers.rhe"));
    step(here, &format!("{classify} answers.rhe"));
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
    let (code, said) = refused(here, "rhe reveal d.rhe --key owner.key");
    assert!(
        code == 2 && said.contains("--trusted-classifier"),
        "{code}: {said}"
    );
    assert_eq!(
        step(
            here,
            "rhe reveal d.rhe --key owner.key --trusted-classifier"
        ),
        expected
    );
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
