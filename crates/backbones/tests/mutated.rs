//! Whatever is done to an ONNX file, reading it gives a network or an error: never a panic, and never more
//! memory than its size explains.

#[path = "../../harness/tests/changes/mod.rs"]
mod changes;
mod common;

use backbones::Onnx;
use changes::{peak, survives};
use common::{images, small};
use spec::{Layout, OneOrMany, OnnxInput, Resize};

/// Most memory of this process, in MiB.
const MOST: u64 = 256;

fn networks(cases: u32) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.onnx");
    let options = spec::Onnx {
        input: OnnxInput {
            size: OneOrMany::one(8),
            mean: OneOrMany::one(127.5),
            std: OneOrMany::one(127.5),
            layout: Layout::Nchw,
            resize: Resize::None,
        },
        file: path.clone(),
        output: "features".into(),
        batch: 4,
        runtime: Default::default(),
        library: None,
    };
    let set = images(1, 3, 8);
    survives(cases, "network.onnx", &small(0).bytes(), |bytes| {
        std::fs::write(&path, bytes).unwrap();
        let network = Onnx::load(&path, options.clone())?;
        network.features(&set, &|_| {})
    });
    if let Some(peak) = peak() {
        assert!(peak < MOST, "{peak} MiB");
    }
}

#[test]
fn some_changed_copies() {
    networks(500);
}

#[test]
#[ignore = "takes a minute: ten thousand changed copies"]
fn ten_thousand_changed_copies() {
    networks(10_000);
}
