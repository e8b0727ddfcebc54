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
