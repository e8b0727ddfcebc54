//! A folder with heads, features and keys, and the command run in it.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use safetensors::tensor::{Dtype, TensorView};

/// Name, shape, values.
pub type Tensor<'a> = (&'a str, &'a [usize], &'a [f32]);

/// A folder of its own.
pub struct Shell(tempfile::TempDir);

/// A step that failed: exit code and message.
pub type Failed = (i32, String);

impl Shell {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `harness rhe …`; what it printed, or how it failed.
    pub fn rhe(&self, line: &str) -> Result<String, Failed> {
        let output = Command::cargo_bin("harness")
            .expect("the binary is built")
            .current_dir(self.0.path())
            .arg("rhe")
            .args(line.split_whitespace())
            .output()
            .expect("it starts");
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout).expect("text"));
        }
        let said = String::from_utf8(output.stderr).expect("text");
        Err((output.status.code().expect("it ends by itself"), said))
    }

    /// As [`Shell::rhe`], which must succeed.
    pub fn step(&self, line: &str) -> String {
        match self.rhe(line) {
            Ok(said) => said,
            Err((code, said)) => panic!("{line}: {code}: {said}"),
        }
    }

    /// `safetensors.torch.save_file(tensors, "head.safetensors", metadata)`.
    pub fn head(&self, tensors: &[Tensor<'_>], metadata: &[(&str, &str)]) {
        let data: Vec<Vec<u8>> = tensors.iter().map(|(_, _, v)| bytes(v)).collect();
        let views = tensors.iter().zip(&data).map(|((name, shape, _), data)| {
            let view = TensorView::new(Dtype::F32, shape.to_vec(), data).expect("consistent");
            (*name, view)
        });
        let metadata = metadata
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let file = safetensors::serialize(views, Some(metadata.collect())).expect("a file");
        std::fs::write(self.path("head.safetensors"), file).expect("it can be written");
    }

    /// `numpy.save(name, values.reshape(-1, width))` of singles.
    pub fn features(&self, name: &str, width: usize, values: &[f32]) {
        let rows = values.len() / width;
        let mut header =
            format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {width}), }}");
        while !(10 + header.len() + 1).is_multiple_of(64) {
            header.push(' ');
        }
        header.push('\n');
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.bytes());
        file.extend(bytes(values));
        std::fs::write(self.path(name), file).expect("it can be written");
    }
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// Copies a file that is at hand into the folder.
pub fn copy(shell: &Shell, from: &Path, name: &str) {
    std::fs::copy(from, shell.path(name)).expect("it can be copied");
}
