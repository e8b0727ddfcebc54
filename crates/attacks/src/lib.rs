//! Attacks on released heads: reconstruction, extraction, membership and property inference.
