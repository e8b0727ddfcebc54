//! Nodes, where they come from and how they are named.

use std::fmt;

/// One value of a config.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it was written.
    pub origin: Origin,
    /// What was written.
    pub value: Value,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, `null` or `~`.
    Null,
    /// Text, a number, `true` or `false`.
    Scalar {
        /// As written, without quotes.
        text: String,
        /// Whether it stood in quotes (and so is no number).
        quoted: bool,
    },
    /// `[a, b]`
    List(Vec<Node>),
    /// `{ a: 1, b: 2 }`, in the order written.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The key.
    pub text: String,
    /// Where it was written.
    pub origin: Origin,
}

/// Where something was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the file, at this line and column (both from 1).
    File {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// On the command line, in the override with this index.
    Override(usize),
}

/// The way from the root to a value: `sweep.attack[1].reconstructor.samples`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Segment>);

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Into a mapping.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
}

impl Path {
    /// This path and one key more.
    pub fn key(&self, key: &str) -> Self {
        let mut path = self.clone();
        path.0.push(Segment::Key(key.to_owned()));
        path
    }

    /// This path and one index more.
    pub fn index(&self, index: usize) -> Self {
        let mut path = self.clone();
        path.0.push(Segment::Index(index));
        path
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if place == 0 => write!(out, "{key}")?,
                Segment::Key(key) => write!(out, ".{key}")?,
                Segment::Index(index) => write!(out, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl Node {
    /// The value at `path`, if there is one.
    pub fn find(&self, path: &Path) -> Option<&Node> {
        path.0
            .iter()
            .try_fold(self, |node, segment| node.child(segment))
    }

    /// Where the value at `path` was written, or the nearest mapping or list around it that was.
    pub fn locate(&self, path: &Path) -> Origin {
        let mut node = self;
        for segment in &path.0 {
            match node.child(segment) {
                Some(next) => node = next,
                None => break,
            }
        }
        node.origin
    }

    fn child(&self, segment: &Segment) -> Option<&Node> {
        match (segment, &self.value) {
            (Segment::Key(key), Value::Map(entries)) => entries
                .iter()
                .find(|(k, _)| k.text == *key)
                .map(|(_, node)| node),
            (Segment::Index(index), Value::List(items)) => items.get(*index),
            _ => None,
        }
    }

    /// What the value is, for a message: ``found `abc` ``.
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Scalar {
                text,
                quoted: false,
            } => format!("`{text}`"),
            Value::Scalar { text, quoted: true } => format!("the text \"{text}\""),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }
}
