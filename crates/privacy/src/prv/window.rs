//! What a composition looks at.

/// A tilt θ and the losses that carry its law: `size` lattice steps from `low` on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub theta: f64,
    pub low: f64,
    pub size: usize,
    /// How much further the tilt moves for Chernoff's bound on what is below and above.
    pub further: (f64, f64),
}

impl Window {
    /// How much further the tilt moves for the bound on this side.
    pub fn reach(&self, sign: f64) -> f64 {
        if sign > 0.0 {
            self.further.1
        } else {
            self.further.0
        }
    }
}
