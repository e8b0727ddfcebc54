//! Queries and replies: a count of inputs and the ciphertexts that hold them.
//!
//! Magic (8 bytes), setup fingerprint (16), count (4), then each ciphertext's length (8) and bytes.
//! The ciphertexts check themselves; counts and lengths are checked against the bytes there are.

use crate::{CryptoTlError, Setup};

/// A list of inputs longer than this is refused.
const MAX_COUNT: usize = 1 << 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Query,
    Reply,
}

impl Kind {
    fn magic(self) -> &'static [u8; 8] {
        match self {
            Self::Query => b"RHEACTLQ",
            Self::Reply => b"RHEACTLR",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Query => "a query",
            Self::Reply => "a reply",
        }
    }
}

pub(crate) fn write(kind: Kind, setup: &Setup, count: usize, bodies: &[Vec<u8>]) -> Vec<u8> {
    let mut out = kind.magic().to_vec();
    out.extend(setup.fingerprint());
    out.extend((count as u32).to_le_bytes());
    for body in bodies {
        out.extend((body.len() as u64).to_le_bytes());
        out.extend(body);
    }
    out
}

/// The number of inputs and the ciphertexts' bytes.
pub(crate) fn read<'a>(
    kind: Kind,
    setup: &Setup,
    bytes: &'a [u8],
) -> Result<(usize, Vec<&'a [u8]>), CryptoTlError> {
    let fail = |reason: String| {
        Err(CryptoTlError::Message {
            what: kind.name(),
            reason,
        })
    };
    let Some((header, mut rest)) = bytes.split_at_checked(28) else {
        return fail(format!("{} bytes are too few", bytes.len()));
    };
    if &header[..8] != kind.magic() {
        return fail("the magic bytes are wrong".into());
    }
    if header[8..24] != setup.fingerprint() {
        return fail("it was made under another setup".into());
    }
    let mut count = [0; 4];
    count.copy_from_slice(&header[24..]);
    let count = u32::from_le_bytes(count) as usize;
    if count == 0 || count > MAX_COUNT {
        return fail(format!("{count} inputs are not between 1 and {MAX_COUNT}"));
    }
    let needed = count.div_ceil(setup.capacity());
    let mut bodies = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<8>() {
        let length = u64::from_le_bytes(*length);
        let split = usize::try_from(length)
            .ok()
            .and_then(|length| tail.split_at_checked(length));
        let Some((body, tail)) = split else {
            return fail(format!("a ciphertext of {length} bytes is cut short"));
        };
        bodies.push(body);
        rest = tail;
    }
    if !rest.is_empty() || bodies.len() != needed {
        return fail(format!(
            "{count} inputs need {needed} ciphertexts, found {} and {} more bytes",
            bodies.len(),
            rest.len()
        ));
    }
    Ok((count, bodies))
}
