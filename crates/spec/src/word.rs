//! Closed sets of words.

use std::fmt;

/// One of a closed set of words: how a config, a table and the command line call a thing.
pub trait Word: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// What the words are of: `accountant`.
    const WHAT: &'static str;
    /// All of them, in the order in which they are listed.
    const WORDS: &'static [Self];

    /// The word.
    fn text(self) -> &'static str;

    /// The thing that `text` is the word of.
    ///
    /// # Errors
    /// Where it is none of the words.
    fn read(text: &str) -> Result<Self, UnknownWord> {
        let found = Self::WORDS.iter().find(|it| it.text() == text);
        found.copied().ok_or_else(|| UnknownWord {
            what: Self::WHAT,
            found: text.to_owned(),
            known: Self::WORDS.iter().map(|it| it.text()).collect(),
        })
    }
}

/// A word that stands for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    /// What a word was looked for of.
    pub what: &'static str,
    /// What was found.
    pub found: String,
    /// The words there are.
    pub known: Vec<&'static str>,
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, found, known } = self;
        write!(
            out,
            "unknown {what} `{found}`\nhint: use one of {}",
            known.join(", ")
        )
    }
}

impl std::error::Error for UnknownWord {}

/// Declares an enum whose variants are words: `Variant = "word"`.
macro_rules! words {
    (
        $(#[$outer:meta])*
        pub enum $name:ident of $what:literal {
            $($(#[$inner:meta])* $variant:ident = $word:tt,)+
        }
    ) => {
        $(#[$outer])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum $name {
            $($(#[$inner])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in configs and tables.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl $crate::Word for $name {
            const WHAT: &'static str = $what;
            const WORDS: &'static [Self] = Self::ALL;
            fn text(self) -> &'static str {
                self.word()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.pad(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownWord;
            fn from_str(text: &str) -> Result<Self, $crate::UnknownWord> {
                $crate::Word::read(text)
            }
        }

        /// Whether a cell of a table holds this word.
        impl PartialEq<$name> for String {
            fn eq(&self, other: &$name) -> bool {
                self == other.word()
            }
        }
    };
}

pub(crate) use words;
