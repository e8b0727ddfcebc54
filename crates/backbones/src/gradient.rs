//! The gradient of one training step of the whole network: backbone and head together.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Tensor, TensorData};
use datasets::ImageSet;
use spec::OutOfBounds;

use crate::backbone::{Network, image_tensor};
use crate::layers::values;
use crate::{Backbone, BackboneError, NamedTensors, device};

impl Backbone {
    /// The gradient of the mean cross-entropy of `images` with respect to every weight of the network
    /// and of the linear `head` on it (classes × (d + 1), the bias last in each row): under the
    /// weights' names, the head's as `head.weight` `[classes, d]` and `head.bias`.
    ///
    /// # Errors
    /// Unless the network is a VGG-tiny, the images fit it and the head fits its features and the
    /// images' classes.
    pub fn gradient(&self, images: &ImageSet, head: &[f32]) -> Result<NamedTensors, BackboneError> {
        let (classes, width) = (images.classes(), self.width());
        if head.len() != classes * (width + 1) {
            return Err(BackboneError::Weights {
                architecture: self.architecture().name(),
                reason: format!(
                    "a head of {classes} classes on {width} features has {} weights, found {}",
                    classes * (width + 1),
                    head.len()
                ),
            });
        }
        if images.shape() != self.input_shape() {
            return Err(BackboneError::Images {
                architecture: self.architecture().name(),
                expected: self.input_shape().to_string(),
                found: images.shape().to_string(),
            });
        }
        let device = device().autodiff();
        let (architecture, input) = (self.architecture(), self.input_shape());
        let tracked = Self::from_tensors(architecture, input, self.tensors(), &device)?;
        let Network::VggTiny(network) = &tracked.network else {
            return Err(self.without_maps());
        };
        let rows = || head.chunks(width + 1);
        let weight: Vec<f32> = rows().flat_map(|row| &row[..width]).copied().collect();
        let bias: Vec<f32> = rows().map(|row| row[width]).collect();
        let weight = Tensor::<2>::from_data(TensorData::new(weight, [classes, width]), &device);
        let bias = Tensor::<2>::from_data(TensorData::new(bias, [1, classes]), &device);
        let (weight, bias) = (weight.require_grad(), bias.require_grad());

        let pixels = image_tensor(images.pixels().to_vec(), input, &device);
        let features = network.forward(pixels);
        let logits = features.matmul(weight.clone().transpose()) + bias.clone();
        let mut targets = vec![0.0_f32; images.len() * classes];
        for (row, &label) in targets.chunks_mut(classes).zip(images.labels()) {
            row[label as usize] = 1.0;
        }
        let targets =
            Tensor::<2>::from_data(TensorData::new(targets, [images.len(), classes]), &device);
        let likelihood = (log_softmax(logits, 1) * targets).sum() / images.len() as f32;
        let gradients = likelihood.neg().backward();

        let mut tensors = network.gradients(&gradients);
        if let (Some(weight), Some(bias)) = (weight.grad(&gradients), bias.grad(&gradients)) {
            tensors.insert("head.weight", &[classes, width], values(weight));
            tensors.insert("head.bias", &[classes], values(bias));
        }
        Ok(tensors)
    }

    /// The last feature maps of images `[n, channels, height, width]`, flattened: the input of the
    /// network's first linear layer. Differentiable as [`Backbone::forward_features`] is.
    ///
    /// # Errors
    /// Unless the network is a VGG-tiny: the others have no linear layer.
    pub fn maps(&self, images: Tensor<4>) -> Result<Tensor<2>, BackboneError> {
        match &self.network {
            Network::VggTiny(network) => Ok(network.maps(images)),
            _ => Err(self.without_maps()),
        }
    }

    /// The feature maps `[n, channels, height, width]` after the first `layers` convolutions with
    /// their pooling and ReLU. Differentiable.
    ///
    /// # Errors
    /// Unless the network is a VGG-tiny.
    pub fn maps_after(&self, images: Tensor<4>, layers: usize) -> Result<Tensor<4>, BackboneError> {
        match &self.network {
            Network::VggTiny(network) => Ok(network.maps_after(images, layers)),
            _ => Err(self.without_maps()),
        }
    }

    /// Whether 2 x 2 max pooling follows each 3 x 3 convolution, from the first one on.
    ///
    /// # Errors
    /// Unless the network is a VGG-tiny.
    pub fn pools(&self) -> Result<&[bool], BackboneError> {
        match &self.network {
            Network::VggTiny(network) => Ok(network.pools()),
            _ => Err(self.without_maps()),
        }
    }

    fn without_maps(&self) -> BackboneError {
        let name = self.architecture().name();
        OutOfBounds::new(
            "backbone",
            name,
            "a vgg_tiny, which has linear layers of its own",
        )
        .into()
    }
}

#[cfg(test)]
mod tests {
    use datasets::{ImageSet, ImageShape, StreamKey};
    use rand::RngExt;

    use super::*;
    use crate::VggTinyConfig;

    const SHAPE: ImageShape = ImageShape {
        channels: 1,
        height: 8,
        width: 8,
    };

    fn backbone(key: StreamKey) -> Backbone {
        let config = VggTinyConfig {
            width: 2,
            features: 12,
        };
        Backbone::random(config, SHAPE, key).unwrap()
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let key = StreamKey::from_seed(3);
        let backbone = backbone(key);
        let mut rng = key.child("image").rng(0);
        let pixels: Vec<f32> = (0..64).map(|_| rng.random::<f32>() - 0.5).collect();
        let images = ImageSet::new(SHAPE, pixels, vec![2], 3).unwrap();
        let head: Vec<f32> = (0..39).map(|_| rng.random::<f32>() - 0.5).collect();
        let gradient = backbone.gradient(&images, &head).unwrap();
        let loss = |backbone: &Backbone, head: &[f32]| {
            let features = backbone.features(&images).unwrap();
            let logit = |row: &[f32]| -> f64 {
                let terms = row.iter().zip(features.row(0));
                f64::from(row[12]) + terms.map(|(w, x)| f64::from(w * x)).sum::<f64>()
            };
            let logits: Vec<f64> = head.chunks(13).map(logit).collect();
            logits.iter().map(|z| z.exp()).sum::<f64>().ln() - logits[2]
        };
        let step = 1e-2;
        let slope = |name: &str, at: usize| {
            let side = |by: f32| {
                let mut tensors = NamedTensors::default();
                let own = backbone.tensors();
                for tensor in own.names() {
                    let shape = own.shape(tensor).unwrap().to_vec();
                    let mut values = own.get(tensor).unwrap().to_vec();
                    if tensor == name {
                        values[at] += by;
                    }
                    tensors.insert(tensor, &shape, values);
                }
                let moved =
                    Backbone::from_tensors(backbone.architecture(), SHAPE, tensors, &device());
                loss(&moved.unwrap(), &head)
            };
            (side(step) - side(-step)) / f64::from(2.0 * step)
        };
        for (name, at) in [
            ("conv.0.weight", 4),
            ("conv.7.bias", 3),
            ("fc.0.weight", 20),
        ] {
            let (slope, own) = (slope(name, at), f64::from(gradient.get(name).unwrap()[at]));
            assert!(
                (slope - own).abs() < 1e-3 + 0.05 * slope.abs(),
                "{name}: {slope} {own}"
            );
        }
        // Softmax gradients sum to nothing, and only the label's bias falls.
        let bias = gradient.get("head.bias").unwrap();
        assert!(bias.iter().sum::<f32>().abs() < 1e-6);
        assert!(bias[2] < 0.0 && bias[0] > 0.0 && bias[1] > 0.0);
    }

    #[test]
    fn maps_lead_to_the_features_and_wrong_heads_are_refused() {
        let key = StreamKey::from_seed(4);
        let backbone = backbone(key);
        let images = ImageSet::new(SHAPE, vec![0.3; 128], vec![0, 1], 2).unwrap();
        let tensor = image_tensor(images.pixels().to_vec(), SHAPE, &device());
        let maps = backbone.maps(tensor).unwrap();
        assert_eq!(maps.dims(), [2, 16]);
        assert!(values(maps).iter().all(|x| *x >= 0.0));
        let tensor = image_tensor(images.pixels().to_vec(), SHAPE, &device());
        let pools = backbone.pools().unwrap();
        for layers in 0..=pools.len() {
            let halved = 8 >> pools[..layers].iter().filter(|pool| **pool).count();
            let maps = backbone.maps_after(tensor.clone(), layers).unwrap();
            assert_eq!(maps.dims()[2..], [halved, halved]);
        }
        let error = backbone.gradient(&images, &[0.0; 7]).unwrap_err();
        assert!(error.to_string().contains("26 weights, found 7"), "{error}");
    }
}
