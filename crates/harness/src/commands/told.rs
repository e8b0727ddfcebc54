//! What `rhe reveal` prints of results, and when it does not.

use std::fmt::Write as _;
use std::path::Path;

use rhe::Revealed;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::message;

/// Lines of a file of results, one an image.
pub(super) struct Told {
    logits: bool,
    text: String,
    images: u64,
    /// Images of which two classes are closer than rounding can tell.
    uncertain: u64,
    /// The first of them.
    first: Option<u64>,
}

impl Told {
    /// Of results whose logits are printed, or not.
    pub(super) fn new(logits: bool) -> Self {
        Self {
            logits,
            text: String::new(),
            images: 0,
            uncertain: 0,
            first: None,
        }
    }

    /// Adds an image.
    pub(super) fn add(&mut self, revealed: Revealed) {
        match revealed {
            Revealed::Logits(logits) => {
                let _ = write!(self.text, "{}", logits.class);
                if self.logits {
                    for value in &logits.values {
                        let _ = write!(self.text, "\t{}", shortest(*value));
                    }
                }
                if logits.uncertain {
                    self.uncertain += 1;
                    self.first.get_or_insert(self.images);
                }
            }
            Revealed::Decision(Some(class)) => {
                let _ = write!(self.text, "{class}");
            }
            Revealed::Decision(None) => self.text.push_str("undecided"),
        }
        self.text.push('\n');
        self.images += 1;
    }

    /// The lines; a warning where some of the classes could be others, an error where most could.
    pub(super) fn finish(self, path: &Path) -> Result<String, Failure> {
        let Some(first) = self.first else {
            return Ok(self.text);
        };
        let said = format!(
            "{}: in {} of {} images (the first is image {first}) two classes are closer than \
             rounding or noise can tell",
            path.display(),
            self.uncertain,
            self.images
        );
        if 2 * self.uncertain > self.images {
            let hint = "protect the head with --calibration and features like these, with more \
                        weight or feature bits, or with the features multiplied and the first \
                        layer's weights divided by a constant";
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
