//! What hides the words of a linear head: ring ciphertexts, or a pad.
//!
//! # The yardstick without lattices
//! Whoever opens a linear head's results sees x̂ in them. Then no lattice is needed: with a
//! pseudo-random function P of the key, the head and the place,
//!
//! E_kj = W_kj + P_kj modulo 2^32
//!
//! hides the weights as a one-time pad does. A classifier returns Σ_j x̂_j·E_kj + β·E_kd; the owner,
//! who knows x̂, takes Σ_j x̂_j·P_kj + β·P_kd off and has the logit modulo 2^32, without noise. The
//! sums are taken over the integers, where they stay below 2^32·(‖x̂‖₁ + β) < q/2 and so are the same
//! in F_q: tags authenticate them as they do ring ciphertexts'. A head takes 4 bytes a weight, and
//! there is no assumption but the function. What lattices give beyond it needs the owner not to know
//! x̂, or to do less than K·d work: `SECURITY.md`.

use crate::error::RheError;
use crate::modular::to_signed;
use crate::quantise::PlaintextSpace;

/// How a linear head is hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Ring ciphertexts: 8 bytes a weight.
    #[default]
    Lattice,
    /// A pseudo-random pad modulo 2^32: 4 bytes a weight.
    Pad,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Lattice, Self::Pad];

    /// The name that the command line uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lattice => "lattice",
            Self::Pad => "pad",
        }
    }

    /// The scheme of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }

    /// Refuses logits that the scheme cannot hold.
    pub(crate) fn check(self, space: &PlaintextSpace) -> Result<(), RheError> {
        if self == Self::Pad && space.max_logit > i64::from(i32::MAX) {
            return Err(RheError::setting(
                "a pad modulo 2^32",
                format!(
                    "integer logits reach {}\nhint: use fewer weight bits",
                    space.max_logit
                ),
            ));
        }
        Ok(())
    }

    /// The integer logit that a word stands for, what hid it taken off.
    pub(crate) fn integer(self, word: u64, delta: u64) -> i64 {
        let signed = to_signed(word);
        match self {
            // The nearest multiple of Δ: the noise is smaller than half of it.
            Self::Lattice => {
                let delta = delta as i64;
                (signed + signed.signum() * (delta / 2)) / delta
            }
            Self::Pad => i64::from(signed as i32),
        }
    }
}
