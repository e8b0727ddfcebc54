//! Datasets by name: the config's form, files, checks, and the real data where it is.

mod support;

use std::path::Path;

use datasets::*;
use support::*;

fn key() -> StreamKey {
    StreamKey::from_seed(11)
}

fn parse(text: &str) -> Result<DatasetSpec, String> {
    serde_saphyr::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn names_alone_and_with_settings() {
    let (part, limit) = (Part::Train, None);
    let cases = [
        ("mnist", DatasetSpec::Mnist { part, limit }),
        ("mnist: {}", DatasetSpec::Mnist { part, limit }),
        (
            "mnist: { part: test, limit: 9 }",
            DatasetSpec::Mnist {
                part: Part::Test,
                limit: Some(9),
            },
        ),
        (
            "strokes: { classes: letters, images: 130 }",
            DatasetSpec::Strokes {
                classes: StrokeClasses::Letters,
                images: 130,
            },
        ),
        (
            "mixed: [omniglot, { cifar100: { coarse: true } }]",
            DatasetSpec::Mixed(vec![
                DatasetSpec::Omniglot { limit },
                DatasetSpec::Cifar100 {
                    part,
                    coarse: true,
                    limit,
                },
            ]),
        ),
        (
            "features: { path: f.npy }",
            DatasetSpec::Features {
                path: "f.npy".into(),
                labels: None,
            },
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text).as_ref(), Ok(&expected), "{text}");
        let json = serde_json::to_string(&expected).unwrap();
        assert_eq!(
            serde_json::from_str::<DatasetSpec>(&json).unwrap(),
            expected,
            "{json}"
        );
    }
    for spec in DatasetSpec::known() {
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<DatasetSpec>(&json).unwrap(), spec);
        assert!(json.contains(spec.describe().name), "{json}");
        if !matches!(spec, DatasetSpec::Strokes { .. }) {
            assert_eq!(parse(spec.describe().name), Ok(spec));
        }
    }
    for spec in TextSpec::known() {
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<TextSpec>(&json).unwrap(), spec);
    }
    assert_eq!(
        serde_saphyr::from_str::<TextSpec>("sms").unwrap(),
        TextSpec::Sms { limit: None }
    );
}

#[test]
fn slips_are_refused() {
    for (text, parts) in [
        ("mnit", ["mnit", "mnist"]),
        ("mnist: { limits: 3 }", ["limits", "limit"]),
        ("mnist: { limit: -3 }", ["-3", ""]),
        ("mnist: { part: dev }", ["dev", "train"]),
        ("strokes", ["classes", ""]),
        (
            "strokes: { classes: runes, images: 3 }",
            ["runes", "digits"],
        ),
        ("7", ["name of a dataset", ""]),
    ] {
        let error = parse(text).unwrap_err();
        for part in parts {
            assert!(error.contains(part), "{text}: no `{part}` in {error}");
        }
    }
}

#[test]
fn the_schema_knows_names_and_settings() {
    let schema = serde_json::to_string(&schemars::schema_for!(DatasetSpec)).unwrap();
    for part in [
        "\"mnist\"",
        "\"tiny_imagenet32\"",
        "\"images_per_class\"",
        "usual settings",
    ] {
        assert!(schema.contains(part), "no {part} in {schema}");
    }
}

#[test]
fn missing_files_are_told_with_their_places_and_a_mend() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path();
    for spec in DatasetSpec::known() {
        if spec.files(empty).is_empty() {
            let small = DatasetSpec::Strokes {
                classes: StrokeClasses::Digits,
                images: 20,
            };
            assert_eq!(small.load(empty, key()).unwrap().len(), 20);
            continue;
        }
        let error = spec.load(empty, key()).unwrap_err();
        assert!(matches!(error, DatasetError::Missing { .. }), "{error}");
        let message = error.to_string();
        for part in [
            spec.describe().name,
            empty.to_str().unwrap(),
            "hint: ",
            "http",
        ] {
            assert!(message.contains(part), "no `{part}` in {message}");
        }
        assert!(spec.content_hash(empty).is_err());
        let missing = spec.verify(empty, true);
        assert!(missing.iter().all(|file| file.state == FileState::Missing));
    }
    for spec in TextSpec::known()
        .iter()
        .filter(|spec| !spec.files().is_empty())
    {
        let error = spec.load(empty, key()).unwrap_err();
        assert!(matches!(error, DatasetError::Missing { .. }), "{error}");
    }
    let own = parse("image_folder: { path: mine }").unwrap();
    let message = own.load(empty, key()).unwrap_err().to_string();
    assert!(
        message.contains("mine") && message.contains("hint: "),
        "{message}"
    );
}

#[test]
fn impossible_settings_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (text, part) in [
        ("mnist: { limit: 0 }", "mnist.limit"),
        ("celeba: { side: 4 }", "celeba.side"),
        (
            "image_folder: { path: x, side: 100000 }",
            "image_folder.side",
        ),
        ("strokes: { classes: digits, images: 0 }", "strokes.images"),
        ("features: { path: f.npy }", "features"),
        ("mixed: []", "at least one"),
    ] {
        let message = parse(text)
            .unwrap()
            .load(folder.path(), key())
            .unwrap_err()
            .to_string();
        assert!(message.contains(part), "{text}: {message}");
    }
    assert!(
        parse("mnist")
            .unwrap()
            .load_features(folder.path())
            .is_err()
    );
}

#[test]
fn what_is_there_is_read_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let record = |label: u8| [&[label][..], &[label; 3072]].concat();
    put(
        root,
        "cifar-10-batches-bin/data_batch_2.bin",
        [record(1), record(2)].concat(),
    );
    put(root, "cifar-10-batches-bin/data_batch_4.bin", record(3));
    let cifar = parse("cifar10").unwrap();
    assert_eq!(cifar.load(root, key()).unwrap().labels(), [1, 2, 3]);
    let states: Vec<FileState> = cifar
        .verify(root, true)
        .into_iter()
        .map(|f| f.state)
        .collect();
    assert!(matches!(&states[1], FileState::Differs { reason } if reason.contains("5ea93a67")));
    assert_eq!(states[0], FileState::Missing);
    assert_eq!(cifar.verify(root, false)[3].state, FileState::Present);
    let before = cifar.content_hash(root).unwrap();
    put(root, "cifar-10-batches-bin/data_batch_4.bin", record(4));
    assert_ne!(cifar.content_hash(root).unwrap(), before);
    let limited = parse("cifar10: { limit: 2 }")
        .unwrap()
        .load(root, key())
        .unwrap();
    assert_eq!(limited.len(), 2);

    // One pair of notMNIST is enough; images without labels are not.
    put(
        root,
        "notmnist/t10k-images-idx3-ubyte",
        idx(2051, &[2, 4, 4], &[0; 32]),
    );
    let notmnist = parse("notmnist").unwrap();
    let message = notmnist.load(root, key()).unwrap_err().to_string();
    assert!(message.contains("labels"), "{message}");
    put(
        root,
        "notmnist/t10k-labels.idx1-ubyte",
        idx(2049, &[2], &[3, 9]),
    );
    assert_eq!(notmnist.load(root, key()).unwrap().labels(), [3, 9]);

    for name in ["a/1.png", "b/2.png", "b/3.png"] {
        put(root, &format!("mine/{name}"), png(40, 7, 0));
    }
    let own = parse("image_folder: { path: mine, colour: grey, side: 32 }").unwrap();
    let mixed = DatasetSpec::Mixed(vec![own.clone(), notmnist]);
    let all = mixed.load(root, key()).unwrap();
    assert_eq!((all.labels(), all.classes()), (&[0, 1, 1, 5, 11][..], 12));
    let before = mixed.content_hash(root).unwrap();
    std::fs::rename(root.join("mine/b/3.png"), root.join("mine/a/3.png")).unwrap();
    assert_ne!(mixed.content_hash(root).unwrap(), before);

    let features = safetensors(["features", "labels"], 3, 2, &[0, 1, 2]);
    put(root, "f.safetensors", features);
    let features = parse("features: { path: f.safetensors }").unwrap();
    assert_eq!(features.load_features(root).unwrap().len(), 3);
    let embeddings = TextSpec::Embeddings {
        path: "f.safetensors".into(),
    };
    let embedder = HashingEmbedder::default();
    assert_eq!(
        embeddings
            .load_features(root, key(), &embedder)
            .unwrap()
            .width(),
        2
    );
}

/// Loads `text` if its files are there and checks the number of images, classes and the shape.
fn real(folder: &Path, text: &str, images: usize, classes: usize, shape: &str) {
    let spec = parse(text).unwrap();
    let files = spec.verify(folder, true);
    let (some, all) = (
        files.iter().any(|f| f.path.is_some()),
        files.iter().all(|f| f.path.is_some() || !f.need.required),
    );
    if !(some && all) {
        return println!("skipped: {text} is not there");
    }
    let set = spec.load(folder, key()).unwrap();
    assert_eq!((set.len(), set.classes()), (images, classes), "{text}");
    assert_eq!(set.shape().to_string(), shape, "{text}");
    let counts: Vec<usize> = set.by_class().iter().map(Vec::len).collect();
    assert!(
        counts.iter().all(|&count| count > 0),
        "{text}: an empty class"
    );
    println!(
        "{text}: {:?}",
        files.iter().map(|f| &f.state).collect::<Vec<_>>()
    );
}

#[test]
#[ignore = "needs real data below RHEA_DATA"]
fn real_data() {
    let folder = data_folder();
    // A set that only this project's data folder has in this part is not checked elsewhere.
    let part_of_cifar = !folder
        .join("cifar-10-batches-bin/data_batch_3.bin")
        .exists();
    real(&folder, "mnist", 60_000, 10, "1x32x32");
    real(&folder, "mnist: { part: test }", 10_000, 10, "1x32x32");
    real(&folder, "notmnist: { part: test }", 10_000, 10, "1x32x32");
    if part_of_cifar {
        real(&folder, "cifar10: { limit: 500 }", 500, 10, "3x32x32");
        real(&folder, "cifar10: { part: test }", 1000, 10, "3x32x32");
    }
    if !folder.join("omniglot/images_background.zip").exists() {
        real(&folder, "omniglot", 4840, 242, "1x32x32");
    }
    let celeba = "celeba: { images_per_class: 5, side: 32 }";
    if !folder.join("celeba/img_align_celeba.zip").exists() {
        let spec = parse(celeba).unwrap();
        if spec
            .verify(&folder, false)
            .iter()
            .all(|file| file.path.is_some())
        {
            let set = spec.load(&folder, key()).unwrap();
            assert_eq!(set.classes(), 104);
            assert!(set.by_class().iter().all(|members| members.len() >= 5));
        }
    }
}

#[test]
fn emnist_as_it_is_distributed() {
    // The official zip's folder, columns first, letters from 1 to 26.
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("emnist/gzip");
    std::fs::create_dir_all(&inside).unwrap();
    let upright = |letter: u32, row: u32, column: u32| (letter * 7 + row * 5 + column) as u8;
    let mut turned = Vec::new();
    for letter in 0..26 {
        for column in 0..28 {
            turned.extend((0..28).map(|row| upright(letter, row, column)));
        }
    }
    let labels: Vec<u8> = (1..=26).collect();
    let write = |what: &str, bytes: Vec<u8>| {
        let name = format!("emnist-letters-train-{what}-ubyte.gz");
        put(&inside, &name, gzip(&bytes));
    };
    write("images-idx3", idx(2051, &[26, 28, 28], &turned));
    write("labels-idx1", idx(2049, &[26], &labels));
    let letters = parse("emnist").unwrap();
    let set = letters.load(folder.path(), key()).unwrap();
    assert_eq!((set.len(), set.classes()), (26, 26));
    assert_eq!(set.labels(), (0..26).collect::<Vec<u32>>());
    for (letter, row, column) in [(0, 0, 0), (3, 1, 20), (25, 27, 4)] {
        let place = (row as usize + 2) * 32 + column as usize + 2;
        let pixel = (set.image(letter as usize)[place] + 1.0) * 127.5;
        assert_eq!(pixel.round() as u8, upright(letter, row, column));
    }
    // Another split's files are not there: the error says which and where.
    let error = parse("emnist: { split: balanced }").unwrap();
    let error = error.load(folder.path(), key()).unwrap_err().to_string();
    assert!(error.contains("emnist-balanced-train-images"), "{error}");
}
