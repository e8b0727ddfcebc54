//! Files of `rhe`: a key, a protected head, results; and what a reveal says of results.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rhe::{EncryptedResults, ProtectedHead, SecretKey};

static KEY: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::generate().expect("randomness"));

fuzz_target!(|bytes: &[u8]| {
    let _ = SecretKey::from_bytes(bytes);
    let _ = ProtectedHead::from_bytes(bytes);
    if let Ok(results) = EncryptedResults::from_bytes(bytes) {
        // Nothing that was not made with the key is revealed.
        assert!(KEY.reveal(&results).is_err());
    }
});
