//! Bits of entropy-coded data, and the Huffman codes among them.

/// The data of a scan, bit by bit; a zero after 0xff is stuffing, anything else a marker.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// Where the data lie in the file.
    offset: usize,
    buffer: u64,
    filled: u32,
}

impl<'a> Bits<'a> {
    pub fn new(data: &'a [u8], offset: usize) -> Self {
        Self {
            data,
            at: 0,
            offset,
            buffer: 0,
            filled: 0,
        }
    }

    /// The next byte of data; none before a marker and at the end.
    fn byte(&self, at: usize) -> Option<(u8, usize)> {
        match (self.data.get(at)?, self.data.get(at + 1)) {
            (0xff, Some(0)) => Some((0xff, 2)),
            (0xff, _) => None,
            (&byte, _) => Some((byte, 1)),
        }
    }

    fn fill(&mut self) {
        while self.filled <= 48 {
            let Some((byte, length)) = self.byte(self.at) else {
                return;
            };
            self.buffer = self.buffer << 8 | u64::from(byte);
            self.filled += 8;
            self.at += length;
        }
    }

    fn early(&self) -> String {
        format!(
            "its data end at byte {}, before all blocks were there",
            self.offset + self.at
        )
    }

    /// The next `count` (at most 16) bits as a number.
    pub fn take(&mut self, count: u32) -> Result<u32, String> {
        if self.filled < count {
            self.fill();
        }
        if self.filled < count {
            return Err(self.early());
        }
        self.filled -= count;
        let bits = self.buffer >> self.filled;
        Ok((bits & ((1 << count) - 1)) as u32)
    }

    /// The next symbol of `table`.
    pub fn symbol(&mut self, table: &Table) -> Result<u8, String> {
        if self.filled < 16 {
            self.fill();
        }
        // Fewer than 16 bits may be left: what is missing is taken for zeros and not consumed.
        let have = self.filled.min(16);
        let ahead = (self.buffer >> (self.filled - have)) & ((1 << have) - 1);
        let ahead = (ahead as u32) << (16 - have);
        let (symbol, length) = table
            .find(ahead)
            .ok_or_else(|| format!("no code at byte {}", self.offset + self.at))?;
        if length > have {
            return Err(self.early());
        }
        self.filled -= length;
        Ok(symbol)
    }

    /// Whole bytes that lie between the last bit taken and the next marker or the end. Bits up to
    /// the end of a byte are padding.
    pub fn left_over(&mut self) -> usize {
        let mut count = (self.filled / 8) as usize;
        self.filled = 0;
        let mut at = self.at;
        while let Some((_, length)) = self.byte(at) {
            count += 1;
            at += length;
        }
        self.at = at;
        count
    }

    /// Passes the restart marker with this number, right after the last bit taken.
    pub fn restart(&mut self, number: usize) -> Result<(), String> {
        let place = self.offset + self.at;
        let left = self.left_over();
        if left > 0 {
            return Err(format!("{left} bytes too many before byte {place}"));
        }
        while self.data[self.at..].starts_with(&[0xff, 0xff]) {
            self.at += 1;
        }
        if !self.data[self.at..].starts_with(&[0xff, 0xd0 + (number % 8) as u8]) {
            return Err(format!("no restart marker at byte {place}"));
        }
        self.at += 2;
        Ok(())
    }

    /// Bytes of data passed.
    pub fn position(&self) -> usize {
        self.at
    }
}

/// A Huffman code (T.81, annex C).
pub(super) struct Table {
    /// Symbol and length of every code of at most 8 bits, by the first 8 bits; length 0 for others.
    short: Box<[(u8, u8); 256]>,
    /// For each length the codes' first number, left-aligned in 16 bits, and the end of its range.
    ranges: [(u32, u32); 17],
    /// Where the symbols of each length begin.
    starts: [usize; 17],
    symbols: Vec<u8>,
}

impl Table {
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self, String> {
        let mut table = Self {
            short: Box::new([(0, 0); 256]),
            ranges: [(0, 0); 17],
            starts: [0; 17],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut start) = (0_u32, 0);
        for length in 1..=16 {
            let count = u32::from(counts[length - 1]);
            let step = 1 << (16 - length);
            table.ranges[length] = (code, code + count * step);
            table.starts[length] = start;
            if code + count * step > 1 << 16 {
                return Err("a table of codes with too many codes".into());
            }
            if length <= 8 {
                for place in 0..count {
                    let from = ((code + place * step) >> 8) as usize;
                    let entry = (symbols[start + place as usize], length as u8);
                    table.short[from..from + (1 << (8 - length))].fill(entry);
                }
            }
            code += count * step;
            start += count as usize;
        }
        Ok(table)
    }

    /// The symbol that begins `ahead` (16 bits), and its length.
    fn find(&self, ahead: u32) -> Option<(u8, u32)> {
        let (symbol, length) = self.short[(ahead >> 8) as usize];
        if length > 0 {
            return Some((symbol, u32::from(length)));
        }
        (9..=16).find_map(|length: usize| {
            let (first, end) = self.ranges[length];
            let place = (ahead.checked_sub(first)? >> (16 - length)) as usize;
            (ahead < end).then(|| (self.symbols[self.starts[length] + place], length as u32))
        })
    }
}

/// The big-endian number of two bytes at `at`.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}
