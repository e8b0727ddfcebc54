//! A public key of a ring.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rhea_fuzz::ring;

fuzz_target!(|data: &[u8]| {
    let _ = ckks::PublicKey::from_bytes(ring(), data);
});
