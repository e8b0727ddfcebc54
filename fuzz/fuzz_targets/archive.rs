//! Pictures in an archive, whatever its format.
#![no_main]

use datasets::{Reading, read_class_archive};
use libfuzzer_sys::fuzz_target;
use rhea_fuzz::{SMALL, file};

fuzz_target!(|data: &[u8]| {
    for name in ["t.zip", "t.tar", "t.tar.gz", "t.tar.xz"] {
        let _ = read_class_archive(&file(name, data), "train", SMALL, &mut Reading::default());
    }
});
