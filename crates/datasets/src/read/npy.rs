//! numpy's `.npy`: one array of numbers with its type and shape.

use std::path::Path;

use super::numbers::Kind;
use crate::DatasetError;

/// An array as it lies in the file.
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
    if field(header, "fortran_order") != Some("False") {
        let reason = "stored column by column\nhint: save `numpy.ascontiguousarray(array)`";
        return Err(broken("the header", reason.into()));
    }
    let shape =
        shape_of(header).ok_or_else(|| broken("the header", "the shape cannot be read".into()))?;
    let expected = shape
        .iter()
        .try_fold(kind.len(), |product, &side| product.checked_mul(side));
    if expected != Some(data.len()) {
        return Err(broken(
            "the data",
            format!(
                "{} bytes instead of {} for shape {shape:?}\nhint: save the file again",
                data.len(),
                expected.map_or("too many".into(), |n| n.to_string()),
            ),
        ));
    }
    Ok(Array { kind, shape, data })
}

/// The text after `'name':` up to the next comma.
fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = header.split_once(&format!("'{name}'"))?;
    let after = after.trim_start().strip_prefix(':')?;
    let end = after.find([',', '}']).unwrap_or(after.len());
    Some(after[..end].trim())
}

fn shape_of(header: &str) -> Option<Vec<usize>> {
    let (_, after) = header.split_once("'shape'")?;
    let (_, after) = after.split_once('(')?;
    let (inside, _) = after.split_once(')')?;
    let sides = inside.split(',').map(str::trim).filter(|s| !s.is_empty());
    sides.map(|side| side.parse().ok()).collect()
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
