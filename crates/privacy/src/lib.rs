//! Differential privacy: the subsampled Gaussian mechanism, accountants, calibration, bounds and audits.
