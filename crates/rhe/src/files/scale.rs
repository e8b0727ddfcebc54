//! The public scale of a head's features, a part of its file.

use super::reader::Reader;
use super::writer::Writer;
use crate::error::RheError;
use crate::quantise::FeatureScale;

impl FeatureScale {
    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.small(self.exponents.len() as u32);
        writer.bytes(bytemuck::cast_slice(&self.exponents));
    }

    pub(super) fn read(reader: &mut Reader<'_>, features: usize) -> Result<Self, RheError> {
        let exponents = match reader.small()? as usize {
            0 => Vec::new(),
            count if count == features => {
                let bytes = reader.bytes(count)?;
                bytemuck::cast_slice::<u8, i8>(&bytes).to_vec()
            }
            count => return Err(reader.bad(format!("it scales {count} features"))),
        };
        Ok(Self { exponents })
    }
}
