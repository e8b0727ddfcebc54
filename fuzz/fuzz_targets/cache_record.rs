//! A record of the cache.
#![no_main]

use harness::stages::{Form, Postcard, Record};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = serde_json::from_slice::<Record>(data);
    // The encoding of products, which a checksum stands before.
    let _: Result<Vec<(String, Option<f64>)>, String> = Postcard.read("x.bin".as_ref(), data);
});
