//! Classes that rounding, or the noise of an approximate scheme, leaves in doubt.

use super::Revealed;

/// Images of which two classes are closer than rounding or noise can tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubts {
    images: u64,
    uncertain: u64,
    first: u64,
}

impl Doubts {
    /// What is to be done about it.
    pub const MEND: &str = "protect the head with --calibration and features like these, with more \
        weight or feature bits, or with the features multiplied and the first layer's weights \
        divided by a constant";

    /// Takes an image into account.
    pub fn add(&mut self, revealed: &Revealed) {
        if matches!(revealed, Revealed::Logits(logits) if logits.uncertain) {
            if self.uncertain == 0 {
                self.first = self.images;
            }
            self.uncertain += 1;
        }
        self.images += 1;
    }

    /// Whether there are any.
    pub fn any(&self) -> bool {
        self.uncertain > 0
    }

    /// Whether there are so many that the classes say nothing.
    pub fn most(&self) -> bool {
        2 * self.uncertain > self.images
    }
}

impl std::fmt::Display for Doubts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "in {} of {} images (the first is image {}) two classes are closer than rounding or \
             noise can tell",
            self.uncertain, self.images, self.first
        )
    }
}
