//! Telling pictures apart by their content, wherever they lie.

use std::collections::HashSet;

use rayon::prelude::*;

use super::ImageSet;

/// BLAKE3 hash of the pixels of one picture.
pub type ContentHash = [u8; 32];

impl ImageSet {
    /// The hash of every image's pixels: equal exactly where all pixels are equal.
    pub fn content_hashes(&self) -> Vec<ContentHash> {
        row_hashes(&self.pixels, self.shape.len())
    }
}

/// The hash of each row of `width` values.
pub(crate) fn row_hashes(values: &[f32], width: usize) -> Vec<ContentHash> {
    values
        .par_chunks_exact(width)
        .map_init(Vec::new, |buffer: &mut Vec<f32>, row| {
            buffer.clear();
            // Adding zero makes -0 equal to 0.
            buffer.extend(row.iter().map(|value| value + 0.0));
            *blake3::hash(bytemuck::cast_slice(buffer)).as_bytes()
        })
        .collect()
}

/// The images of `set` whose exact pixels also occur in `others`, by index in `set`.
pub fn shared_images(set: &ImageSet, others: &ImageSet) -> Vec<u32> {
    if set.shape != others.shape {
        return Vec::new();
    }
    let known: HashSet<ContentHash> = others.content_hashes().into_iter().collect();
    let hashes = set.content_hashes();
    (0..set.len() as u32)
        .filter(|&index| known.contains(&hashes[index as usize]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImageShape;

    #[test]
    fn pictures_are_known_by_their_pixels() {
        let shape = ImageShape {
            channels: 1,
            height: 1,
            width: 2,
        };
        let set = |pixels: &[f32]| {
            ImageSet::new(shape, pixels.to_vec(), vec![0; pixels.len() / 2], 1).unwrap()
        };
        let a = set(&[0.0, 0.5, 0.5, 0.0, -0.0, 0.5]);
        let hashes = a.content_hashes();
        assert_eq!(hashes[0], hashes[2]);
        assert_ne!(hashes[0], hashes[1]);
        assert_eq!(shared_images(&a, &set(&[0.5, 0.0, 1.0, 1.0])), [1]);
        assert!(shared_images(&a, &set(&[0.1, 0.0])).is_empty());
    }
}
