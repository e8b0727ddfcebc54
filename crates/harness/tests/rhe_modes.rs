//! Other ways to hide a linear head: results that hide the features from the owner, and pads in the
//! place of lattices.

mod shell;

use shell::{FEATURES, Shell};

const IMAGES: usize = 6;

/// As [`Shell::prepare`], with a key.
fn prepare(shell: &Shell) -> String {
    shell.step("keygen --key owner.key");
    shell.prepare(IMAGES)
}

#[test]
fn private_results_are_for_owners_who_trust_the_classifier() {
    let shell = Shell::new();
    let expected = prepare(&shell);
    let protect = "protect --head head.safetensors --key owner.key --out head.rhe --private";
    let (code, said) = shell.rhe(protect).expect_err("no calibration");
    assert!(
        code == 2 && said.contains("--calibration"),
        "{code}: {said}"
    );
    shell.step(&format!("{protect} --calibration public.npy"));
    shell.step("classify --head head.rhe --features x.npy --private --out answers.rhe");
    let (code, said) = shell
        .rhe("reveal answers.rhe --key owner.key")
        .expect_err("no trust");
    assert!(
        code == 2 && said.contains("--trusted-classifier"),
        "{code}: {said}"
    );
    let reveal = "reveal answers.rhe --key owner.key --trusted-classifier";
    assert_eq!(shell.step(reveal), expected);
    // The same features give other results each time, and the same classes.
    let first = std::fs::read(shell.path("answers.rhe")).expect("it is there");
    shell.step("classify --head head.rhe --features x.npy --private --out answers.rhe");
    assert_ne!(
        first,
        std::fs::read(shell.path("answers.rhe")).expect("it is there")
    );
    assert_eq!(shell.step(reveal), expected);
    // A head that does not hide features is refused, and so are features beyond the range.
    shell.step("protect --head head.safetensors --key owner.key --out open.rhe");
    let line = "classify --head open.rhe --features x.npy --private --out p.rhe";
    let (code, said) = shell.rhe(line).expect_err("it cannot hide");
    assert!(
        code == 2 && said.contains("protect --private"),
        "{code}: {said}"
    );
    shell.features("x.npy", FEATURES, &[100.0; FEATURES]);
    let line = "classify --head head.rhe --features x.npy --private --out p.rhe";
    let (code, said) = shell.rhe(line).expect_err("out of range");
    assert!(
        code == 4 && said.contains("times the largest"),
        "{code}: {said}"
    );
}

#[test]
fn pads_give_the_classes_and_refuse_what_was_altered() {
    let shell = Shell::new();
    let expected = prepare(&shell);
    shell.step("protect --head head.safetensors --key owner.key --out head.rhe --scheme pad");
    shell.step("protect --head head.safetensors --key owner.key --out lattice.rhe");
    let size = |name: &str| {
        std::fs::metadata(shell.path(name))
            .expect("it is there")
            .len()
    };
    assert!(size("head.rhe") < size("lattice.rhe"));
    shell.step("classify --head head.rhe --features x.npy --out answers.rhe");
    assert_eq!(shell.step("reveal answers.rhe --key owner.key"), expected);
    let mut altered = std::fs::read(shell.path("answers.rhe")).expect("it is there");
    let middle = altered.len() - 40;
    altered[middle] ^= 1;
    let end = altered.len() - 16;
    let checksum = blake3::hash(&altered[..end]);
    altered[end..].copy_from_slice(&checksum.as_bytes()[..16]);
    std::fs::write(shell.path("answers.rhe"), altered).expect("it can be written");
    let (code, said) = shell
        .rhe("reveal answers.rhe --key owner.key")
        .expect_err("altered");
    assert_eq!(code, 4, "{said}");
    let both = "protect --head head.safetensors --key owner.key --out h --scheme pad --private";
    assert_eq!(shell.rhe(both).expect_err("one of them").0, 2);
}
