//! A head as PyTorch saves it.
#![no_main]

use heads::{Asked, ReadHead};
use libfuzzer_sys::fuzz_target;
use rhea_fuzz::file;

fuzz_target!(|data: &[u8]| {
    let _ = ReadHead::read(&file("head.pth", data), &Asked::default());
});
