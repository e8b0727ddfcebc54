//! Slopes against differences, and what a network can learn.

use datasets::StreamKey;
use rand::RngExt;

use burn::tensor::{Tensor, TensorData};

use super::layer::Layer;
use super::{LayerShape, Network, NetworkShape, Scratch, TensorNetwork, UpShape};

fn numbers(n: usize, name: &str) -> Vec<f32> {
    let mut rng = StreamKey::from_seed(3).child(name).rng(0);
    (0..n).map(|_| 2.0 * rng.random::<f32>() - 1.0).collect()
}

fn ups() -> [UpShape; 2] {
    [false, true].map(|planar| UpShape {
        height: 3,
        width: 2,
        inputs: 5,
        outputs: 3,
        planar,
    })
}

/// y·slopes of a layer for inputs `x`.
fn dot(layer: &Layer, x: &[f32], rows: usize, slopes: &[f32]) -> f64 {
    let mut y = vec![0.0; rows * layer.outputs()];
    layer.forward(x, rows, &mut y, &mut Vec::new());
    let products = y.iter().zip(slopes).map(|(a, b)| f64::from(a * b));
    products.sum()
}

#[test]
fn a_transposed_convolution_covers_every_output_pixel_by_the_stated_patches() {
    for shape in ups() {
        // Unit weights on unit inputs count the patches that meet in a pixel, a channel each.
        let layer = Layer::new(
            LayerShape::Up(shape),
            vec![1.0; 16 * shape.outputs * shape.inputs],
            vec![0.25; shape.outputs],
        );
        let mut y = vec![0.0; shape.output_len()];
        let x = vec![1.0; shape.input_len()];
        layer.forward(&x, 1, &mut y, &mut Vec::new());
        let side = |at: usize, last: usize| if at == 0 || at == last { 1 } else { 2 };
        for row in 0..6 {
            for column in 0..4 {
                let patches = side(row, 5) * side(column, 3);
                let expected = 0.25 + (patches * shape.inputs) as f32;
                for channel in 0..3 {
                    let at = if shape.planar {
                        channel * 24 + row * 4 + column
                    } else {
                        (row * 4 + column) * 3 + channel
                    };
                    assert_eq!(y[at], expected, "row {row}, column {column}");
                }
            }
        }
    }
}

#[test]
fn backward_is_the_adjoint_of_forward() {
    for shape in ups() {
        let shape = LayerShape::Up(shape);
        let mut rng = StreamKey::from_seed(4).rng(0);
        let layer = Layer::random(shape, 2.0, &mut rng);
        let rows = 3;
        let x = numbers(rows * shape.inputs(), "x");
        let slopes = numbers(rows * shape.outputs(), "slopes");
        let mut dx = vec![0.0; x.len()];
        layer.backward(&slopes, rows, &mut dx, &mut Vec::new());
        // The layer is affine and its biases are zero.
        let products = dx.iter().zip(&x).map(|(a, b)| f64::from(a * b));
        let (back, forth) = (products.sum::<f64>(), dot(&layer, &x, rows, &slopes));
        assert!((back - forth).abs() < 1e-4 * forth.abs(), "{back} {forth}");
    }
}

#[test]
fn a_decoder_learns_to_place_a_blob() {
    let image = [1, 8, 8];
    let shape = NetworkShape::conv(2, &[32, 128], image).unwrap();
    assert!(shape.fits() && shape.inputs() == 2);
    let mut network = Network::random(&shape, StreamKey::from_seed(5));
    let draw = |[row, column]: [f32; 2], pixel: usize| {
        let (y, x) = ((pixel / 8) as f32 / 7.0, (pixel % 8) as f32 / 7.0);
        let square = (y - row).powi(2) + (x - column).powi(2);
        2.0 * (-8.0 * square).exp() - 1.0
    };
    let mut scratch = Scratch::default();
    let rows = 96;
    let mut losses = Vec::new();
    for step in 0..300 {
        let places = numbers(2 * rows, &step.to_string());
        let place = |row: usize| [0, 1].map(|axis| 0.5 + 0.5 * places[2 * row + axis]);
        let loss = network.step(
            rows,
            3e-3,
            &mut scratch,
            |row, input| input.copy_from_slice(&places[2 * row..2 * row + 2]),
            |row, output, gradient| {
                let mut loss = 0.0;
                for (pixel, (y, slope)) in output.iter().zip(gradient).enumerate() {
                    let difference = y - draw(place(row), pixel);
                    *slope = difference / 32.0;
                    loss += f64::from(difference * difference) / 64.0;
                }
                loss
            },
        );
        losses.push(loss);
    }
    let last = losses[280..].iter().sum::<f64>() / 20.0;
    assert!(last < 0.1 * losses[0], "{} to {last}", losses[0]);
}

#[test]
fn odd_sides_have_no_decoder() {
    assert!(NetworkShape::conv(10, &[64], [1, 7, 8]).is_none());
    let shape = NetworkShape::conv(10, &[1024, 1024], [3, 32, 32]).unwrap();
    let sides = shape.layers.iter().filter_map(|layer| match layer {
        LayerShape::Up(up) => Some((up.height, up.inputs, up.outputs)),
        LayerShape::Dense { .. } => None,
    });
    assert_eq!(
        sides.collect::<Vec<_>>(),
        [(4, 64, 32), (8, 32, 16), (16, 16, 3)]
    );
}

#[test]
fn a_graph_of_tensors_learns_what_the_kernels_learn() {
    const ROWS: usize = 24;
    const INPUTS: usize = 20;
    const OUTPUTS: usize = 16;
    let shape = NetworkShape::dense(INPUTS, &[32], OUTPUTS);
    let mut own = Network::random(&shape, StreamKey::from_seed(5));
    let mut graph = TensorNetwork::new(&own, &backbones::device());
    let (inputs, aims) = (
        numbers(ROWS * INPUTS, "inputs"),
        numbers(ROWS * OUTPUTS, "aims"),
    );
    let (mut scratch, mut last) = (Scratch::default(), [0.0; 2]);
    for _ in 0..40 {
        last[0] = own.step(
            ROWS,
            1e-2,
            &mut scratch,
            |row, input| input.copy_from_slice(&inputs[row * INPUTS..][..INPUTS]),
            |row, output, slopes| squares(output, &aims[row * OUTPUTS..][..OUTPUTS], slopes),
        );
        let aims = TensorData::new(aims.clone(), [ROWS, OUTPUTS]);
        let aims = Tensor::from_data(aims, graph.device());
        let loss = graph.step(inputs.clone(), 1e-2, |found| (found - aims).square().mean());
        last[1] = f64::from(loss.into_scalar::<f32>());
    }
    assert!(last[0] < 0.25, "{last:?}");
    assert!((last[0] / last[1] - 1.0).abs() < 1e-3, "{last:?}");
}

/// The mean squared difference, and its slopes.
fn squares(output: &[f32], aims: &[f32], slopes: &mut [f32]) -> f64 {
    let n = output.len() as f32;
    let mut loss = 0.0;
    for ((slope, x), aim) in slopes.iter_mut().zip(output).zip(aims) {
        *slope = 2.0 * (x - aim) / n;
        loss += f64::from((x - aim).powi(2) / n);
    }
    loss
}
