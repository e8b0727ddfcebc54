//! The values that options may take.

use std::fmt::Display;

/// An option has a value that it cannot have.
#[derive(Clone, Debug, PartialEq)]
pub struct OutOfBounds {
    /// The option's name, as in configs.
    pub option: &'static str,
    /// Which of its values, where it can have several.
    pub item: Option<usize>,
    /// The value.
    pub value: String,
    /// What it may be.
    pub expected: String,
    /// How to mend it, where that needs saying.
    pub hint: Option<&'static str>,
}

impl std::fmt::Display for OutOfBounds {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            option,
            value,
            expected,
            ..
        } = self;
        write!(out, "{option} is {value}, expected {expected}")?;
        match self.hint {
            Some(hint) => write!(out, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for OutOfBounds {}

impl OutOfBounds {
    /// For an option that is `value`.
    pub fn new(option: &'static str, value: impl Display, expected: impl Into<String>) -> Self {
        Self {
            option,
            item: None,
            value: value.to_string(),
            expected: expected.into(),
            hint: None,
        }
    }

    /// The same with a mend.
    pub fn hint(self, hint: &'static str) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }
}

/// A set of options whose values have bounds.
pub trait Options {
    /// Hands everything that is out of its bounds to `wrong`.
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds));

    /// Checks all values.
    ///
    /// # Errors
    /// The first that is out of its bounds.
    fn check(&self) -> Result<(), OutOfBounds> {
        first_wrong(|wrong| self.each_wrong(wrong))
    }
}

/// The first value out of its bounds that `each` hands over.
///
/// # Errors
/// Where there is one.
pub fn first_wrong(each: impl FnOnce(&mut dyn FnMut(OutOfBounds))) -> Result<(), OutOfBounds> {
    let mut first = None;
    each(&mut |wrong| {
        first.get_or_insert(wrong);
    });
    first.map_or(Ok(()), Err)
}

/// Values that an option may take.
pub trait Bounds<T: Display + PartialEq> {
    /// What is expected in place of `value`; none where it may be.
    fn refuses(&self, value: &T) -> Option<String>;

    /// The value as messages show it.
    fn shown(&self, value: &T) -> String {
        value.to_string()
    }

    /// Checks the single value of an option.
    fn one(&self, option: &'static str, value: T, wrong: &mut dyn FnMut(OutOfBounds)) {
        if let Some(expected) = self.refuses(&value) {
            wrong(OutOfBounds::new(option, self.shown(&value), expected));
        }
    }

    /// Checks the values of an option: at least one, none twice, each within the bounds.
    fn each(&self, option: &'static str, values: &[T], wrong: &mut dyn FnMut(OutOfBounds)) {
        if values.is_empty() {
            wrong(OutOfBounds::new(
                option,
                "an empty list",
                "at least one value",
            ));
        }
        for (item, value) in values.iter().enumerate() {
            let mut say = |value: String, expected: String| {
                wrong(OutOfBounds {
                    option,
                    item: Some(item),
                    value,
                    expected,
                    hint: None,
                });
            };
            if let Some(first) = values[..item].iter().position(|other| other == value) {
                let value = format!("the value of item [{first}] again");
                say(value, "each value once".to_owned());
            } else if let Some(expected) = self.refuses(value) {
                say(self.shown(value), expected);
            }
        }
    }
}

/// Whole numbers from `least` to `most`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The least.
    pub least: usize,
    /// The most: more than any machine runs, or than a format holds.
    pub most: usize,
}

impl Whole {
    /// From `least` to `most`.
    pub const fn new(least: usize, most: usize) -> Self {
        Self { least, most }
    }

    /// The numbers, as command lines check them.
    pub const fn range(self) -> std::ops::RangeInclusive<i64> {
        self.least as i64..=self.most as i64
    }
}

impl Bounds<usize> for Whole {
    fn refuses(&self, value: &usize) -> Option<String> {
        if *value < self.least {
            return Some(format!(
                "a whole number of {} or more",
                grouped(self.least as u64)
            ));
        }
        (*value > self.most).then(|| format!("a whole number up to {}", grouped(self.most as u64)))
    }
}

/// Real numbers from `least` to `most`; what is not a number is out of all bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Real {
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
}

impl Real {
    /// Above 0, by as much as single precision holds.
    pub const POSITIVE: Self = Self::new(1e-30, 1e30);
    /// 0 or more, up to what single precision holds.
    pub const NOT_NEGATIVE: Self = Self::new(0.0, 1e30);

    /// From `least` to `most`.
    pub const fn new(least: f64, most: f64) -> Self {
        Self { least, most }
    }
}

impl Bounds<f64> for Real {
    fn shown(&self, value: &f64) -> String {
        // Hundreds of digits tell nobody anything.
        match value.abs() {
            0.0 | 1e-5..1e15 => value.to_string(),
            _ => format!("{value:e}"),
        }
    }

    fn refuses(&self, value: &f64) -> Option<String> {
        if (self.least..=self.most).contains(value) {
            return None;
        }
        Some(if *self == Self::POSITIVE && *value <= 0.0 {
            "a number above 0".to_owned()
        } else if *self == Self::NOT_NEGATIVE && *value < 0.0 {
            "a number of 0 or more".to_owned()
        } else {
            let [least, most] = [self.least, self.most].map(|it| self.shown(&it));
            format!("a number from {least} to {most}")
        })
    }
}

/// A number as configs may write it: `2_000_000`.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}
