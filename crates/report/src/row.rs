//! From typed rows to text cells and back, without repeating a column's name.

/// What a text cell does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable {
    /// What was expected instead.
    pub expected: &'static str,
}

/// A type that fits in a cell.
pub trait Value: Sized {
    /// The cell's text; `None` is an empty cell.
    fn to_cell(&self) -> Option<String>;
    /// The value of a cell.
    ///
    /// # Errors
    /// If the text is not such a value.
    fn from_cell(cell: Option<&str>) -> Result<Self, Unreadable>;
    /// Whether a table without this column can be read.
    const OPTIONAL: bool = false;
    /// Makes a value that is no number (NaN, infinite) undefined; tells whether it had to.
    fn clean(&mut self) -> bool {
        false
    }
}

impl Value for String {
    fn to_cell(&self) -> Option<String> {
        (!self.is_empty()).then(|| self.clone())
    }
    fn from_cell(cell: Option<&str>) -> Result<Self, Unreadable> {
        Ok(cell.unwrap_or_default().to_owned())
    }
}

impl Value for u64 {
    fn to_cell(&self) -> Option<String> {
        Some(self.to_string())
    }
    fn from_cell(cell: Option<&str>) -> Result<Self, Unreadable> {
        let parsed = cell.and_then(|text| text.parse().ok());
        parsed.ok_or(Unreadable {
            expected: "a whole number",
        })
    }
}

impl Value for f64 {
    /// The shortest decimal that reads back as the same number.
    fn to_cell(&self) -> Option<String> {
        self.is_finite().then(|| format!("{self:?}"))
    }
    fn from_cell(cell: Option<&str>) -> Result<Self, Unreadable> {
        let parsed = cell.and_then(|text| text.parse().ok());
        let finite = parsed.filter(|number: &f64| number.is_finite());
        finite.ok_or(Unreadable {
            expected: "a finite number",
        })
    }
    fn clean(&mut self) -> bool {
        !self.is_finite()
    }
}

impl<T: Value> Value for Option<T> {
    const OPTIONAL: bool = true;
    fn to_cell(&self) -> Option<String> {
        self.as_ref().and_then(Value::to_cell)
    }
    fn from_cell(cell: Option<&str>) -> Result<Self, Unreadable> {
        cell.filter(|text| !text.is_empty())
            .map(|text| T::from_cell(Some(text)))
            .transpose()
    }
    fn clean(&mut self) -> bool {
        let spoilt = self.as_mut().is_some_and(Value::clean);
        if spoilt {
            *self = None;
        }
        spoilt
    }
}

/// A row of one of the tables.
pub trait Row: Sized {
    /// Name of the table, as in `results`.
    const TABLE: &'static str;
    /// Column names in order, and whether a table without the column can be read.
    const COLUMNS: &'static [(&'static str, bool)];
    /// The text of every cell, in the order of the columns.
    fn cells(&self) -> Vec<Option<String>>;
    /// The row with these cells, in the order of the columns.
    ///
    /// # Errors
    /// The position of the column that cannot be read, and what it should hold.
    fn from_cells(cells: &[Option<&str>]) -> Result<Self, (usize, Unreadable)>;
    /// Makes every number that is none (NaN, infinite) undefined and returns their columns.
    fn clean(&mut self) -> Vec<&'static str>;
}

/// Declares a row type: its columns are its fields, in order.
macro_rules! row {
    (
        $(#[$meta:meta])*
        $table:literal => $name:ident { $( $(#[$doc:meta])* $field:ident : $type:ty, )* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $name { $( $(#[$doc])* pub $field: $type, )* }

        impl $crate::row::Row for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [(&'static str, bool)] =
                &[$( (stringify!($field), <$type as $crate::row::Value>::OPTIONAL), )*];

            fn cells(&self) -> Vec<Option<String>> {
                vec![$( $crate::row::Value::to_cell(&self.$field), )*]
            }

            fn from_cells(
                cells: &[Option<&str>],
            ) -> Result<Self, (usize, $crate::row::Unreadable)> {
                let mut column = 0;
                $(
                    let cell = cells.get(column).copied().flatten();
                    let $field = <$type as $crate::row::Value>::from_cell(cell)
                        .map_err(|unreadable| (column, unreadable))?;
                    column += 1;
                )*
                let _ = column;
                Ok(Self { $( $field, )* })
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
