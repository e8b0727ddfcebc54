//! From typed rows to typed columns and back, without repeating a column's name.

use polars::prelude::{Column, DataFrame, NamedFrom, PolarsError, Series};

/// What the cells of a column hold; an undefined cell is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text; an empty one is undefined.
    Text,
    /// Whole numbers from 0.
    Count,
    /// Finite numbers.
    Number,
}

impl Kind {
    /// What a cell should hold, for errors.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Count => "a whole number",
            Self::Number => "a finite number",
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Its name in the header.
    pub name: &'static str,
    /// What its cells hold.
    pub kind: Kind,
    /// Whether cells may be undefined, and a table without the column can be read.
    pub optional: bool,
    /// What it says: the field's documentation.
    pub doc: &'static str,
}

/// A type that a column can hold.
pub trait Value: Sized {
    /// What its column holds.
    const KIND: Kind;
    /// Whether a cell may be undefined.
    const OPTIONAL: bool = false;
    /// The column of these values.
    fn column<'a>(name: &str, values: impl Iterator<Item = &'a Self>) -> Column
    where
        Self: 'a;
    /// The values of a column; `None` where a cell is undefined that may not be.
    ///
    /// # Errors
    /// If the column is of another type.
    fn values(column: &Column) -> Result<Vec<Option<Self>>, PolarsError>;
    /// Makes a value that is no number (NaN, infinite) undefined; tells whether it had to.
    fn clean(&mut self) -> bool {
        false
    }
}

impl Value for String {
    const KIND: Kind = Kind::Text;
    fn column<'a>(name: &str, values: impl Iterator<Item = &'a Self>) -> Column {
        let texts = values.map(|text| Some(text.as_str()).filter(|text| !text.is_empty()));
        Series::new(name.into(), texts.collect::<Vec<_>>()).into()
    }
    fn values(column: &Column) -> Result<Vec<Option<Self>>, PolarsError> {
        let texts = column.str()?.iter();
        Ok(texts
            .map(|text| Some(text.unwrap_or_default().to_owned()))
            .collect())
    }
}

impl Value for u64 {
    const KIND: Kind = Kind::Count;
    fn column<'a>(name: &str, values: impl Iterator<Item = &'a Self>) -> Column {
        Series::new(name.into(), values.copied().collect::<Vec<_>>()).into()
    }
    fn values(column: &Column) -> Result<Vec<Option<Self>>, PolarsError> {
        Ok(column.u64()?.iter().collect())
    }
}

impl Value for f64 {
    const KIND: Kind = Kind::Number;
    fn column<'a>(name: &str, values: impl Iterator<Item = &'a Self>) -> Column {
        let finite = values.map(|&number| Some(number).filter(|number| number.is_finite()));
        Series::new(name.into(), finite.collect::<Vec<_>>()).into()
    }
    fn values(column: &Column) -> Result<Vec<Option<Self>>, PolarsError> {
        Ok(column.f64()?.iter().collect())
    }
    fn clean(&mut self) -> bool {
        !self.is_finite()
    }
}

macro_rules! optional {
    ($($inner:ty),*) => { $(
        impl Value for Option<$inner> {
            const KIND: Kind = <$inner as Value>::KIND;
            const OPTIONAL: bool = true;
            fn column<'a>(name: &str, values: impl Iterator<Item = &'a Self>) -> Column {
                let values: Vec<Option<$inner>> = values.cloned().map(defined).collect();
                Series::new(name.into(), values).into()
            }
            fn values(column: &Column) -> Result<Vec<Option<Self>>, PolarsError> {
                let values = <$inner as Value>::values(column)?;
                Ok(values.into_iter().map(|value| Some(value.and_then(|v| defined(Some(v))))).collect())
            }
            fn clean(&mut self) -> bool {
                let spoilt = self.as_mut().is_some_and(Value::clean);
                if spoilt {
                    *self = None;
                }
                spoilt
            }
        }
    )* };
}
optional!(String, u64, f64);

/// Nothing in place of a value that a cell cannot hold: an empty text, a number that is none.
fn defined<T: Definable>(value: Option<T>) -> Option<T> {
    value.filter(Definable::is_defined)
}

trait Definable {
    fn is_defined(&self) -> bool;
}

impl Definable for String {
    fn is_defined(&self) -> bool {
        !self.is_empty()
    }
}

impl Definable for u64 {
    fn is_defined(&self) -> bool {
        true
    }
}

impl Definable for f64 {
    fn is_defined(&self) -> bool {
        self.is_finite()
    }
}

/// Why a typed table does not hold the rows that are asked of it.
#[derive(Debug)]
pub enum Unfit {
    /// It lacks a column.
    Missing(&'static str),
    /// A cell is undefined that may not be: its row, the first being 0, and its column.
    Undefined(usize, &'static str),
    /// A column is of another type.
    Type(PolarsError),
}

/// The values of a row type's field.
pub(crate) fn field<T: Value + Default>(
    frame: &DataFrame,
    name: &'static str,
) -> Result<Vec<T>, Unfit> {
    let Ok(column) = frame.column(name) else {
        if T::OPTIONAL {
            return Ok((0..frame.height()).map(|_| T::default()).collect());
        }
        return Err(Unfit::Missing(name));
    };
    let values = T::values(column).map_err(Unfit::Type)?;
    let defined = |(row, value): (usize, Option<T>)| value.ok_or(Unfit::Undefined(row, name));
    values.into_iter().enumerate().map(defined).collect()
}

/// A row of one of the tables.
pub trait Row: Sized {
    /// Name of the table, as in `results`.
    const TABLE: &'static str;
    /// What a row is: the type's documentation.
    const DOC: &'static str;
    /// Its columns, in order.
    const COLUMNS: &'static [Spec];
    /// The rows as typed columns, in order.
    fn columns(rows: &[Self]) -> Vec<Column>;
    /// The rows of a typed table; columns are found by name.
    ///
    /// # Errors
    /// If a column is missing or of another type, or a cell undefined that may not be.
    fn from_frame(frame: &DataFrame) -> Result<Vec<Self>, Unfit>;
    /// Makes every number that is none (NaN, infinite) undefined and returns their columns.
    fn clean(&mut self) -> Vec<&'static str>;
}

/// Declares a row type: its columns are its fields, in order.
macro_rules! row {
    (
        $(#[doc = $about:literal])*
        $table:literal => $name:ident { $( $(#[doc = $doc:literal])* $field:ident : $type:ty, )* }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $name { $( $(#[doc = $doc])* pub $field: $type, )* }

        impl $crate::row::Row for $name {
            const TABLE: &'static str = $table;
            const DOC: &'static str = concat!($($about),*);
            const COLUMNS: &'static [$crate::row::Spec] = &[$( $crate::row::Spec {
                name: stringify!($field),
                kind: <$type as $crate::row::Value>::KIND,
                optional: <$type as $crate::row::Value>::OPTIONAL,
                doc: concat!($($doc),*),
            }, )*];

            fn columns(rows: &[Self]) -> Vec<polars::prelude::Column> {
                vec![$( <$type as $crate::row::Value>::column(
                    stringify!($field),
                    rows.iter().map(|row| &row.$field),
                ), )*]
            }

            fn from_frame(
                frame: &polars::prelude::DataFrame,
            ) -> Result<Vec<Self>, $crate::row::Unfit> {
                $( let mut $field =
                    $crate::row::field::<$type>(frame, stringify!($field))?.into_iter(); )*
                Ok((0..frame.height())
                    .map(|_| Self { $( $field: $field.next().unwrap_or_default(), )* })
                    .collect())
            }

            fn clean(&mut self) -> Vec<&'static str> {
                let mut spoilt = Vec::new();
                $( if $crate::row::Value::clean(&mut self.$field) {
                    spoilt.push(stringify!($field));
                } )*
                spoilt
            }
        }
    };
}
pub(crate) use row;
