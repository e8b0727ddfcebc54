//! From a file to bytes of grey or RGB: checked, within bounds, nothing transparent.

use std::io::Cursor;
use std::sync::Mutex;

use image::{DynamicImage, ImageDecoder, ImageFormat};

use super::colour::{Colour, from_byte};
use super::jpeg;
use crate::Remark;

/// Pictures of more pixels (the square of 8192) are refused before they are decoded.
const MOST_PIXELS: u64 = 1 << 26;
/// Bytes a decoder may allocate: the largest picture in colour with transparency.
const MOST_BYTES: u64 = 4 * MOST_PIXELS + (1 << 20);
/// Pictures of more pixels are decoded one at a time, however many threads there are, so that a
/// small archive of large pictures does not fill the memory.
const LARGE: u64 = 1 << 22;
/// Held while a large picture is decoded and shrunk.
static ONE_LARGE: Mutex<()> = Mutex::new(());

/// What transparent parts are composed on: white, as paper and most viewers show them.
pub const TRANSPARENT_ON: [u8; 3] = [255; 3];

/// A decoded picture: `channels` (1 or 3) bytes a pixel.
pub(super) struct Plain {
    pub height: usize,
    pub width: usize,
    pub remarks: Vec<Remark>,
    channels: usize,
    bytes: Vec<u8>,
    /// A large picture keeps others from being decoded until it is gone.
    _alone: Option<std::sync::MutexGuard<'static, ()>>,
}

impl Plain {
    /// Top, left, height and width of the largest square in the middle.
    pub fn middle(&self) -> [usize; 4] {
        let side = self.height.min(self.width);
        [
            (self.height - side) / 2,
            (self.width - side) / 2,
            side,
            side,
        ]
    }

    /// Grey if no pixel has a colour.
    pub fn colour(&self) -> Colour {
        let grey = |pixel: &[u8]| pixel.iter().all(|byte| *byte == pixel[0]);
        if self.bytes.chunks_exact(self.channels).all(grey) {
            Colour::Grey
        } else {
            Colour::Rgb
        }
    }

    /// One channel of row `row` from `left` on, in [-1, 1].
    pub fn row(&self, colour: Colour, channel: usize, row: usize, left: usize, out: &mut [f32]) {
        let pixels =
            self.bytes[(row * self.width + left) * self.channels..].chunks_exact(self.channels);
        for (value, pixel) in out.iter_mut().zip(pixels) {
            *value = from_byte(match (colour, pixel) {
                (Colour::Grey, &[r, g, b]) => {
                    let [r, g, b] = [r, g, b].map(f32::from);
                    (0.299 * r + 0.587 * g + 0.114 * b).round() as u8
                }
                (Colour::Rgb, [_, _, _]) => pixel[channel],
                _ => pixel[0],
            });
        }
    }
}

/// Decodes one of the formats that [`crate::read`] lists; the content says which.
///
/// # Errors
/// Why it cannot be decoded: unknown, damaged, cut short, too large, or nothing left of it once
/// its transparent parts are composed on white.
pub(super) fn decode(bytes: &[u8]) -> Result<Plain, String> {
    let format = image::guess_format(bytes).map_err(|_| unknown(bytes))?;
    let mut reader = image::ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| error.to_string())?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > MOST_PIXELS || decoder.total_bytes() > MOST_BYTES {
        return Err(format!(
            "{width} x {height} pixels, at most {MOST_PIXELS} are read\nhint: shrink it"
        ));
    }
    let alone = (pixels > LARGE).then(|| {
        ONE_LARGE
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    });
    if format == ImageFormat::Jpeg {
        jpeg::check(bytes, MOST_PIXELS)?;
    }
    let decoded = DynamicImage::from_decoder(decoder).map_err(|error| error.to_string())?;
    let mut remarks = Vec::new();
    if has_more(bytes, format) {
        remarks.push(Remark::LaterFrame);
    }
    let (channels, bytes) = if decoded.color().has_alpha() {
        let (bytes, composed) = compose(decoded.into_rgba8().into_raw())?;
        remarks.extend(composed.then_some(Remark::Composed));
        (3, bytes)
    } else if decoded.color().has_color() {
        (3, decoded.into_rgb8().into_raw())
    } else {
        (1, decoded.into_luma8().into_raw())
    };
    Ok(Plain {
        height: height as usize,
        width: width as usize,
        remarks,
        channels,
        bytes,
        _alone: alone,
    })
}

/// Puts RGBA on [`TRANSPARENT_ON`], in place; the flag says whether anything was transparent.
fn compose(mut bytes: Vec<u8>) -> Result<(Vec<u8>, bool), String> {
    let pixels = bytes.len() / 4;
    let first = bytes.get(3).copied();
    let (mut transparent, mut drawn) = (false, false);
    for at in 0..pixels {
        let alpha = u32::from(bytes[4 * at + 3]);
        transparent |= alpha < 255;
        drawn |= Some(bytes[4 * at + 3]) != first;
        for (channel, ground) in TRANSPARENT_ON.into_iter().enumerate() {
            let above = u32::from(bytes[4 * at + channel]) * alpha;
            let below = u32::from(ground) * (255 - alpha);
            bytes[3 * at + channel] = ((above + below + 127) / 255) as u8;
        }
    }
    bytes.truncate(3 * pixels);
    if drawn && bytes.chunks_exact(3).all(|pixel| pixel == &bytes[..3]) {
        return Err(
            "its drawing is in its transparency and vanishes on white\nhint: save it on a \
                    background of another colour"
                .into(),
        );
    }
    Ok((bytes, transparent))
}

/// Whether there are frames or pages after the first one.
fn has_more(bytes: &[u8], format: ImageFormat) -> bool {
    let at = || Cursor::new(bytes);
    match format {
        ImageFormat::Gif => gif_images(bytes) > 1,
        ImageFormat::WebP => {
            image::codecs::webp::WebPDecoder::new(at()).is_ok_and(|webp| webp.has_animation())
        }
        ImageFormat::Png => image::codecs::png::PngDecoder::new(at())
            .is_ok_and(|png| png.is_apng().unwrap_or(false)),
        ImageFormat::Tiff => tiff_has_more(bytes).unwrap_or(false),
        _ => false,
    }
}

/// Images in a GIF, counted by its blocks and not decoded.
fn gif_images(bytes: &[u8]) -> usize {
    let table = |flags: Option<&u8>| match flags {
        Some(flags) if flags & 0x80 != 0 => 3 << ((flags & 7) + 1),
        _ => 0,
    };
    let mut at = 13 + table(bytes.get(10));
    let mut images = 0;
    loop {
        match bytes.get(at) {
            Some(0x21) => at += 2,
            Some(0x2c) => {
                images += 1;
                at += 11 + table(bytes.get(at + 9));
            }
            _ => return images,
        }
        while let Some(&length @ 1..) = bytes.get(at) {
            at += 1 + usize::from(length);
        }
        at += 1;
    }
}

/// Whether a TIFF's first directory names a second one.
fn tiff_has_more(bytes: &[u8]) -> Option<bool> {
    let number = |at: usize, length: usize| -> Option<usize> {
        let field = bytes.get(at..at.checked_add(length)?)?;
        let fold = |sum: usize, byte: &u8| sum << 8 | usize::from(*byte);
        Some(match bytes[0] {
            b'I' => field.iter().rev().fold(0, fold),
            _ => field.iter().fold(0, fold),
        })
    };
    let first = number(4, 4)?;
    let entries = number(first, 2)?;
    Some(number(first + 2 + 12 * entries, 4)? != 0)
}

fn unknown(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "the file is empty".into();
    }
    let begin: String = String::from_utf8_lossy(bytes).chars().take(8).collect();
    format!(
        "no format that is read, it begins with `{}`",
        begin.escape_debug()
    )
}
