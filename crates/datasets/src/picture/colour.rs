//! How many channels pictures have, and what a byte of one is.

/// How many channels pictures are brought to.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// One channel: luminance (ITU-R BT.601 weights).
    Grey,
    /// Three channels: red, green, blue.
    #[default]
    Rgb,
}

impl Colour {
    /// 1 or 3.
    pub fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
        }
    }

    /// That of images with so many channels.
    pub fn of(channels: usize) -> Self {
        if channels == 1 { Self::Grey } else { Self::Rgb }
    }

    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Rgb => "RGB",
        }
    }
}

/// [0, 255] to [-1, 1].
pub(crate) fn from_byte(byte: u8) -> f32 {
    f32::from(byte) / 127.5 - 1.0
}
