//! Row-major matrices whose rows are padded to whole vectors and start at cache lines.

use crate::lanes::LANES;

/// Bytes of a cache line, and of the widest register.
const LINE: usize = 64;

/// A `rows` × `cols` matrix of f32 with rows padded to a multiple of sixteen.
#[derive(Debug, Default)]
pub(crate) struct Matrix {
    data: Vec<f32>,
    start: usize,
    rows: usize,
    cols: usize,
    stride: usize,
}

impl Matrix {
    /// Rows of `width` values.
    pub fn of_rows(values: &[f32], width: usize) -> Self {
        let mut matrix = Self::default();
        matrix.resize(values.len() / width, width);
        for (i, row) in values.chunks_exact(width).enumerate() {
            matrix.copy_row(i, row, 0.0);
        }
        matrix
    }

    /// Sets the size and, where it changed, the contents to 0. Keeps the memory.
    pub fn resize(&mut self, rows: usize, cols: usize) {
        if (rows, cols) == (self.rows, self.cols) {
            return;
        }
        let stride = cols.next_multiple_of(LANES);
        let len = rows * stride + LINE / 4;
        self.data.clear();
        self.data.resize(len, 0.0);
        self.start = self.data.as_ptr().align_offset(LINE).min(LINE / 4);
        (self.rows, self.cols, self.stride) = (rows, cols, stride);
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Values from the start of one row to that of the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All values, padding included.
    pub fn as_slice(&self) -> &[f32] {
        &self.data[self.start..self.start + self.rows * self.stride]
    }

    /// All values, padding included.
    pub fn as_mut_slice(&mut self) -> &mut [f32] {
        &mut self.data[self.start..self.start + self.rows * self.stride]
    }

    /// Row `i`, padding included.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &[f32] {
        &self.data[self.start + i * self.stride..][..self.stride]
    }

    /// Row `i`, padding included.
    #[inline(always)]
    pub fn row_mut(&mut self, i: usize) -> &mut [f32] {
        &mut self.data[self.start + i * self.stride..][..self.stride]
    }

    /// Row `i` in vectors.
    #[inline(always)]
    pub fn vectors(&self, i: usize) -> &[[f32; LANES]] {
        self.row(i).as_chunks().0
    }

    /// Row `i` in vectors.
    #[inline(always)]
    pub fn vectors_mut(&mut self, i: usize) -> &mut [[f32; LANES]] {
        self.row_mut(i).as_chunks_mut().0
    }

    /// Sets row `i` to `values`, then `fill`, then zeros.
    pub fn copy_row(&mut self, i: usize, values: &[f32], fill: f32) {
        let row = self.row_mut(i);
        let (head, tail) = row.split_at_mut(values.len());
        head.copy_from_slice(values);
        tail.fill(0.0);
        if let Some(first) = tail.first_mut() {
            *first = fill;
        }
    }

    /// Writes the rows without their padding.
    pub fn write(&self, out: &mut [f32]) {
        for (i, row) in out.chunks_exact_mut(self.cols).enumerate() {
            row.copy_from_slice(&self.row(i)[..self.cols]);
        }
    }
}

/// Scratch memory is not copied: a clone starts empty.
impl Clone for Matrix {
    fn clone(&self) -> Self {
        Self::default()
    }
}
