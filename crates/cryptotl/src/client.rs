//! The client: keys, encryption, decryption, fine-tuning and classification.

use crate::message::{self, Kind};
use crate::training::{FineTune, FineTuned};
use crate::{CryptoTlError, Setup, UpperNetwork, error::shape_error};
use ckks::{Ciphertext, SecretKey};
use datasets::{FeatureSet, StreamKey};

/// Holds the secret key.
#[derive(Debug)]
pub struct Client {
    setup: Setup,
    key: SecretKey,
}

impl Client {
    /// A client with a fresh secret key, and the evaluation keys to send to the server.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn new(setup: &Setup) -> Result<(Self, Vec<u8>), CryptoTlError> {
        let key = SecretKey::generate(setup.context())?;
        let keys = key
            .evaluation_keys()
            .relinearisation()
            .conjugation()
            .rotations(setup.rotations())
            .build()?;
        let client = Self {
            setup: setup.clone(),
            key,
        };
        Ok((client, keys.to_bytes()))
    }

    /// A client with a key kept from before ([`Client::secret_key`]'s bytes).
    ///
    /// # Errors
    /// If the bytes are damaged or of other parameters.
    pub fn with_key(setup: &Setup, secret: &[u8]) -> Result<Self, CryptoTlError> {
        Ok(Self {
            setup: setup.clone(),
            key: SecretKey::from_bytes(setup.context(), secret)?,
        })
    }

    /// The secret key, to keep ([`SecretKey::to_bytes`]); never to send.
    pub fn secret_key(&self) -> &SecretKey {
        &self.key
    }

    /// A query for the features of these inputs.
    ///
    /// # Errors
    /// If there is none, one has another width, or one is not finite.
    pub fn encrypt(&self, inputs: &[impl AsRef<[f32]>]) -> Result<Vec<u8>, CryptoTlError> {
        let (context, width) = (self.setup.context(), self.setup.shape().inputs);
        let inputs: Vec<&[f32]> = inputs.iter().map(AsRef::as_ref).collect();
        if inputs.is_empty() || inputs.iter().any(|input| input.len() != width) {
            return shape_error("encrypt a query", format!("inputs must be {width} wide"));
        }
        let bodies = inputs
            .chunks(self.setup.capacity())
            .map(|inputs| {
                let slots = self.setup.layout().pack(inputs);
                let plain = context.encode(&slots, self.setup.start_level(), context.scale())?;
                Ok(self.key.encrypt_seeded(&plain)?.to_bytes())
            })
            .collect::<Result<Vec<_>, CryptoTlError>>()?;
        Ok(message::write(
            Kind::Query,
            &self.setup,
            inputs.len(),
            &bodies,
        ))
    }

    /// The features in a reply, one row an input.
    ///
    /// # Errors
    /// If the reply is damaged or belongs to another setup or key.
    pub fn decrypt(&self, reply: &[u8]) -> Result<Vec<Vec<f32>>, CryptoTlError> {
        let (count, bodies) = message::read(Kind::Reply, &self.setup, reply)?;
        let mut features = Vec::with_capacity(count);
        for (at, body) in bodies.iter().enumerate() {
            let ciphertext = Ciphertext::from_bytes(self.setup.context(), body)?;
            let here = self
                .setup
                .capacity()
                .min(count - at * self.setup.capacity());
            let slots = self.key.decrypt(&ciphertext)?.decode();
            features.extend(self.setup.layout().unpack(&slots, here));
        }
        Ok(features)
    }

    /// Tunes an upper network on decrypted features, in the clear.
    ///
    /// # Errors
    /// As [`FineTune::run`].
    pub fn fine_tune(
        &self,
        recipe: &FineTune,
        start: Option<&UpperNetwork>,
        features: &FeatureSet,
        key: &StreamKey,
    ) -> Result<FineTuned, CryptoTlError> {
        recipe.run(start, features, key)
    }

    /// The classes of the inputs behind a reply.
    ///
    /// # Errors
    /// As [`Client::decrypt`], and if the network's width is not the features'.
    pub fn classify(&self, upper: &UpperNetwork, reply: &[u8]) -> Result<Vec<u32>, CryptoTlError> {
        self.decrypt(reply)?
            .iter()
            .map(|features| upper.classify(features))
            .collect()
    }
}
