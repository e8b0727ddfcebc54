//! Audits of one head, as a shell sees them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use assert_cmd::Command;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::Value;

const CONFIG: &str = "
name: small
seed: 7
data:
  source: { strokes: { classes: letters, images: 1040 } }
  target: { strokes: { classes: digits, images: 4000 } }
backbone: { vgg_tiny: { width: 4, features: 128, epochs: 1 } }
victims: 60
nulls: 1000
shots: 1
attack: { unmixing: { samples: 2000 } }
epsilon: 5
private: { strokes: { classes: digits, images: 10 } }
";

/// A folder with the config, the demonstration head and a cache, made once for all tests.
fn shared() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder").keep();
        std::fs::write(folder.join("small.yaml"), CONFIG).expect("it is written");
        let output = audit(&folder, &["--out", "first"]);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        folder
    })
}

fn audit(folder: &Path, args: &[&str]) -> Output {
    Command::cargo_bin("harness")
        .expect("the binary is built")
        .current_dir(folder)
        .env_remove("RHEA_DATA")
        .args(["audit", "small.yaml", "--quiet"])
        .args(args)
        .output()
        .expect("it starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn json(folder: &Path, name: &str) -> Value {
    let bytes = std::fs::read(folder.join(name).join("audit.json")).expect("an audit");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// Weights and biases of the demonstration head, ten rows of 128.
fn head() -> (Vec<f32>, Vec<f32>) {
    let bytes = std::fs::read(shared().join("first/head.safetensors")).expect("a head");
    let file = SafeTensors::deserialize(&bytes).expect("a whole file");
    let floats = |name: &str| {
        let data = file.tensor(name).expect("a tensor").data().to_vec();
        let each = data.chunks_exact(4);
        each.map(|it| f32::from_le_bytes(it.try_into().expect("four bytes")))
            .collect()
    };
    (floats("weight"), floats("bias"))
}

/// Audits a head with these rows; exit code and what was said.
fn refused(name: &str, (weight, bias): (Vec<f32>, Vec<f32>), args: &[&str]) -> (i32, String) {
    let folder = shared();
    let rows = bias.len();
    let bytes =
        |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|x| x.to_le_bytes()).collect() };
    let (w, b) = (bytes(&weight), bytes(&bias));
    let view = |shape, data| TensorView::new(Dtype::F32, shape, data).expect("consistent");
    let tensors = HashMap::from([
        ("weight", view(vec![rows, weight.len() / rows], &w)),
        ("bias", view(vec![rows], &b)),
    ]);
    let file = folder.join(format!("{name}.safetensors"));
    std::fs::write(
        &file,
        safetensors::serialize(tensors, None).expect("a file"),
    )
    .expect("written");
    let file = file.to_string_lossy().into_owned();
    let output = audit(folder, &[&["--out", name, "--head", &file], args].concat());
    (
        output.status.code().expect("it ends"),
        err(&output) + &out(&output),
    )
}

#[test]
fn a_demonstration_head_is_trained_attacked_and_judged() {
    let folder = shared();
    let found = json(folder, "first");
    assert_eq!(found["verdict"]["level"], "leaks", "{found:#}");
    let records = found["records"].as_array().expect("records");
    assert_eq!(records.len(), 10);
    assert!(
        records.iter().any(|it| it["read_back"] == true),
        "{found:#}"
    );
    let risk = |it: &Value| {
        let p = |key: &str| it[key].as_f64().expect("a number");
        p("p").min(p("membership_p"))
    };
    assert!(records.is_sorted_by(|a, b| risk(a) <= risk(b)));
    // Both attacks on heads without defence, under DP-SGD and under RHE.
    assert_eq!(found["like_it"].as_array().expect("rows").len(), 6);
    let page = std::fs::read_to_string(folder.join("first/report.html")).expect("a page");
    for words in [
        "Do not release it",
        "Records most at risk",
        "not tried",
        "LiRA",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("http://") && !page.contains("https://"));
}

#[test]
fn the_same_head_from_its_file_is_found_the_same_and_the_gate_stops_it() {
    let folder = shared();
    let args = [
        "--head",
        "first/head.safetensors",
        "--out",
        "again",
        "--max-tpr",
        "0.05",
    ];
    let output = audit(folder, &args);
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    let said = out(&output);
    assert!(said.contains("Do not release it as it is.") && said.contains("gate: fell short"));
    let [first, again] = ["first", "again"].map(|name| json(folder, name));
    for key in ["records", "targets", "share", "like_it", "fit"] {
        assert_eq!(first[key], again[key], "{key}");
    }
    let lax = audit(folder, &["--out", "lax", "--max-tpr", "1"]);
    assert_eq!(lax.status.code(), Some(0), "{}", err(&lax));
}

#[test]
fn outputs_in_another_order_are_told_and_put_right() {
    let (weight, bias) = head();
    let width = weight.len() / 10;
    let order = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7];
    let rows = order
        .iter()
        .flat_map(|&k| weight[k * width..][..width].to_vec());
    let turned = (rows.collect(), order.map(|k| bias[k]).to_vec());
    let (code, said) = refused("turned", turned.clone(), &[]);
    assert_eq!(code, 4, "{said}");
    assert!(
        said.contains("turned.safetensors") && said.contains("another order"),
        "{said}"
    );
    let (code, said) = refused(
        "turned",
        turned.clone(),
        &["--classes", "3,1,4,0,5,9,2,6,8,7"],
    );
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        json(shared(), "turned")["records"],
        json(shared(), "first")["records"]
    );
    let (code, said) = refused("turned", turned, &["--classes", "3,1,4,0,5,9,2,6,8,8"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("each of 0 to 9 once"), "{said}");
}

#[test]
fn heads_of_other_shapes_and_features_are_refused() {
    let (weight, bias) = head();
    let width = weight.len() / 10;
    let narrow = weight.chunks(width).flat_map(|row| row[1..].to_vec());
    let (code, said) = refused("narrow", (narrow.collect(), bias.clone()), &[]);
    assert_eq!(code, 4, "{said}");
    assert!(
        said.contains("takes 127 features, the backbone gives 128"),
        "{said}"
    );

    let few = (weight[..9 * width].to_vec(), bias[..9].to_vec());
    let (code, said) = refused("few", few, &[]);
    assert_eq!(code, 4, "{said}");
    assert!(
        said.contains("9 outputs") && said.contains("was not trained on"),
        "{said}"
    );

    let mut endless = weight.clone();
    endless[2 * width + 5] = f32::NAN;
    let (code, said) = refused("endless", (endless, bias.clone()), &[]);
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("[2, 5]"), "{said}");

    // Features in another order, as those of another network would be.
    let strange = weight.chunks(width).flat_map(|row| {
        let mut row = row.to_vec();
        row.rotate_left(37);
        row
    });
    let (code, said) = refused("strange", (strange.collect(), bias.clone()), &[]);
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("normalisation"), "{said}");

    // Features ten times as large in training: the weights are small, and nothing is said to be safe.
    let small = weight.iter().map(|w| w * 0.1).collect();
    let (code, said) = refused("small", (small, bias), &["--max-tpr", "1"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("gate: fell short"), "{said}");
    let remarks = json(shared(), "small")["fit"]["remarks"].to_string();
    assert!(remarks.contains("times as large"), "{remarks}");
}

#[test]
fn private_sets_that_do_not_fit_are_refused() {
    for (set, said) in [
        ("shots=2", "`shots` says 2 a class"),
        (
            "private={ strokes: { classes: letters, images: 26 } }",
            "found data of 26 classes",
        ),
    ] {
        let output = audit(shared(), &["--out", "unfit", "--set", set]);
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        assert!(err(&output).contains(said), "{}", err(&output));
    }
    let output = audit(shared(), &["--max-tpr", "1.5"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn without_the_private_set_it_says_that_it_could_not_check() {
    let folder = shared();
    let text = CONFIG.lines().filter(|line| !line.starts_with("private"));
    let text = text.collect::<Vec<_>>().join("\n");
    std::fs::write(folder.join("blind.yaml"), text).expect("it is written");
    let run = |args: &[&str]| {
        Command::cargo_bin("harness")
            .expect("the binary is built")
            .current_dir(folder)
            .args(["audit", "blind.yaml", "--quiet", "--out", "blind"])
            .args(args)
            .output()
            .expect("it starts")
    };
    let nothing = run(&[]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(
        err(&nothing).contains("no head to audit"),
        "{}",
        err(&nothing)
    );
    let output = run(&["--head", "first/head.safetensors"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(
        out(&output).contains("could not be checked"),
        "{}",
        out(&output)
    );
    let found = json(folder, "blind");
    assert_eq!(found["records"].as_array().map(Vec::len), Some(0));
    for target in found["targets"].as_array().expect("targets") {
        let confidence = &target["confidence"];
        let number = |key: &str| confidence[key].as_f64().expect("a number");
        assert!(number("disagreement") > 0.0);
        assert!(number("lo") <= number("within_tau") && number("within_tau") <= number("hi"));
    }
}
