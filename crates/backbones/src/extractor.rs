//! φ as a function of images, whatever runs it.

use datasets::{FeatureSet, ImageSet};

use crate::{Backbone, BackboneError, Onnx};

/// A frozen network that gives features of images; no gradients are asked of it.
pub trait Extractor: std::fmt::Debug + Sync {
    /// Width d of the features.
    fn width(&self) -> usize;

    /// Features of every image, in order, with the images' labels.
    ///
    /// # Errors
    /// If the images do not fit the network.
    fn features(&self, images: &ImageSet) -> Result<FeatureSet, BackboneError>;
}

impl Extractor for Backbone {
    fn width(&self) -> usize {
        Backbone::width(self)
    }

    fn features(&self, images: &ImageSet) -> Result<FeatureSet, BackboneError> {
        Backbone::features(self, images)
    }
}

/// A [`Backbone`] that gives what stands around its last layer, [`Backbone::around_last_layer`].
#[derive(Clone, Debug)]
pub struct AroundLastLayer(pub Backbone);

impl Extractor for AroundLastLayer {
    fn width(&self) -> usize {
        2 * self.0.width()
    }

    fn features(&self, images: &ImageSet) -> Result<FeatureSet, BackboneError> {
        self.0.around_last_layer(images)
    }
}

impl Extractor for Onnx {
    fn width(&self) -> usize {
        Onnx::width(self)
    }

    fn features(&self, images: &ImageSet) -> Result<FeatureSet, BackboneError> {
        Onnx::features(self, images, &|_| {})
    }
}
