//! Features and shadow heads that were made elsewhere.

mod pairs;

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use datasets::{FeatureSet, Split, StreamKey};
use pairs::{WIDTH, digits, features, floats, integers, write_features, write_images};
use safetensors::tensor::{Dtype, TensorView, serialize};
use transfer::{HeadShape, Recipe, ShadowBatch, ShadowStream};

const SEED: u64 = 7;
const CONFIG: &str = "
name: elsewhere
seed: 7
data:
  target: { paired: { features: public.safetensors, images: public-images.npy } }
victims: 60
nulls: 1000
sweep: { shots: 1, defence: [none, rhe], attack: { unmixing: { samples: 1000 } } }
";

fn run(folder: &Path, extra: &str) -> Output {
    std::fs::write(folder.join("elsewhere.yaml"), format!("{CONFIG}{extra}")).expect("written");
    Command::cargo_bin("harness")
        .expect("the binary is built")
        .current_dir(folder)
        .args(["elsewhere.yaml", "--quiet", "--data", "."])
        .output()
        .expect("it starts")
}

/// TPR at 1 % FPR without a defence and under RHE.
fn rates(folder: &Path) -> [f64; 2] {
    let mut reader =
        csv::Reader::from_path(folder.join("results/elsewhere/results.csv")).expect("rows");
    let column = reader
        .headers()
        .expect("a header")
        .iter()
        .position(|it| it == "tpr_at_fpr_1pct");
    let rows = reader
        .records()
        .map(|row| row.expect("a row")[column.expect("the column")].parse());
    let rates: Vec<f64> = rows.collect::<Result<_, _>>().expect("numbers");
    rates.try_into().expect("two cells")
}

fn shadows(folder: &Path, batch: &ShadowBatch) {
    let n = batch.len();
    let (weights, members) = (floats(&batch.weights), integers(&batch.members));
    let tensors = [
        (
            "weights",
            TensorView::new(Dtype::F32, vec![n, 10, WIDTH + 1], &weights).expect("weights"),
        ),
        (
            "members",
            TensorView::new(Dtype::I64, vec![n, 10], &members).expect("members"),
        ),
    ];
    let file = serialize(tensors, None).expect("a file");
    std::fs::write(folder.join("shadows.safetensors"), file).expect("written");
}

#[test]
fn attacks_work_on_pairs_and_on_heads_of_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let images = digits("public", 2_000);
    let features = features(&images);
    write_features(folder, "public", &features);
    write_images(folder, "public", &images, 1);
    let output = run(folder, "");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let [own, encrypted] = rates(folder);
    assert!(own > 0.1 && encrypted < 0.05, "{own} {encrypted}");

    // The same with shadow heads from a file: the victims' recipe, the public part.
    let root = StreamKey::from_seed(SEED);
    let split = Split::of_images(&images, 0.4, 0.1, root.child("split")).expect("a split");
    let shape = HeadShape::linear(WIDTH, 10);
    let recipe = Recipe::mnist(1);
    let key = root.child("made elsewhere");
    let stream = |pool| ShadowStream::new(&features, pool, shape, recipe, 1, key).expect("heads");
    let public = stream(&split.public);
    let mut batch = public.batch(1_500);
    public.fill(0, &mut batch).unwrap();
    shadows(folder, &batch);
    let extra = "shadows: shadows.safetensors\n";
    let output = run(folder, extra);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let [given, encrypted] = rates(folder);
    assert!(given > 0.1 && encrypted < 0.05, "{given} {encrypted}");

    // Heads on others' examples, and too few heads.
    let refused = |batch: &ShadowBatch, words: &str| {
        shadows(folder, batch);
        let output = run(folder, extra);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(
            said.contains("shadows.safetensors") && said.contains(words),
            "{said}"
        );
    };
    let private = stream(&split.private);
    let mut batch = private.batch(600);
    private.fill(0, &mut batch).unwrap();
    refused(&batch, "not among the public ones");
    let mut batch = public.batch(40);
    public.fill(0, &mut batch).unwrap();
    refused(&batch, "it holds 40 heads");

    // Features of other images than those beside them.
    let rows = features.values()[WIDTH..].to_vec();
    let fewer = FeatureSet::new(WIDTH, rows, features.labels()[1..].to_vec(), 10);
    write_features(folder, "public", &fewer.expect("features"));
    let output = run(folder, "");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("2000 images for 1999 rows"), "{said}");
}
