//! Messages in each format.
#![no_main]

use datasets::{Reading, read_imdb, read_sms, read_youtube};
use libfuzzer_sys::fuzz_target;
use rhea_fuzz::file;

fuzz_target!(|data: &[u8]| {
    let _ = read_sms(&file("sms", data), &mut Reading::default());
    let _ = read_youtube(&[file("y.csv", data)], &mut Reading::default());
    let _ = read_imdb(&file("i.tsv", data), "train", &mut Reading::default());
});
