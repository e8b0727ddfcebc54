//! Features and shadow heads that were made elsewhere.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use datasets::{DatasetSpec, FeatureSet, ImageSet, Split, StreamKey, StrokeClasses};
use rand::RngExt;
use safetensors::tensor::{Dtype, TensorView, serialize};
use transfer::{HeadShape, Recipe, ShadowBatch, ShadowStream};

const WIDTH: usize = 96;
const SEED: u64 = 7;
const CONFIG: &str = "
name: elsewhere
seed: 7
data:
  target: { paired: { features: features.safetensors, images: images.npy } }
victims: 60
nulls: 1000
sweep: { shots: 1, defence: [none, rhe], attack: { unmixing: { samples: 1000 } } }
";

/// Drawn digits, and their features by a random layer with ReLU.
fn data() -> (ImageSet, FeatureSet) {
    let key = StreamKey::from_seed(3);
    let classes = StrokeClasses::Digits;
    let spec = DatasetSpec::Strokes {
        classes,
        images: 2_000,
    };
    let images = spec.load("none".as_ref(), key).expect("digits");
    // As an `.npy` of bytes holds them.
    let bytes = images
        .pixels()
        .iter()
        .map(|x| ((x + 1.0) * 127.5).round() / 127.5 - 1.0);
    let labels = images.labels().to_vec();
    let images = ImageSet::new(images.shape(), bytes.collect(), labels, 10).expect("images");
    let pixels = images.shape().len();
    let mut rng = key.child("layer").rng(0);
    let mut weight = || rng.random_range(-0.08..0.08_f32);
    let layer: Vec<f32> = (0..WIDTH * pixels).map(|_| weight()).collect();
    let rows = images.pixels().chunks(pixels).flat_map(|image| {
        layer.chunks(pixels).map(|row| {
            let sum: f32 = row.iter().zip(image).map(|(w, x)| w * x).sum();
            sum.max(0.0)
        })
    });
    let features = FeatureSet::new(WIDTH, rows.collect(), images.labels().to_vec(), 10);
    (images, features.expect("features"))
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn integers(values: &[u32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|&x| i64::from(x).to_le_bytes())
        .collect()
}

fn write_features(folder: &Path, features: &FeatureSet) {
    let n = features.len();
    let (rows, labels) = (floats(features.values()), integers(features.labels()));
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
    std::fs::write(folder.join("features.safetensors"), file).expect("written");
}

fn write_images(folder: &Path, images: &ImageSet) {
    let n = images.len();
    let shape = images.shape();
    let sides = (shape.height, shape.width);
    let mut header = format!(
        "{{'descr': '|u1', 'fortran_order': False, 'shape': ({n}, {}, {}), }}",
        sides.0, sides.1
    );
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    npy.extend(
        images
            .pixels()
            .iter()
            .map(|x| ((x + 1.0) * 127.5).round() as u8),
    );
    std::fs::write(folder.join("images.npy"), npy).expect("written");
}

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
    let (images, features) = data();
    write_features(folder, &features);
    write_images(folder, &images);
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
    public.fill(0, &mut batch);
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
    private.fill(0, &mut batch);
    refused(&batch, "not among the public ones");
    let mut batch = public.batch(40);
    public.fill(0, &mut batch);
    refused(&batch, "it holds 40 heads");

    // Features of other images than those beside them.
    let rows = features.values()[WIDTH..].to_vec();
    let fewer = FeatureSet::new(WIDTH, rows, features.labels()[1..].to_vec(), 10);
    write_features(folder, &fewer.expect("features"));
    let output = run(folder, "");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("2000 images for 1999 rows"), "{said}");
}
