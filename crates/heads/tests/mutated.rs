//! Whatever is done to a head's file, reading it gives a head or an error: never a panic, and never more
//! memory than its size explains.

#[path = "../../harness/tests/changes/mod.rs"]
mod changes;
mod common;

use std::path::Path;

use changes::{peak, survives};
use common::*;
use heads::{Asked, ReadHead};
use safetensors::tensor::Dtype;

/// Most memory of this process, in MiB.
const MOST: u64 = 256;

fn every_format(cases: u32) {
    let values: Vec<f32> = (0..24).map(|at| at as f32 / 24.0 - 0.5).collect();
    let (weight, bias) = (&values[..], &values[..3]);
    let doubles: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    common::safetensors(
        &at("head.safetensors"),
        &[
            ("0.weight", Dtype::F32, &[3, 8], &doubles),
            ("0.bias", Dtype::F32, &[3], &doubles[..3]),
        ],
        &[],
    );
    let stored: [Stored<'_>; 2] = [
        ("fc.weight", &[3, 8], &[8, 1], weight),
        ("fc.bias", &[3], &[1], bias),
    ];
    torch_zip(&at("head.pth"), &stored, &[]);
    torch_legacy(&at("old.pt"), &stored);
    numpy(&at("coef.npy"), "<f4", false, "(3, 8)", &bytes);
    numpy(&at("intercept.npy"), "<f4", false, "(3,)", &bytes[..12]);
    for name in ["head.safetensors", "head.pth", "old.pt", "coef.npy"] {
        let path = at(name);
        let whole = std::fs::read(&path).unwrap();
        survives(cases, name, &whole, |bytes| {
            std::fs::write(&path, bytes).unwrap();
            ReadHead::read(Path::new(&path), &Asked::default())
        });
    }
    if let Some(peak) = peak() {
        assert!(peak < MOST, "{peak} MiB");
    }
}

#[test]
fn some_changed_copies() {
    every_format(500);
}

#[test]
#[ignore = "takes a minute: ten thousand changed copies in each format"]
fn ten_thousand_changed_copies() {
    every_format(10_000);
}
