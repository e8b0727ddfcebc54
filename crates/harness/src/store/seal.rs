//! The envelope of every cached file: magic, format version, length and checksum.

const MAGIC: &[u8; 8] = b"RHEASTG\n";
const HEADER: usize = 8 + 4 + 8 + 32;

/// Why an envelope cannot be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The file does not begin as a cached stage does.
    #[error("not a cached stage")]
    Magic,
    /// Written by another version.
    #[error("format {found}, this version writes {expected}")]
    Format {
        /// Format of the file.
        found: u32,
        /// Format of this version.
        expected: u32,
    },
    /// Shorter or longer than it says.
    #[error("{found} bytes where {expected} were written")]
    Length {
        /// Bytes there are.
        found: u64,
        /// Bytes the header promises.
        expected: u64,
    },
    /// The bytes changed after they were written.
    #[error("checksum does not match")]
    Checksum,
}

/// Puts `payload` into an envelope of the given format version.
pub fn seal(payload: &[u8], format: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + payload.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&format.to_le_bytes());
    bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    bytes.extend_from_slice(blake3::hash(payload).as_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// The payload of an envelope, if it is whole and of the given format version.
pub fn open(bytes: &[u8], format: u32) -> Result<&[u8], Damage> {
    if bytes.len() < HEADER || &bytes[..8] != MAGIC {
        return Err(Damage::Magic);
    }
    let found = u32::from_le_bytes(bytes[8..12].try_into().expect("four bytes"));
    if found != format {
        return Err(Damage::Format {
            found,
            expected: format,
        });
    }
    let expected = u64::from_le_bytes(bytes[12..20].try_into().expect("eight bytes"));
    let payload = &bytes[HEADER..];
    if payload.len() as u64 != expected {
        return Err(Damage::Length {
            found: payload.len() as u64,
            expected,
        });
    }
    if blake3::hash(payload).as_bytes() != &bytes[20..HEADER] {
        return Err(Damage::Checksum);
    }
    Ok(payload)
}
