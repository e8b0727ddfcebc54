//! A head that someone saved: the first byte picks the format.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&format, file)) = bytes.split_first() else {
        return;
    };
    let names = ["head.safetensors", "head.pth", "coef.npy"];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(names[usize::from(format) % names.len()]);
    std::fs::write(&path, file).expect("it is written");
    if let Ok(head) = heads::ReadHead::read(&path, &heads::Asked::default()) {
        assert!(head.features() > 0 && head.outputs() > 0);
    }
});
