//! Files as PyTorch, safetensors and NumPy write them, made small.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::Write as _;
use std::path::Path;

use half::{bf16, f16};
use safetensors::tensor::{Dtype, TensorView};

/// A tensor to be written: name, element type, shape, values.
pub type Tensor<'a> = (&'a str, Dtype, &'a [usize], &'a [f64]);

fn encode(dtype: Dtype, values: &[f64]) -> Vec<u8> {
    let each = |write: &dyn Fn(f64) -> Vec<u8>| values.iter().flat_map(|&v| write(v)).collect();
    match dtype {
        Dtype::F64 => each(&|v| v.to_le_bytes().to_vec()),
        Dtype::F32 => each(&|v| (v as f32).to_le_bytes().to_vec()),
        Dtype::F16 => each(&|v| f16::from_f64(v).to_le_bytes().to_vec()),
        Dtype::BF16 => each(&|v| bf16::from_f64(v).to_le_bytes().to_vec()),
        Dtype::I64 => each(&|v| (v as i64).to_le_bytes().to_vec()),
        Dtype::I32 => each(&|v| (v as i32).to_le_bytes().to_vec()),
        Dtype::I8 | Dtype::U8 | Dtype::F8_E4M3 => each(&|v| vec![v as i8 as u8]),
        other => panic!("{other:?} is not written"),
    }
}

/// `safetensors.torch.save_file(tensors, path, metadata)`.
pub fn safetensors(path: &Path, tensors: &[Tensor<'_>], metadata: &[(&str, &str)]) {
    let bytes: Vec<Vec<u8>> = tensors.iter().map(|(_, d, _, v)| encode(*d, v)).collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, dtype, shape, _), bytes)| {
            let view = TensorView::new(*dtype, shape.to_vec(), bytes).expect("it is consistent");
            (*name, view)
        });
    let metadata = metadata
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    let file = safetensors::serialize(views, Some(metadata.collect())).expect("it can be written");
    std::fs::write(path, file).expect("it can be written");
}

/// A tensor of singles in a PyTorch file: name, shape, strides, values as they are stored.
pub type Stored<'a> = (&'a str, &'a [u8], &'a [u8], &'a [f32]);

/// The pickle (protocol 2) of an ordered dictionary of tensors, and of numbers beside them; every
/// name, side and count must be below 256.
fn pickle(tensors: &[Stored<'_>], numbers: &[(&str, u8)]) -> Vec<u8> {
    let text = |out: &mut Vec<u8>, s: &str| {
        out.push(b'X');
        out.extend((s.len() as u32).to_le_bytes());
        out.extend(s.bytes());
    };
    let mut out = b"\x80\x02ccollections\nOrderedDict\n)R(".to_vec();
    for (key, (name, shape, strides, values)) in tensors.iter().enumerate() {
        text(&mut out, name);
        out.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut out, "storage");
        out.extend(b"ctorch\nFloatStorage\n");
        text(&mut out, &key.to_string());
        text(&mut out, "cpu");
        out.extend([b'K', values.len() as u8]);
        // The persistent id, then the offset, shape, strides, no gradient, no hooks.
        out.extend(b"tQK\0");
        for sides in [shape, strides] {
            out.push(b'(');
            sides.iter().for_each(|&side| out.extend([b'K', side]));
            out.push(b't');
        }
        out.extend(b"\x89ccollections\nOrderedDict\n)RtR");
    }
    for (name, number) in numbers {
        text(&mut out, name);
        out.extend([b'K', *number]);
    }
    out.extend(b"u.");
    out
}

/// `torch.save(state_dict, path)` since PyTorch 1.6: a zip archive without compression.
pub fn torch_zip(path: &Path, tensors: &[Stored<'_>], numbers: &[(&str, u8)]) {
    let mut archive = zip::ZipWriter::new(std::fs::File::create(path).expect("a file"));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut entry = |name: &str, bytes: &[u8]| {
        archive
            .start_file(format!("head/{name}"), stored)
            .expect("an entry");
        archive.write_all(bytes).expect("it can be written");
    };
    entry("data.pkl", &pickle(tensors, numbers));
    entry("byteorder", b"little");
    for (key, (_, _, _, values)) in tensors.iter().enumerate() {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        entry(&format!("data/{key}"), &bytes);
    }
    entry("version", b"3\n");
    archive.finish().expect("it can be finished");
}

/// `torch.save(state_dict, path, _use_new_zipfile_serialization=False)`: a stream of pickles.
pub fn torch_legacy(path: &Path, tensors: &[Stored<'_>]) {
    // The magic number 0x1950a86a20f9469cfc6c, the protocol 1001, the system's sizes.
    let mut file = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.".to_vec();
    file.extend(b"\x80\x02M\xe9\x03.");
    file.extend(b"\x80\x02}(X\x10\0\0\0protocol_versionM\xe9\x03X\x0d\0\0\0little_endian\x88");
    file.extend(b"X\x0a\0\0\0type_sizes}(X\x05\0\0\0shortK\x02X\x03\0\0\0intK\x04");
    file.extend(b"X\x04\0\0\0longK\x04uu.");
    // Before the zip container a storage's id ends in its view, none.
    let mut dictionary: Vec<u8> = Vec::new();
    let whole = pickle(tensors, &[]);
    let mut rest = &whole[..];
    while let Some(at) = rest.windows(2).position(|pair| pair == b"tQ") {
        dictionary.extend(&rest[..at]);
        dictionary.extend(b"NtQ");
        rest = &rest[at + 2..];
    }
    dictionary.extend(rest);
    file.extend(dictionary);
    file.extend(b"\x80\x02](");
    for key in 0..tensors.len() {
        file.extend([b'X', 1, 0, 0, 0, b'0' + key as u8]);
    }
    file.extend(b"e.");
    for (_, _, _, values) in tensors {
        file.extend((values.len() as u64).to_le_bytes());
        file.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    }
    std::fs::write(path, file).expect("it can be written");
}

/// `numpy.save(path, array)`.
pub fn numpy(path: &Path, descr: &str, fortran: bool, shape: &str, bytes: &[u8]) {
    let order = if fortran { "True" } else { "False" };
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.bytes());
    file.extend(bytes);
    std::fs::write(path, file).expect("it can be written");
}
