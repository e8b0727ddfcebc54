//! Differential privacy in numbers: mechanisms, accountants, calibration, bounds and audits.
//!
//! A run of DP-SGD is a [`Composition`]: steps of the Poisson-subsampled Gaussian mechanism
//! ([`SampledGaussian`]). From it follow
//!
//! - ε for a δ: [`Composition::epsilon`] with the Rényi or the privacy-loss [`Accountant`];
//! - the noise for an ε: [`Calibration`], or for a risk: [`RiskCalibration`];
//! - what any attack may reach: [`TradeOff`], the largest TPR at an FPR, and the largest rate of
//!   reconstruction;
//! - what an attack has shown: [`epsilon_lower_bound`] from its counts, [`ScoreAudit`] from its
//!   scores.
//!
//! A sum that is published once is a [`GaussianRelease`].
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
mod gaussian;
mod law;
mod mechanism;
mod moments;
mod normal;
mod one_step;
mod prv;
mod query;
mod rdp;
mod risk;
mod search;
mod trade_off;
mod units;

pub use accountant::{Accountant, Spent};
pub use audit::{
    AttackCounts, AuditBound, OneRun, ScoreAudit, ScoreAuditAnswer, clopper_pearson,
    epsilon_lower_bound, one_run_epsilon, one_run_p_value,
};
pub use calibration::{Calibrated, Calibration};
pub use composition::{Composition, Phase};
pub use error::PrivacyError;
pub use exact::{gaussian_delta, gaussian_epsilon, gaussian_tpr};
pub use gaussian::{GaussianRelease, gaussian_mu};
pub use mechanism::SampledGaussian;
pub use query::{PrivacyAnswer, RiskAnswer, epsilon_answer, noise_answer, risk_answer};
pub use rdp::{Orders, RdpCurve, rdp_one_step};
pub use risk::{CalibratedRisk, Risk, RiskCalibration};
pub use spec::Neighbour;
pub use trade_off::{TradeOff, tpr_bound_from_epsilon};
pub use units::{Delta, Epsilon, NoiseMultiplier, SampleRate, Steps};
