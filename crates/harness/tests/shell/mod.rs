//! A folder with heads, features and keys, and the command run in it.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use safetensors::tensor::{Dtype, TensorView};

/// Name, shape, values.
pub type Tensor<'a> = (&'a str, &'a [usize], &'a [f32]);

/// A folder of its own.
pub struct Shell(tempfile::TempDir);

/// A step that failed: exit code and message.
pub type Failed = (i32, String);

/// Of the head that [`Shell::prepare`] writes.
pub const FEATURES: usize = 30;
/// Of the same.
pub const CLASSES: usize = 3;

impl Shell {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `harness rhe …`.
    pub fn run(&self, line: &str) -> Output {
        Command::cargo_bin("harness")
            .expect("the binary is built")
            .current_dir(self.0.path())
            .arg("rhe")
            .args(line.split_whitespace())
            .output()
            .expect("it starts")
    }

    /// As [`Shell::run`]; what it printed, or how it failed.
    pub fn rhe(&self, line: &str) -> Result<String, Failed> {
        let output = self.run(line);
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout).expect("text"));
        }
        let said = String::from_utf8(output.stderr).expect("text");
        Err((output.status.code().expect("it ends by itself"), said))
    }

    /// As [`Shell::rhe`], which must fail.
    pub fn refused(&self, line: &str) -> Failed {
        self.rhe(line).expect_err(line)
    }

    /// As [`Shell::rhe`], which must succeed.
    pub fn step(&self, line: &str) -> String {
        match self.rhe(line) {
            Ok(said) => said,
            Err((code, said)) => panic!("{line}: {code}: {said}"),
        }
    }

    /// A key, the head `head.safetensors` protected, `x.npy` classified and revealed: what was printed,
    /// or which step ended with which exit code and words.
    pub fn life(&self, protect: &str, reveal: &str) -> Result<String, (&'static str, i32, String)> {
        if !self.path("owner.key").exists() {
            self.step("keygen --key owner.key --evaluation-key eval.key");
        }
        let steps = [
            (
                "protect",
                format!("--head head.safetensors --key owner.key --out head.rhe {protect}"),
            ),
            (
                "classify",
                "--head head.rhe --features x.npy --evaluation-key eval.key --out answers.rhe"
                    .into(),
            ),
            (
                "reveal",
                format!("answers.rhe --key owner.key --trusted-classifier {reveal}"),
            ),
        ];
        let mut said = String::new();
        for (step, line) in steps {
            let done = self.rhe(&format!("{step} {line}"));
            said = done.map_err(|(code, message)| (step, code, message))?;
        }
        Ok(said)
    }

    /// Writes `head.safetensors` as PyTorch saves a linear layer, `x.npy` with so many images and
    /// `public.npy`; the class of each image, one a line.
    pub fn prepare(&self, images: usize) -> String {
        let wave = |at: usize, step: f32| (at as f32 * step).sin();
        let weight: Vec<f32> = (0..CLASSES * FEATURES).map(|i| wave(i, 0.37)).collect();
        let bias = [0.3, -0.2, 0.1];
        let rows: Vec<f32> = (0..images * FEATURES)
            .map(|i| wave(i, 0.91).max(0.0))
            .collect();
        let public: Vec<f32> = (0..200 * FEATURES).map(|i| wave(i, 1.7).max(0.0)).collect();
        let tensors: [Tensor<'_>; 2] = [
            ("weight", &[CLASSES, FEATURES], &weight),
            ("bias", &[CLASSES], &bias),
        ];
        self.head(&tensors, &[("format", "pt")]);
        self.features("x.npy", FEATURES, &rows);
        self.features("public.npy", FEATURES, &public);
        let classes = rows.chunks(FEATURES).map(|row| {
            let logits: Vec<f32> = weight
                .chunks(FEATURES)
                .zip(bias)
                .map(|(w, b)| b + w.iter().zip(row).map(|(w, x)| w * x).sum::<f32>())
                .collect();
            let mut sorted = logits.clone();
            sorted.sort_by(f32::total_cmp);
            assert!(sorted[2] - sorted[1] > 0.05, "no near tie: {logits:?}");
            let class = logits.iter().position(|l| *l == sorted[2]);
            format!("{}\n", class.expect("it is there"))
        });
        classes.collect()
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
