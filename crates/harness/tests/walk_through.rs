//! The walk-throughs of docs/audit.md, run as they stand there, and the script that they begin with.
//!
//! `python3` must have torch, torchvision, timm, safetensors, pillow and scikit-learn. No weights are
//! downloaded: random ones lie where torchvision keeps those that it has, with the moments of the
//! public images in its normalising layers, without which all features of random layers are alike.

mod pairs;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::CommandCargoExt;
use backbones::Onnx;
use datasets::{DatasetSpec, StreamKey};
use serde_json::Value;

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the workspace")
}

fn script() -> String {
    let script = root().join("scripts/export_features.py");
    script.to_string_lossy().into_owned()
}

/// The first block in this language after a heading.
fn block<'t>(text: &'t str, heading: &str, language: &str) -> &'t str {
    let after = &text[text.find(heading).expect("the heading")..];
    let open = format!("```{language}\n");
    let from = after.find(&open).expect("a block") + open.len();
    let to = after[from..].find("\n```").expect("its end");
    &after[from..from + to]
}

/// A folder as a reader has it: images, the scripts, the config, `train_head.py`, and weights of the
/// network as if they had been downloaded.
fn reader(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    std::os::unix::fs::symlink(root().join("scripts"), path.join("scripts")).expect("a link");
    pairs::write_folder(path, "public", 1_500);
    pairs::write_folder(path, "private", 50);
    let torch = "## A head trained in PyTorch";
    std::fs::write(path.join("audit.yaml"), block(text, torch, "yaml")).expect("written");
    std::fs::write(path.join("train_head.py"), block(text, torch, "python")).expect("written");
    let weights = "
import os, torch, torchvision
torch.manual_seed(1)
weights = torchvision.models.ResNet18_Weights.DEFAULT
images = torchvision.datasets.ImageFolder('public', weights.transforms())
network = torchvision.models.resnet18()
for layer in network.modules():
    if isinstance(layer, torch.nn.BatchNorm2d):
        layer.momentum = None
network.train()
with torch.no_grad():
    for batch in torch.arange(0, len(images), 15).split(50):
        network(torch.stack([images[i][0] for i in batch]))
folder = os.path.join(torch.hub.get_dir(), 'checkpoints')
os.makedirs(folder)
torch.save(network.state_dict(), os.path.join(folder, weights.url.rpartition('/')[2]))";
    succeeded(&run(path, "python3", &["-c", weights]));
    folder
}

/// Runs a program in `folder`, with the command on its path and no weights but those there.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Output {
    let binary = Command::cargo_bin("harness").expect("the binary is built");
    let beside = Path::new(binary.get_program()).parent();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", beside.expect("its folder").display());
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("PATH", path)
        .env("TORCH_HOME", folder.join("torch"))
        .env_remove("RHEA_DATA")
        .output()
        .expect("it starts")
}

fn succeeded(output: &Output) -> (String, String) {
    let [out, err] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    assert!(output.status.success(), "{out}\n{err}");
    (out.into_owned(), err.into_owned())
}

/// Follows a walk-through but for `pip`, whose packages are there; what it said, and its audit.
fn follow(text: &str, heading: &str) -> (tempfile::TempDir, String, Value) {
    let folder = reader(text);
    let commands = block(text, heading, "sh");
    let (pip, rest) = commands.split_once('\n').expect("lines");
    assert!(pip.starts_with("pip install "), "{pip}");
    let (said, _) = succeeded(&run(folder.path(), "bash", &["-euc", rest]));
    assert!(folder.path().join("head.rhe").is_file());
    let audit = std::fs::read(folder.path().join("results/my-head/audit.json"));
    let audit = serde_json::from_slice(&audit.expect("an audit")).expect("JSON");
    (folder, said, audit)
}

/// Commands of a block: those that are no line of a quoted program.
fn commands(text: &str, heading: &str) -> usize {
    let mut quoted = false;
    let lines = block(text, heading, "sh").lines();
    let starts = lines.filter(|line| {
        let starts = !quoted;
        quoted ^= line.matches('"').count() % 2 == 1;
        starts
    });
    starts.map(|line| 1 + line.matches("&&").count()).sum()
}

const WALKS: [&str; 2] = [
    "## A head trained in PyTorch",
    "## A head trained in scikit-learn",
];

fn text() -> String {
    std::fs::read_to_string(root().join("docs/audit.md")).expect("the walk-through")
}

#[test]
fn six_commands_lead_from_images_to_the_protected_head() {
    for heading in WALKS {
        assert_eq!(commands(&text(), heading), 6, "{heading}");
    }
}

#[test]
#[ignore = "needs Python with torch, torchvision, safetensors and pillow; minutes"]
fn from_pytorch_to_the_verdict_and_the_protected_head() {
    let (_folder, said, audit) = follow(&text(), WALKS[0]);
    assert!(
        said.contains("head.safetensors: ") && said.contains("release"),
        "{said}"
    );
    like_its_twins(&audit);
}

#[test]
#[ignore = "needs Python with torch, torchvision, safetensors, pillow and scikit-learn; minutes"]
fn from_scikit_learn_to_the_verdict_and_the_protected_head() {
    let (_folder, said, audit) = follow(&text(), WALKS[1]);
    assert!(
        said.contains("coef.npy: ") && said.contains("release"),
        "{said}"
    );
    like_its_twins(&audit);
}

/// The stated recipe is the head's own: nothing is remarked.
fn like_its_twins(audit: &Value) {
    let remarks = audit["fit"]["remarks"].as_array().map(Vec::len);
    assert_eq!(remarks, Some(0), "{audit:#}");
    let size = audit["fit"]["size"].as_f64().expect("a number");
    assert!((0.9..1.1).contains(&size), "{size}");
}

/// What the script computes, and what its ONNX file computes here.
fn both_ways(model: &str, options: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    pairs::write_folder(path, "some", 20);
    let network = "
import torch
def network():
    return torch.nn.Sequential(torch.nn.Conv2d(3, 6, 5, stride=3), torch.nn.ReLU(), torch.nn.Flatten())";
    std::fs::write(path.join("mine.py"), network).expect("written");
    let script = script();
    let mut arguments = vec![script.as_str(), model, "some"];
    arguments.extend(options);
    arguments.extend(["--onnx", "data/network.onnx"]);
    arguments.extend(["--side", "32", "--size", "32"]);
    let (said, _) = succeeded(&run(path, "python3", &arguments));

    let line = said.lines().find(|line| line.starts_with("backbone: "));
    let line = line.expect("the config's line");
    let text = format!(
        "name: x\ndata: {{ target: mnist }}\n{line}\nsweep: {{ shots: 1, attack: unmixing }}\n"
    );
    let experiment = config::from_text(&text, path, &[]).expect("it checks");
    let spec::Backbone::Onnx(options) = experiment.heads().expect("heads").backbone.clone() else {
        panic!("{line}");
    };
    let data = path.join("data");
    let paired = serde_json::json!({
        "paired": { "features": "some.safetensors", "images": "some-images.npy" }
    });
    let paired: DatasetSpec = serde_json::from_value(paired).expect("a dataset");
    let key = StreamKey::from_seed(1);
    let images = paired.load(&data, key).expect("images");
    let features = paired.load_features(&data).expect("features");
    let network = Onnx::load(&data.join(&options.file), options).expect("a network");
    let here = network.features(&images, &|_| {}).expect("features");
    assert_eq!(here.labels(), features.labels());
    assert_eq!(here.width(), features.width());
    let largest = features
        .values()
        .iter()
        .fold(0.0_f32, |a, b| a.max(b.abs()));
    for (here, there) in here.values().iter().zip(features.values()) {
        assert!((here - there).abs() < 1e-4 * largest, "{here} {there}");
    }
}

#[test]
#[ignore = "needs Python with torch, torchvision, timm, safetensors and pillow; a minute"]
fn exported_features_are_those_of_the_exported_network() {
    both_ways("torchvision:resnet18", &["--random"]);
    both_ways("timm:mobilenetv3_small_050", &["--random"]);
    let own = ["--mean", "0.5", "0.4", "0.3", "--std", "0.2", "0.3", "0.4"];
    both_ways("mine.py:network", &own);
}

#[test]
#[ignore = "needs Python with torch, safetensors and pillow; half a minute"]
fn folders_that_the_script_cannot_read_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    std::fs::create_dir_all(path.join("empty")).expect("a folder");
    std::fs::create_dir_all(path.join("bare/cats")).expect("a folder");
    std::fs::write(path.join("bare/cats/notes.txt"), "none").expect("written");
    std::fs::create_dir_all(path.join("broken/cats")).expect("a folder");
    std::fs::write(path.join("broken/cats/one.png"), "none").expect("written");
    let script = script();
    let network = "import torch\ndef network(): return torch.nn.Flatten()";
    std::fs::write(path.join("mine.py"), network).expect("written");
    for (images, words) in [
        ("nowhere", "nowhere: no such folder"),
        ("empty", "empty: no folders in it"),
        ("bare", "bare/cats: no picture in it"),
        ("broken", "broken/cats/one.png: "),
    ] {
        let arguments = [script.as_str(), "mine.py:network", images];
        let output = run(path, "python3", &arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{images}");
        assert!(said.contains(words), "{said}");
        assert!(!said.contains("Traceback"), "{said}");
    }
}
