//! How long a network from an ONNX file takes an image:
//! `cargo run -p backbones --example onnx FILE OUTPUT SIDE [IMAGES]`.

use std::time::Instant;

use backbones::Onnx;
use datasets::{ImageSet, ImageShape};
use spec::{Layout, OneOrMany, OnnxInput, Resize};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, output, side, rest @ ..] = arguments.as_slice() else {
        return Err("expected FILE OUTPUT SIDE [IMAGES]".into());
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
    for batch in [1, 4, 16] {
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
        };
        let network = Onnx::load(file.as_ref(), options)?;
        let start = Instant::now();
        network.features(&images, &|_| {})?;
        let each = 1e3 * start.elapsed().as_secs_f64() / count as f64;
        let threads = rayon::current_num_threads();
        println!("batches of {batch}: {each:.2} ms an image on {threads} threads");
    }
    Ok(())
}
