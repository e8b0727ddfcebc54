//! numpy's `.npy`: one array of numbers with its type and shape.
//!
//! Read by hand: the crates npyz and ndarray-npy refuse the shapes that numpy wrote under Python 2,
//! `(3L, 4L)`, and want the type of the numbers to be known before the file is opened.

use std::path::Path;

use super::numbers::Kind;
use crate::DatasetError;

/// An array as it lies in the file, row by row.
pub(super) struct Array<'a> {
    pub kind: Kind,
    pub shape: Vec<usize>,
    pub data: &'a [u8],
}

/// Reads the header (format 1.0 to 3.0) and checks that the data is as long as it says.
pub(super) fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<Array<'a>, DatasetError> {
    let broken = |place: &str, reason: String| DatasetError::format(path, place, reason);
    let Some(rest) = bytes.strip_prefix(b"\x93NUMPY") else {
        return Err(broken("bytes 0..6", "not a .npy file".into()));
    };
    let (start, length): (usize, usize) = match rest {
        [1, _, a, b, ..] => (4, usize::from(u16::from_le_bytes([*a, *b]))),
        [2 | 3, _, a, b, c, d, ..] => (6, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => {
            let reason = "no .npy format of version 1, 2 or 3".into();
            return Err(broken("bytes 6..12", reason));
        }
    };
    let header = rest
        .get(start..start.saturating_add(length))
        .and_then(|header| std::str::from_utf8(header).ok())
        .ok_or_else(|| broken("the header", "cut off or not text".into()))?;
    let data = &rest[start + length..];
    let descr = field(header, "descr").unwrap_or_default();
    let kind = kind_of(descr.trim_matches(['\'', '"'])).ok_or_else(|| {
        broken(
            "the header",
            format!(
                "numbers of type {descr} are not read\nhint: save features as float32 or float16 \
                 and labels as integers, little-endian"
            ),
        )
    })?;
    let shape =
        shape_of(header).ok_or_else(|| broken("the header", "the shape cannot be read".into()))?;
    // Of one axis, both orders are the same.
    if shape.len() > 1 && field(header, "fortran_order") != Some("False") {
        let reason = "stored column by column\nhint: save `numpy.ascontiguousarray(array)`";
        return Err(broken("the header", reason.into()));
    }
    let expected = shape
        .iter()
        .try_fold(kind.len(), |product, &side| product.checked_mul(side));
    if expected != Some(data.len()) {
        return Err(broken(
            "the data",
            format!(
                "{} bytes instead of {} for shape {}\nhint: save the file again",
                data.len(),
                expected.map_or("too many".into(), |n| n.to_string()),
                sides(&shape),
            ),
        ));
    }
    Ok(Array { kind, shape, data })
}

/// A shape in words: `3 x 4`.
pub(super) fn sides(shape: &[usize]) -> String {
    match shape {
        [] => "of a single number".into(),
        _ => {
            let sides: Vec<String> = shape.iter().map(usize::to_string).collect();
            sides.join(" x ")
        }
    }
}

/// What follows a key of the header, in single or double quotes, and its colon.
fn after<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let quoted = |quote| header.split_once(&format!("{quote}{name}{quote}"));
    let (_, after) = quoted('\'').or_else(|| quoted('"'))?;
    Some(after.trim_start().strip_prefix(':')?.trim_start())
}

/// The value of a key up to the next comma.
fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let after = after(header, name)?;
    let end = after.find([',', '}']).unwrap_or(after.len());
    Some(after[..end].trim())
}

/// The shape; numpy under Python 2 wrote an `L` behind each number.
fn shape_of(header: &str) -> Option<Vec<usize>> {
    let inside = after(header, "shape")?.strip_prefix('(')?;
    let (inside, _) = inside.split_once(')')?;
    let sides = inside.split(',').map(str::trim).filter(|s| !s.is_empty());
    let number = |side: &str| side.strip_suffix('L').unwrap_or(side).parse().ok();
    sides.map(number).collect()
}

fn kind_of(descr: &str) -> Option<Kind> {
    Some(match descr {
        "<f2" => Kind::F16,
        "<f4" => Kind::F32,
        "<f8" => Kind::F64,
        "|u1" | "|b1" => Kind::U8,
        "|i1" => Kind::I8,
        "<u2" => Kind::U16,
        "<i2" => Kind::I16,
        "<u4" => Kind::U32,
        "<i4" => Kind::I32,
        "<u8" => Kind::U64,
        "<i8" => Kind::I64,
        _ => return None,
    })
}
