//! A picture, whatever its format.
#![no_main]

use datasets::{Reading, read_class_folders};
use libfuzzer_sys::fuzz_target;
use rhea_fuzz::{SMALL, file, folder};

fuzz_target!(|data: &[u8]| {
    file("set/a/x.png", data);
    file("set/b/y.png", data);
    let _ = read_class_folders(&folder().join("set"), SMALL, &mut Reading::default());
});
