//! A network made ready for ciphertexts: folded, laid out, encoded once.

use crate::error::shape_error;
use crate::{CryptoTlError, LowerNetwork, Setup};
use ckks::{Ciphertext, EncodedMap, EvaluationKeys};

/// The server's weights, encoded for one setup. Holds no key; any number of servers may share it.
///
/// The convolution is folded into the first matrix, the pool's mean into the second, and the
/// activation's constant into the last bias, so that empty slots stay zero.
pub struct PreparedNetwork {
    setup: Setup,
    first: EncodedMap,
    /// Folded bias by slot.
    first_bias: Vec<f64>,
    /// Without its constant.
    activation: Vec<f64>,
    second: EncodedMap,
    second_bias: Vec<f64>,
}

impl PreparedNetwork {
    /// Folds and encodes `network`.
    ///
    /// # Errors
    /// If its shape or its activation's degree is not the setup's, or a weight is too large.
    pub fn new(setup: &Setup, network: &LowerNetwork) -> Result<Self, CryptoTlError> {
        if network.shape() != setup.shape()
            || network.activation.degree() != setup.activation_degree()
        {
            return shape_error(
                "prepare a network",
                format!(
                    "it is of {} with an activation of degree {}, the setup is for {} and {}",
                    network.shape(),
                    network.activation.degree(),
                    setup.shape(),
                    setup.activation_degree()
                ),
            );
        }
        let (context, layout) = (setup.context(), setup.layout());
        let (matrix, bias) = fold_first(network);
        let top = setup.start_level();
        let first = EncodedMap::encode(
            context,
            &layout.first_map(&matrix)?,
            layout.baby(),
            top,
            context.prime(top)?,
        )?;
        let mut activation = network.activation.coefficients().to_vec();
        let constant = std::mem::take(&mut activation[0]);
        let (matrix, bias_out) = fold_second(network, constant);
        let second = EncodedMap::encode(
            context,
            &layout.second_map(&matrix)?,
            layout.baby(),
            1,
            context.prime(1)?,
        )?;
        Ok(Self {
            setup: setup.clone(),
            first,
            first_bias: layout.spread_hidden(&bias),
            activation,
            second,
            second_bias: layout.spread_features(&bias_out),
        })
    }

    /// The setup this was prepared for.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Bytes held by the encoded weights.
    pub fn bytes_held(&self) -> usize {
        self.first.bytes_held() + self.second.bytes_held()
    }

    /// Features of one packed ciphertext; `both` if its imaginary parts hold inputs too.
    pub(crate) fn forward(
        &self,
        x: &Ciphertext,
        both: bool,
        keys: &EvaluationKeys,
    ) -> Result<Ciphertext, CryptoTlError> {
        let scale = self.setup.context().scale();
        let hidden = self.first.apply(x, keys)?.rescale()?.with_scale(scale)?;
        let active = if both {
            // Re z = (z + z̄)/2 and Im z = −i(z − z̄)/2: the halves are only a change of scale.
            let conjugate = hidden.conjugate(keys)?;
            let real = hidden.add(&conjugate)?.with_scale(2.0 * scale)?;
            let imaginary = conjugate.sub(&hidden)?.mul_i().with_scale(2.0 * scale)?;
            let (real, imaginary) = rayon::join(
                || self.activate(&real, keys),
                || self.activate(&imaginary, keys),
            );
            real?.add(&imaginary?.mul_i())?
        } else {
            self.activate(&hidden, keys)?
        };
        let mut pooled = active;
        for steps in self.setup.layout().pool_rotations() {
            pooled = pooled.add(&pooled.rotate(steps, keys)?)?;
        }
        let out = self.second.apply(&pooled, keys)?.rescale()?;
        self.add_bias(&out, &self.second_bias, both)
    }

    /// Adds the first bias to real slots and applies the activation.
    fn activate(
        &self,
        hidden: &Ciphertext,
        keys: &EvaluationKeys,
    ) -> Result<Ciphertext, CryptoTlError> {
        let hidden = self.add_bias(hidden, &self.first_bias, false)?;
        let scale = self.setup.context().scale();
        Ok(hidden.polynomial(&self.activation, scale, keys)?)
    }

    fn add_bias(
        &self,
        x: &Ciphertext,
        bias: &[f64],
        both: bool,
    ) -> Result<Ciphertext, CryptoTlError> {
        let context = self.setup.context();
        let plain = if both {
            let bias: Vec<_> = bias.iter().map(|&b| ckks::Complex64::new(b, b)).collect();
            context.encode(&bias, x.level(), x.scale())?
        } else {
            context.encode_real(bias, x.level(), x.scale())?
        };
        Ok(x.add_plain(&plain)?)
    }
}

impl std::fmt::Debug for PreparedNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PreparedNetwork")
            .field("setup", &self.setup)
            .finish_non_exhaustive()
    }
}

/// W₁ C and W₁ (c·1) + b₁ of the convolution C x + c followed by the first dense layer.
fn fold_first(network: &LowerNetwork) -> (Vec<f64>, Vec<f64>) {
    let shape = network.shape();
    let mut matrix = vec![0.0; shape.hidden * shape.inputs];
    let mut bias = Vec::with_capacity(shape.hidden);
    let rows = network.first.weight.chunks_exact(shape.inputs);
    for ((row, out), b) in rows
        .zip(matrix.chunks_exact_mut(shape.inputs))
        .zip(&network.first.bias)
    {
        for (i, &w) in row.iter().enumerate() {
            for (t, &tap) in network.conv.weight.iter().enumerate() {
                if let Some(at) = network.conv.source(i, t, shape.inputs) {
                    out[at] += f64::from(w) * f64::from(tap);
                }
            }
        }
        let sum: f64 = row.iter().map(|&w| f64::from(w)).sum();
        bias.push(f64::from(*b) + sum * f64::from(network.conv.bias[0]));
    }
    (matrix, bias)
}

/// W₂/p and b₂ + W₂·(constant·1).
fn fold_second(network: &LowerNetwork, constant: f64) -> (Vec<f64>, Vec<f64>) {
    let shape = network.shape();
    let pool = shape.pool as f64;
    let matrix = network
        .second
        .weight
        .iter()
        .map(|&w| f64::from(w) / pool)
        .collect();
    let bias = network
        .second
        .weight
        .chunks_exact(shape.pooled())
        .zip(&network.second.bias)
        .map(|(row, &b)| f64::from(b) + constant * row.iter().map(|&w| f64::from(w)).sum::<f64>())
        .collect();
    (matrix, bias)
}
