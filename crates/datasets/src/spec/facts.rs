//! What can be known of a dataset before it is read.

use super::files::Source;

/// What a dataset is and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Its name in a config.
    pub name: &'static str,
    /// What it holds, in a line.
    pub summary: &'static str,
    /// Where to get it; empty where nothing has to be got.
    pub sources: &'static [Source],
    /// What its images are; none where it holds texts or features.
    pub images: Option<Images>,
}

impl Description {
    /// How to get its files.
    pub(super) fn hint(&self) -> String {
        match self.sources {
            [] => "check the path and the data folder".to_owned(),
            [first, ..] => format!("`scripts/fetch-data.sh` or {}", first.url),
        }
    }
}

/// What the images of a dataset are, as far as that is known without reading them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Images {
    /// What they show.
    pub content: Content,
    /// 1 for grey, 3 for RGB; none where the files decide.
    pub channels: Option<usize>,
    /// Rows and columns.
    pub side: usize,
    /// Number of classes.
    pub classes: Option<usize>,
    /// Images in the training and in the test part: how many are published, or, for the user's own,
    /// a guess for estimates.
    pub examples: [usize; 2],
    /// Of the smallest class, in the training and in the test part.
    pub smallest_class: Option<[usize; 2]>,
    /// τ of arXiv:2505.14323: the error at or under which a reconstruction counts as a success. None
    /// where it is to be measured.
    pub tau: Option<f64>,
}

/// What images show; from it follow the recipe of heads and the clipping norm where none are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Ink on a ground: digits, letters.
    Drawn,
    /// Photographs of things.
    Photographs,
    /// Photographs of faces.
    Faces,
}

impl Content {
    /// Whether the images are photographs.
    pub fn is_natural(self) -> bool {
        self != Self::Drawn
    }

    /// What a mixture of both is: photographs of things, unless both are the same.
    pub(super) fn mixed_with(self, other: Self) -> Self {
        if self == other {
            self
        } else {
            Self::Photographs
        }
    }
}
