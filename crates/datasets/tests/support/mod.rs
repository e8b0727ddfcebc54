//! Small files of every format, made by other libraries than the readers use where there is one.

#![allow(dead_code)] // Each test binary uses its own part.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

/// A PNG of `side` x `side` with a bar of `ink` at `column`, on white.
pub fn png(side: u32, column: u32, ink: u8) -> Vec<u8> {
    let picture = image::GrayImage::from_fn(side, side, |x, _| {
        image::Luma([if x.abs_diff(column) < side / 16 + 1 {
            ink
        } else {
            255
        }])
    });
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

/// An idx file of bytes.
pub fn idx(magic: u32, dimensions: &[u32], data: &[u8]) -> Vec<u8> {
    let mut out = magic.to_be_bytes().to_vec();
    out.extend(dimensions.iter().flat_map(|d| d.to_be_bytes()));
    out.extend_from_slice(data);
    out
}

/// `bytes` in gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A zip with these files.
pub fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A tar with these files.
pub fn tar(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, name, bytes.as_slice())
            .unwrap();
    }
    builder.into_inner().unwrap()
}

/// `bytes` in xz.
pub fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    lzma_rs::xz_compress(&mut Cursor::new(bytes), &mut out).unwrap();
    out
}

/// Writes `bytes` to `folder/name` and returns the path.
pub fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

/// A safetensors file of `features` (f32, n x d) and `labels` (u8).
pub fn safetensors(names: [&str; 2], rows: usize, width: usize, labels: &[u8]) -> Vec<u8> {
    use safetensors::{Dtype, tensor::TensorView};
    let values: Vec<u8> = (0..rows * width)
        .flat_map(|i| (i as f32).to_le_bytes())
        .collect();
    let features = TensorView::new(Dtype::F32, vec![rows, width], &values).unwrap();
    let labels = TensorView::new(Dtype::U8, vec![labels.len()], labels).unwrap();
    safetensors::serialize([(names[0], features), (names[1], labels)], None).unwrap()
}

/// The folder of real data, `RHEA_DATA`.
pub fn data_folder() -> PathBuf {
    PathBuf::from(std::env::var_os("RHEA_DATA").expect("RHEA_DATA names the folder of real data"))
}

/// A PNG of one black colour, RGB, made row by row: the picture itself is never in memory.
pub fn black_png(side: u32) -> Vec<u8> {
    let mut pixels = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let row = vec![0; 1 + 3 * side as usize];
    for _ in 0..side {
        pixels.write_all(&row).unwrap();
    }
    let size = side.to_be_bytes();
    let header = [&size[..], &size, &[8, 2, 0, 0, 0]].concat();
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [
        (b"IHDR", header),
        (b"IDAT", pixels.finish().unwrap()),
        (b"IEND", Vec::new()),
    ] {
        let mut sum = flate2::Crc::new();
        sum.update(kind);
        sum.update(&data);
        out.extend((data.len() as u32).to_be_bytes());
        out.extend(kind);
        out.extend(data);
        out.extend(sum.sum().to_be_bytes());
    }
    out
}

/// Most memory that this process ever held, in MiB, where the system says.
pub fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib >> 10)
}
