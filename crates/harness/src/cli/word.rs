//! Arguments that are a word of a closed set.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use spec::Word;

/// Takes the words of `T`, and lists them where another is given.
pub fn word<T: Word>() -> impl TypedValueParser<Value = T> {
    let words = T::WORDS.iter().map(|it| it.text());
    PossibleValuesParser::new(words).try_map(|text| T::read(&text))
}
