//! Small inputs after faults of other tools, kept outside the project: what is right for each.
//!
//! The other tests make inputs of the same kinds themselves.

mod support;

use std::path::PathBuf;

use datasets::*;

fn cases() -> PathBuf {
    std::env::var_os("RHEA_CASES").expect("RHEA_CASES").into()
}

fn spec(text: &str) -> DatasetSpec {
    serde_saphyr::from_str(text).unwrap()
}

/// What is read of a dataset in the folder `name`, and what was left out.
fn load(name: &str, text: &str) -> (Result<ImageSet, String>, Reading) {
    let mut reading = Reading::default();
    let key = StreamKey::from_seed(1);
    let set = spec(text).load_with(&cases().join(name), key, &mut reading);
    (set.map_err(|error| error.to_string()), reading)
}

fn table(name: &str) -> Result<FeatureSet, String> {
    let path = cases().join(name);
    read_features(&path, None, &mut Reading::default()).map_err(|error| error.to_string())
}

#[test]
#[ignore = "reads the folder that RHEA_CASES names"]
fn tables() {
    assert_eq!(table("tables/good.csv").unwrap().classes(), 4);
    assert_eq!(table("tables/float_labels.csv"), table("tables/good.csv"));
    for (name, part) in [
        ("tables/index.csv", "column 1 of 18 (``) has no name"),
        (
            "features/pandas_index.csv",
            "column 1 of 5 (``) has no name",
        ),
        ("tables/label_twice.csv", "both called `Label`"),
        ("tables/one_based.csv", "no row has label 0"),
        ("tables/gap.csv", "no row has label"),
        ("tables/constant.csv", "each of the 16 columns is constant"),
    ] {
        let error = table(name).unwrap_err();
        assert!(error.contains(part), "{error}");
        println!("{error}");
    }
    for (name, each) in [("per3", 3), ("per4", 4)] {
        let path = format!("features: {{ path: {name}.csv }}");
        let counts = spec(&path).count_classes(&cases().join("tables")).unwrap();
        assert_eq!(counts, Some(vec![each; 4]));
    }
    for name in ["py2long", "dq"] {
        let path = cases().join(format!("features/{name}.npy"));
        let (width, values) = read_matrix(&path).unwrap();
        assert_eq!((width, values.len()), (32, 200 * 32));
    }
}

#[test]
#[ignore = "reads the folder that RHEA_CASES names"]
fn pictures() {
    let tiny = "tiny_imagenet32";
    for name in ["images/jpeg_cut60", "images/jpeg_zeroed_middle"] {
        let error = load(name, tiny).0.unwrap_err();
        assert!(error.contains(".jpg: not a whole picture"), "{error}");
        println!("{error}");
    }
    for name in ["images/alpha_only", "images/palette_trns"] {
        let (set, reading) = load(name, tiny);
        let set = set.unwrap();
        assert_eq!(
            (set.len(), reading.count(Remark::Composed)),
            (12, 12),
            "{name}"
        );
        let varied = |i: usize| {
            set.image(i)
                .iter()
                .any(|&p| (p - set.image(i)[0]).abs() > 0.5)
        };
        assert!((0..12).all(varied), "{name}: black squares");
    }
    let (set, reading) = load("folders", "image_folder: { path: other_formats }");
    assert_eq!((set.unwrap().len(), reading.lines().len()), (160, 0));
}

#[test]
#[ignore = "reads the folder that RHEA_CASES names"]
fn archives() {
    let tiny = "tiny_imagenet32";
    for (name, images, remark, count) in [
        ("archives/checkpoints", 12, Remark::Hidden, 2),
        ("archives/tar_hidden_class", 12, Remark::Hidden, 1),
        ("archives/tar_symlinks", 8, Remark::Link, 6),
    ] {
        let (set, reading) = load(name, tiny);
        let set = set.unwrap();
        assert_eq!((set.len(), set.classes()), (images, 2), "{name}");
        assert_eq!(reading.count(remark), count, "{name}: {reading}");
    }
    for (name, part) in [
        ("archives/rar", "a RAR archive"),
        ("archives/escape", "begins with `\\u{1b}]0;owned"),
        ("archives/deflate64", "packed by Deflate64"),
    ] {
        let error = load(name, tiny).0.unwrap_err();
        assert!(error.contains(part) && error.contains("hint: "), "{error}");
        assert!(
            !error.chars().any(|c| c.is_control() && c != '\n'),
            "{error:?}"
        );
    }
    let train = load("tiny_official", tiny).0.unwrap();
    for (part, more) in [("test", 0), ("all", train.len())] {
        let (set, _) = load("tiny_official", &format!("{tiny}: {{ part: {part} }}"));
        let set = set.unwrap();
        assert_eq!(set.classes(), train.classes(), "{part}");
        assert!(set.len() > more, "{part}");
    }
}

#[test]
#[ignore = "reads the folder that RHEA_CASES names"]
fn labels_and_texts() {
    let (set, reading) = load("celeba/missing_value", "celeba: { side: 32 }");
    let set = set.unwrap();
    assert_eq!(
        (set.len(), reading.count(Remark::Unlabelled)),
        (11, 1),
        "{reading}"
    );
    assert_eq!(load("idx/kaggle_dirs", "notmnist").0.unwrap().len(), 30);
    let error = load("idx/zero_images", "notmnist").0.unwrap_err();
    assert!(error.contains("0 images"), "{error}");
    let mut reading = Reading::default();
    let imdb = cases().join("text/imdb_mac/text/aclImdb_v1.tar.gz");
    let set = read_imdb(&imdb, "train", &mut reading).unwrap();
    assert_eq!(
        (set.len(), reading.count(Remark::Hidden)),
        (10, 11),
        "{reading}"
    );
    assert_eq!(reading.count(Remark::OtherEnding), 1, "{reading}");
    let sms = cases().join("text/sms_cr/text/SMSSpamCollection");
    let set = read_sms(&sms, &mut Reading::default()).unwrap();
    assert_eq!(set.texts(), ["ok then", "WIN now"]);
}
