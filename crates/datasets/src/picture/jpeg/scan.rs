//! Frames and scans: which blocks there are, and the codes of each.

use super::bits::{Bits, Table, u16_at};

/// What the frame says.
pub(super) struct Frame {
    pub progressive: bool,
    size: [usize; 2],
    /// Largest sampling factors across and down.
    most: [usize; 2],
    components: Vec<Component>,
}

struct Component {
    id: u8,
    /// Sampling factors across and down.
    sampling: [usize; 2],
    /// Blocks in a row, whole MCUs.
    stride: usize,
    /// For progressive pictures: which coefficients of each block are not zero so far.
    known: Vec<u64>,
    seen: bool,
}

impl Frame {
    /// Reads the frame's segment; none for a picture that is not understood here.
    pub fn parse(
        segment: &[u8],
        progressive: bool,
        most_pixels: u64,
    ) -> Result<Option<Self>, String> {
        let short = || "a short frame segment".to_owned();
        let [precision, ..] = segment else {
            return Err(short());
        };
        let height = usize::from(u16_at(segment, 1).ok_or_else(short)?);
        let width = usize::from(u16_at(segment, 3).ok_or_else(short)?);
        if *precision != 8 || height == 0 || width == 0 {
            return Ok(None);
        }
        let count = usize::from(*segment.get(5).ok_or_else(short)?);
        let fields = segment.get(6..6 + 3 * count).ok_or_else(short)?;
        if count > 4 || (width * height) as u64 > most_pixels {
            return Err(format!("{count} components of {width} x {height}"));
        }
        let sampling = |field: &[u8]| [usize::from(field[1] >> 4), usize::from(field[1] & 15)];
        let mut most = [1, 1];
        for field in fields.chunks(3) {
            for (most, factor) in most.iter_mut().zip(sampling(field)) {
                if !(1..=4).contains(&factor) {
                    return Err(format!("a sampling factor of {factor}"));
                }
                *most = factor.max(*most);
            }
        }
        let mcus = [width.div_ceil(8 * most[0]), height.div_ceil(8 * most[1])];
        let component = |field: &[u8]| {
            let sampling = sampling(field);
            let [stride, rows] = [mcus[0] * sampling[0], mcus[1] * sampling[1]];
            Component {
                id: field[0],
                sampling,
                stride,
                known: vec![0; if progressive { stride * rows } else { 0 }],
                seen: false,
            }
        };
        Ok(Some(Self {
            progressive,
            size: [width, height],
            most,
            components: fields.chunks(3).map(component).collect(),
        }))
    }

    /// Whether every component had a scan.
    pub fn is_complete(&self) -> bool {
        self.components.iter().all(|component| component.seen)
    }
}

/// What a scan's header says.
pub(super) struct Scan {
    /// Component, table of DC codes, table of AC codes.
    parts: Vec<(usize, usize, usize)>,
    /// First and last coefficient.
    band: [u32; 2],
    /// Whether it adds a bit to what earlier scans gave.
    refines: bool,
}

impl Scan {
    pub fn parse(segment: &[u8], frame: &mut Frame) -> Result<Self, String> {
        let short = || "a short scan segment".to_owned();
        let count = usize::from(*segment.first().ok_or_else(short)?);
        let fields = segment.get(1..1 + 2 * count).ok_or_else(short)?;
        let [first, last, approximation] = *segment
            .get(1 + 2 * count..)
            .and_then(|rest| rest.first_chunk())
            .ok_or_else(short)?;
        let mut parts = Vec::with_capacity(count);
        for field in fields.chunks(2) {
            let index = frame
                .components
                .iter()
                .position(|component| component.id == field[0])
                .ok_or_else(|| format!("a scan of component {}, which is not there", field[0]))?;
            let tables = [usize::from(field[1] >> 4), usize::from(field[1] & 15)];
            if tables.iter().any(|&table| table > 3) {
                return Err("a scan with an impossible table of codes".into());
            }
            parts.push((index, tables[0], tables[1]));
            frame.components[index].seen = true;
        }
        let band = if frame.progressive {
            [first.into(), last.into()]
        } else {
            [0, 63]
        };
        let whole = band[1] <= 63 && band[0] <= band[1];
        let alone = band[0] == 0 && band[1] == 0 || count == 1;
        if parts.is_empty() || !whole || (frame.progressive && !alone) {
            return Err("a scan of impossible coefficients".into());
        }
        Ok(Self {
            parts,
            band,
            refines: frame.progressive && approximation >> 4 > 0,
        })
    }

    /// Reads every block of the scan.
    pub fn read(
        &self,
        frame: &mut Frame,
        bits: &mut Bits<'_>,
        dc: &[Option<Table>; 4],
        ac: &[Option<Table>; 4],
        restart: usize,
    ) -> Result<(), String> {
        let [across, down] = match self.parts[..] {
            // A component alone has no blocks but those that hold pixels.
            [(index, ..)] => [0, 1].map(|axis| {
                let sampling = frame.components[index].sampling[axis];
                (frame.size[axis] * sampling).div_ceil(8 * frame.most[axis])
            }),
            _ => [0, 1].map(|axis| frame.size[axis].div_ceil(8 * frame.most[axis])),
        };
        let mut run = 0;
        for mcu in 0..across * down {
            if restart > 0 && mcu > 0 && mcu % restart == 0 {
                bits.restart(mcu / restart - 1)?;
                run = 0;
            }
            let (row, column) = (mcu / across, mcu % across);
            for &(index, dc_table, ac_table) in &self.parts {
                let component = &mut frame.components[index];
                let [wide, high] = match self.parts.len() {
                    1 => [1, 1],
                    _ => component.sampling,
                };
                for y in 0..high {
                    for x in 0..wide {
                        let at = (row * high + y) * component.stride + column * wide + x;
                        let (dc, ac) = (&dc[dc_table], &ac[ac_table]);
                        if frame.progressive {
                            let known = component.known.get_mut(at).ok_or("too many blocks")?;
                            self.part(bits, dc, ac, known, &mut run)?;
                        } else {
                            difference(bits, dc)?;
                            self.band(bits, ac, &mut 0, &mut 0)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// What a progressive scan has of one block.
    fn part(
        &self,
        bits: &mut Bits<'_>,
        dc: &Option<Table>,
        ac: &Option<Table>,
        known: &mut u64,
        run: &mut u32,
    ) -> Result<(), String> {
        match (self.band[0], self.refines) {
            (0, false) => difference(bits, dc),
            (0, true) => bits.take(1).map(drop),
            (_, false) => self.band(bits, ac, known, run),
            (_, true) => self.refine(bits, ac, known, run),
        }
    }

    /// Coefficients for the first time; `run` blocks more are empty.
    fn band(
        &self,
        bits: &mut Bits<'_>,
        table: &Option<Table>,
        known: &mut u64,
        run: &mut u32,
    ) -> Result<(), String> {
        if *run > 0 {
            *run -= 1;
            return Ok(());
        }
        let table = table.as_ref().ok_or(NO_TABLE)?;
        let [first, last] = self.band;
        let mut at = first.max(1);
        // The first coefficient's code and value, and how many in a row are as it.
        let mut alike = (0, 0, 0);
        while at <= last {
            let symbol = bits.symbol(table)?;
            let (zeros, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            match (zeros, size) {
                (15, 0) => at += 16,
                (0, 0) => break,
                (_, 0) if first == 0 => return Err("a code that ends several blocks".into()),
                (zeros, 0) => {
                    *run = (1 << zeros) + bits.take(zeros)? - 1;
                    break;
                }
                (zeros, size) => {
                    at += zeros;
                    let value = bits.take(size)?;
                    alike = match alike {
                        (code, known, count) if (code, known) == (symbol, value) => {
                            (code, known, count + 1)
                        }
                        _ => (symbol, value, 1),
                    };
                    if at > last {
                        return Err(PAST.into());
                    }
                    *known |= 1 << at;
                    at += 1;
                }
            }
        }
        // What zeros in place of data come to, where they happen to give as many blocks.
        if alike.2 == 63 {
            return Err("a block of 63 equal coefficients".into());
        }
        Ok(())
    }

    /// One more bit of the coefficients that are known, and new ones between them.
    fn refine(
        &self,
        bits: &mut Bits<'_>,
        table: &Option<Table>,
        known: &mut u64,
        run: &mut u32,
    ) -> Result<(), String> {
        let table = table.as_ref().ok_or(NO_TABLE)?;
        let [mut at, last] = self.band;
        while *run == 0 && at <= last {
            let symbol = bits.symbol(table)?;
            let (mut zeros, size) = (u32::from(symbol >> 4), symbol & 15);
            match (zeros, size) {
                (15, 0) => {}
                (_, 0) => {
                    *run = (1 << zeros) + bits.take(zeros)?;
                    break;
                }
                (_, 1) => drop(bits.take(1)?),
                _ => return Err("a new coefficient of more than one bit".into()),
            }
            loop {
                if at > last {
                    if size > 0 {
                        return Err(PAST.into());
                    }
                    break;
                }
                at += 1;
                if *known >> (at - 1) & 1 == 1 {
                    bits.take(1)?;
                } else if zeros == 0 {
                    *known |= u64::from(size) << (at - 1);
                    break;
                } else {
                    zeros -= 1;
                }
            }
        }
        if *run > 0 {
            for at in at..=last {
                bits.take((*known >> at & 1) as u32)?;
            }
            *run -= 1;
        }
        Ok(())
    }
}

const NO_TABLE: &str = "a scan without its table of codes";
const PAST: &str = "a block with more than its coefficients";

/// The difference of a block's mean from the one before.
fn difference(bits: &mut Bits<'_>, table: &Option<Table>) -> Result<(), String> {
    let size = bits.symbol(table.as_ref().ok_or(NO_TABLE)?)?;
    if size > 15 {
        return Err(format!("a mean of {size} bits"));
    }
    bits.take(size.into()).map(drop)
}
