//! A small RNS-CKKS on number-theoretic transforms.
