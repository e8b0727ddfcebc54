//! Evaluation keys.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = rhe::EvaluationKeys::from_bytes(data);
});
