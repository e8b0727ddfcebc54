//! Tensors by name, as a file holds them.

use std::collections::BTreeMap;
use std::fmt;

use half::{bf16, f16};

/// The element types that layers are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Float {
    F64,
    F32,
    F16,
    Bf16,
}

/// One tensor: its numbers, or the name of an element type that is no floating-point one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Result<Vec<f64>, String>,
}

impl Tensor {
    /// From little-endian bytes, row-major.
    pub(crate) fn from_le_bytes(shape: Vec<usize>, float: Float, bytes: &[u8]) -> Self {
        fn each<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f64) -> Vec<f64> {
            let chunks = bytes.as_chunks::<N>().0.iter();
            chunks.map(|chunk| read(*chunk)).collect()
        }
        let values = match float {
            Float::F64 => each(bytes, f64::from_le_bytes),
            Float::F32 => each(bytes, |b| f32::from_le_bytes(b).into()),
            Float::F16 => each(bytes, |b| f16::from_le_bytes(b).into()),
            Float::Bf16 => each(bytes, |b| bf16::from_le_bytes(b).into()),
        };
        Self {
            shape,
            values: Ok(values),
        }
    }

    /// A tensor whose elements are not read.
    pub(crate) fn other(shape: Vec<usize>, kind: impl Into<String>) -> Self {
        Self {
            shape,
            values: Err(kind.into()),
        }
    }
}

/// Everything that a file says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contents {
    pub(crate) tensors: BTreeMap<String, Tensor>,
    /// Entries that are no tensors but stand among them: a number, a string.
    pub(crate) others: Vec<String>,
    /// What the file states of itself.
    pub(crate) metadata: BTreeMap<String, String>,
}

/// A name out of a file as a message may show it: control characters escaped, not too long.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 120;
        let escaped: String = self.0.escape_debug().take(LONGEST).collect();
        let cut = if self.0.chars().count() > LONGEST {
            "…"
        } else {
            ""
        };
        write!(f, "`{escaped}{cut}`")
    }
}

/// Names in a message, the first few of many.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 6;
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names.iter().take(MOST).map(|name| Shown(name).to_string());
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if names.len() > MOST {
        text.push_str(&format!(" and {} more", names.len() - MOST));
    }
    text
}
