//! Progress of attacks in training.

use attacks::AttackProgress;

use crate::progress::Progress;

/// What an attack's training tells of itself, as progress in `samples`: attacks count heads, budgets
/// rows.
pub fn reports(progress: &Progress, name: &str, samples: u64) -> impl FnMut(AttackProgress) {
    let step = progress.step(name, samples);
    move |at| {
        let message = if at.loss.is_finite() {
            format!("loss {:.4}", at.loss)
        } else {
            String::new()
        };
        step.at(samples * at.done / at.total.max(1), &message);
    }
}
