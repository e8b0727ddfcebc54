//! A ciphertext of a ring.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rhea_fuzz::ring;

fuzz_target!(|data: &[u8]| {
    let _ = ckks::Ciphertext::from_bytes(ring(), data);
});
