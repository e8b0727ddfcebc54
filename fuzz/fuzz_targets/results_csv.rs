//! A table of results.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rhea_fuzz::file;

fuzz_target!(|data: &[u8]| {
    let _ = report::read_results_csv(&file("results.csv", data));
});
