//! How long a network from an ONNX file takes an image, the median of five passes:
//! `cargo run -p backbones --example onnx FILE OUTPUT SIDE [IMAGES [LIBRARY]]`; with ONNX Runtime's
//! library in it too.

use std::path::PathBuf;
use std::time::Instant;

use backbones::Onnx;
use datasets::{ImageSet, ImageShape};
use spec::{Layout, OneOrMany, OnnxInput, Resize, Runtime};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, output, side, rest @ ..] = arguments.as_slice() else {
        return Err("expected FILE OUTPUT SIDE [IMAGES [LIBRARY]]".into());
    };
    let side = side.parse()?;
    let count = rest.first().map_or(Ok(64), |count| count.parse())?;
    let shape = ImageShape {
        channels: 3,
        height: side,
        width: side,
    };
    let pixels = (0..count * shape.len()).map(|at| (at as f32 * 0.37).sin());
    let images = ImageSet::new(shape, pixels.collect(), vec![0; count], 1)?;
    let library = rest.get(1).map(PathBuf::from);
    let runtimes = [None].into_iter().chain(library.map(Some));
    let batches = [1, 4, 16].into_iter();
    for (library, batch) in
        runtimes.flat_map(|it| batches.clone().map(move |batch| (it.clone(), batch)))
    {
        let options = spec::Onnx {
            file: file.into(),
            output: output.clone(),
            input: OnnxInput {
                size: OneOrMany::one(side),
                mean: OneOrMany::one(127.0),
                std: OneOrMany::one(128.0),
                layout: Layout::Nchw,
                resize: Resize::None,
            },
            batch,
            runtime: if library.is_some() {
                Runtime::OnnxRuntime
            } else {
                Runtime::BuiltIn
            },
            library: library.clone(),
        };
        let network = Onnx::load(file.as_ref(), options)?;
        // The first pass makes what threads keep.
        network.features(&images, &|_| {})?;
        let mut passes = [0.0; 5];
        for pass in &mut passes {
            let start = Instant::now();
            network.features(&images, &|_| {})?;
            *pass = 1e3 * start.elapsed().as_secs_f64() / count as f64;
        }
        passes.sort_by(f64::total_cmp);
        let each = passes[2];
        let threads = rayon::current_num_threads();
        let runtime = network.options().runtime;
        println!("{runtime}, batches of {batch}: {each:.2} ms an image on {threads} threads");
    }
    Ok(())
}
