//! The circuit: signs of all differences, wins, and the class that has them all.

use super::budget::{MESSAGE_STEP, sign_amplitude};
use crate::bootstrap::{Bootstrapper, LWE_WORDS, Rotation, Table, subtract_from};
use crate::parameters::POLYNOMIAL_SIZE;

/// The encrypted class, counted from 1 (0 for undecided), of LWE logits (N + 1 words each) of
/// which no two differ by half a turn or more; of a single logit within half a turn, 2 where it is
/// positive and 1 where not.
pub(crate) fn decide(bootstrapper: &Bootstrapper, logits: &[Vec<u64>]) -> Vec<u64> {
    let half = MESSAGE_STEP / 2;
    if logits.len() == 1 {
        let mut class = signs(bootstrapper, logits, |_| half).remove(0);
        add_constant(&mut class, half + MESSAGE_STEP);
        return class;
    }
    let classes = logits.len();
    let amplitude = sign_amplitude(classes);
    let pairs: Vec<(usize, usize)> = (0..classes)
        .flat_map(|i| (i + 1..classes).map(move |j| (i, j)))
        .collect();
    let differences: Vec<Vec<u64>> = pairs
        .iter()
        .map(|&(i, j)| subtract_from(&logits[i], &logits[j]))
        .collect();
    let mut wins = vec![vec![0u64; LWE_WORDS]; classes];
    let threshold = amplitude * (classes as u64 - 2);
    for wins in &mut wins {
        add_constant(wins, threshold.wrapping_neg());
    }
    for (&(i, j), sign) in pairs
        .iter()
        .zip(signs(bootstrapper, &differences, |_| amplitude))
    {
        for (win, word) in wins[i].iter_mut().zip(&sign) {
            *win = win.wrapping_add(*word);
        }
        for (win, word) in wins[j].iter_mut().zip(&sign) {
            *win = win.wrapping_sub(*word);
        }
    }
    // ±(i + 1)/2 and (i + 1)/2 make i + 1 where class i beats all others, and 0 where not.
    let share = |class: usize| half * (class as u64 + 1);
    let mut sum = vec![0u64; LWE_WORDS];
    for (class, term) in signs(bootstrapper, &wins, share).iter().enumerate() {
        add_constant(&mut sum, share(class));
        for (sum, word) in sum.iter_mut().zip(term) {
            *sum = sum.wrapping_add(*word);
        }
    }
    sum
}

/// For each ciphertext i one of `amplitude(i)` times the sign of its message.
fn signs(
    bootstrapper: &Bootstrapper,
    lwes: &[Vec<u64>],
    amplitude: impl Fn(usize) -> u64,
) -> Vec<Vec<u64>> {
    let small = bootstrapper.switch_keys(lwes);
    let rotations: Vec<Rotation<'_>> = small
        .iter()
        .enumerate()
        .map(|(at, small)| Rotation {
            small,
            table: Table::Constant(amplitude(at)),
        })
        .collect();
    bootstrapper.rotate(&rotations)
}

fn add_constant(lwe: &mut [u64], constant: u64) {
    lwe[POLYNOMIAL_SIZE] = lwe[POLYNOMIAL_SIZE].wrapping_add(constant);
}
