//! Numbers in the byte layouts that numpy and safetensors write, little-endian.

use half::{bf16, f16};

/// The type of a stored number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F16,
    Bf16,
    F32,
    F64,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
}

impl Kind {
    /// Bytes of one number.
    pub fn len(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::F16 | Self::Bf16 | Self::U16 | Self::I16 => 2,
            Self::F32 | Self::U32 | Self::I32 => 4,
            Self::F64 | Self::U64 | Self::I64 => 8,
        }
    }

    /// Its name in safetensors.
    pub fn name(self) -> &'static str {
        match self {
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::F32 => "F32",
            Self::F64 => "F64",
            Self::U8 => "U8",
            Self::I8 => "I8",
            Self::U16 => "U16",
            Self::I16 => "I16",
            Self::U32 => "U32",
            Self::I32 => "I32",
            Self::U64 => "U64",
            Self::I64 => "I64",
        }
    }

    /// The numbers as `f32`; none for integer kinds, which are not features.
    pub fn floats(self, bytes: &[u8]) -> Option<Vec<f32>> {
        Some(match self {
            Self::F16 => each(bytes, |b| f16::from_le_bytes(b).to_f32()),
            Self::Bf16 => each(bytes, |b| bf16::from_le_bytes(b).to_f32()),
            Self::F32 => each(bytes, f32::from_le_bytes),
            Self::F64 => each(bytes, |b| f64::from_le_bytes(b) as f32),
            _ => return None,
        })
    }

    /// The numbers as labels; the index of the first that is negative, fractional or too large.
    pub fn labels(self, bytes: &[u8]) -> Result<Vec<u32>, usize> {
        let whole = |value: f64| {
            let fits = value >= 0.0 && value <= f64::from(u32::MAX) && value.fract() == 0.0;
            fits.then_some(value as u32)
        };
        let values: Vec<Option<u32>> = match self {
            Self::F16 => each(bytes, |b| whole(f16::from_le_bytes(b).to_f64())),
            Self::Bf16 => each(bytes, |b| whole(bf16::from_le_bytes(b).to_f64())),
            Self::F32 => each(bytes, |b| whole(f32::from_le_bytes(b).into())),
            Self::F64 => each(bytes, |b| whole(f64::from_le_bytes(b))),
            Self::U8 => each(bytes, |[b]| Some(b.into())),
            Self::I8 => each(bytes, |b| i8::from_le_bytes(b).try_into().ok()),
            Self::U16 => each(bytes, |b| Some(u16::from_le_bytes(b).into())),
            Self::I16 => each(bytes, |b| i16::from_le_bytes(b).try_into().ok()),
            Self::U32 => each(bytes, |b| Some(u32::from_le_bytes(b))),
            Self::I32 => each(bytes, |b| i32::from_le_bytes(b).try_into().ok()),
            Self::U64 => each(bytes, |b| u64::from_le_bytes(b).try_into().ok()),
            Self::I64 => each(bytes, |b| i64::from_le_bytes(b).try_into().ok()),
        };
        let unfit = values.iter().position(Option::is_none);
        match unfit {
            Some(at) => Err(at),
            None => Ok(values.into_iter().flatten().collect()),
        }
    }
}

fn each<const N: usize, T>(bytes: &[u8], convert: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (chunks, _) = bytes.as_chunks::<N>();
    chunks.iter().map(|chunk| convert(*chunk)).collect()
}
