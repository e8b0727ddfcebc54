//! An image on several resolutions at once, for a loss that is felt on each.

use datasets::ImageShape;

/// Stacks an image and its means over blocks of 2, 4, … pixels a side, each mean in the place of its
/// block's pixels: all levels are as long as the image and weigh the same. Blocks that do not fit at
/// the lower and the right edge are smaller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pyramid {
    shape: ImageShape,
    scales: usize,
}

impl Pyramid {
    /// The image itself and `scales` − 1 levels of blocks.
    pub fn new(shape: ImageShape, scales: usize) -> Self {
        Self { shape, scales }
    }

    /// Shape of an image.
    pub fn shape(self) -> ImageShape {
        self.shape
    }

    /// Levels, the image itself among them.
    pub fn scales(self) -> usize {
        self.scales
    }

    /// Length of a stack.
    pub fn len(&self) -> usize {
        self.scales * self.shape.len()
    }

    /// Writes the stack of `image` to `out`.
    pub fn stack(&self, image: &[f32], out: &mut [f32]) {
        for (scale, level) in out.chunks_mut(self.shape.len()).enumerate() {
            level.copy_from_slice(image);
            self.blur(level, 1 << scale);
        }
    }

    /// Adds to `image` what a slope of the stack is as a slope of the image: block means are their
    /// own transpose. The levels of `stack` are spent.
    pub fn unstack(&self, stack: &mut [f32], image: &mut [f32]) {
        for (scale, level) in stack.chunks_mut(self.shape.len()).enumerate() {
            self.blur(level, 1 << scale);
            image.iter_mut().zip(&*level).for_each(|(sum, x)| *sum += x);
        }
    }

    /// Puts its block's mean in the place of every pixel.
    fn blur(&self, image: &mut [f32], side: usize) {
        if side == 1 {
            return;
        }
        let ImageShape { height, width, .. } = self.shape;
        for plane in image.chunks_mut(height * width) {
            for top in (0..height).step_by(side) {
                let rows = top..(top + side).min(height);
                for left in (0..width).step_by(side) {
                    let columns = left..(left + side).min(width);
                    let pixels = (rows.len() * columns.len()) as f32;
                    let row = |row: usize| row * width + columns.start..row * width + columns.end;
                    let sum: f32 = rows.clone().flat_map(|it| &plane[row(it)]).sum();
                    rows.clone()
                        .for_each(|it| plane[row(it)].fill(sum / pixels));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_hold_means_of_blocks_and_slopes_come_back() {
        let shape = ImageShape {
            channels: 2,
            height: 6,
            width: 5,
        };
        let pyramid = Pyramid::new(shape, 3);
        let value = |i: usize| ((i * 37) % 23) as f32 / 23.0 - 0.4;
        let image: Vec<f32> = (0..60).map(value).collect();
        let mut stack = vec![0.0; pyramid.len()];
        pyramid.stack(&image, &mut stack);
        assert_eq!(stack[..60], image);
        let mean = (image[0] + image[1] + image[5] + image[6]) / 4.0;
        for at in [0, 1, 5, 6] {
            assert!((stack[60 + at] - mean).abs() < 1e-6);
        }
        // The last block of the coarsest level: rows 4 and 5 of column 4.
        let last = (image[30 + 24] + image[30 + 29]) / 2.0;
        assert!((stack[120 + 30 + 29] - last).abs() < 1e-6);
        // <stack(x), y> = <x, unstack(y)>.
        let other: Vec<f32> = (0..180).map(|i| value(i * 5 + 3)).collect();
        let dot =
            |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum() };
        let mut back = vec![0.0; 60];
        pyramid.unstack(&mut other.clone(), &mut back);
        assert!((dot(&stack, &other) - dot(&image, &back)).abs() < 1e-4);
    }
}
