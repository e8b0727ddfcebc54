//! A batch of CIFAR.
#![no_main]

use datasets::{CifarLabels, Reading, read_cifar};
use libfuzzer_sys::fuzz_target;
use rhea_fuzz::file;

fuzz_target!(|data: &[u8]| {
    let _ = read_cifar(
        &[file("batch.bin", data)],
        CifarLabels::Ten,
        &mut Reading::default(),
    );
});
