//! What the fuzz targets share: files for readers that take paths, and what a reader needs beside bytes.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ckks::{Context, Parameters};
use datasets::PictureOptions;
use spec::{Layout, OneOrMany, OnnxInput, Resize, Runtime};

/// Pictures are made this small.
pub const SMALL: PictureOptions = PictureOptions {
    side: 8,
    colour: None,
};

/// Where this process's files are.
pub fn folder() -> &'static Path {
    static FOLDER: LazyLock<tempfile::TempDir> =
        LazyLock::new(|| tempfile::tempdir().expect("a folder"));
    FOLDER.path()
}

/// A file of `data` there.
pub fn file(name: &str, data: &[u8]) -> PathBuf {
    let path = folder().join(name);
    let parent = path.parent().expect("it is in the folder");
    std::fs::create_dir_all(parent).expect("a folder");
    std::fs::write(&path, data).expect("it is written");
    path
}

/// A small ring.
pub fn ring() -> &'static Context {
    static RING: LazyLock<Context> = LazyLock::new(|| {
        let parameters = Parameters::new(11, &[27], 27, 20).expect("parameters");
        Context::new(&parameters).expect("a ring")
    });
    &RING
}

/// How a network is to be run.
pub fn onnx_options() -> spec::Onnx {
    spec::Onnx {
        input: OnnxInput {
            size: OneOrMany::one(8),
            mean: OneOrMany::one(127.5),
            std: OneOrMany::one(127.5),
            layout: Layout::Nchw,
            resize: Resize::None,
        },
        file: "network.onnx".into(),
        output: "features".into(),
        batch: 4,
        runtime: Runtime::BuiltIn,
        library: None,
    }
}
