//! The blind guess that the bound on reconstruction is about.

use attacks::BlindGuess;
use spec::Null;

use super::findings::Findings;
use super::trial::Trial;

/// Errors of the best blind guess of each victim's targets, where what was found is bounded by it:
/// images of single examples, of heads that are private.
pub fn errors(trial: &Trial<'_>, findings: &Findings, tau: f64) -> Option<Vec<Vec<f64>>> {
    let images = matches!(findings, Findings::Images(_) | Findings::Copies(_));
    let single = trial.cell.null == Null::ReplaceOne;
    if !(images && single && trial.cell.defence.kind().is_private()) {
        return None;
    }
    let guess = BlindGuess::fit(trial.world, tau);
    Some(guess.errors(trial.world, trial.victims))
}
