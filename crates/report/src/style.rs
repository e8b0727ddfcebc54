//! One look for all figures.

use plotters::style::{FontStyle, IntoFont, register_font};

use crate::scene::{Anchor, Paint, TextStyle};

/// Font list as SVG names it; the first is the embedded one that PNGs are drawn with.
pub const FONT: &str = "Noto Sans, Segoe UI, Helvetica Neue, Arial, sans-serif";

/// Height of a line of the embedded font in ems, which plotters' bitmaps take for the font size.
pub const LINE_HEIGHT: f64 = 1.362;

/// Ground of every figure.
pub const PAPER: Paint = Paint::hex(0xFF_FF_FF);
/// Titles and tick labels.
pub const INK: Paint = Paint::hex(0x1F_24_2B);
/// Second-rank text.
pub const SOFT: Paint = Paint::hex(0x5B_65_73);
/// Axes and reference lines.
pub const LINE: Paint = Paint::hex(0x9A_A3_AF);
/// Grid.
pub const GRID: Paint = Paint::hex(0xE6_E9_EE);
/// A reconstruction that succeeded.
pub const GOOD: Paint = Paint::hex(0x1A_8F_5A);
/// One that did not.
pub const BAD: Paint = Paint::hex(0xC8_3E_4D);

/// Series colours: far apart, also for colour-blind readers, and legible on light and dark ground.
pub const PALETTE: [Paint; 8] = [
    Paint::hex(0xC8_3E_4D),
    Paint::hex(0x2F_6D_B5),
    Paint::hex(0x1A_93_7B),
    Paint::hex(0xD9_8A_00),
    Paint::hex(0x7A_4F_B3),
    Paint::hex(0x3E_A5_D9),
    Paint::hex(0x9B_5A_2E),
    Paint::hex(0xD1_60_A8),
];

/// Colour number `index`, again from the start after the last.
pub fn colour(index: usize) -> Paint {
    PALETTE[index % PALETTE.len()]
}

/// Text of this size and colour that starts at its place.
pub const fn text(size: f64, paint: Paint) -> TextStyle {
    TextStyle {
        size,
        paint,
        anchor: Anchor::Start,
        bold: false,
        upwards: false,
    }
}

impl TextStyle {
    /// The same, centred or ending at its place.
    pub const fn anchored(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    /// The same in bold.
    pub const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// The same, reading upwards.
    pub const fn upwards(self) -> Self {
        Self {
            upwards: true,
            ..self
        }
    }
}

/// Makes the embedded fonts known to plotters; cheap to call again.
pub fn register_fonts() -> Result<(), String> {
    use std::sync::OnceLock;
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    DONE.get_or_init(|| {
        let faces = [
            (FontStyle::Normal, notosans::REGULAR_TTF),
            (FontStyle::Bold, notosans::BOLD_TTF),
        ];
        for (style, bytes) in faces {
            register_font(FONT, style, bytes)
                .map_err(|_| "the embedded font is not readable".to_owned())?;
        }
        Ok(())
    })
    .clone()
}

/// Width of a text in points, as the embedded font sets it.
pub fn text_width(text: &str, style: &TextStyle) -> f64 {
    let face = if style.bold {
        FontStyle::Bold
    } else {
        FontStyle::Normal
    };
    // Measured large, because layout boxes are whole pixels.
    let scale = 16.0;
    let font = (FONT, style.size * LINE_HEIGHT * scale, face).into_font();
    if register_fonts().is_err() {
        return 0.55 * style.size * text.chars().count() as f64;
    }
    font.box_size(text).map_or(
        0.55 * style.size * text.chars().count() as f64,
        |(width, _)| f64::from(width) / scale,
    )
}
