//! Rows of features.
#![no_main]

use datasets::read_matrix;
use libfuzzer_sys::fuzz_target;
use rhea_fuzz::file;

fuzz_target!(|data: &[u8]| {
    let _ = read_matrix(&file("x.npy", data));
});
