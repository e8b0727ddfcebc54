//! Frozen public networks: pre-training, weight import and feature extraction.
