//! Configs that must be refused: what is said about each, and that nothing ends in a panic.

use std::path::Path;

use config::{ConfigError, from_text};

/// Every file of `tests/broken`, with its text.
fn broken() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (
                name,
                std::fs::read_to_string(&path).expect("it can be read"),
            )
        })
        .collect();
    files.sort();
    files
}

#[test]
fn each_is_refused_with_place_path_and_what_was_expected() {
    let mut said = String::new();
    let files = broken();
    assert!(files.len() >= 50, "only {} files", files.len());
    for (name, text) in files {
        let error = from_text(&text, Path::new(&name), &[]).expect_err(&name);
        let ConfigError::Invalid { problems } = &error else {
            panic!("{name}: {error:?}")
        };
        for problem in problems {
            assert!(problem.place.starts_with(&format!("{name}:")), "{problem}");
            let line: usize = problem
                .place
                .split(':')
                .nth(1)
                .and_then(|line| line.parse().ok())
                .expect("a line");
            assert!(
                line >= 1 && line <= text.lines().count().max(1),
                "{problem}"
            );
        }
        said += &format!("{error}\n\n");
    }
    insta::assert_snapshot!(said);
}

#[test]
fn no_cut_or_changed_byte_of_a_good_config_panics() {
    let good = include_str!("good/everything.yaml");
    for cut in (0..good.len())
        .step_by(2)
        .filter(|cut| good.is_char_boundary(*cut))
    {
        let _ = from_text(&good[..cut], Path::new("cut.yaml"), &[]);
    }
    for place in (0..good.len()).step_by(3) {
        for change in [b' ', b'\n', b':', b'[', b'}', b'"', b'0', b'-', b'&', b'*'] {
            let mut bytes = good.as_bytes().to_vec();
            bytes[place] = change;
            if let Ok(text) = String::from_utf8(bytes) {
                let _ = from_text(&text, Path::new("changed.yaml"), &[]);
            }
        }
    }
}
