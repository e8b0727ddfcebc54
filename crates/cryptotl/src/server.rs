//! The server: weights in the clear and evaluation keys, nothing secret of the client's.

use crate::message::{self, Kind};
use crate::{CryptoTlError, PreparedNetwork};
use ckks::{EvaluationKeys, SeededCiphertext};
use std::sync::Arc;

/// Runs the lower network on one client's queries.
#[derive(Debug)]
pub struct Server {
    network: Arc<PreparedNetwork>,
    keys: EvaluationKeys,
}

impl Server {
    /// A server for the client that sent `keys`.
    ///
    /// # Errors
    /// If the keys are damaged, of other parameters, or lack one that is needed.
    pub fn new(network: Arc<PreparedNetwork>, keys: &[u8]) -> Result<Self, CryptoTlError> {
        let setup = network.setup();
        let keys = EvaluationKeys::from_bytes(setup.context(), keys)?;
        if let Some(steps) = setup.rotations().find(|&steps| !keys.has_rotation(steps)) {
            return Err(CryptoTlError::Message {
                what: "evaluation keys",
                reason: format!("the rotation by {steps} slots is missing"),
            });
        }
        Ok(Self { network, keys })
    }

    /// Encrypted features for an encrypted query.
    ///
    /// # Errors
    /// If the query is damaged or was made under another setup or key.
    pub fn forward(&self, query: &[u8]) -> Result<Vec<u8>, CryptoTlError> {
        let setup = self.network.setup();
        let (count, bodies) = message::read(Kind::Query, setup, query)?;
        let half = setup.capacity() / 2;
        let mut replies = Vec::with_capacity(bodies.len());
        for (at, body) in bodies.iter().enumerate() {
            let x = SeededCiphertext::from_bytes(setup.context(), body)?.expand();
            let both = count - at * setup.capacity() > half;
            replies.push(self.network.forward(&x, both, &self.keys)?.to_bytes());
        }
        Ok(message::write(Kind::Reply, setup, count, &replies))
    }

    /// Bytes of evaluation keys held.
    pub fn key_bytes_held(&self) -> usize {
        self.keys.bytes_held()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, LowerNetwork, LowerShape, Packing, Setup};
    use ckks::{CkksError, Parameters, SecretKey};
    use datasets::StreamKey;

    #[test]
    fn every_rotation_that_keys_are_sent_for_is_used() {
        let shape = LowerShape {
            inputs: 48,
            kernel: 5,
            hidden: 48,
            pool: 3,
            features: 46,
        };
        for packing in [Packing::Latency, Packing::Throughput] {
            let setup = Setup::new(shape, 3, Parameters::fast().unwrap(), packing).unwrap();
            let seed = StreamKey::from_seed(5);
            let network = LowerNetwork::random(shape, Activation::cubic(), &seed).unwrap();
            let prepared = PreparedNetwork::new(&setup, &network).unwrap();
            let key = SecretKey::generate(setup.context()).unwrap();
            let context = setup.context();
            let plain = context.encode_real(&[1.0], setup.start_level(), context.scale());
            let x = key.encrypt(&plain.unwrap()).unwrap();
            let rotations: Vec<i64> = setup.rotations().collect();
            for &missing in &rotations {
                let others = rotations.iter().copied().filter(|&steps| steps != missing);
                let keys = key.evaluation_keys().relinearisation().conjugation();
                let keys = keys.rotations(others).build().unwrap();
                let refused = prepared.forward(&x, true, &keys);
                assert!(
                    matches!(
                        refused,
                        Err(CryptoTlError::Ckks(CkksError::MissingKey { .. }))
                    ),
                    "{packing:?}: {missing} is not used"
                );
            }
        }
    }
}
