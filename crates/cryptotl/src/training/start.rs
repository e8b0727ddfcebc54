//! Upper networks to start tuning from.

use crate::{CryptoTlError, LogisticRegression, UpperNetwork, UpperShape};
use datasets::StreamKey;

impl UpperNetwork {
    /// Random first weights, the same in both windows of a pair, whose second weights are opposite: the
    /// network computes 0 for every input and yet has gradients. What private tuning starts from: no
    /// random function has to be unlearned first, and nothing of the examples is used.
    pub(super) fn balanced(shape: UpperShape, key: &StreamKey) -> Result<Self, CryptoTlError> {
        let mut network = Self::random(shape, key)?;
        let (rows, pool) = (shape.features * shape.pool, shape.pool);
        let windows = shape.hidden / pool;
        for first in (0..windows).step_by(2) {
            let second = first + 1;
            if second == windows {
                network.second.weight[first] = 0.0;
                break;
            }
            let weights = &mut network.first.weight;
            weights.copy_within(first * rows..second * rows, second * rows);
            let biases = &mut network.first.bias;
            biases.copy_within(first * pool..second * pool, second * pool);
            network.second.weight[second] = -network.second.weight[first];
        }
        network.second.bias[0] = 0.0;
        Ok(network)
    }

    /// A network that computes exactly `probe`: max pool and ReLU of (u, 0, 0) are max(u, 0), and
    /// u = max(u, 0) − max(−u, 0), so two windows carry it. The other windows keep random first
    /// weights under second weights of 0, for tuning to use. `None` if there are no two windows.
    pub(super) fn from_probe(
        shape: UpperShape,
        probe: &LogisticRegression,
        key: &StreamKey,
    ) -> Result<Option<Self>, CryptoTlError> {
        let mut network = Self::random(shape, key)?;
        if shape.hidden / shape.pool < 2 {
            return Ok(None);
        }
        // Both layers then move the logit about equally under one learning rate: ‖f‖² is about the
        // width, and the logit about 1.
        let share = (shape.features as f32).powf(-0.25);
        network.second.weight.fill(0.0);
        network.second.bias[0] = probe.bias;
        for (window, sign) in [(0, 1.0), (1, -1.0)] {
            let units = window * shape.pool..(window + 1) * shape.pool;
            network.first.weight[units.start * shape.features..units.end * shape.features]
                .fill(0.0);
            network.first.bias[units.clone()].fill(0.0);
            let row = &mut network.first.weight[units.start * shape.features..][..shape.features];
            for (w, &p) in row.iter_mut().zip(&probe.weight) {
                *w = sign * p / share;
            }
            network.second.weight[window] = sign * share;
        }
        Ok(Some(network))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regression::{Examples, tests::set};

    #[test]
    fn the_network_computes_the_probe() {
        let (set, key) = (set(30, 1.0), StreamKey::from_seed(3));
        let examples = Examples::new(&set);
        let rows: Vec<usize> = (0..30).collect();
        let probe = examples.fit(&rows, 10.0);
        let shape = UpperShape::paper(9);
        let network = UpperNetwork::from_probe(shape, &probe, &key)
            .unwrap()
            .unwrap();
        for (row, logit) in network.logits(&set).unwrap().into_iter().enumerate() {
            let expected = probe.logit(set.row(row));
            assert!((logit - expected).abs() < 1e-4);
        }
        let narrow = UpperShape { hidden: 5, ..shape };
        let none = UpperNetwork::from_probe(narrow, &probe, &key).unwrap();
        assert!(none.is_none());
    }

    #[test]
    fn a_balanced_network_computes_nothing_yet() {
        let (set, key) = (set(30, 1.0), StreamKey::from_seed(3));
        for hidden in [9, 10, 12] {
            let shape = UpperShape {
                hidden,
                ..UpperShape::paper(9)
            };
            let network = UpperNetwork::balanced(shape, &key).unwrap();
            let logits = network.logits(&set).unwrap();
            assert!(logits.iter().all(|logit| logit.abs() < 1e-5), "{logits:?}");
            assert!(network.second.weight.iter().any(|w| w.abs() > 0.01));
        }
    }
}
