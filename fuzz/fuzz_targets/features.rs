//! Features in each format.
#![no_main]

use datasets::{Reading, read_features};
use libfuzzer_sys::fuzz_target;
use rhea_fuzz::file;

fuzz_target!(|data: &[u8]| {
    for name in ["f.safetensors", "f.csv", "f.npy"] {
        let labels = (name == "f.npy").then(|| file("l.npy", data));
        let _ = read_features(
            &file(name, data),
            labels.as_deref(),
            &mut Reading::default(),
        );
    }
});
