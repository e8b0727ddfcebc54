//! How well an attack did: reconstruction error, image metrics, ROC curves and intervals.
