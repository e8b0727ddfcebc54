//! A file of data: the first byte picks the reader.
#![no_main]

use datasets::*;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&reader, file)) = bytes.split_first() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, bytes).expect("it is written");
        path
    };
    let told = &mut Reading::default();
    let small = PictureOptions {
        side: 8,
        colour: None,
    };
    // Every reader gives a set or an error; which, the tests of `datasets` say.
    match reader % 8 {
        0 => {
            let (images, labels) = file.split_at(file.len() / 2);
            let (images, labels) = (put("images", images), put("labels", labels));
            drop(read_idx(&images, &labels, IdxOptions::mnist(), told));
        }
        1 => drop(read_cifar(&[put("batch.bin", file)], CifarLabels::Ten, told)),
        2 => drop(read_features(&put("f.safetensors", file), None, told)),
        3 => drop(read_features(&put("f.csv", file), None, told)),
        4 => drop(read_features(&put("f.npy", file), None, told)),
        5 => {
            put("set/a/x.png", file);
            drop(read_class_folders(&folder.path().join("set"), small, told));
        }
        6 => drop(read_class_archive(&put("t.zip", file), "train", small, told)),
        _ => drop(read_class_archive(&put("t.tar.gz", file), "train", small, told)),
    }
});
