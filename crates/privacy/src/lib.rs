//! Differential privacy in numbers: mechanisms, accountants, calibration, bounds and audits.
//!
//! A run of DP-SGD is a [`Composition`]: steps of the Poisson-subsampled Gaussian mechanism
//! ([`SampledGaussian`]). From it follow
//!
//! - ε for a δ: [`Composition::epsilon`] with the Rényi or the privacy-loss [`Accountant`];
//! - the noise for an ε: [`Calibration`];
//! - what any attack may reach: [`TradeOff`], the largest TPR at an FPR;
//! - what an attack has shown: [`epsilon_lower_bound`] from its counts.
//!
//! Every statement is about a [`Neighbour`] relation, which says what the adversary must not tell
//! apart. There is no machine learning in this crate.
//!
//! ```
//! use privacy::{Accountant, Composition, Delta, Neighbour, NoiseMultiplier, SampleRate, SampledGaussian, Steps};
//!
//! let step = SampledGaussian::new(NoiseMultiplier::new(1.82)?, SampleRate::new(0.5)?);
//! let run = Composition::repeated(step, Steps::new(64)?);
//! let spent = run.epsilon(Delta::new(0.0794)?, Accountant::Prv, Neighbour::AddRemove)?;
//! assert!((spent.upper - 5.03).abs() < 0.01);
//! # Ok::<(), privacy::PrivacyError>(())
//! ```

mod accountant;
mod audit;
mod calibration;
mod composition;
mod error;
mod exact;
mod law;
mod mechanism;
mod moments;
mod normal;
mod prv;
mod query;
mod rdp;
mod trade_off;
mod units;

pub use accountant::{Accountant, Spent};
pub use audit::{AttackCounts, AuditBound, clopper_pearson, epsilon_lower_bound};
pub use calibration::{Calibrated, Calibration};
pub use composition::{Composition, Phase};
pub use error::PrivacyError;
pub use exact::{gaussian_delta, gaussian_epsilon, gaussian_tpr};
pub use law::Neighbour;
pub use mechanism::SampledGaussian;
pub use query::{PrivacyAnswer, epsilon_answer, noise_answer};
pub use rdp::{Orders, RdpCurve, rdp_one_step};
pub use trade_off::{TradeOff, tpr_bound_from_epsilon};
pub use units::{Delta, Epsilon, NoiseMultiplier, SampleRate, Steps};
