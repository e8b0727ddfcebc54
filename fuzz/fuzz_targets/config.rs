//! A config.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = config::from_text(&String::from_utf8_lossy(data), "fuzz.yaml".as_ref(), &[]);
});
