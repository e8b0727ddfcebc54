//! Results that hide the features from the key's owner, too: neither side sees the other's secret.
//!
//! # Definition
//! A linear result is a public linear function of the features; who holds the key reads them out of
//! it. Here the classifier hides them before anything leaves. With ring R_q = Z_q[X]/(X^N + 1),
//! rows (A, B = A·s + e + Δ·ŵ), the owner's public encryption of zero (p1, p0 = p1·s + e_p) and the
//! features as x(X^-1) (packing as for linear heads), a result of one group of classes is
//!
//! a = Σ x·A + A_b + u·p1 + e1, b = Σ x·B + B_b + u·p0 + e0,
//!
//! with u uniform ternary and e1 of the encryption's error, drawn for this result alone, and of b
//! only the coefficients of the logits, with e0 uniform on [−F, F].
//!
//! # Why it hides
//! The owner, who knows s, sees b − a·s = Δ·logit + v + e0, v = Σ x·e + e_b + u·e_p − e1·s, and a.
//! Since |v| ≤ V for every x in range, the first is within K·V/(2F + 1) ≤ **2^-40** in statistical
//! distance of Δ·logit + e0, which depends on the logits alone; F = K·V·2^39. And a is the ring-LWE
//! sample u·p1 + e1 plus a constant: it looks uniform to who does not know u, the owner included.
//! Features are rounded with one fixed step, so that no scale of an image's own leaves either.
//!
//! # Against whom
//! The argument needs a head and a public key that were made as described, and a classifier who does
//! as described: *honest but curious* sides. Results carry no tag (one that the owner can check
//! binds x, which must not be sent), so `reveal` is for owners who trust the classifier. The logits
//! themselves tell the owner what logits tell.
//!
//! # Parameters
//! N = 4096, q = p0·p1 of 109 bits, s and u uniform ternary, errors centred binomial of 42 bits
//! (σ = 3.24, |e| ≤ 21): the homomorphic encryption standard's table (2018) gives 128 bits for
//! log q ≤ 109. V, F and Δ follow from shape and precision ([`parameters::Space`]).

mod classify;
mod parameters;
mod protect;
mod results;
mod ring;

pub use classify::PrivateClassifier;
pub use protect::ProtectedPrivate;
pub use results::PrivateResults;

pub(crate) use parameters::PrivateShape;
pub(crate) use protect::slots;
pub(crate) use results::PrivateResult;
pub(crate) use ring::{LIMBS, PRIMES, Poly, SIZE};

#[cfg(test)]
mod tests;
