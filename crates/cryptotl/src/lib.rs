//! CryptoTL: transfer learning on inputs encrypted under CKKS (arXiv:2205.11935).
//!
//! A server has a network trained on a source task. A client has a few private examples of another
//! task. The client encrypts its inputs; the server runs the *lower* network on them without seeing
//! them; the client decrypts the features and fine-tunes the small *upper* network in the clear.
//! Later inputs go the same way.
//!
//! ```
//! use cryptotl::{Activation, Client, LowerNetwork, LowerShape, Packing, PreparedNetwork, Server, Setup};
//! use std::sync::Arc;
//!
//! let shape = LowerShape { inputs: 24, kernel: 9, hidden: 24, pool: 3, features: 22 };
//! let network = LowerNetwork::random(shape, Activation::cubic(), &datasets::StreamKey::from_seed(1))?;
//! let parameters = ckks::Parameters::fast()?;
//! let setup = Setup::new(shape, Activation::cubic().degree(), parameters, Packing::Latency)?;
//!
//! let (client, keys) = Client::new(&setup)?;                          // the client's process
//! let prepared = Arc::new(PreparedNetwork::new(&setup, &network)?);   // the server's process
//! let server = Server::new(prepared, &keys)?;
//!
//! let input = vec![0.1; 24];
//! let reply = server.forward(&client.encrypt(&[&input])?)?;
//! let features = client.decrypt(&reply)?;
//! assert!((features[0][3] - network.forward(&input)?[3]).abs() < 1e-3);
//! # Ok::<(), cryptotl::CryptoTlError>(())
//! ```
//!
//! **What is protected.** The server learns nothing about inputs, features, labels or the upper
//! network. The client learns the lower network's outputs, and with enough of them the network: the
//! weights are the server's to lose. The upper network is in the clear at the client: whoever
//! releases it releases what it remembers of the examples, unless it was tuned with
//! [`FineTune::dp`]. Decrypted features carry the ciphertexts' noise and must not be sent back to the
//! server that made them.

mod activation;
mod bench;
mod client;
mod convolution;
mod dense;
mod error;
mod layout;
mod lower;
mod message;
mod metrics;
mod optimiser;
mod prepared;
mod regression;
mod server;
mod setup;
mod training;
mod upper;

pub use activation::Activation;
pub use bench::{Bench, BenchCase, BenchTimes, bench};
pub use client::Client;
pub use convolution::{AveragePool, Conv1d};
pub use error::CryptoTlError;
pub use layers::Dense;
pub use layout::Packing;
pub use lower::{LowerNetwork, LowerShape};
pub use metrics::BinaryReport;
pub use prepared::PreparedNetwork;
pub use regression::LogisticRegression;
pub use server::Server;
pub use setup::Setup;
pub use training::{DpFineTune, FineTune, FineTuned, SourceRecipe, SourceTrained};
pub use upper::{UpperNetwork, UpperShape};
