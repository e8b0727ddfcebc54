//! Shadow heads a second, with the paper's MNIST sizes: `cargo bench -p transfer`.

use datasets::StreamKey;
use divan::counter::ItemsCount;
use transfer::{Activation, HeadShape, ShadowStream, bench};

fn main() {
    divan::main();
}

/// Heads in a batch.
const BATCH: usize = 256;

fn stream(bencher: divan::Bencher, shape: HeadShape, shots: usize, recipe: usize) {
    let (features, pool) = bench::synthetic(shape.features, shape.classes).expect("features");
    let recipe = bench::recipes(shots)[recipe].1;
    let key = StreamKey::from_seed(1);
    let stream =
        ShadowStream::new(&features, &pool, shape, recipe, shots, key).expect("a stream of heads");
    let mut batch = stream.batch(BATCH);
    let mut start = 0;
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        stream.fill(start, &mut batch).expect("heads");
        start += BATCH as u64;
    });
}

#[divan::bench(args = [1, 4, 16])]
fn linear(bencher: divan::Bencher, shots: usize) {
    stream(bencher, HeadShape::linear(1024, 10), shots, 0);
}

#[divan::bench(args = [1, 4, 16])]
fn linear_dp(bencher: divan::Bencher, shots: usize) {
    stream(bencher, HeadShape::linear(1024, 10), shots, 1);
}

#[divan::bench]
fn relu_mlp(bencher: divan::Bencher) {
    stream(bencher, HeadShape::mlp(1024, 8, Activation::Relu, 2), 4, 0);
}

#[divan::bench]
fn relu_mlp_dp(bencher: divan::Bencher) {
    stream(bencher, HeadShape::mlp(1024, 8, Activation::Relu, 2), 4, 1);
}
