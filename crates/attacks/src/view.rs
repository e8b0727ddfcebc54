//! What the adversary sees in place of a head's weights.

use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use transfer::ShadowBatch;

use crate::AttackError;

/// A release that hides the weights: as many numbers in their place, laid out alike, so that
/// attacks on weights run unchanged; and what else is seen of a head, which attacks take as further
/// inputs.
pub trait View: std::fmt::Debug + Send + Sync {
    /// Numbers that are seen of a head beside those in the place of its weights: equally many for
    /// each logit, one logit's after the other's.
    fn beside(&self) -> usize {
        0
    }

    /// Puts what is seen of a head in the place of its `weights`, and the rest in `beside`.
    fn see(
        &self,
        weights: &mut [f32],
        beside: &mut [f32],
        rng: &mut ChaCha8Rng,
    ) -> Result<(), AttackError>;
}

/// Puts what is seen in the place of every head of `batch`, what is seen beside it behind; head i
/// draws from stream `start + i` under `key`.
pub(crate) fn see_all(
    view: &dyn View,
    batch: &mut ShadowBatch,
    key: datasets::StreamKey,
    start: u64,
) -> Result<(), AttackError> {
    let len = batch.weights.len() / batch.heads.max(1);
    let seen = len + view.beside();
    let mut all = vec![0.0; batch.heads * seen];
    all.par_chunks_mut(seen.max(1))
        .zip(batch.weights.par_chunks(len.max(1)))
        .enumerate()
        .try_for_each(|(i, (all, weights))| {
            let (own, beside) = all.split_at_mut(len);
            own.copy_from_slice(weights);
            view.see(own, beside, &mut key.rng(start + i as u64))
        })?;
    batch.weights = all;
    Ok(())
}

/// What is seen of one head whose weights these are, alone.
pub(crate) fn see_one(
    view: &dyn View,
    weights: &mut Vec<f32>,
    rng: &mut ChaCha8Rng,
) -> Result<(), AttackError> {
    let len = weights.len();
    weights.resize(len + view.beside(), 0.0);
    let (own, beside) = weights.split_at_mut(len);
    view.see(own, beside, rng)
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use spec::Null;

    use super::*;
    use crate::testing::{CLASSES, WIDTH, auc, data, victims, world};
    use crate::{Reconstructor, Unmixing, WhiteBox, World, errors, null_scores, victim_scores};

    /// Noise in the place of the weights; beside it each class's row, or noise too.
    #[derive(Debug)]
    struct Noise {
        leaks: bool,
    }

    impl View for Noise {
        fn beside(&self) -> usize {
            CLASSES * (WIDTH + 1)
        }

        fn see(
            &self,
            weights: &mut [f32],
            beside: &mut [f32],
            rng: &mut ChaCha8Rng,
        ) -> Result<(), AttackError> {
            beside.copy_from_slice(weights);
            let hidden = if self.leaks { &mut [][..] } else { beside };
            for number in weights.iter_mut().chain(hidden) {
                *number = rng.random_range(-0.5..0.5);
            }
            Ok(())
        }
    }

    fn success(world: &World<'_>, attack: &dyn WhiteBox) -> f64 {
        let mut heads = victims(world, 60);
        world.release(&mut heads, "victims").unwrap();
        let null = null_scores(world, attack, &heads, Null::Independent, 1_000).unwrap();
        let null: Vec<f64> = errors(&null)
            .concat()
            .into_iter()
            .filter(|it| !it.is_nan())
            .collect();
        auc(
            &errors(&victim_scores(world, attack, &heads)).concat(),
            &null,
        )
    }

    /// Attacks read what lies beside the weights: they succeed if it tells, and only then. What they
    /// learned is read back from its file.
    #[test]
    fn what_is_seen_beside_the_weights_is_read() {
        let data = data();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("attack.safetensors");
        for leaks in [true, false] {
            let view = Noise { leaks };
            let world = world(&data, 1).seen_through(&view);
            let options = spec::Unmixing {
                samples: 4_000,
                ..spec::Unmixing::default()
            };
            let unmixing = Unmixing::fit(&world, &options, |_| {}).unwrap();
            unmixing.save(&path).unwrap();
            assert_eq!(Unmixing::load(&path).unwrap(), unmixing);
            let options = spec::Reconstructor {
                samples: 60_000,
                hidden: 96,
                batch: 64,
                learning_rate: 2e-3,
                ..spec::Reconstructor::default()
            };
            let network = Reconstructor::fit(&world, &options, |_| {}).unwrap();
            network.save(&path).unwrap();
            let network = Reconstructor::load(&path).unwrap();
            let attacks: [(&str, &dyn WhiteBox); 2] =
                [("unmixing", &unmixing), ("reconstructor", &network)];
            for (name, attack) in attacks {
                let area = success(&world, attack);
                if leaks {
                    assert!(area > 0.65, "{name}: {area}");
                } else {
                    // 240 scores: an AUC has a standard error of about .019, doubled for dependence.
                    assert!((area - 0.5).abs() < 0.12, "{name}: {area}");
                }
            }
        }
    }
}
