//! Reverse homomorphic encryption: protect, classify with and reveal a head.
