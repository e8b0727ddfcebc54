//! Messages of `ckks`.
#![no_main]

use std::sync::LazyLock;

use ckks::{Ciphertext, Context, EvaluationKeys, Parameters, PublicKey, SecretKey, SeededCiphertext};
use libfuzzer_sys::fuzz_target;

static CONTEXT: LazyLock<Context> = LazyLock::new(|| {
    Context::new(&Parameters::new(11, &[27], 27, 20).expect("parameters")).expect("a ring")
});

fuzz_target!(|bytes: &[u8]| {
    let _ = Ciphertext::from_bytes(&CONTEXT, bytes);
    let _ = SeededCiphertext::from_bytes(&CONTEXT, bytes);
    let _ = PublicKey::from_bytes(&CONTEXT, bytes);
    let _ = EvaluationKeys::from_bytes(&CONTEXT, bytes);
    let _ = SecretKey::from_bytes(&CONTEXT, bytes);
});
