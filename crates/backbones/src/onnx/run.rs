//! Running the network: one thread a batch.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use datasets::{Colour, ImageSet, ImageShape};
use rten::ThreadPool;
use rten_tensor::Tensor;
use rten_tensor::prelude::*;

use super::Onnx;
use crate::BackboneError;

/// Features of all images, row-major.
pub(super) fn all(
    network: &Onnx,
    images: &ImageSet,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<f32>, BackboneError> {
    let batches = images.len().div_ceil(network.batch);
    let mut values = vec![0.0; images.len() * network.width];
    let rows = values.chunks_mut(network.batch * network.width);
    let slots: Vec<Mutex<&mut [f32]>> = rows.map(Mutex::new).collect();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failed: Mutex<Option<(usize, BackboneError)>> = Mutex::new(None);
    let work = |pool: &Arc<ThreadPool>| {
        loop {
            let batch = next.fetch_add(1, Ordering::Relaxed);
            if batch >= batches {
                return;
            }
            let mut out = slots[batch].lock().unwrap_or_else(PoisonError::into_inner);
            let from = batch * network.batch;
            let to = (from + network.batch).min(images.len());
            let indices: Vec<u32> = (from as u32..to as u32).collect();
            match network.run(&images.select(&indices), pool) {
                Ok(features) => out.copy_from_slice(&features),
                Err(error) => {
                    // No thread takes another batch; of several failures the first image's counts.
                    next.store(batches, Ordering::Relaxed);
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    if failed.as_ref().is_none_or(|(earlier, _)| batch < *earlier) {
                        *failed = Some((batch, error));
                    }
                    return;
                }
            }
            progress(done.fetch_add(to - from, Ordering::Relaxed) + to - from);
        }
    };
    // Threads of their own, as many as rayon would use here: a rayon thread that waits for another
    // pool takes up further batches meanwhile, one within the other.
    let threads = rayon::current_num_threads().min(batches);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let pool = Arc::new(ThreadPool::with_num_threads(1));
                pool.run(|| work(&pool));
            });
        }
    });
    drop(slots);
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(values),
    }
}

impl Onnx {
    /// Runs the network on one grey image: the width of its features.
    pub(super) fn try_out(&self) -> Result<usize, BackboneError> {
        let pixels = vec![0.0; self.shape.len()];
        let images = ImageSet::new(self.shape, pixels, vec![0], 1)?;
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        let features = pool.run(|| self.run(&images, &pool))?;
        match features.len() {
            0 => Err(self.refuse(format!("`{}` is empty", self.options.output))),
            width => Ok(width),
        }
    }

    /// Features of up to a batch of images.
    fn run(&self, images: &ImageSet, pool: &Arc<ThreadPool>) -> Result<Vec<f32>, BackboneError> {
        let wanted = images.len();
        let count = if self.fixed { self.batch } else { wanted };
        let pixels = self.pixels(images, count)?;
        let ImageShape {
            channels,
            height,
            width,
        } = self.shape;
        let shape = match self.options.input.layout {
            spec::Layout::Nchw => [count, channels, height, width],
            spec::Layout::Nhwc => [count, height, width, channels],
        };
        let input = Tensor::from_data(&shape, pixels);
        let name = &self.options.output;
        let features = self.engine.run(input, pool);
        let features =
            features.map_err(|reason| self.refuse(format!("it cannot be run: {reason}")))?;
        let found = features.shape().to_vec();
        let row = matches!(found.as_slice(), [n, _, rest @ ..] if *n == count && rest.iter().all(|it| *it == 1));
        if !row {
            return Err(self.refuse(format!(
                "`{name}` is {found:?} for {count} images, not a row of features an image\nhint: \
                 take a value after the pooling"
            )));
        }
        let mut values = features.to_vec();
        values.truncate(values.len() / count * wanted);
        Ok(values)
    }

    /// What the network sees of `images`, the last one repeated up to `count`.
    fn pixels(&self, images: &ImageSet, count: usize) -> Result<Vec<f32>, BackboneError> {
        let ImageShape {
            channels,
            height,
            width,
        } = self.shape;
        let resized = images.clone().resized(height, width)?;
        let resized = if channels == 3 {
            resized.coloured(Colour::Rgb)
        } else {
            resized
        };
        let area = height * width;
        let input = &self.options.input;
        let mut pixels = vec![0.0; count * self.shape.len()];
        for (index, to) in pixels.chunks_exact_mut(self.shape.len()).enumerate() {
            let from = resized.image(index.min(images.len() - 1));
            for (channel, plane) in from.chunks_exact(area).enumerate() {
                let (factor, summand) = input.affine(channel);
                let (start, step) = match input.layout {
                    spec::Layout::Nchw => (channel * area, 1),
                    spec::Layout::Nhwc => (channel, channels),
                };
                let places = to[start..].iter_mut().step_by(step);
                for (to, from) in places.zip(plane) {
                    *to = from * factor + summand;
                }
            }
        }
        Ok(pixels)
    }
}
