//! Procedural messages: ham and spam, negative and positive reviews, from our own grammar.

use rand::{Rng, RngExt};
use rayon::prelude::*;

use super::grammar::Grammar;
use super::{TextSet, chat, reviews};
use crate::{DatasetError, StreamKey};

/// More messages than this are taken for a slip.
const MOST_MESSAGES: usize = 10_000_000;

/// What the two labels of procedural messages tell apart.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Short messages: 0 ham, 1 spam.
    Spam,
    /// Film reviews: 0 negative, 1 positive.
    Sentiment,
}

/// A set of procedural messages to write; the labels alternate.
///
/// The classes share much of their words: ham speaks of free evenings and lost parcels, spam
/// begins like a friend, reviews praise what they then condemn. Some words are misspelt.
///
/// ```
/// use datasets::{Messages, StreamKey, Topic};
/// let set = Messages { topic: Topic::Spam, count: 10 }.generate(StreamKey::from_seed(1))?;
/// assert_eq!((set.len(), set.classes()), (10, 2));
/// # Ok::<(), datasets::DatasetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Messages {
    /// What they are about.
    pub topic: Topic,
    /// How many.
    pub count: usize,
}

impl Messages {
    /// Writes all messages; message `i` depends only on the key and on `i`.
    ///
    /// # Errors
    /// If no message, or more than ten million, are asked for.
    pub fn generate(&self, key: StreamKey) -> Result<TextSet, DatasetError> {
        if self.count == 0 || self.count > MOST_MESSAGES {
            return Err(DatasetError::Setting {
                setting: "messages.count".into(),
                reason: format!("{} is not between 1 and {MOST_MESSAGES}", self.count),
            });
        }
        let (key, grammar) = match self.topic {
            Topic::Spam => (key.child("spam"), &chat::MESSAGES),
            Topic::Sentiment => (key.child("sentiment"), &reviews::REVIEWS),
        };
        let texts = (0..self.count)
            .into_par_iter()
            .map(|i| write(grammar, i % 2 == 1, &mut key.rng(i as u64)))
            .collect();
        let labels = (0..self.count).map(|i| (i % 2) as u32).collect();
        TextSet::new(texts, labels, 2)
    }
}

/// One message: an opening, sentences mostly of the class, sometimes one that both classes or even
/// the other class use, then slips of the pen.
fn write(grammar: &Grammar, positive: bool, rng: &mut impl Rng) -> String {
    let (own, other) = if positive {
        ("one", "zero")
    } else {
        ("zero", "one")
    };
    let mut text = String::new();
    let sentences = grammar.sentences[rng.random_range(0..grammar.sentences.len())];
    let strays = usize::from(sentences > 1 && rng.random_bool(grammar.stray));
    for sentence in 0..sentences {
        let rule = if sentence > 0 && sentence <= strays {
            other
        } else if sentence > 0 && rng.random_bool(0.45) || rng.random_bool(grammar.neutral_start) {
            "both"
        } else {
            own
        };
        grammar.expand(rule, rng, &mut text);
        text.push_str(pause(&text, rng));
    }
    // Whatever came before, one sentence is of the class.
    grammar.expand(own, rng, &mut text);
    slips(&text, rng)
}

/// What stands between two sentences.
fn pause(text: &str, rng: &mut impl Rng) -> &'static str {
    if text.ends_with(['?', '!']) {
        return " ";
    }
    [". ", ". ", ", ", "! ", " ", "... "][rng.random_range(0..6)]
}

/// Typing errors, capitals and missing marks, as people and senders of spam both make them.
fn slips(text: &str, rng: &mut impl Rng) -> String {
    let rate = if rng.random_bool(0.4) { 0.08 } else { 0.01 };
    let lower = rng.random_bool(0.25);
    let mut out = String::with_capacity(text.len());
    for (number, word) in text.split(' ').enumerate() {
        if number > 0 {
            out.push(' ');
        }
        let mut letters: Vec<char> = word.chars().collect();
        if letters.len() > 3 && rng.random_bool(rate) {
            let at = rng.random_range(1..letters.len() - 1);
            match rng.random_range(0..4) {
                0 => letters.swap(at, at + 1),
                1 => drop(letters.remove(at)),
                2 => letters.insert(at, letters[at]),
                _ => letters.iter_mut().for_each(|l| l.make_ascii_uppercase()),
            }
        }
        if lower {
            letters.iter_mut().for_each(|l| l.make_ascii_lowercase());
        }
        out.extend(letters);
    }
    out
}
