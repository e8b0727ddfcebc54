//! A protected head of any kind.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = rhe::ProtectedHead::from_bytes(data);
});
