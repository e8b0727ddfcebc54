//! What `rhe reveal` prints of results, and when it does not.

use std::fmt::Write as _;
use std::path::Path;

use rhe::{Doubts, Revealed};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::message;

/// Lines of a file of results, one an image.
pub(super) struct Told {
    logits: bool,
    text: String,
    doubts: Doubts,
}

impl Told {
    /// Of results whose logits are printed, or not.
    pub(super) fn new(logits: bool) -> Self {
        Self {
            logits,
            text: String::new(),
            doubts: Doubts::default(),
        }
    }

    /// Adds an image.
    pub(super) fn add(&mut self, revealed: Revealed) {
        self.doubts.add(&revealed);
        match revealed {
            Revealed::Logits(logits) => {
                let _ = write!(self.text, "{}", logits.class);
                if self.logits {
                    for value in &logits.values {
                        let _ = write!(self.text, "\t{}", shortest(*value));
                    }
                }
            }
            Revealed::Decision(Some(class)) => {
                let _ = write!(self.text, "{class}");
            }
            Revealed::Decision(None) => self.text.push_str("undecided"),
        }
        self.text.push('\n');
    }

    /// The lines; a warning where some of the classes could be others, an error where most could.
    pub(super) fn finish(self, path: &Path) -> Result<String, Failure> {
        if !self.doubts.any() {
            return Ok(self.text);
        }
        let said = format!("{}: {}", path.display(), self.doubts);
        if self.doubts.most() {
            let hint = Doubts::MEND;
            return Err(Failure::new(&format!("{said}\nhint: {hint}"), Exit::Data));
        }
        message::warning(&said);
        Ok(self.text)
    }
}

/// Nine significant digits, as many as single precision has, however small the number.
fn shortest(value: f64) -> String {
    let rounded: f64 = format!("{value:.8e}").parse().unwrap_or(value);
    match rounded.abs() {
        0.0 | 1e-5..1e15 => format!("{rounded}"),
        _ => format!("{rounded:e}"),
    }
}
