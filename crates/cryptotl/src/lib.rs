//! CryptoTL: transfer learning on inputs encrypted under CKKS.
