//! Features with the images they were computed from.

mod support;

use std::path::Path;

use datasets::{
    Colour, DatasetError, FeatureSet, ImageSet, PairedImages, PictureOptions, Reading, read_paired,
};
use support::{png, put, safetensors};

/// An `.npy` of bytes.
fn npy(shape: &str, descr: &str, data: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((header.len() as u16).to_le_bytes());
    out.extend(header.as_bytes());
    out.extend(data);
    out
}

fn features(folder: &Path) -> std::path::PathBuf {
    put(
        folder,
        "f.safetensors",
        safetensors(["features", "labels"], 4, 3, &[0, 1, 1, 0]),
    )
}

fn array(folder: &Path, shape: &str, data: &[u8]) -> Result<(ImageSet, FeatureSet), DatasetError> {
    let images = put(folder, "images.npy", npy(shape, "|u1", data));
    read_paired(
        &features(folder),
        None,
        PairedImages::Array(&images),
        &mut Reading::default(),
    )
}

#[test]
fn images_of_all_three_shapes_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    // Four images of 2 x 2 in three channels; channel c of pixel p of image i is 60 i + 20 p + c.
    let value = |i: usize, c: usize, p: usize| (60 * i + 10 * p + c) as u8;
    let each = |order: fn(usize) -> (usize, usize)| -> Vec<u8> {
        let all = (0..4).flat_map(|i| (0..12).map(move |at| (i, order(at))));
        all.map(|(i, (c, p))| value(i, c, p)).collect()
    };
    let first = each(|at| (at / 4, at % 4));
    let last = each(|at| (at % 3, at / 3));
    let (nchw, made) = array(folder.path(), "(4, 3, 2, 2)", &first).unwrap();
    let (nhwc, _) = array(folder.path(), "(4, 2, 2, 3)", &last).unwrap();
    assert_eq!(nchw, nhwc);
    assert_eq!(nchw.shape().to_string(), "3x2x2");
    assert_eq!(
        (nchw.labels(), made.labels()),
        (&[0, 1, 1, 0][..], &[0, 1, 1, 0][..])
    );
    let expected = f32::from(value(2, 1, 3)) / 127.5 - 1.0;
    assert!((nchw.image(2)[4 + 3] - expected).abs() < 1e-6);
    let grey: Vec<u8> = (0..16).collect();
    let (flat, _) = array(folder.path(), "(4, 2, 2)", &grey).unwrap();
    let (one, _) = array(folder.path(), "(4, 2, 2, 1)", &grey).unwrap();
    assert_eq!(flat, one);
}

#[test]
fn pictures_come_in_the_order_of_the_list() {
    let folder = tempfile::tempdir().unwrap();
    for column in 0..4 {
        put(
            folder.path(),
            &format!("images/{column}.png"),
            png(32, 4 + 8 * column, 0),
        );
    }
    let list = put(
        folder.path(),
        "list.txt",
        "2.png\n0.png\n./3.png\n1.png\n\n",
    );
    let images = folder.path().join("images");
    let options = PictureOptions {
        side: 32,
        colour: Some(Colour::Grey),
    };
    let read = || {
        let from = PairedImages::Folder(&images, &list, options);
        read_paired(
            &features(folder.path()),
            None,
            from,
            &mut Reading::default(),
        )
    };
    let (set, _) = read().unwrap();
    let dark = |index: usize| {
        let row = &set.image(index)[..32];
        (0..32).min_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap() / 8
    };
    assert_eq!([0, 1, 2, 3].map(dark), [2, 0, 3, 1]);
    for (lines, said) in [
        ("0.png\n1.png\n2.png\n", "3 images for 4 rows"),
        ("0.png\n1.png\n2.png\n../3.png\n", "line 4"),
        ("0.png\n\n2.png\n3.png\n", "line 2"),
        ("0.png\n1.png\n2.png\nnone.png\n", "none.png"),
    ] {
        std::fs::write(&list, lines).unwrap();
        let refused = read().unwrap_err().to_string();
        assert!(refused.contains(said), "`{said}` is not in: {refused}");
    }
}

#[test]
fn arrays_that_are_no_images_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (shape, data, said) in [
        ("(3, 2, 2)", 12, "3 images for 4 rows"),
        ("(4, 2, 2, 2)", 32, "4 x 2 x 2 x 2"),
        ("(16,)", 16, "height x width"),
        ("(4, 0, 2)", 0, "without a pixel"),
        ("(4, 2, 2)", 15, "15 bytes instead of 16"),
    ] {
        let refused = array(folder.path(), shape, &vec![7; data])
            .unwrap_err()
            .to_string();
        assert!(refused.contains(said), "`{said}` is not in: {refused}");
    }
    let images = put(
        folder.path(),
        "images.npy",
        npy("(4, 1, 1)", "<f4", &[0; 16]),
    );
    let from = PairedImages::Array(&images);
    let refused = read_paired(
        &features(folder.path()),
        None,
        from,
        &mut Reading::default(),
    );
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("uint8"), "{refused}");
}
