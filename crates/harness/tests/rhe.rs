//! The life of a protected head from the shell, from files as PyTorch and NumPy write them.

mod shell;

use shell::{CLASSES, Shell};

const IMAGES: usize = 4;

/// What is said of results that are not authentic, whatever is wrong with them.
const REFUSAL: &str = "error: the results are refused: they are damaged or altered, or no head of \
    this key made them\nhint: classify again with the protected head, and reveal with the key that \
    protected it\n";

#[test]
fn a_pytorch_linear_is_protected_used_and_revealed() {
    let shell = Shell::new();
    let expected = shell.prepare(IMAGES);
    shell.step("keygen --key owner.key");
    shell.step("protect --head head.safetensors --key owner.key --out head.rhe");
    shell.step("classify --head head.rhe --features x.npy --out answers.rhe");
    assert_eq!(shell.step("reveal answers.rhe --key owner.key"), expected);
    // Logits are told when asked for and not before.
    let told = shell.step("reveal answers.rhe --key owner.key --logits");
    assert!(
        told.lines()
            .all(|line| line.split('\t').count() == 1 + CLASSES)
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(shell.path("owner.key")).expect("it is there");
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    }
    let (code, said) = shell.refused("keygen --key owner.key");
    assert_eq!(code, 2, "{said}");
    shell.step("keygen --key other.key");
    let (code, said) = shell.refused("reveal answers.rhe --key other.key");
    assert!(code == 4 && said == REFUSAL, "{code}: {said}");
    let (code, said) =
        shell.refused("classify --head head.rhe --features x.npy --decision --out d.rhe");
    assert!(
        code == 2 && said.contains("protect --decision"),
        "{code}: {said}"
    );
    let mut damaged = std::fs::read(shell.path("answers.rhe")).expect("it is there");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(shell.path("answers.rhe"), &damaged).expect("it can be written");
    let (code, said) = shell.refused("reveal answers.rhe --key owner.key");
    assert!(code == 4 && said == REFUSAL, "{code}: {said}");
}

/// A forged answer under a right checksum: the same words as for any other damage, nothing told,
/// and counted; and no more told than the quota.
#[test]
fn refusals_and_images_are_counted() {
    let shell = Shell::new();
    let expected = shell.prepare(IMAGES);
    shell.step("keygen --key owner.key --quota 9");
    shell.step("protect --head head.safetensors --key owner.key --out head.rhe");
    shell.step("classify --head head.rhe --features x.npy --out answers.rhe");
    let reveal = "reveal answers.rhe --key owner.key";
    assert_eq!(shell.step(reveal), expected);
    let honest = std::fs::read(shell.path("answers.rhe")).expect("it is there");
    for at in [honest.len() - 17, honest.len() - 40, 200, 30] {
        let mut forged = honest.clone();
        forged[at] ^= 1;
        forged.truncate(honest.len() - 16);
        let checksum = blake3::hash(&forged);
        forged.extend(&checksum.as_bytes()[..16]);
        std::fs::write(shell.path("answers.rhe"), &forged).expect("it can be written");
        let output = shell.run(reveal);
        assert_eq!(output.status.code(), Some(4));
        assert_eq!(String::from_utf8_lossy(&output.stderr), REFUSAL);
        assert!(output.stdout.is_empty(), "no class is told");
    }
    std::fs::write(shell.path("answers.rhe"), &honest).expect("it can be written");
    let output = shell.run(reveal);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("warning: 4 results files were refused"),
        "{said}"
    );
    let said = shell.step("count --key owner.key");
    assert!(
        said.contains("8 of 9 images revealed, 4 of 1048576"),
        "{said}"
    );
    let (code, said) = shell.refused(reveal);
    assert!(
        code == 4 && said.contains("1 are left of the 9"),
        "{code}: {said}"
    );
    // Without its count a key reveals nothing.
    std::fs::remove_file(shell.path("owner.key.count")).expect("it is there");
    let (code, said) = shell.refused(reveal);
    assert!(
        code == 4 && said.contains("count --begin"),
        "{code}: {said}"
    );
    shell.step("count --key owner.key --begin");
    assert_eq!(shell.step(reveal), expected);
}

/// Every way to name an input, a key, a link or a device as an output.
#[test]
fn no_output_takes_the_place_of_an_input_or_a_key() {
    let shell = Shell::new();
    shell.prepare(IMAGES);
    for line in [
        "keygen --key k --evaluation-key k",
        "keygen --key k --evaluation-key ./k",
        "keygen --key k --evaluation-key k.count",
        "keygen --key k --evaluation-key nowhere/k",
    ] {
        let (code, said) = shell.refused(line);
        assert!(code == 2 || code == 4, "{line}: {said}");
        // Nothing is left that blocks the next try.
        assert!(
            !shell.path("k").exists() && !shell.path("k.count").exists(),
            "{line}"
        );
    }
    shell.step("keygen --key owner.key");
    shell.step("protect --head head.safetensors --key owner.key --out head.rhe");
    std::fs::create_dir(shell.path("sub")).expect("a folder");
    std::fs::hard_link(shell.path("owner.key"), shell.path("same.key")).expect("a link");
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
        std::os::unix::fs::symlink("owner.key", shell.path("link")).expect("a link");
        std::os::unix::fs::symlink("nothing", shell.path("dangling")).expect("a link");
        places.extend(["link", "dangling", "/dev/null", "/dev/stdout"]);
    }
    let files = [
        "owner.key",
        "owner.key.count",
        "head.rhe",
        "head.safetensors",
        "x.npy",
    ];
    let content = || files.map(|name| std::fs::read(shell.path(name)).expect("it is there"));
    let before = content();
    let protect = "protect --head head.safetensors --key owner.key --out";
    let classify = "classify --head head.rhe --features x.npy --out";
    for (line, also) in [
        (protect, ["head.safetensors", "./head.safetensors"]),
        (classify, ["head.rhe", "sub/../x.npy"]),
    ] {
        for place in places.iter().chain(&also) {
            let (code, said) = shell.refused(&format!("{line} {place}"));
            assert!(code == 2, "{line} {place}: {code}: {said}");
            assert!(said.contains("cannot write"), "{line} {place}: {said}");
            assert!(content() == before, "{line} {place}");
        }
    }
    // What is neither is replaced.
    shell.step(&format!("{classify} answers.rhe"));
    shell.step(&format!("{classify} answers.rhe"));
}

#[test]
fn who_classifies_may_let_out_the_class_alone() {
    let shell = Shell::new();
    let expected = shell.prepare(IMAGES);
    shell.step("keygen --key owner.key --evaluation-key eval.key");
    shell.step("protect --head head.safetensors --key owner.key --decision --calibration public.npy --out head.rhe");
    let (code, said) =
        shell.refused("classify --head head.rhe --features x.npy --decision --out d.rhe");
    assert!(
        code == 2 && said.contains("--evaluation-key"),
        "{code}: {said}"
    );
    shell.step("classify --head head.rhe --features x.npy --decision --evaluation-key eval.key --out d.rhe");
    let (code, said) = shell.refused("reveal d.rhe --key owner.key");
    assert!(
        code == 2 && said.contains("--trusted-classifier"),
        "{code}: {said}"
    );
    assert_eq!(
        shell.step("reveal d.rhe --key owner.key --trusted-classifier"),
        expected
    );
    let (code, said) = shell.refused("reveal d.rhe --key owner.key --logits");
    assert!(
        code == 2 && said.contains("the class alone"),
        "{code}: {said}"
    );
    // The same head without the option gives logits.
    shell.step("classify --head head.rhe --features x.npy --out l.rhe");
    let told = shell.step("reveal l.rhe --key owner.key --logits");
    assert_eq!(told.lines().count(), IMAGES);
}
