//! A place in the config, and what is said about it.

use std::{cell::RefCell, fmt::Display};

use spec::{Bounds, Options};

use crate::document::{Node, Path, Value};
use crate::error::Fault;

/// Collects what is wrong.
pub struct Check<'c> {
    root: &'c Node,
    faults: RefCell<Vec<Fault>>,
}

impl<'c> Check<'c> {
    pub fn new(root: &'c Node) -> Self {
        Self {
            root,
            faults: RefCell::default(),
        }
    }

    pub fn root(&self) -> At<'_> {
        At {
            check: self,
            path: Path::default(),
        }
    }

    pub fn into_faults(self) -> Vec<Fault> {
        self.faults.into_inner()
    }
}

/// A place in the config.
#[derive(Clone)]
pub struct At<'c> {
    check: &'c Check<'c>,
    path: Path,
}

impl At<'_> {
    /// The value of a key.
    pub fn key(&self, key: &str) -> Self {
        Self {
            check: self.check,
            path: self.path.key(key),
        }
    }

    /// The value of a choice's word, where it is written as `{ word: … }`.
    pub fn choice(&self, word: &str) -> Self {
        match self.check.root.find(&self.path) {
            Some(Node {
                value: Value::Map(_),
                ..
            }) => self.key(word),
            _ => self.clone(),
        }
    }

    /// An item of a list; the value itself where it stands for a list of one.
    pub fn item(&self, index: usize) -> Self {
        match self.check.root.find(&self.path) {
            Some(Node {
                value: Value::List(_),
                ..
            }) => Self {
                check: self.check,
                path: self.path.index(index),
            },
            _ => self.clone(),
        }
    }

    /// Says what is wrong here.
    pub fn wrong(&self, found: impl Into<String>, expected: impl Into<String>) {
        self.say(Fault::nowhere(found).expected(expected));
    }

    /// Says what is wrong here and how to mend it.
    pub fn wrong_hint(
        &self,
        found: impl Into<String>,
        expected: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.say(Fault::nowhere(found).expected(expected).hint(hint));
    }

    fn say(&self, fault: Fault) {
        let origin = self.check.root.locate(&self.path);
        self.check
            .faults
            .borrow_mut()
            .push(fault.at(self.path.clone()).placed(origin));
    }

    /// Whether nothing is wrong so far, anywhere.
    pub fn nothing_wrong(&self) -> bool {
        self.check.faults.borrow().is_empty()
    }

    /// Says which of the options that stand here are out of their bounds.
    pub fn options(&self, options: &impl Options) {
        options.each_wrong(&mut |wrong| {
            let at = self.key(wrong.option);
            let at = wrong.item.map_or(at.clone(), |item| at.item(item));
            let fault = Fault::nowhere(format!("found {}", wrong.value)).expected(wrong.expected);
            at.say(match wrong.hint {
                Some(hint) => fault.hint(hint),
                None => fault,
            });
        });
    }

    /// The value, which must be within `bounds`.
    pub fn within<T: Display + PartialEq>(&self, bounds: impl Bounds<T>, value: T) -> T {
        if let Some(expected) = bounds.refuses(&value) {
            self.wrong(format!("found {}", bounds.shown(&value)), expected);
        }
        value
    }

    /// The list, which must not hold a value twice, nor one that is out of `bounds`.
    pub fn each_within<'v, T: Display + PartialEq + Copy>(
        &self,
        bounds: impl Bounds<T>,
        values: &'v [T],
    ) -> &'v [T] {
        for (index, &value) in self.distinct(values).iter().enumerate() {
            if let Some(expected) = bounds.refuses(&value) {
                let found = format!("found {}", bounds.shown(&value));
                self.item(index).wrong(found, expected);
            }
        }
        values
    }

    /// The list, which must not be empty nor hold a value twice.
    pub fn distinct<'v, T: PartialEq>(&self, values: &'v [T]) -> &'v [T] {
        let listed = self
            .check
            .root
            .find(&self.path)
            .is_some_and(|node| node.value == Value::List(Vec::new()));
        if values.is_empty() && listed {
            self.wrong("found an empty list", "at least one value");
        }
        for (index, value) in values.iter().enumerate() {
            if let Some(first) = values[..index].iter().position(|other| other == value) {
                self.item(index).wrong(
                    format!("found the value of item [{first}] again"),
                    "each value once",
                );
            }
        }
        values
    }

    /// A section that has no use here.
    pub fn unused(&self, present: bool, why: impl Display) {
        if present {
            self.wrong(format!("found a value, but {why}"), "no such key");
        }
    }
}
