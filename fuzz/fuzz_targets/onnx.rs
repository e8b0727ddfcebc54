//! A network.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rhea_fuzz::{file, onnx_options};

fuzz_target!(|data: &[u8]| {
    let _ = backbones::Onnx::load(&file("network.onnx", data), onnx_options());
});
