//! Whole files of every format are read as they were written.

mod support;

use datasets::*;
use support::*;

const GREY32: PictureOptions = PictureOptions {
    side: 32,
    colour: Some(Colour::Grey),
};

#[test]
fn idx_plain_gzipped_and_transposed() {
    let folder = tempfile::tempdir().unwrap();
    let data: Vec<u8> = (0..2 * 4 * 3).map(|i| i * 10).collect();
    let plain = put(folder.path(), "i", idx(2051, &[2, 4, 3], &data));
    let packed = put(folder.path(), "i.gz", gzip(&idx(2051, &[2, 4, 3], &data)));
    let labels = put(folder.path(), "l", idx(2049, &[2], &[3, 1]));
    let options = IdxOptions {
        classes: 3,
        first_label: 1,
        axes: IdxAxes::Rows,
        side: 6,
    };
    let set = read_idx(&plain, &labels, options, &mut Reading::default()).unwrap();
    assert_eq!(
        set,
        read_idx(&packed, &labels, options, &mut Reading::default()).unwrap()
    );
    assert_eq!((set.labels(), set.classes()), (&[2, 0][..], 3));
    let pixel = |set: &ImageSet, image: usize, row: usize, column: usize| {
        ((set.image(image)[row * 6 + column] + 1.0) * 127.5).round() as u8
    };
    // 4 x 3 in the middle of 6 x 6: one row above, one column to the left.
    assert_eq!(pixel(&set, 1, 1, 1), 120);
    assert_eq!(pixel(&set, 1, 4, 3), 230);
    assert_eq!(pixel(&set, 1, 2, 1), 150);
    assert_eq!(set.image(1)[0], -1.0);
    let axes = IdxAxes::Columns;
    let turned = read_idx(
        &plain,
        &labels,
        IdxOptions { axes, ..options },
        &mut Reading::default(),
    )
    .unwrap();
    // 3 x 4 in the middle: one row above, one column to the left; rows are the file's columns.
    for (row, column) in [(0, 0), (2, 1), (1, 3)] {
        let expected = 120 + 10 * (column * 3 + row) as u8;
        assert_eq!(pixel(&turned, 1, 1 + row, 1 + column), expected);
    }
}

#[test]
fn cifar_batches_of_any_length() {
    let folder = tempfile::tempdir().unwrap();
    let record = |head: &[u8], value: u8| [head, &vec![value; 3072]].concat();
    let one = put(
        folder.path(),
        "1.bin",
        [record(&[7], 0), record(&[2], 255)].concat(),
    );
    let two = put(folder.path(), "2.bin", record(&[9], 51));
    let set = read_cifar(&[one, two], CifarLabels::Ten, &mut Reading::default()).unwrap();
    assert_eq!(set.labels(), [7, 2, 9]);
    assert_eq!(set.shape().to_string(), "3x32x32");
    assert_eq!(
        [set.image(0)[0], set.image(1)[5], set.image(2)[9]],
        [-1.0, 1.0, -0.6]
    );
    let hundred = put(folder.path(), "3.bin", record(&[19, 99], 0));
    let fine = read_cifar(
        std::slice::from_ref(&hundred),
        CifarLabels::Fine,
        &mut Reading::default(),
    )
    .unwrap();
    let coarse = read_cifar(&[hundred], CifarLabels::Coarse, &mut Reading::default()).unwrap();
    assert_eq!((fine.labels(), fine.classes()), (&[99][..], 100));
    assert_eq!((coarse.labels(), coarse.classes()), (&[19][..], 20));
}

#[test]
fn class_folders_zip_and_tars_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("tiny/train/b/images/1.png", png(40, 10, 0)),
        ("tiny/train/a/images/2.png", png(40, 30, 60)),
        ("tiny/train/a/images/3.PNG", png(20, 5, 0)),
        ("tiny/train/a/boxes.txt", b"2.png 0 0 3 3".to_vec()),
        ("tiny/val/c/4.png", png(20, 5, 0)),
    ];
    for (name, bytes) in &files {
        put(folder.path(), name, bytes);
    }
    let train = folder.path().join("tiny/train");
    let from_folder = read_class_folders(&train, GREY32, &mut Reading::default()).unwrap();
    assert_eq!(from_folder.labels(), [0, 0, 1]);
    let archives = [
        put(folder.path(), "t.zip", zip(&files)),
        put(folder.path(), "t.tar", tar(&files)),
        put(folder.path(), "t.tar.gz", gzip(&tar(&files))),
        put(folder.path(), "t.tar.xz", xz(&tar(&files))),
    ];
    for archive in archives {
        let set = read_class_archive(&archive, "train", GREY32, &mut Reading::default()).unwrap();
        // Archives keep their own order.
        assert_eq!(set.labels(), [1, 0, 0], "{}", archive.display());
        assert_eq!(set.image(0), from_folder.image(2));
        assert_eq!(set.image(1), from_folder.image(0));
        assert_eq!(set.image(2), from_folder.image(1));
    }
}

#[test]
fn omniglot_ink_is_bright_and_survives() {
    let folder = tempfile::tempdir().unwrap();
    let one = zip(&[
        ("small1/Greek/character01/0001_01.png", png(105, 50, 0)),
        ("small1/Greek/character02/0002_01.png", png(105, 20, 0)),
        ("small1/readme.txt", Vec::new()),
    ]);
    let two = zip(&[
        ("small2/Greek/character01/0001_01.png", png(105, 50, 0)),
        ("small2/Latin/character01/0001_01.png", png(105, 80, 0)),
    ]);
    let archives = [
        put(folder.path(), "1.zip", one),
        put(folder.path(), "2.zip", two),
    ];
    let set = read_omniglot(&archives, 32, &mut Reading::default()).unwrap();
    // The second archive's Greek letter is the first's.
    assert_eq!((set.labels(), set.classes()), (&[0, 1, 2][..], 3));
    let row = &set.image(0)[16 * 32..17 * 32];
    assert!(row[15] > 0.9, "ink {row:?}");
    assert!(row[0] == -1.0 && row[31] == -1.0, "paper {row:?}");
}

#[test]
fn labelled_archives_with_every_kind_of_table() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = zip(&[
        ("img_align_celeba/2.png", png(40, 10, 0)),
        ("img_align_celeba/1.png", png(40, 30, 0)),
        ("img_align_celeba/3.png", png(40, 20, 0)),
    ]);
    let pictures = put(folder.path(), "faces.zip", pictures);
    let tables = [
        (
            "l.csv",
            "image,identity,Male\n1.png,900,0\n2.png,31,1\n3.png,900,1\n",
        ),
        ("identity_CelebA.txt", "1.png 900\n2.png 31\n3.png 900\n"),
        (
            "list_attr_celeba.txt",
            "3\n identity Male \n1.png  900 -1\n2.png 31  1\n3.png 900 1\n",
        ),
    ];
    for (name, text) in tables {
        let table = put(folder.path(), name, text);
        let set = read_labelled_archive(
            &pictures,
            &table,
            "identity",
            GREY32,
            &mut Reading::default(),
        )
        .unwrap();
        assert_eq!((set.labels(), set.classes()), (&[0, 1, 1][..], 2), "{name}");
        if name != "identity_CelebA.txt" {
            let set =
                read_labelled_archive(&pictures, &table, "male", GREY32, &mut Reading::default())
                    .unwrap();
            assert_eq!(set.labels(), [1, 0, 1], "{name}");
        }
    }
}

#[test]
fn features_of_every_kind() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let tensors = safetensors(["features", "labels"], 3, 2, &[0, 2, 1]);
    let tensors = read_features(
        &put(folder.path(), "f.safetensors", tensors),
        None,
        &mut Reading::default(),
    )
    .unwrap();
    assert_eq!((tensors.width(), tensors.classes()), (2, 3));
    let values = ndarray::Array2::from_shape_fn((3, 2), |(i, j)| (i * 2 + j) as f32);
    let labels = ndarray::arr1(&[0_i64, 2, 1]);
    ndarray_npy::write_npy(path("f.npy"), &values).unwrap();
    ndarray_npy::write_npy(path("f-labels.npy"), &labels).unwrap();
    ndarray_npy::write_npy(path("d.npy"), &values.mapv(f64::from)).unwrap();
    let beside = read_features(&path("f.npy"), None, &mut Reading::default()).unwrap();
    let named = read_features(
        &path("d.npy"),
        Some(&path("f-labels.npy")),
        &mut Reading::default(),
    )
    .unwrap();
    let text = "a,label,b\n0,0,1\n2,2,3\n4,1,5\n";
    let text = read_features(
        &put(folder.path(), "f.csv", text),
        None,
        &mut Reading::default(),
    )
    .unwrap();
    assert_eq!(tensors, beside);
    assert_eq!(tensors, named);
    assert_eq!(tensors, text);
}
