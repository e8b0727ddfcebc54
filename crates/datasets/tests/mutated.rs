//! Whatever is done to a file, a reader gives an error or a set: never a panic, and never more
//! memory than the file's size explains.

#[path = "../../harness/tests/changes/mod.rs"]
mod changes;
mod support;

use std::path::Path;

use datasets::*;
use proptest::prelude::*;
use support::*;

const OWN32: PictureOptions = PictureOptions {
    side: 8,
    colour: None,
};
/// Most memory of the whole test, in MiB: headers that announce gigabytes must not get them.
const MOST: u64 = 256;

/// One change of a file: bytes are replaced, cut out, put in, or repeated.
#[derive(Clone, Debug)]
enum Change {
    Replace(usize, u8),
    Cut(usize, usize),
    Insert(usize, Vec<u8>),
    Repeat(usize, usize),
    End(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        1 => (any::<usize>(), 1_usize..40).prop_map(|(at, count)| Change::Cut(at, count)),
        1 => (any::<usize>(), prop::collection::vec(any::<u8>(), 1..9))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        1 => (any::<usize>(), 1_usize..40).prop_map(|(at, count)| Change::Repeat(at, count)),
        1 => any::<usize>().prop_map(Change::End),
    ]
}

/// `whole` with `changes`, most of them near its beginning, where formats keep what they are.
fn changed(whole: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for change in changes {
        let length = bytes.len().max(1);
        let place = |at: usize| {
            if at.is_multiple_of(3) {
                at % length
            } else {
                at % length.min(160)
            }
        };
        match change {
            Change::Replace(at, byte) if !bytes.is_empty() => bytes[place(*at)] = *byte,
            Change::Replace(..) => {}
            Change::Cut(at, count) => {
                let from = place(*at).min(bytes.len());
                bytes.drain(from..(from + count).min(bytes.len()));
            }
            Change::Insert(at, more) => {
                let from = place(*at).min(bytes.len());
                bytes.splice(from..from, more.iter().copied());
            }
            Change::Repeat(at, count) => {
                let from = place(*at).min(bytes.len());
                let part = bytes[from..(from + count).min(bytes.len())].to_vec();
                bytes.splice(from..from, part);
            }
            Change::End(at) => bytes.truncate(at % length),
        }
    }
    bytes
}

/// Reads changed copies of `whole`, written to `name`: a tenth of `cases`, or all of them where
/// RHEA_MUTATIONS says `all`.
fn survives<T>(
    cases: u32,
    name: &str,
    whole: &[u8],
    read: impl Fn(&Path) -> Result<T, DatasetError>,
) {
    let all = std::env::var("RHEA_MUTATIONS").is_ok_and(|how| how == "all");
    let cases = if all { cases } else { cases / 10 };
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), name, whole);
    assert!(read(&path).is_ok(), "{name} is read as it is");
    changes::keep_as_seed(name, whole);
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let some = prop::collection::vec(change(), 1..4);
    let outcome = runner.run(&some, |changes| {
        std::fs::write(&path, changed(whole, &changes)).unwrap();
        if let Err(error) = read(&path) {
            // Every message can be shown.
            let shown = error.to_string();
            prop_assert!(
                !shown.chars().any(|c| c.is_control() && c != '\n'),
                "{shown:?}"
            );
        }
        Ok(())
    });
    outcome.unwrap();
    if let Some(peak) = peak() {
        assert!(peak < MOST, "{name}: {peak} MiB");
    }
}

/// A picture of 8 x 8 in `format`.
fn picture(format: image::ImageFormat) -> Vec<u8> {
    let grey = image::load_from_memory(&png(8, 3, 60)).unwrap().into_rgb8();
    let mut out = std::io::Cursor::new(Vec::new());
    grey.write_to(&mut out, format).unwrap();
    out.into_inner()
}

#[test]
fn idx_files() {
    let whole = idx(2051, &[3, 4, 4], &[9; 48]);
    survives(10_000, "images", &whole, |path| {
        let labels = put(
            path.parent().unwrap(),
            "labels",
            idx(2049, &[3], &[0, 1, 2]),
        );
        read_idx(path, &labels, IdxOptions::mnist(), &mut Reading::default())
    });
    let images = idx(2051, &[3, 4, 4], &[9; 48]);
    survives(10_000, "labels", &idx(2049, &[3], &[0, 1, 2]), |path| {
        let images = put(path.parent().unwrap(), "images", &images);
        read_idx(&images, path, IdxOptions::mnist(), &mut Reading::default())
    });
}

#[test]
fn cifar_batches() {
    let whole = [&[3][..], &[7; 3072]].concat();
    survives(10_000, "batch.bin", &whole, |path| {
        let batches = [path.to_path_buf()];
        read_cifar(&batches, CifarLabels::Ten, &mut Reading::default())
    });
}

#[test]
fn features_in_every_format() {
    let read = |path: &Path| read_features(path, None, &mut Reading::default());
    let tensors = safetensors(["features", "labels"], 6, 3, &[0, 1, 2, 0, 1, 2]);
    survives(10_000, "f.safetensors", &tensors, read);
    let rows: String = (0..12).map(|i| format!("{i}.5,-{i},{}\n", i % 3)).collect();
    survives(
        10_000,
        "f.csv",
        format!("a,b,label\n{rows}").as_bytes(),
        read,
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let values = ndarray::Array2::from_shape_fn((4, 3), |(i, j)| (i * 5 + j) as f32);
    ndarray_npy::write_npy(&path, &values).unwrap();
    let labels = folder.path().join("l.npy");
    ndarray_npy::write_npy(&labels, &ndarray::arr1(&[0_u8, 1, 0, 1])).unwrap();
    survives(10_000, "f.npy", &std::fs::read(&path).unwrap(), |path| {
        read_features(path, Some(&labels), &mut Reading::default())
    });
    survives(
        10_000,
        "l.npy",
        &std::fs::read(&labels).unwrap(),
        |labels| read_features(&path, Some(labels), &mut Reading::default()),
    );
}

#[test]
fn texts() {
    let sms = b"ham\tHi there\nspam\tWIN now\nham\tok\n";
    survives(10_000, "sms", sms, |path| {
        read_sms(path, &mut Reading::default())
    });
    let youtube = b"ID,CONTENT,CLASS\n1,\"a,\nb\",1\n2,c,0\n";
    survives(10_000, "y.csv", youtube, |path| {
        read_youtube(&[path.to_path_buf()], &mut Reading::default())
    });
    let imdb = b"pos\t9\t1\tfine\nneg\t2\t2\tbad\n";
    survives(10_000, "i.tsv", imdb, |path| {
        read_imdb(path, "train", &mut Reading::default())
    });
}

#[test]
fn tables_of_labels() {
    let folder = tempfile::tempdir().unwrap();
    let faces = [("1.png", png(8, 2, 0)), ("2.png", png(8, 5, 0))];
    let faces = put(folder.path(), "faces.zip", zip(&faces));
    for (name, table) in [
        ("l.csv", "image,identity,Male\n1.png,900,0\n2.png,31,1\n"),
        ("identity.txt", "1.png 900\n2.png 31\n"),
        (
            "attributes.txt",
            "2\n identity Male \n1.png  900 -1\n2.png 31  1\n",
        ),
    ] {
        survives(3_500, name, table.as_bytes(), |path| {
            read_labelled_archive(&faces, path, "identity", OWN32, &mut Reading::default())
        });
    }
}

#[test]
fn pictures_in_every_format() {
    use image::ImageFormat::{Bmp, Gif, Jpeg, Png, Pnm, Tiff, WebP};
    let progressive = include_bytes!("fixtures/progressive.jpg").to_vec();
    let formats = [Bmp, Gif, Jpeg, Png, Pnm, Tiff, WebP].map(picture);
    for whole in formats.into_iter().chain([progressive]) {
        survives(2_500, "set/a/x.png", &whole, |path| {
            let class = path.parent().unwrap();
            let root = class.parent().unwrap();
            if !root.join("b/y.png").exists() {
                put(root, "b/y.png", png(8, 2, 0));
            }
            read_class_folders(root, OWN32, &mut Reading::default())
        });
    }
}

#[test]
fn archives() {
    let files = [
        ("train/a/1.png", png(8, 2, 0)),
        ("train/b/2.png", png(8, 5, 0)),
    ];
    for (name, whole) in [
        ("t.zip", zip(&files)),
        ("t.tar", tar(&files)),
        ("t.tar.gz", gzip(&tar(&files))),
        ("t.tar.xz", xz(&tar(&files))),
    ] {
        survives(2_500, name, &whole, |path| {
            read_class_archive(path, "train", OWN32, &mut Reading::default())
        });
    }
    let characters = [("x/Greek/c01/1.png", png(16, 5, 0))];
    survives(10_000, "o.zip", &zip(&characters), |path| {
        read_omniglot(&[path.to_path_buf()], 8, &mut Reading::default())
    });
}
