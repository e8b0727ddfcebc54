//! Changed copies of a file's bytes, and the memory that reading them took.
#![allow(dead_code, reason = "each test file uses its part")]

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// One change: bytes are replaced, made extreme, cut out, put in, or taken from elsewhere in the file.
#[derive(Clone, Debug)]
enum Change {
    Replace(usize, u8),
    Flip(usize, u8),
    Extreme(usize, u8),
    Cut(usize, usize),
    Insert(usize, Vec<u8>),
    Copy(usize, usize, usize),
    End(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        3 => (any::<usize>(), 0_u8..8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        2 => (any::<usize>(), any::<u8>()).prop_map(|(at, kind)| Change::Extreme(at, kind)),
        1 => (any::<usize>(), 1_usize..40).prop_map(|(at, count)| Change::Cut(at, count)),
        1 => (any::<usize>(), prop::collection::vec(any::<u8>(), 1..9))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        1 => (any::<usize>(), any::<usize>(), 1_usize..40)
            .prop_map(|(from, to, count)| Change::Copy(from, to, count)),
        1 => any::<usize>().prop_map(Change::End),
    ]
}

/// A place in the file, two times of three near its beginning, where formats keep what they are.
fn place(at: usize, length: usize) -> usize {
    let length = length.max(1);
    match at % 3 {
        0 => at / 3 % length,
        _ => at / 3 % length.min(200),
    }
}

fn changed(whole: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for change in changes {
        let length = bytes.len();
        let range = |at: usize, count: usize| {
            let from = place(at, length).min(length);
            from..(from + count).min(length)
        };
        match *change {
            Change::Replace(at, byte) => bytes[range(at, 1)].fill(byte),
            Change::Flip(at, bit) => bytes[range(at, 1)]
                .iter_mut()
                .for_each(|byte| *byte ^= 1 << bit),
            // Numbers as large as can be, or nothing, over the width of a length.
            Change::Extreme(at, kind) => {
                bytes[range(at, [2, 4, 8][usize::from(kind) % 3])].fill(if kind < 128 {
                    0xff
                } else {
                    0
                });
            }
            Change::Cut(at, count) => drop(bytes.drain(range(at, count))),
            Change::Insert(at, ref more) => {
                let at = place(at, length).min(length);
                bytes.splice(at..at, more.iter().copied());
            }
            Change::Copy(from, to, count) => {
                let part = bytes[range(from, count)].to_vec();
                let at = place(to, length).min(length);
                bytes.splice(at..at, part);
            }
            Change::End(at) => bytes.truncate(at % length.max(1)),
        }
    }
    bytes
}

/// Reads `cases` changed copies of `whole`; each ends in a value or in an error that says something.
pub fn survives<T, E: std::fmt::Display>(
    cases: u32,
    name: &str,
    whole: &[u8],
    read: impl Fn(&[u8]) -> Result<T, E>,
) {
    if let Err(error) = read(whole) {
        panic!("{name} is not read as it is: {error}");
    }
    keep_as_seed(name, whole);
    let config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::with_cases(cases)
    };
    let outcome = TestRunner::new(config).run(&prop::collection::vec(change(), 1..4), |changes| {
        if let Err(error) = read(&changed(whole, &changes)) {
            // Whoever prints it escapes what a terminal would obey.
            prop_assert!(!error.to_string().is_empty());
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{name}: {error}");
    }
}

/// Writes what is changed into the folder RHEA_CORPUS, for fuzzers to begin with, where that is named.
pub fn keep_as_seed(name: &str, whole: &[u8]) {
    if let Some(folder) = std::env::var_os("RHEA_CORPUS") {
        let folder = std::path::PathBuf::from(folder);
        std::fs::create_dir_all(&folder).expect("a folder of seeds");
        std::fs::write(folder.join(name.replace(['/', ' '], "-")), whole).expect("a seed");
    }
}

/// Most memory this process ever held, in MiB.
pub fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib >> 10)
}
