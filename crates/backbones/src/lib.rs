//! Frozen public networks: pre-training, weight import and feature extraction.

mod backbone;
mod device;
mod error;
mod extractor;
mod gradient;
mod init;
pub mod layers;
mod mobilenet;
mod onnx;
mod pretrain;
mod pytorch;
mod resnet;
mod tensors;
mod vgg;

pub use backbone::{Architecture, Backbone};
pub use device::{Card, card, device, train_on};
pub use error::BackboneError;
pub use extractor::{AroundLastLayer, Extractor};
pub use mobilenet::{MobileNet, MobileNetConfig};
pub use onnx::Onnx;
pub use pretrain::{EpochReport, PretrainOptions, PretrainProgress, Pretrained, pretrain};
pub use resnet::{ResNet20, ResNetConfig};
pub use tensors::NamedTensors;
pub use vgg::{VggTiny, VggTinyConfig};

#[cfg(test)]
mod tests;
