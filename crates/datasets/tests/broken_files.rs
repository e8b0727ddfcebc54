//! Broken files: an error that names the file, the place and the reason, and never a panic.

mod support;

use std::path::Path;

use datasets::*;
use support::*;

const GREY32: PictureOptions = PictureOptions {
    side: 32,
    colour: Some(Colour::Grey),
};

/// The message of a format error in a file whose name ends in `file`.
fn told<T: std::fmt::Debug>(result: Result<T, DatasetError>, file: &str, parts: &[&str]) {
    let error = result.unwrap_err();
    let message = error.to_string();
    let DatasetError::Format { path, .. } = &error else {
        panic!("not a format error: {error:?}");
    };
    assert!(path.ends_with(file), "{message}");
    for part in parts {
        assert!(message.contains(part), "no `{part}` in: {message}");
    }
}

fn read_pair(folder: &Path, images: &[u8], labels: &[u8]) -> Result<ImageSet, DatasetError> {
    let images = put(folder, "images", images);
    let labels = put(folder, "labels", labels);
    read_idx(
        &images,
        &labels,
        IdxOptions::mnist(),
        &mut Reading::default(),
    )
}

#[test]
fn idx() {
    let folder = tempfile::tempdir().unwrap();
    let read = |images: &[u8], labels: &[u8]| read_pair(folder.path(), images, labels);
    let images = support::idx(2051, &[2, 4, 4], &[9; 32]);
    let labels = support::idx(2049, &[2], &[0, 9]);
    read(&images, &labels).unwrap();
    told(
        read(&labels, &labels),
        "images",
        &["2049 instead of 2051", "bytes 0..4"],
    );
    told(read(&images, &images), "labels", &["2051 instead of 2049"]);
    told(
        read(&images[..40], &labels),
        "images",
        &["byte 40", "24 of 32", "hint: "],
    );
    told(
        read(&images[..7], &labels),
        "images",
        &["bytes 4..8", "hint: "],
    );
    told(read(b"", &labels), "images", &["bytes 0..4"]);
    let long = [&images[..], &[0]].concat();
    told(read(&long, &labels), "images", &["larger than 32 bytes"]);
    let huge = support::idx(2051, &[u32::MAX, u32::MAX, u32::MAX], &[]);
    told(
        read(&huge, &labels),
        "images",
        &["the header", "4294967295"],
    );
    let wide = support::idx(2051, &[1, 40, 4], &[0; 160]);
    let one = support::idx(2049, &[1], &[0]);
    told(read(&wide, &one), "images", &["40 x 4", "32 x 32"]);
    let empty = support::idx(2051, &[1, 0, 4], &[]);
    told(read(&empty, &one), "images", &["0 x 4"]);
    told(
        read(&images, &one),
        "labels",
        &["1 labels", "2 images", "hint: "],
    );
    let high = support::idx(2049, &[2], &[0, 10]);
    told(
        read(&images, &high),
        "labels",
        &["label 1", "10 is not in 0..=9"],
    );
    let packed = gzip(&images);
    told(
        read(&packed[..packed.len() - 9], &labels),
        "images",
        &["hint: "],
    );
    let absent = read_idx(
        &folder.path().join("none"),
        &folder.path().join("none"),
        IdxOptions::mnist(),
        &mut Reading::default(),
    );
    assert!(matches!(absent, Err(DatasetError::Read { .. })));
}

#[test]
fn cifar() {
    let folder = tempfile::tempdir().unwrap();
    let read = |bytes: &[u8], labels| {
        read_cifar(
            &[put(folder.path(), "batch.bin", bytes)],
            labels,
            &mut Reading::default(),
        )
    };
    let record = [&[3][..], &[0; 3072]].concat();
    read(&record, CifarLabels::Ten).unwrap();
    told(
        read(b"", CifarLabels::Ten),
        "batch.bin",
        &["0 bytes", "hint: "],
    );
    told(
        read(&record[..3000], CifarLabels::Ten),
        "batch.bin",
        &["record 0", "3073"],
    );
    told(read(&record, CifarLabels::Fine), "batch.bin", &["3074"]);
    let labelled = [&[10][..], &[0; 3072]].concat();
    let two = [record, labelled].concat();
    told(
        read(&two, CifarLabels::Ten),
        "batch.bin",
        &["record 1", "label 10", "hint: "],
    );
}

#[test]
fn class_folders() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("set");
    put(&root, "a/1.png", png(32, 4, 0));
    told(
        read_class_folders(&root, GREY32, &mut Reading::default()),
        "set",
        &["1 found", "at least 2"],
    );
    put(&root, "b/notes.txt", "no picture");
    told(
        read_class_folders(&root, GREY32, &mut Reading::default()),
        "set",
        &[": b:", "without a picture"],
    );
    put(&root, "b/2.png", &png(32, 4, 0)[..60]);
    told(
        read_class_folders(&root, GREY32, &mut Reading::default()),
        "set",
        &["b/2.png", "not a whole picture"],
    );
    let absent = read_class_folders(&folder.path().join("none"), GREY32, &mut Reading::default());
    assert!(matches!(absent, Err(DatasetError::Read { .. })));
}

#[test]
fn archives() {
    let folder = tempfile::tempdir().unwrap();
    let read = |bytes: &[u8]| {
        read_class_archive(
            &put(folder.path(), "archive", bytes),
            "train",
            GREY32,
            &mut Reading::default(),
        )
    };
    let files = [
        ("train/a/1.png", png(32, 4, 0)),
        ("train/b/2.png", png(32, 9, 0)),
    ];
    for whole in [
        zip(&files),
        tar(&files),
        gzip(&tar(&files)),
        xz(&tar(&files)),
    ] {
        read(&whole).unwrap();
        // Cut off at every tenth: refused, or read whole where only padding was lost.
        for tenth in 0..10 {
            if let Err(error) = read(&whole[..whole.len() * tenth / 10]) {
                assert!(matches!(error, DatasetError::Format { .. }), "{error}");
            } else {
                assert!(
                    tenth > 5,
                    "{tenth} tenths of an archive were taken for whole"
                );
            }
        }
        // A changed byte anywhere may be noticed or not, but is never a panic.
        for at in (0..whole.len()).step_by(97) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x5a;
            drop(read(&damaged));
        }
    }
    told(read(b"neither zip nor tar"), "archive", &["archive"]);
    let others = zip(&[("val/a/1.png", png(32, 4, 0))]);
    told(read(&others), "archive", &["folder `train`"]);
    let omniglot = read_omniglot(
        &[put(folder.path(), "o.zip", zip(&[]))],
        32,
        &mut Reading::default(),
    );
    told(omniglot, "o.zip", &["alphabet/character", "hint: "]);
}

#[test]
fn labelled_archives() {
    let folder = tempfile::tempdir().unwrap();
    let faces = zip(&[("1.png", png(32, 4, 0)), ("2.png", png(32, 9, 0))]);
    let faces = put(folder.path(), "faces.zip", faces);
    let read = |table: &str, column: &str| {
        let table = put(folder.path(), "labels.csv", table);
        read_labelled_archive(&faces, &table, column, GREY32, &mut Reading::default())
    };
    let good = "image,identity\n1.png,5\n2.png,7\n";
    read(good, "identity").unwrap();
    told(
        read(good, "age"),
        "labels.csv",
        &["no column `age`", "identity"],
    );
    told(
        read("image,identity\n1.png,5\n", "identity"),
        "labels.csv",
        &["the same"],
    );
    told(
        read("image,identity\n", "identity"),
        "labels.csv",
        &["no row"],
    );
    told(read("", "identity"), "labels.csv", &["no row"]);
    let short = "image,identity\n1.png,5\n3.png,7\n";
    told(
        read(short, "identity"),
        "faces.zip",
        &["2.png", "has no label"],
    );
    let long = "image,identity\n1.png,5\n2.png,7\n3.png,7\n";
    told(
        read(long, "identity"),
        "faces.zip",
        &["lacks 1 of the 3", "3.png"],
    );
    let twice = "image,identity\n1.png,5\n1.png,7\n";
    told(
        read(twice, "identity"),
        "labels.csv",
        &["row 2", "second row"],
    );
    told(
        read("image,identity\n1.png\n", "identity"),
        "labels.csv",
        &["row 1"],
    );
    told(
        read("2\nidentity\n1.png 5\n", "identity"),
        "labels.csv",
        &["announces 2", "1 are"],
    );
    told(read("1.png 5 6\n", "identity"), "labels.csv", &["line 1"]);
    let bytes = put(folder.path(), "labels.csv", b"image,identity\n\xff\xfe,3\n");
    let result = read_labelled_archive(&faces, &bytes, "identity", GREY32, &mut Reading::default());
    told(result, "labels.csv", &["byte 15", "UTF-8"]);
}

#[test]
fn pictures_that_would_fill_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    // A PNG that announces 60 000 x 60 000 pixels.
    let mut bomb = png(32, 4, 0);
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let files = [("train/a/1.png", bomb), ("train/b/2.png", png(32, 9, 0))];
    let path = put(folder.path(), "bomb.zip", zip(&files));
    told(
        read_class_archive(&path, "train", GREY32, &mut Reading::default()),
        "bomb.zip",
        &["train/a/1.png"],
    );
}

#[test]
fn features() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, bytes: &[u8]| {
        read_features(
            &put(folder.path(), name, bytes),
            None,
            &mut Reading::default(),
        )
    };
    let good = safetensors(["features", "labels"], 3, 2, &[0, 1, 2]);
    read("f.safetensors", &good).unwrap();
    told(
        read("f.safetensors", &good[..good.len() - 5]),
        "f.safetensors",
        &["header"],
    );
    told(read("f.safetensors", b"no"), "f.safetensors", &["hint: "]);
    let named = safetensors(["x", "labels"], 3, 2, &[0, 1, 2]);
    told(
        read("f.safetensors", &named),
        "f.safetensors",
        &["no tensor `features`", "x"],
    );
    let short = safetensors(["features", "labels"], 3, 2, &[0, 1]);
    told(
        read("f.safetensors", &short),
        "f.safetensors",
        &["shape 2 instead of 3"],
    );
    let none = safetensors(["features", "labels"], 0, 0, &[]);
    assert!(read("f.safetensors", &none).is_err());

    let labels = folder.path().join("f-labels.npy");
    ndarray_npy::write_npy(&labels, &ndarray::arr1(&[0_u8, 1])).unwrap();
    let array = folder.path().join("f.npy");
    ndarray_npy::write_npy(
        &array,
        &ndarray::Array2::from_shape_fn((2, 3), |(i, j)| (i * 3 + j) as f32),
    )
    .unwrap();
    let bytes = std::fs::read(&array).unwrap();
    read("f.npy", &bytes).unwrap();
    told(
        read("f.npy", &bytes[..bytes.len() - 4]),
        "f.npy",
        &["20 bytes instead of 24"],
    );
    told(read("f.npy", &bytes[..30]), "f.npy", &["header"]);
    told(read("f.npy", b"PK"), "f.npy", &["not a .npy file"]);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let big = bytes_replace(&bytes, b"<f4", b">f4");
    told(read("f.npy", &big), "f.npy", &["'>f4'", "hint: "]);
    assert!(text.contains("(2, 3)"));
    let absurd = bytes_replace(&bytes, b"(2, 3)", b"(9e9,)");
    told(read("f.npy", &absurd), "f.npy", &["shape"]);
    ndarray_npy::write_npy(&labels, &ndarray::arr1(&[0_i32, -1])).unwrap();
    told(read("f.npy", &bytes), "f-labels.npy", &["entry 1"]);
    ndarray_npy::write_npy(&labels, &ndarray::arr1(&[0_i32, i32::MAX])).unwrap();
    told(read("f.npy", &bytes), "f-labels.npy", &["2147483647"]);

    told(
        read("f.csv", b"a,b\n1,2\n"),
        "f.csv",
        &["no column `label`"],
    );
    told(
        read("f.csv", b"a,label\n1,2\nx,2\n"),
        "f.csv",
        &["row 2", "`x`"],
    );
    told(read("f.csv", b"a,label\n1,2\n1\n"), "f.csv", &["row 2"]);
    told(
        read("f.csv", b"a,label\ninf,2\n"),
        "f.csv",
        &["row 1: column `a`", "finite"],
    );
    told(read("f.pkl", b"x"), "f.pkl", &[".safetensors"]);
}

fn bytes_replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|w| w == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}
