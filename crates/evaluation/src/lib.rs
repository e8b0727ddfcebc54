//! How well an attack did: reconstruction error, image metrics, ROC curves and intervals.
//!
//! Nothing here knows which attack made a score or which defence it met. A *score* is a number that
//! is small where the attack succeeded (an MSE, or a membership score with its sign turned). The
//! unit of every interval is the *victim*: the classes of one head are not independent. Where victims
//! share images, images are drawn as well.

mod bootstrap;
mod chance;
mod error;
mod images;
mod intervals;
mod neyman_pearson;
mod paired;
mod ranking;
mod roc;
mod scores;
mod ssim;
mod subjects;
mod success;

pub use bootstrap::Bootstrap;
pub use chance::{Chance, chance};
pub use error::EvaluationError;
pub use images::{mean_psnr, mse, nearest, psnr};
pub use intervals::{Interval, clopper_pearson, cluster_proportion, mean_interval};
pub use neyman_pearson::{FittedNormals, NeymanPearson, neyman_pearson, phi};
pub use paired::{Difference, Paired, paired};
pub use roc::{Rate, RocPoint, RocReport, roc, strength, thin_curve};
pub use scores::Scores;
pub use ssim::ssim;
pub use subjects::Subject;
pub use success::{Success, success_at};
