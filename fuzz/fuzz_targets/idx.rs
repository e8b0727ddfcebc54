//! Images, and the same bytes as labels.
#![no_main]

use datasets::{IdxOptions, Reading, read_idx};
use libfuzzer_sys::fuzz_target;
use rhea_fuzz::file;

fuzz_target!(|data: &[u8]| {
    let (images, labels) = (file("images", data), file("labels", data));
    let _ = read_idx(
        &images,
        &labels,
        IdxOptions::mnist(),
        &mut Reading::default(),
    );
});
