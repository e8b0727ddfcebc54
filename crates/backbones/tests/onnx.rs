//! Networks from ONNX files: what they compute, whatever the threads and batches, and which are
//! refused with what mend.

mod common;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use backbones::Onnx;
use common::{Graph, images, numbers, small, small_by_definition};
use datasets::{FeatureSet, ImageSet, ImageShape};
use spec::{Layout, OneOrMany, OnnxInput, Resize};

/// Pixels in [-1, 1] as they are.
fn options(size: usize, output: &str) -> spec::Onnx {
    spec::Onnx {
        input: OnnxInput {
            size: OneOrMany::one(size),
            mean: OneOrMany::one(127.5),
            std: OneOrMany::one(127.5),
            layout: Layout::Nchw,
            resize: Resize::None,
        },
        file: PathBuf::new().join("network.onnx"),
        output: output.into(),
        batch: 4,
        runtime: Default::default(),
        library: None,
    }
}

fn features(path: &Path, options: spec::Onnx, images: &ImageSet) -> FeatureSet {
    let network = Onnx::load(path, options).unwrap();
    network.features(images, &|_| {}).unwrap()
}

fn refusal(path: &Path, options: spec::Onnx) -> String {
    Onnx::load(path, options).unwrap_err().to_string()
}

fn close(found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let off = (f64::from(*found) - expected).abs();
        assert!(off < 1e-5 * (1.0 + expected.abs()), "{found} {expected}");
    }
}

#[test]
fn features_are_those_of_the_definition() {
    let folder = tempfile::tempdir().unwrap();
    let path = small(0).write(&folder);
    let set = images(5, 3, 8);
    let made = features(&path, options(8, "features"), &set);
    assert_eq!((made.width(), made.labels()), (4, set.labels()));
    for index in 0..5 {
        let input: Vec<f64> = set.image(index).iter().map(|&x| x.into()).collect();
        close(made.row(index), &small_by_definition(&input));
    }
}

#[test]
fn mean_and_deviation_apply_to_8_bit_pixels_of_each_channel() {
    let folder = tempfile::tempdir().unwrap();
    let path = small(0).write(&folder);
    let (mean, std) = ([120.0, 110.0, 90.0], [60.0, 50.0, 40.0]);
    let mut options = options(8, "features");
    (options.input.mean.values, options.input.std.values) = (mean.to_vec(), std.to_vec());
    let set = images(1, 3, 8);
    let made = features(&path, options, &set);
    let pixel = |(at, &x): (usize, &f32)| {
        let (mean, std) = (mean[at / 64], std[at / 64]);
        ((f64::from(x) + 1.0) * 127.5 - mean) / std
    };
    let input: Vec<f64> = set.image(0).iter().enumerate().map(pixel).collect();
    close(made.row(0), &small_by_definition(&input));
}

#[test]
fn batches_and_threads_change_no_bit_and_a_fixed_batch_is_filled_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = small(0).write(&folder);
    let set = images(11, 3, 8);
    let network = Onnx::load(&path, options(8, "features")).unwrap();
    let with = |threads| {
        let done = AtomicUsize::new(0);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let made = pool.build().unwrap().install(|| {
            network.features(&set, &|at| {
                done.fetch_max(at, Ordering::Relaxed);
            })
        });
        assert_eq!(done.into_inner(), 11);
        made.unwrap()
    };
    let one = with(1);
    assert_eq!(one, with(3));
    let fixed = tempfile::tempdir().unwrap();
    let fixed = features(&small(3).write(&fixed), options(8, "features"), &set);
    let expected: Vec<f64> = one.values().iter().map(|&x| x.into()).collect();
    close(fixed.values(), &expected);
}

#[test]
fn any_value_on_the_way_can_be_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = small(0).write(&folder);
    let set = images(2, 3, 8);
    let pooled = features(&path, options(8, "pooled"), &set);
    assert_eq!(pooled, features(&path, options(8, "features"), &set));
    assert_eq!(features(&path, options(8, "logits"), &set).width(), 3);
    let refused = refusal(&path, options(8, "stem.r"));
    assert!(
        refused.contains("`stem.r` is [1, 4, 4, 4] for 1 images"),
        "{refused}"
    );
}

#[test]
fn the_last_dimension_may_hold_the_channels_and_images_are_resized() {
    let folder = tempfile::tempdir().unwrap();
    let mut graph = small(0);
    graph.0.input.clear();
    graph.0.node[0].input[0] = "turned".into();
    let rest = std::mem::take(&mut graph.0.node);
    let mut graph = graph.input("images", &[0, 8, 8, 3]);
    graph = graph.node(
        "Transpose",
        &["images"],
        "turned",
        &[("perm", &[0, 3, 1, 2])],
    );
    graph.0.node.extend(rest);
    let path = graph.write(&folder);
    let mut options = options(8, "features");
    options.input.layout = Layout::Nhwc;
    let set = images(3, 3, 8);
    let straight = tempfile::tempdir().unwrap();
    let straight = features(
        &small(0).write(&straight),
        self::options(8, "features"),
        &set,
    );
    assert_eq!(features(&path, options.clone(), &set), straight);
    options.input.resize = Resize::Bilinear;
    let large = images(3, 3, 13);
    let resized = large.clone().resized(8, 8).unwrap();
    assert_eq!(
        features(&path, options.clone(), &large),
        features(&path, options.clone(), &resized)
    );
    // Grey images are repeated over the channels.
    let grey = images(2, 1, 8);
    let colour = grey.clone().coloured(datasets::Colour::Rgb);
    assert_eq!(
        features(&path, options.clone(), &grey),
        features(&path, options, &colour)
    );
}

/// One convolution of each channel by itself, its weights in a node where the runtime is to do it.
fn depthwise(runtime: bool, kernel: [i64; 2], attributes: &[(&str, &[i64])]) -> Graph {
    let [height, width] = kernel;
    let values = numbers((3 * height * width) as usize, 0.7);
    let graph = Graph::default().input("images", &[0, 3, 11, 9]);
    let dims = [3, 1, height, width];
    let graph = if runtime {
        graph.constant("w", &dims, &values)
    } else {
        graph.weight("w", &dims, &values)
    };
    let attributes = [
        attributes,
        &[("group", &[3][..]), ("kernel_shape", &kernel[..])],
    ]
    .concat();
    graph
        .node("Conv", &["images", "w"], "maps", &attributes)
        .node("Flatten", &["maps"], "features", &[])
        .output("features", &[0, 0])
}

#[test]
fn depthwise_convolutions_are_those_of_the_runtime() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let shape = ImageShape {
        channels: 3,
        height: 11,
        width: 9,
    };
    let set = ImageSet::new(shape, numbers(2 * shape.len(), 0.2), vec![0, 1], 2).unwrap();
    let mut options = options(8, "features");
    options.input.size.values = vec![11, 9];
    type Attributes = &'static [(&'static str, &'static [i64])];
    let cases: [([i64; 2], Attributes); 7] = [
        ([3, 3], &[("pads", &[1; 4])]),
        ([3, 3], &[("pads", &[0, 1, 1, 0]), ("strides", &[2, 2])]),
        ([5, 3], &[("pads", &[2, 1, 2, 1]), ("strides", &[1, 2])]),
        ([2, 4], &[("strides", &[3, 1])]),
        ([3, 3], &[("dilations", &[2, 3]), ("pads", &[2, 3, 2, 3])]),
        (
            [3, 2],
            &[
                ("dilations", &[2, 2]),
                ("strides", &[2, 3]),
                ("pads", &[1, 2, 0, 1]),
            ],
        ),
        ([1, 1], &[]),
    ];
    for (kernel, attributes) in cases {
        let ours = depthwise(false, kernel, attributes).write(&folder);
        let theirs = depthwise(true, kernel, attributes).write(&other);
        let ours = features(&ours, options.clone(), &set);
        let theirs = features(&theirs, options.clone(), &set);
        let expected: Vec<f64> = theirs.values().iter().map(|&x| x.into()).collect();
        close(ours.values(), &expected);
    }
}

/// A network in `folder` whose weights lie in a file beside it, and what that file is to hold.
fn apart(folder: &tempfile::TempDir) -> (PathBuf, Vec<u8>) {
    let mut graph = small(0);
    let mut bytes = Vec::new();
    for tensor in &mut graph.0.initializer {
        let raw = tensor.raw_data.take().unwrap().into_inner();
        let entry = |key: &str, value: String| rten_onnx::onnx::StringStringEntryProto {
            key: Some(key.into()),
            value: Some(value),
        };
        tensor.data_location = Some(rten_onnx::onnx::DataLocation::EXTERNAL);
        tensor.external_data = vec![
            entry("location", "network.onnx.data".into()),
            entry("offset", bytes.len().to_string()),
            entry("length", raw.len().to_string()),
        ];
        bytes.extend(raw);
    }
    (graph.write(folder), bytes)
}

#[test]
fn weights_beside_the_file_are_found_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = apart(&folder);
    let data = folder.path().join("network.onnx.data");
    let missing = refusal(&path, options(8, "features"));
    assert!(missing.contains("network.onnx.data"), "{missing}");
    std::fs::write(&data, bytes).unwrap();
    assert_eq!(
        Onnx::files(&path, &options(8, "features")).unwrap(),
        [path.clone(), data]
    );
    let set = images(2, 3, 8);
    let inside = tempfile::tempdir().unwrap();
    let inside = features(&small(0).write(&inside), options(8, "features"), &set);
    assert_eq!(features(&path, options(8, "features"), &set), inside);
}

#[test]
#[ignore = "needs ONNX Runtime, which ORT_DYLIB_PATH names"]
fn weights_beside_the_file_reach_the_users_onnxruntime() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = apart(&folder);
    std::fs::write(folder.path().join("network.onnx.data"), bytes).unwrap();
    let set = images(5, 3, 8);
    let options = spec::Onnx {
        runtime: spec::Runtime::OnnxRuntime,
        ..options(8, "features")
    };
    let made = features(&path, options, &set);
    for index in 0..5 {
        let input: Vec<f64> = set.image(index).iter().map(|&x| x.into()).collect();
        close(made.row(index), &small_by_definition(&input));
    }
}

#[test]
fn what_cannot_be_used_is_refused_with_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = small(0).write(&folder);
    let says = |refused: String, words: &[&str]| {
        for word in words {
            assert!(refused.contains(word), "`{word}` is not in: {refused}");
        }
    };
    let feature = || options(8, "features");
    says(
        refusal(&path, options(8, "embedding")),
        &["`embedding`", "`features`, `logits`", "`pooled`"],
    );
    says(
        refusal(&path, options(16, "features")),
        &["free0 x 3 x 8 x 8", "16", "`size`"],
    );
    let with = |change: fn(&mut spec::Onnx)| {
        let mut options = options(8, "features");
        change(&mut options);
        refusal(&path, options)
    };
    says(
        with(|it| it.input.layout = Layout::Nhwc),
        &["free0 x 3 x 8 x 8", "`layout`"],
    );
    says(with(|it| it.input.std = OneOrMany::one(0.0)), &["std is 0"]);
    says(
        with(|it| it.input.mean.values = vec![1.0, 2.0]),
        &["mean", "three channels"],
    );
    says(with(|it| it.batch = 0), &["batch is 0"]);

    let network = Onnx::load(&path, feature()).unwrap();
    let wrong = network
        .features(&images(2, 3, 9), &|_| {})
        .unwrap_err()
        .to_string();
    says(wrong, &["3x8x8", "3x9x9", "hint"]);

    let write = |graph: Graph| graph.write(&folder);
    let five = Graph::default().input("images", &[0, 5, 8, 8]).node(
        "Flatten",
        &["images"],
        "features",
        &[],
    );
    says(refusal(&write(five), feature()), &["5 channels"]);
    let grey = Graph::default().input("images", &[0, 1, 8, 8]).node(
        "Flatten",
        &["images"],
        "features",
        &[],
    );
    let network = Onnx::load(&write(grey), feature()).unwrap();
    let wrong = network
        .features(&images(2, 3, 8), &|_| {})
        .unwrap_err()
        .to_string();
    says(wrong, &["1x8x8", "3x8x8"]);
    let two = small(0).input("mask", &[0, 1]);
    says(
        refusal(&write(two), feature()),
        &["2 inputs (`images`, `mask`)"],
    );
    let strange = Graph::default().input("images", &[0, 3, 8, 8]).node(
        "Wobble",
        &["images"],
        "features",
        &[],
    );
    says(
        refusal(&write(strange), feature()),
        &["Wobble", "opset_version"],
    );
    let rows =
        Graph::default()
            .input("images", &[0, 10])
            .node("Relu", &["images"], "features", &[]);
    says(
        refusal(&write(rows), feature()),
        &["free0 x 10", "not a batch of images"],
    );
    let not_finite = Graph::default()
        .input("images", &[0, 3, 8, 8])
        .node("Flatten", &["images"], "flat", &[])
        .node("Log", &["flat"], "features", &[]);
    let network = Onnx::load(&write(not_finite), feature()).unwrap();
    let wrong = network
        .features(&images(2, 3, 8), &|_| {})
        .unwrap_err()
        .to_string();
    says(wrong, &["image 0", "not finite", "`mean`"]);
    let missing = refusal(&folder.path().join("none.onnx"), feature());
    says(missing, &["none.onnx"]);
}

#[test]
fn damaged_files_are_refused_or_run_but_never_crash() {
    let folder = tempfile::tempdir().unwrap();
    let whole = small(0).bytes();
    let path = folder.path().join("network.onnx");
    let set = images(1, 3, 8);
    let mut refused = 0;
    let mut try_out = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        match Onnx::load(&path, options(8, "features")) {
            // A weight may be another one now.
            Ok(network) => drop(network.features(&set, &|_| {})),
            Err(error) => {
                assert!(error.to_string().contains("network.onnx"), "{error}");
                refused += 1;
            }
        }
    };
    for at in (0..whole.len()).step_by(3) {
        try_out(&whole[..at]);
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        try_out(&flipped);
    }
    assert!(refused > whole.len() / 3, "{refused}");
}

/// `name` below `RHEA_DATA`.
fn real(name: &str) -> PathBuf {
    let data = std::env::var_os("RHEA_DATA").expect("RHEA_DATA names the folder of real data");
    PathBuf::from(data).join(name)
}

#[test]
#[ignore = "needs EfficientNet-Lite0 below RHEA_DATA"]
fn efficientnet_lite0_gives_the_features_of_onnxruntime() {
    gives_golden_features(spec::Runtime::BuiltIn, 1e-5);
}

#[test]
#[ignore = "needs EfficientNet-Lite0 below RHEA_DATA, and ONNX Runtime, which ORT_DYLIB_PATH names"]
fn efficientnet_lite0_runs_in_the_users_onnxruntime() {
    gives_golden_features(spec::Runtime::OnnxRuntime, 1e-5);
}

/// A library that cannot be used, or is not named, is said before anything runs.
#[test]
fn a_library_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = small(0).write(&folder);
    let library = folder.path().join("libonnxruntime.so");
    std::fs::write(&library, "no library").unwrap();
    let mut options = options(8, "features");
    options.library = Some(library);
    let message = refusal(&path, options.clone());
    assert!(message.contains("`runtime: onnxruntime`"), "{message}");
    options.runtime = spec::Runtime::OnnxRuntime;
    let message = refusal(&path, options);
    for part in [
        "cannot be used",
        "libonnxruntime.so",
        "hint: name a file of version 1.18",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

/// That the features are those that ONNX Runtime computed, to `within` of the largest.
fn gives_golden_features(runtime: spec::Runtime, within: f32) {
    let network = real("backbones/efficientnet_lite0.onnx");
    let golden = real("../golden/efficientnet_lite0.safetensors");
    let bytes = std::fs::read(golden).unwrap();
    let golden = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    for side in [128, 224] {
        let pixels = (0..3 * side * side).map(|at| {
            let (c, i, j) = (at / (side * side), at / side % side, at % side);
            (0.1 * i as f64 + 0.07 * j as f64 + c as f64).sin() as f32
        });
        let shape = ImageShape {
            channels: 3,
            height: side,
            width: side,
        };
        let set = ImageSet::new(shape, pixels.collect(), vec![0], 1).unwrap();
        for output in ["features", "logits"] {
            let tensor = golden.tensor(&format!("{output}_{side}")).unwrap();
            let expected: Vec<f32> = bytemuck::pod_collect_to_vec(tensor.data());
            let options = spec::Onnx {
                runtime,
                ..options(side, output)
            };
            let made = features(&network, options, &set);
            let largest = expected.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            for (made, expected) in made.values().iter().zip(&expected) {
                assert!(
                    (made - expected).abs() < within * largest,
                    "{made} {expected}"
                );
            }
        }
    }
}
