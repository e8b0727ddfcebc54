//! Features made elsewhere with their images: drawn digits through a random layer with ReLU.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::Path;

use datasets::{DatasetSpec, FeatureSet, ImageSet, StreamKey, StrokeClasses};
use rand::RngExt;
use safetensors::tensor::{Dtype, TensorView, serialize};

/// Features.
pub const WIDTH: usize = 192;

/// So many drawn digits, as bytes hold them; another `name` gives others.
pub fn digits(name: &str, images: usize) -> ImageSet {
    let classes = StrokeClasses::Digits;
    let spec = DatasetSpec::Strokes { classes, images };
    let key = StreamKey::from_seed(3).child(name);
    let images = spec.load("none".as_ref(), key).expect("digits");
    let bytes = images.pixels().iter();
    let bytes = bytes.map(|x| ((x + 1.0) * 127.5).round() / 127.5 - 1.0);
    let labels = images.labels().to_vec();
    ImageSet::new(images.shape(), bytes.collect(), labels, 10).expect("images")
}

/// Their features, by the same layer for all.
pub fn features(images: &ImageSet) -> FeatureSet {
    let pixels = images.shape().len();
    let mut rng = StreamKey::from_seed(3).child("layer").rng(0);
    let mut weight = || rng.random_range(-0.08..0.08_f32);
    let layer: Vec<f32> = (0..WIDTH * pixels).map(|_| weight()).collect();
    let rows = images.pixels().chunks(pixels).flat_map(|image| {
        layer.chunks(pixels).map(move |row| {
            let sum: f32 = row.iter().zip(image).map(|(w, x)| w * x).sum();
            sum.max(0.0)
        })
    });
    let labels = images.labels().to_vec();
    FeatureSet::new(WIDTH, rows.collect(), labels, 10).expect("features")
}

/// Single precision as files hold it.
pub fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// Row numbers and labels as PyTorch saves them.
pub fn integers(values: &[u32]) -> Vec<u8> {
    let each = values.iter();
    each.flat_map(|&x| i64::from(x).to_le_bytes()).collect()
}

/// `NAME.safetensors`.
pub fn write_features(folder: &Path, name: &str, features: &FeatureSet) {
    let n = features.len();
    let (rows, labels) = (floats(features.values()), integers(features.labels()));
    let rows = TensorView::new(Dtype::F32, vec![n, features.width()], &rows).expect("rows");
    let labels = TensorView::new(Dtype::I64, vec![n], &labels).expect("labels");
    let file = serialize([("features", rows), ("labels", labels)], None).expect("a file");
    std::fs::write(folder.join(format!("{name}.safetensors")), file).expect("written");
}

/// `NAME-images.npy`, in colour as `scripts/export_features.py` writes it, or grey.
pub fn write_images(folder: &Path, name: &str, images: &ImageSet, channels: usize) {
    let (n, shape) = (images.len(), images.shape());
    let (rows, columns) = (shape.height, shape.width);
    let mut header = format!(
        "{{'descr': '|u1', 'fortran_order': False, 'shape': ({n}, {rows}, {columns}, {channels}), }}"
    );
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    let bytes = images.pixels().iter();
    let bytes = bytes.map(|x| ((x + 1.0) * 127.5).round() as u8);
    npy.extend(bytes.flat_map(|byte| std::iter::repeat_n(byte, channels)));
    std::fs::write(folder.join(format!("{name}-images.npy")), npy).expect("written");
}

/// Both of so many digits.
pub fn write(folder: &Path, name: &str, images: usize, channels: usize) {
    let images = digits(name, images);
    write_features(folder, name, &features(&images));
    write_images(folder, name, &images, channels);
}

/// So many digits as pictures, one folder a class.
pub fn write_folder(folder: &Path, name: &str, images: usize) {
    let images = digits(name, images);
    let shape = images.shape();
    for index in 0..images.len() {
        let class = folder.join(format!("{name}/{}", images.labels()[index]));
        std::fs::create_dir_all(&class).expect("a folder");
        let mut picture = format!("P5\n{} {}\n255\n", shape.width, shape.height).into_bytes();
        let bytes = images.image(index).iter();
        picture.extend(bytes.map(|x| ((x + 1.0) * 127.5).round() as u8));
        std::fs::write(class.join(format!("{index:05}.pgm")), picture).expect("written");
    }
}
