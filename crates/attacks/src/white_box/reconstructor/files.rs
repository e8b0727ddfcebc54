//! A trained reconstructor as a file.

use std::collections::HashMap;
use std::path::Path;

use backbones::NamedTensors;
use transfer::Activation;

use super::super::encoder::{Encoder, Source};
use super::super::source::FeatureSource;
use super::super::units::UnitSums;
use super::{Aim, Reconstructor};
use crate::AttackError;
use crate::network::{LayerShape, Network, NetworkShape};

impl Reconstructor {
    /// Writes the trained attack to a safetensors file.
    pub fn save(&self, path: &Path) -> Result<(), AttackError> {
        let mut tensors = NamedTensors::default();
        let mut shapes = Vec::new();
        for (layer, (shape, weights, bias)) in self.network.parameters().enumerate() {
            let name = |part: &str| format!("{layer}.{part}");
            tensors.insert(name("weight"), &shape.weights().0, weights.to_vec());
            tensors.insert(name("bias"), &[bias.len()], bias.to_vec());
            shapes.push(shape.to_string());
        }
        let encoder = &self.encoder;
        tensors.insert("mean", &[encoder.mean.len()], encoder.mean.clone());
        tensors.insert("scale", &[encoder.scale.len()], encoder.scale.clone());
        if let Source::Features(source) = &encoder.source {
            source.save(encoder.aim.targets(), &mut tensors);
        }
        let mut metadata = HashMap::from([
            ("kind".into(), "reconstructor".into()),
            ("targets".into(), encoder.aim.targets().to_string()),
            (
                "positive".into(),
                u64::from(encoder.aim == Aim::Positive).to_string(),
            ),
            ("layers".into(), shapes.join(", ")),
            ("samples".into(), self.samples.to_string()),
            ("steps".into(), self.steps.to_string()),
        ]);
        if let Source::Units(sums) = &encoder.source {
            tensors.insert("centre", &[sums.centre.len()], sums.centre.clone());
            metadata.insert("hidden".into(), sums.hidden.to_string());
            let square = sums.activation == Activation::Square;
            metadata.insert("square".into(), u64::from(square).to_string());
        }
        Ok(tensors.save(path, metadata)?)
    }

    /// Reads what [`Reconstructor::save`] wrote.
    pub fn load(path: &Path) -> Result<Self, AttackError> {
        let (mut tensors, metadata) = NamedTensors::load(path)?;
        let refuse = |expected: String| AttackError::Mismatch {
            what: "a file of a trained reconstructor",
            expected,
            found: path.display().to_string(),
        };
        let number = |key: &str| -> Result<u64, AttackError> {
            let entry = metadata.get(key).and_then(|text| text.parse().ok());
            entry.ok_or_else(|| refuse(format!("metadata with the number `{key}`")))
        };
        let targets = number("targets")? as usize;
        let features = FeatureSource::load("reconstructor", targets, &mut tensors)?;
        let mut take = |name: &str| -> Result<(Vec<usize>, Vec<f32>), AttackError> {
            let shape = tensors.shape(name).unwrap_or(&[]).to_vec();
            Ok((shape.clone(), tensors.take("reconstructor", name, &shape)?))
        };
        let (mean, scale) = (take("mean")?.1, take("scale")?.1);
        let (source, aim) = if let Some(source) = features {
            let aim = source.aim(targets);
            (Source::Features(source), aim)
        } else {
            let aim = match (targets, number("positive")?) {
                (1, 0) => Aim::Set,
                (1, _) => Aim::Positive,
                _ => Aim::Classes(targets),
            };
            let sums = UnitSums {
                hidden: number("hidden")? as usize,
                activation: match number("square")? {
                    0 => Activation::Relu,
                    _ => Activation::Square,
                },
                centre: take("centre")?.1,
            };
            (Source::Units(sums), aim)
        };
        let shapes = metadata.get("layers").map_or("", String::as_str);
        let shapes: Result<Vec<LayerShape>, ()> = shapes.split(", ").map(str::parse).collect();
        let shape = NetworkShape {
            layers: shapes.map_err(|()| refuse("metadata with the shapes of its layers".into()))?,
        };
        let mut layers = Vec::new();
        for (index, &layer) in shape.layers.iter().enumerate() {
            let (weights, biases) = layer.weights();
            let found = (
                take(&format!("{index}.weight"))?,
                take(&format!("{index}.bias"))?,
            );
            if found.0.0 != weights || found.1.0 != [biases] {
                return Err(refuse(format!("layer {index} as `{layer}`")));
            }
            layers.push((layer, found.0.1, found.1.1));
        }
        tensors.finish("reconstructor")?;
        let encoder = Encoder {
            source,
            aim,
            mean,
            scale,
        };
        if !shape.fits()
            || shape.inputs() != encoder.inputs()
            || encoder.scale.len() != encoder.mean.len()
        {
            return Err(refuse(format!("{} inputs", encoder.inputs())));
        }
        Ok(Self {
            encoder,
            network: Network::from_parameters(layers),
            samples: number("samples")?,
            steps: number("steps")?,
        })
    }
}
