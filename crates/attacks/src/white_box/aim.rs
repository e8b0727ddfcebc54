//! What reconstructions are meant to be, and so what they are compared with.

/// The targets of an attack in one training set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// For each of so many classes one image, which may be any of the class's.
    Classes(usize),
    /// For each of so many classes its first example, all other examples being known.
    Examples(usize),
    /// One image, which may be any of the training set's.
    Set,
    /// One image, the last class's: of a head that tells one person from others, that person's.
    Positive,
}

impl std::fmt::Display for Aim {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Classes(classes) => write!(out, "{classes}, one a class"),
            Self::Examples(classes) => write!(out, "{classes}, the first example of each class"),
            Self::Set => out.write_str("one of the whole set"),
            Self::Positive => out.write_str("one of the last class"),
        }
    }
}

impl Aim {
    /// Images that a head gives.
    pub fn targets(self) -> usize {
        match self {
            Self::Classes(classes) | Self::Examples(classes) => classes,
            Self::Set | Self::Positive => 1,
        }
    }

    /// The examples, of a training set's `members` with so many `shots` a class, that target number
    /// `target` may be.
    pub fn candidates(self, members: &[u32], shots: usize, target: usize) -> &[u32] {
        let class = target * shots;
        match self {
            Self::Classes(_) => &members[class..class + shots],
            Self::Examples(_) => &members[class..=class],
            Self::Set => members,
            Self::Positive => &members[members.len() - shots..],
        }
    }
}
