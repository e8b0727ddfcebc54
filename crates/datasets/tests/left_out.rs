//! What readers leave out is counted and told; what they open is what the key of a cache covers.

mod support;

use std::os::unix::fs::symlink;

use datasets::*;
use support::*;

const OWN32: PictureOptions = PictureOptions {
    side: 32,
    colour: None,
};

fn key() -> StreamKey {
    StreamKey::from_seed(11)
}

fn spec(text: &str) -> DatasetSpec {
    serde_saphyr::from_str(text).unwrap()
}

/// Counts of all remarks, in order.
fn counts<const N: usize>(reading: &Reading, remarks: [Remark; N]) -> [usize; N] {
    remarks.map(|remark| reading.count(remark))
}

#[test]
fn archives_with_hidden_folders_strays_and_links() {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("set/train/n0/1.png", png(32, 4, 0)),
        ("set/train/n0/2.PNG", png(32, 9, 0)),
        ("set/train/n1/1.png", png(32, 14, 0)),
        (
            "set/train/.ipynb_checkpoints/1-checkpoint.png",
            png(32, 4, 0),
        ),
        ("set/train/n1/._1.png", b"shadow".to_vec()),
        ("__MACOSX/set/train/n1/1.png", b"shadow".to_vec()),
        ("set/train/n1/notes.txt", b"text".to_vec()),
        ("set/train/loose.png", png(32, 4, 0)),
        ("set/val/n0/9.png", png(32, 4, 0)),
    ];
    let mut with_links = tar::Builder::new(Vec::new());
    for (name, bytes) in &files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        with_links
            .append_data(&mut header, name, bytes.as_slice())
            .unwrap();
    }
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    with_links
        .append_link(&mut header, "set/train/n1/3.png", "../n0/1.png")
        .unwrap();
    let with_links = with_links.into_inner().unwrap();
    for (name, bytes, links) in [
        ("t.zip", zip(&files), 0),
        ("t.tar", tar(&files), 0),
        ("links.tar", with_links.clone(), 1),
        ("links.tar.xz", xz(&with_links), 1),
    ] {
        let path = put(folder.path(), name, bytes);
        let mut reading = Reading::default();
        let set = read_class_archive(&path, "train", OWN32, &mut reading).unwrap();
        assert_eq!((set.labels(), set.classes()), (&[0, 0, 1][..], 2), "{name}");
        let found = counts(
            &reading,
            [
                Remark::Hidden,
                Remark::OtherEnding,
                Remark::NoClass,
                Remark::Link,
            ],
        );
        assert_eq!(found, [3, 1, 1, links], "{name}: {reading}");
        assert!(
            reading.to_string().contains("set/train/loose.png"),
            "{reading}"
        );
    }
    // A plain tar that lost its end, between two files.
    let cut = &with_links[..512 * 2 + png(32, 4, 0).len().next_multiple_of(512) - 512];
    let path = put(folder.path(), "cut.tar", cut);
    let error = read_class_archive(&path, "train", OWN32, &mut Reading::default());
    assert!(error.unwrap_err().to_string().contains("not a whole tar"));
}

#[test]
fn what_is_no_archive_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let told = |bytes: &[u8]| {
        let path = put(folder.path(), "set.zip", bytes);
        let error = read_class_archive(&path, "train", OWN32, &mut Reading::default());
        let message = error.unwrap_err().to_string();
        assert!(
            message.contains("set.zip") && message.contains("hint: "),
            "{message}"
        );
        assert!(
            !message.chars().any(|c| c.is_control() && c != '\n'),
            "{message:?}"
        );
        message
    };
    assert!(told(b"Rar!\x1a\x07\x01\x00\x8d\x82\xd2\xfb").contains("a RAR archive"));
    assert!(told(b"7z\xbc\xaf\x27\x1c\x00\x04").contains("a 7z archive"));
    assert!(told(b"<!doctype html><html>log in</html>").contains("a web page"));
    assert!(told(b"").contains("empty"));
    let escapes = told(b"\x1b]0;owned\x07\x1b[2J\x1b[31mred and more");
    assert!(
        escapes.contains("begins with `\\u{1b}]0;owned"),
        "{escapes}"
    );
    // A zip whose entries are packed by Deflate64 (method 9).
    let mut packed = zip(&[("train/a/1.png", png(32, 4, 0))]);
    for at in 0..packed.len() - 12 {
        if packed[at..].starts_with(b"PK\x03\x04") {
            packed[at + 8] = 9;
        } else if packed[at..].starts_with(b"PK\x01\x02") {
            packed[at + 10] = 9;
        }
    }
    let deflate64 = told(&packed);
    assert!(
        deflate64.contains("Deflate64") && deflate64.contains("zip -r"),
        "{deflate64}"
    );
}

#[test]
fn class_folders_with_links_pipes_and_depths() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("set");
    put(&root, "a/1.png", png(32, 4, 0));
    put(&root, "a/more/2.png", png(32, 9, 0));
    put(&root, "b/3.png", png(32, 14, 0));
    put(&root, "b/d1/d2/d3/d4/d5/d6/d7/d8/d9/4.png", png(32, 4, 0));
    put(&root, "b/5.heic", b"other");
    put(&root, "a/.6.png", b"hidden");
    put(&root, ".cache/7.png", b"hidden");
    put(&root, "8.png", png(32, 4, 0));
    put(folder.path(), "elsewhere/9.png", png(32, 20, 0));
    symlink(folder.path().join("elsewhere/9.png"), root.join("b/9.png")).unwrap();
    symlink("nowhere.png", root.join("b/10.png")).unwrap();
    symlink(&root, root.join("a/more/again")).unwrap();
    let pipe = root.join("b/11.png");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let mut reading = Reading::default();
    let set = read_class_folders(&root, OWN32, &mut reading).unwrap();
    // A link to a picture is followed: what it leads to was put there on purpose.
    assert_eq!(set.labels(), [0, 0, 1, 1]);
    let found = counts(
        &reading,
        [
            Remark::Hidden,
            Remark::Link,
            Remark::Special,
            Remark::OtherEnding,
            Remark::TooDeep,
            Remark::NoClass,
        ],
    );
    assert_eq!(found, [2, 2, 1, 1, 1, 1], "{reading}");
    // Nothing of this waits for the pipe.
    let own = spec("image_folder: { path: set }");
    own.content_hash(folder.path()).unwrap();
    assert_eq!(own.count_classes(folder.path()).unwrap(), Some(vec![2, 2]));
    let features = spec("features: { path: set/b/11.png }").content_hash(folder.path());
    assert!(matches!(features, Err(DatasetError::Missing { .. })));
}

#[test]
fn tiny_imagenet_as_it_is_distributed() {
    let folder = tempfile::tempdir().unwrap();
    let table = "val_0.JPEG\tn1\t0\t0\t62\t57\nval_1.JPEG\tn0\t0\t0\t62\t57\n";
    let jpeg = |column: u32| {
        let grey = image::load_from_memory(&png(64, column, 0)).unwrap();
        let mut out = std::io::Cursor::new(Vec::new());
        grey.write_to(&mut out, image::ImageFormat::Jpeg).unwrap();
        out.into_inner()
    };
    let files = [
        ("t/train/n0/images/n0_0.JPEG", jpeg(9)),
        (
            "t/train/n0/n0_boxes.txt",
            b"n0_0.JPEG\t0\t0\t62\t57\n".to_vec(),
        ),
        ("t/train/n1/images/n1_0.JPEG", jpeg(29)),
        ("t/val/images/val_0.JPEG", jpeg(40)),
        ("t/val/images/val_1.JPEG", jpeg(50)),
        ("t/val/val_annotations.txt", table.as_bytes().to_vec()),
        ("t/test/images/test_0.JPEG", jpeg(20)),
    ];
    put(
        folder.path(),
        "tinyimagenet32/tiny-imagenet-200.zip",
        zip(&files),
    );
    for (part, labels) in [
        ("train", &[0, 1][..]),
        ("test", &[1, 0]),
        ("all", &[0, 1, 1, 0]),
    ] {
        let tiny = spec(&format!("tiny_imagenet32: {{ part: {part} }}"));
        let set = tiny.load(folder.path(), key()).unwrap();
        assert_eq!((set.labels(), set.classes()), (labels, 2), "{part}");
    }
    // The table and the pictures must belong together.
    let mut fewer = files.to_vec();
    fewer.remove(4);
    put(
        folder.path(),
        "tinyimagenet32/tiny-imagenet-200.zip",
        zip(&fewer),
    );
    let error = spec("tiny_imagenet32: { part: test }").load(folder.path(), key());
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("1 pictures, val_annotations.txt names 2"),
        "{error}"
    );
}

#[test]
fn pictures_without_a_label_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["1.png", "2.png", "3.png"].map(|name| (name, png(40, 10, 0)));
    let pictures = put(folder.path(), "p.zip", zip(&files));
    let table = put(
        folder.path(),
        "t.csv",
        "image,identity\n1.png,7\n2.png,\n3.png,9\n",
    );
    let mut reading = Reading::default();
    let set = read_labelled_archive(&pictures, &table, "identity", OWN32, &mut reading).unwrap();
    assert_eq!((set.labels(), set.classes()), (&[0, 1][..], 2));
    assert_eq!(
        reading.lines(),
        ["1 picture without a label left out (2.png)"]
    );
    let table = put(
        folder.path(),
        "t.csv",
        "image,identity,Identity\n1.png,7,1\n",
    );
    let error = read_labelled_archive(&pictures, &table, "identity", OWN32, &mut reading);
    assert!(error.unwrap_err().to_string().contains("several columns"));
}

#[test]
fn idx_in_folders_of_their_own_names_and_empty_ones() {
    let folder = tempfile::tempdir().unwrap();
    let (images, labels) = (idx(2051, &[2, 4, 4], &[0; 32]), idx(2049, &[2], &[3, 9]));
    let inside = |name: &str| format!("notmnist/{name}/{name}");
    put(folder.path(), &inside("t10k-images-idx3-ubyte"), &images);
    put(folder.path(), &inside("t10k-labels-idx1-ubyte"), &labels);
    let letters = spec("notmnist");
    assert_eq!(letters.load(folder.path(), key()).unwrap().labels(), [3, 9]);
    // A file beside the folder of that name.
    put(folder.path(), "notmnist/t10k-images.idx3-ubyte", &images);
    assert_eq!(letters.load(folder.path(), key()).unwrap().len(), 2);
    put(
        folder.path(),
        "notmnist/t10k-images.idx3-ubyte",
        idx(2051, &[0, 28, 28], &[]),
    );
    put(
        folder.path(),
        "notmnist/t10k-labels.idx1-ubyte",
        idx(2049, &[0], &[]),
    );
    let error = letters.load(folder.path(), key()).unwrap_err().to_string();
    assert!(error.contains("0 images"), "{error}");
}

#[test]
fn texts_of_macs() {
    let folder = tempfile::tempdir().unwrap();
    let cr = put(folder.path(), "sms", "ham\tok then\rspam\tWIN now\r");
    let set = read_sms(&cr, &mut Reading::default()).unwrap();
    assert_eq!(set.texts(), ["ok then", "WIN now"]);
    let crlf = put(folder.path(), "sms", "ham\ta\rb\r\nspam\tWIN\r\n");
    assert_eq!(
        read_sms(&crlf, &mut Reading::default()).unwrap().texts(),
        ["a\rb", "WIN"]
    );
    let files = [
        ("aclImdb/train/neg/0_2.txt", b"bad".to_vec()),
        ("aclImdb/train/neg/._0_2.txt", b"shadow".to_vec()),
        ("aclImdb/train/pos/0_9.txt", b"fine".to_vec()),
        ("__MACOSX/aclImdb/train/pos/0_9.txt", b"shadow".to_vec()),
    ];
    let path = put(folder.path(), "aclImdb_v1.tar.gz", gzip(&tar(&files)));
    let mut reading = Reading::default();
    let set = read_imdb(&path, "train", &mut reading).unwrap();
    assert_eq!((set.len(), reading.count(Remark::Hidden)), (2, 2));
}

#[test]
fn the_key_covers_what_is_opened_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let values = ndarray::Array2::from_shape_fn((20, 3), |(i, j)| ((i * 7 + j) as f32).sin());
    let labels = |shift: usize| ndarray::Array1::from_shape_fn(20, |i| ((i + shift) % 2) as i64);
    ndarray_npy::write_npy(root.join("x.npy"), &values).unwrap();
    ndarray_npy::write_npy(root.join("x-labels.npy"), &labels(0)).unwrap();
    ndarray_npy::write_npy(root.join("other.npy"), &labels(0)).unwrap();
    for name in ["a/1.png", "b/2.png"] {
        put(root, &format!("set/{name}"), png(40, 7, 0));
    }
    let features = spec("features: { path: x.npy }");
    let told = spec("features: { path: x.npy, labels: other.npy }");
    let folder_spec = spec("image_folder: { path: set }");
    let embeddings = TextSpec::Embeddings {
        path: "x.npy".into(),
    };
    let hash = |spec: &DatasetSpec| spec.content_hash(root).unwrap();
    let (before, told_before) = (hash(&features), hash(&told));
    let texts_before = embeddings.content_hash(root).unwrap();
    let mut reading = Reading::default();
    features.load_features_with(root, &mut reading).unwrap();
    assert_eq!(
        reading.opened(),
        [root.join("x.npy"), root.join("x-labels.npy")]
    );
    // Other labels beside the features: stale, unless other labels were told.
    ndarray_npy::write_npy(root.join("x-labels.npy"), &labels(1)).unwrap();
    assert_ne!(hash(&features), before);
    assert_ne!(embeddings.content_hash(root).unwrap(), texts_before);
    assert_eq!(hash(&told), told_before);
    // What is not read does not matter; names of classes do.
    let before = hash(&folder_spec);
    put(root, "set/a/.hidden.png", b"x");
    put(root, "set/notes.txt", b"x");
    assert_eq!(hash(&folder_spec), before);
    std::fs::rename(root.join("set/b"), root.join("set/c")).unwrap();
    assert_ne!(hash(&folder_spec), before);
}

#[test]
fn mixtures_whose_files_decide_the_colour_follow_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let record = |label: u8| [&[label][..], &[label; 3072]].concat();
    put(
        root,
        "cifar-10-batches-bin/data_batch_1.bin",
        [record(1), record(2)].concat(),
    );
    for name in ["a/1.png", "b/2.png"] {
        put(root, &format!("grey/{name}"), png(40, 7, 0));
    }
    let mixed = spec("mixed: [{ image_folder: { path: grey } }, cifar10]");
    assert_eq!(mixed.load(root, key()).unwrap().shape().channels, 3);
    let alone = spec("mixed: [{ image_folder: { path: grey } }]");
    assert_eq!(alone.load(root, key()).unwrap().shape().channels, 1);
    let told = spec("mixed: [{ image_folder: { path: grey, colour: grey } }, cifar10]");
    let error = told.load(root, key()).unwrap_err().to_string();
    assert!(error.contains("1x32x32"), "{error}");
}
