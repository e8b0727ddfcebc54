//! Arithmetic of short vectors.

/// The vector cut to a norm of at most `most`.
pub(super) fn clipped(mut vector: Vec<f64>, most: f64) -> Vec<f64> {
    let norm = norm(&vector);
    if norm > most {
        for value in &mut vector {
            *value *= most / norm;
        }
    }
    vector
}

/// The unit vector in the same direction; 0 stays 0.
pub(super) fn unit(mut vector: Vec<f64>) -> Vec<f64> {
    let norm = norm(&vector);
    if norm > 0.0 {
        for value in &mut vector {
            *value /= norm;
        }
    }
    vector
}

pub(super) fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// Entry by entry: the sum.
pub(super) fn plus(a: Vec<f64>, b: &[f64]) -> Vec<f64> {
    a.into_iter().zip(b).map(|(a, b)| a + b).collect()
}

/// The difference.
pub(super) fn minus(a: Vec<f64>, b: &[f64]) -> Vec<f64> {
    a.into_iter().zip(b).map(|(a, b)| a - b).collect()
}

/// The product.
pub(super) fn times(a: Vec<f64>, b: &[f64]) -> Vec<f64> {
    a.into_iter().zip(b).map(|(a, b)| a * b).collect()
}

/// The quotient.
pub(super) fn over(a: Vec<f64>, b: &[f64]) -> Vec<f64> {
    a.into_iter().zip(b).map(|(a, b)| a / b).collect()
}

/// The vector times a number.
pub(super) fn scaled(a: Vec<f64>, by: f64) -> Vec<f64> {
    a.into_iter().map(|a| a * by).collect()
}
