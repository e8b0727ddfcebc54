//! Files of scores: one number a line.

use std::path::Path;

use crate::exit::Exit;
use crate::failure::Failure;

/// Bytes that a file of scores may have: some ten million of them.
const LARGEST: u64 = 256 << 20;

/// Reads a file of scores. Empty lines and lines that begin with `#` are passed over.
///
/// # Errors
/// Where the file cannot be read, is no text, or a line is no number: naming file and line.
pub fn read(path: &Path) -> Result<Vec<f64>, Failure> {
    let refused = |why: String| {
        Failure::new(
            &format!(
                "{}: {why}\nhint: a file of scores has one number a line and nothing else; lines that begin with # are passed over",
                path.display()
            ),
            Exit::Data,
        )
    };
    let about =
        std::fs::metadata(path).map_err(|error| refused(format!("cannot read: {error}")))?;
    if !about.is_file() {
        return Err(refused("not a file".into()));
    }
    if about.len() > LARGEST {
        return Err(refused(format!(
            "{} bytes are more than {LARGEST}, ten million scores are enough",
            about.len()
        )));
    }
    let bytes = std::fs::read(path).map_err(|error| refused(format!("cannot read: {error}")))?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| refused(format!("no text after byte {}", error.valid_up_to())))?;
    let mut scores = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let word = line.trim();
        if word.is_empty() || word.starts_with('#') {
            continue;
        }
        let score = word
            .parse::<f64>()
            .ok()
            .filter(|score| score.is_finite())
            .ok_or_else(|| {
                refused(format!(
                    "line {number} is `{}`, not a finite number",
                    shown(word)
                ))
            })?;
        scores.push(score);
    }
    if scores.is_empty() {
        return Err(refused("no scores".into()));
    }
    Ok(scores)
}

/// The beginning of a line, with what a terminal would act on escaped.
fn shown(word: &str) -> String {
    const MOST: usize = 40;
    let mut text: String = word
        .chars()
        .take(MOST)
        .flat_map(char::escape_debug)
        .collect();
    if word.chars().nth(MOST).is_some() {
        text.push('…');
    }
    text
}
