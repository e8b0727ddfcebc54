//! Small inputs after faults of other tools, kept outside the project: what the command makes of
//! them, from end to end.
//!
//! The other tests make inputs of the same kinds themselves.

mod shell;

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use shell::{Shell, copy};

fn cases() -> PathBuf {
    std::env::var_os("RHEA_CASES").expect("RHEA_CASES").into()
}

/// The command in a folder, with its data there.
fn harness(folder: &Path, args: &[&str]) -> Output {
    Command::cargo_bin("harness")
        .expect("the binary is built")
        .current_dir(folder)
        .env("RHEA_DATA", folder)
        .args(args)
        .output()
        .expect("it starts")
}

/// Exit code, and what was said on both streams.
fn said(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr].concat();
    let code = output.status.code().expect("it ends by itself");
    (code, String::from_utf8(text).expect("text"))
}

/// Right logits, a row an image.
struct Right {
    width: usize,
    logits: Vec<f32>,
}

impl Right {
    fn read(path: &Path) -> Self {
        let (width, logits) = datasets::read_matrix(path).expect("a matrix");
        Self { width, logits }
    }

    fn rows(&self) -> usize {
        self.logits.len() / self.width
    }

    /// By how much the largest logit of an image leads that of the class that was found: nothing
    /// where this is the right one.
    fn lead(&self, image: usize, found: &str) -> f32 {
        let row = &self.logits[image * self.width..][..self.width];
        let found: usize = found.parse().expect("a class");
        row.iter().copied().fold(f32::MIN, f32::max) - row[found]
    }

    /// How many classes are the right ones, and the largest lead over another.
    fn agreement(&self, told: &str) -> (usize, f32) {
        let leads = told.lines().enumerate();
        let leads: Vec<f32> = leads.map(|(at, found)| self.lead(at, found)).collect();
        let right = leads.iter().filter(|&&lead| lead == 0.0).count();
        (right, leads.into_iter().fold(0.0, f32::max))
    }
}

/// A class may differ where two logits (of a spread of about two) are closer than rounding to the
/// file's precision can tell, or than bootstrapping's noise can: keys and noise are drawn anew each
/// time.
#[test]
#[ignore = "reads the folder that RHEA_CASES names"]
fn heads_that_are_understood_are_right() {
    let shell = Shell::new();
    for (name, protect, close) in [
        ("plain", "", 0.01),
        ("f64", "", 0.01),
        ("pre_fc", "", 0.01),
        ("pre__orig_mod", "", 0.01),
        ("bf16", "", 0.01),
        ("f16", "", 0.01),
        ("meta_square", "", 0.01),
        ("mlp", "--activation relu --calibration x.npy", 0.1),
    ] {
        let heads = cases().join("heads");
        copy(
            &shell,
            &heads.join(format!("{name}.safetensors")),
            "head.safetensors",
        );
        copy(&shell, &heads.join("x.npy"), "x.npy");
        let told = shell.life(protect, "").expect(name);
        let right = Right::read(&heads.join(format!("{name}.want.npy")));
        assert_eq!(told.lines().count(), right.rows(), "{name}");
        let (agree, lead) = right.agreement(&told);
        println!("{name}: {agree} of {}, leads up to {lead}", right.rows());
        assert!(lead < close, "{name}: a class that leads by {lead} is lost");
        assert!(agree >= right.rows() * 49 / 50, "{name}: {agree}");
    }
}

#[test]
#[ignore = "reads the folder that RHEA_CASES names"]
fn heads_that_are_not_understood_are_refused_by_name() {
    let shell = Shell::new();
    let heads = cases().join("heads");
    for (name, features, word) in [
        ("probe_bn", "x", "running_mean"),
        ("loralib", "x", "lora_A"),
        ("peft_adapter", "x", "lora_A.weight"),
        ("peft_mts_square", "x4", "modules_to_save"),
        ("bias_renamed", "x", "`fc_bias`"),
        ("roberta_tanh", "x", "--activation"),
    ] {
        copy(
            &shell,
            &heads.join(format!("{name}.safetensors")),
            "head.safetensors",
        );
        copy(&shell, &heads.join(format!("{features}.npy")), "x.npy");
        let (at, _, said) = shell.life("", "").expect_err(name);
        assert!(at == "protect" && said.contains(word), "{name}: {said}");
        println!("{name}: {said}");
    }
}

/// Right, or refused with what is lost.
#[test]
#[ignore = "reads the folder that RHEA_CASES names"]
fn small_heads_are_right_or_refused() {
    let shell = Shell::new();
    let small = cases().join("heads_small");
    let twenty = "1\n0\n".repeat(10);
    for (name, protect, right, refusal) in [
        (
            "bn_probe",
            "",
            None,
            Some(("protect", "`head.0.running_mean`")),
        ),
        ("loralib", "", None, Some(("protect", "`fc.lora_A`"))),
        (
            "peft_adapter",
            "--activation relu",
            None,
            Some(("protect", "lora_A.weight`")),
        ),
        ("bias_renamed", "", None, Some(("protect", "`fc_bias`"))),
        (
            "order",
            "--activation relu",
            None,
            Some(("protect", "--layers")),
        ),
        (
            "order",
            "--activation relu --layers proj,head",
            Some("1\n"),
            None,
        ),
        ("meta_square", "", Some("0\n"), None),
        ("masked", "", Some("1\n"), None),
        ("tiny_logits", "", Some("1\n"), None),
        (
            "small_features",
            "",
            Some("1\n"),
            Some(("reveal", "closer than")),
        ),
        ("small_features", "--calibration x.npy", Some("1\n"), None),
        ("columns", "", Some("1\n"), Some(("reveal", "closer than"))),
        ("columns", "--calibration x.npy", Some("1\n"), None),
        (
            "relu_small",
            "--activation relu",
            Some(&*twenty),
            Some(("reveal", "closer than")),
        ),
        (
            "relu_masked",
            "--activation relu",
            Some(&*twenty),
            Some(("reveal", "closer than")),
        ),
        ("square_small", "--activation square", Some(&*twenty), None),
    ] {
        copy(
            &shell,
            &small.join(format!("{name}.safetensors")),
            "head.safetensors",
        );
        copy(&shell, &small.join(format!("{name}.npy")), "x.npy");
        match (shell.life(protect, ""), right, refusal) {
            (Ok(told), Some(right), _) => assert_eq!(told, right, "{name} {protect}"),
            (Err((at, code, said)), _, Some((step, word))) => {
                let as_said = at == step && said.contains(word) && [2, 4].contains(&code);
                assert!(as_said, "{name} {protect}: {at}: {code}: {said}");
            }
            (came, ..) => panic!("{name} {protect}: {came:?}"),
        }
    }
}

/// A folder with a config of the cases on one of their tables.
fn on_table(config: &str, table: &str) -> tempfile::TempDir {
    let here = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(cases().join("configs").join(config)).expect("a config");
    let text = text.replace("csv/good.csv", "table.csv");
    std::fs::write(here.path().join("c.yaml"), text).expect("it is written");
    std::fs::copy(cases().join(table), here.path().join("table.csv")).expect("it is copied");
    here
}

#[test]
#[ignore = "reads the folder that RHEA_CASES names"]
fn tables_are_read_or_refused_before_anything_runs() {
    for (table, config, exit, word) in [
        ("tables/index.csv", "features.yaml", 4, "column 1 of 18"),
        (
            "features/pandas_index.csv",
            "features.yaml",
            4,
            "column 1 of 5",
        ),
        (
            "tables/label_twice.csv",
            "features.yaml",
            4,
            "both called `Label`",
        ),
        (
            "tables/one_based.csv",
            "features.yaml",
            4,
            "no row has label 0",
        ),
        ("tables/gap.csv", "features.yaml", 4, "no row has label"),
        (
            "tables/constant.csv",
            "features.yaml",
            4,
            "columns is constant",
        ),
        ("tables/per3.csv", "feat_member.yaml", 2, "examples"),
        (
            "tables/per4.csv",
            "features.yaml",
            2,
            "to measure accuracy on",
        ),
    ] {
        let here = on_table(config, table);
        for command in ["plan", "run"] {
            let (code, said) = said(&harness(here.path(), &[command, "c.yaml"]));
            assert_eq!(code, exit, "{table}: {said}");
            assert!(said.contains(word), "{table}: {said}");
        }
        assert!(!here.path().join("results").exists(), "{table}");
    }
}

#[test]
#[ignore = "reads the folder that RHEA_CASES names"]
fn labels_with_a_point_are_the_classes_without() {
    let results = ["tables/good.csv", "tables/float_labels.csv"].map(|table| {
        let here = on_table("features.yaml", table);
        let (code, said) = said(&harness(here.path(), &["c.yaml"]));
        assert_eq!(code, 0, "{table}: {said}");
        let rows = std::fs::read_to_string(here.path().join("results/features/results.csv"));
        let rows = rows.expect("rows");
        let mut lines = rows.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let (header, row) = (
            lines.next().expect("a header"),
            lines.next().expect("a row"),
        );
        let at = |name: &str| header.iter().position(|it| *it == name).expect("a column");
        ["n", "accuracy", "mse"].map(|name| row[at(name)].to_owned())
    });
    assert_eq!(results[0], results[1]);
    assert!(results[0].iter().all(|value| !value.is_empty()));
}

#[test]
#[ignore = "reads the folder that RHEA_CASES names"]
fn damaged_pictures_are_named() {
    for name in ["jpeg_cut60", "jpeg_zeroed_middle"] {
        let here = cases().join("images").join(name);
        let data = here.display().to_string();
        let verify = ["data", "verify", "tiny_imagenet32", "--data", &data];
        let (code, said) = said(&harness(&here, &verify));
        assert_eq!(code, 4, "{name}: {said}");
        assert!(said.contains(".jpg"), "{name}: {said}");
    }
    for (name, exit) in [
        ("images/alpha_only", 0),
        ("images/palette_trns", 0),
        ("archives/checkpoints", 0),
        ("archives/escape", 4),
        ("archives/rar", 4),
        ("archives/deflate64", 4),
    ] {
        let here = cases().join(name);
        let data = here.display().to_string();
        let verify = ["data", "verify", "tiny_imagenet32", "--data", &data];
        let (code, said) = said(&harness(&here, &verify));
        assert_eq!(code, exit, "{name}: {said}");
        let obeyed = |c: char| c.is_control() && c != '\n';
        assert!(!said.chars().any(obeyed), "{name}: {said:?}");
        println!("{name}: {said}");
    }
}

/// The file of labels beside the features belongs to the key of what is measured.
#[test]
#[ignore = "reads the folder that RHEA_CASES names"]
fn permuted_labels_are_measured_again() {
    let here = tempfile::tempdir().expect("a folder");
    for name in ["stale.yaml", "yt.npy", "yt-labels.npy"] {
        std::fs::copy(cases().join("stale").join(name), here.path().join(name))
            .expect("it is copied");
    }
    let run = || {
        let (code, said) = said(&harness(here.path(), &["stale.yaml"]));
        assert_eq!(code, 0, "{said}");
        let rows = std::fs::read_to_string(here.path().join("results/stale/results.csv"));
        let rows = rows.expect("rows");
        let mut lines = rows.lines().map(|line| line.split(','));
        let at = lines
            .next()
            .expect("a header")
            .position(|it| it == "accuracy");
        let mut row = lines.next().expect("a row");
        let accuracy = row.nth(at.expect("a column")).expect("a value");
        (said, accuracy.parse::<f64>().expect("a number"))
    };
    let (_, before) = run();
    assert!(run().0.contains("0 cells measured, 1 from the cache"));
    let path = here.path().join("yt-labels.npy");
    let mut file = std::fs::read(&path).expect("labels");
    let header = 10 + usize::from(u16::from_le_bytes([file[8], file[9]]));
    // A permutation by a linear congruence: labels are single bytes.
    let labels = &mut file[header..];
    let mut state = 1u64;
    for last in (1..labels.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        labels.swap(last, (state >> 33) as usize % (last + 1));
    }
    std::fs::write(&path, &file).expect("it is written");
    let (said, after) = run();
    assert!(
        said.contains("1 cells measured, 0 from the cache"),
        "{said}"
    );
    assert!(after < before - 0.05, "{after} {before}");
}
