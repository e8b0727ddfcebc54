//! Whether a JPEG is whole: its entropy-coded data hold the blocks of the picture, and no more.
//!
//! Decoders go on where data are missing or wrong and paint what is left grey. This reads the
//! codes alone (ITU-T T.81, annexes F and G: sequential and progressive, Huffman) and notices an
//! end that comes too early, a code that does not exist, and data that are left over, which is what
//! damage in the middle leads to: codes fall into step again, but not with the number of blocks.

mod bits;
mod scan;

use bits::{Bits, Table, u16_at};
use scan::{Frame, Scan};

/// Most scans of a progressive picture: beyond this they only cost time.
const MOST_SCANS: usize = 100;
/// Bytes that an encoder may leave over at the end of a scan.
const SPARE: usize = 2;

/// Tables in force while markers are read.
#[derive(Default)]
struct State {
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    /// MCUs between two restart markers; 0 for none.
    restart: usize,
    frame: Option<Frame>,
    scans: usize,
}

/// Checks a file that begins as JPEG does, of at most `most_pixels`. Kinds that are not understood (arithmetic coding,
/// lossless, 12 bits) are left to the decoder, which refuses them.
///
/// # Errors
/// Where the file ends early or its data are damaged, with the place.
pub(super) fn check(bytes: &[u8], most_pixels: u64) -> Result<(), String> {
    let mut state = State::default();
    let mut at = 2;
    loop {
        let Some(marker) = next_marker(bytes, &mut at) else {
            return match &state.frame {
                Some(frame) if frame.is_complete() && !frame.progressive => Ok(()),
                _ => Err(format!(
                    "it ends after {} bytes, before its end",
                    bytes.len()
                )),
            };
        };
        match marker {
            0xd9 => {
                return match &state.frame {
                    Some(frame) if frame.is_complete() => Ok(()),
                    _ => Err(format!(
                        "its end comes at byte {at}, before all of it was there"
                    )),
                };
            }
            // Markers without a segment.
            0x01 | 0xd0..=0xd8 => continue,
            _ => {}
        }
        let segment = segment(bytes, &mut at)?;
        match marker {
            0xc0..=0xc2 => match Frame::parse(segment, marker == 0xc2, most_pixels)? {
                Some(frame) => state.frame = Some(frame),
                None => return Ok(()),
            },
            0xc4 => tables(segment, &mut state)?,
            0xc3 | 0xc5..=0xcf => return Ok(()),
            0xdd => {
                state.restart = usize::from(u16_at(segment, 0).ok_or("a short restart segment")?);
            }
            0xda => {
                state.scans += 1;
                if state.scans > MOST_SCANS {
                    return Err(format!("more than {MOST_SCANS} scans"));
                }
                at += scan(segment, &bytes[at..], at, &mut state)?;
            }
            _ => {}
        }
    }
}

/// The byte after the next 0xff, past anything between segments.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        let (&first, &second) = (bytes.get(*at)?, bytes.get(*at + 1)?);
        if first == 0xff && !matches!(second, 0 | 0xff) {
            *at += 2;
            return Some(second);
        }
        *at += 1;
    }
}

fn segment<'a>(bytes: &'a [u8], at: &mut usize) -> Result<&'a [u8], String> {
    let cut = || format!("it ends after {} bytes, within a segment", bytes.len());
    let length = usize::from(u16_at(bytes, *at).ok_or_else(cut)?);
    let segment = bytes.get(*at + 2..*at + length.max(2)).ok_or_else(cut)?;
    *at += length.max(2);
    Ok(segment)
}

fn tables(mut segment: &[u8], state: &mut State) -> Result<(), String> {
    while let [place, rest @ ..] = segment {
        let counts: &[u8; 16] = rest.first_chunk().ok_or("a short table of codes")?;
        let total = counts
            .iter()
            .map(|&count| usize::from(count))
            .sum::<usize>();
        let symbols = rest.get(16..16 + total).ok_or("a short table of codes")?;
        let tables = if place >> 4 == 0 {
            &mut state.dc
        } else {
            &mut state.ac
        };
        let slot = tables
            .get_mut(usize::from(place & 15))
            .ok_or("a table of codes with an impossible number")?;
        *slot = Some(Table::new(counts, symbols)?);
        segment = &rest[16 + total..];
    }
    Ok(())
}

/// Reads one scan from `data`, which begins at byte `offset`; returns how many bytes it takes.
fn scan(segment: &[u8], data: &[u8], offset: usize, state: &mut State) -> Result<usize, String> {
    let frame = state.frame.as_mut().ok_or("a scan before the frame")?;
    let scan = Scan::parse(segment, frame)?;
    let mut bits = Bits::new(data, offset);
    scan.read(frame, &mut bits, &state.dc, &state.ac, state.restart)?;
    let left = bits.left_over();
    if left > SPARE {
        return Err(format!(
            "{left} bytes are left over at byte {} after all blocks",
            offset + bits.position()
        ));
    }
    Ok(bits.position())
}
