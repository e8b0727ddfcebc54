//! What a head with an adapter beneath it shows of its training examples.
//!
//! The dense layer's rows are what a linear head's are, sums of features. The adapter's matrix M = B A is a sum over
//! examples of δ z̃ᵀ, with z the layer's inputs and δ what the loss sends back through the rows: where the rows of class k
//! are v_k, δ of its examples lies near v_k less what the other classes pull. So Mᵀ v_k gathers the inputs that class k's
//! examples had, M z̄_k shows how the head moves what looks like class k, which lies near its rows, and Mᵀ f̄_k says the
//! former without the rows, for an adversary who does not see them (z̄_k and f̄_k are the class's public means, less that of
//! all classes). A and B alone say less: they could be drawn in any coordinates.

use backbones::NamedTensors;
use transfer::Adapter;

use super::estimate::FeatureEstimate;
use crate::{AttackError, World};

/// Shadow heads that the parts are brought to one power on.
const HEADS: usize = 500;

/// Estimated features of each class and three products with the adapter's matrix.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AdaptedEstimate {
    estimate: FeatureEstimate,
    rank: usize,
    /// Public mean of each class less that of all, after the layer and before it: classes × 2 units.
    centres: Vec<f32>,
    /// What each product is multiplied with, so that a ridge takes it as it takes features.
    scales: [f32; PRODUCTS],
}

const PRODUCTS: usize = 3;

impl AdaptedEstimate {
    /// Of heads of `world`, with `estimate` of their dense layer.
    ///
    /// # Errors
    /// If shadow heads cannot be made.
    pub fn fit(
        world: &World<'_>,
        estimate: FeatureEstimate,
        rank: usize,
    ) -> Result<Self, AttackError> {
        let mut own = Self {
            estimate,
            rank,
            centres: centres(world),
            scales: [1.0; PRODUCTS],
        };
        let shadows = world.shadows("adapter")?;
        let mut batch = shadows.batch(HEADS);
        shadows.fill(0, &mut batch)?;
        let (classes, units) = own.estimate.shape();
        let mut parts = vec![0.0; classes * own.width()];
        let mut powers = [0.0; PRODUCTS + 1];
        for at in 0..batch.len() {
            let (head, _) = world.parts(batch.head(at));
            own.apply(head, &mut parts);
            for row in parts.chunks(own.width()) {
                for (power, part) in powers.iter_mut().zip(row.chunks(units)) {
                    *power += part.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
                }
            }
        }
        let [features, products @ ..] = powers;
        own.scales =
            products.map(|power| (features / power.max(f64::MIN_POSITIVE)).sqrt().min(1e12) as f32);
        Ok(own)
    }

    /// Numbers of one class.
    pub fn width(&self) -> usize {
        (1 + PRODUCTS) * self.estimate.shape().1
    }

    /// How many of them are products with the adapter's matrix.
    pub fn products(&self) -> usize {
        PRODUCTS * self.estimate.shape().1
    }

    /// Writes them for every class of one head to `out` (classes × width).
    pub fn apply(&self, head: &[f32], out: &mut [f32]) {
        let (classes, units) = self.estimate.shape();
        let (dense, adapter) = head.split_at(classes * (units + 1));
        let adapter = Adapter::read(adapter, self.rank);
        let mut features = vec![0.0; classes * units];
        self.estimate.apply(dense, &mut features);
        let mut mean = vec![0.0; units];
        for row in dense.chunks(units + 1) {
            let sums = mean.iter_mut().zip(row);
            sums.for_each(|(sum, v)| *sum += v / classes as f32);
        }
        let each = out.chunks_mut(self.width()).zip(features.chunks(units));
        let each = each.zip(dense.chunks(units + 1).zip(self.centres.chunks(2 * units)));
        for ((out, features), (row, centres)) in each {
            let (after, before) = centres.split_at(units);
            let own: Vec<f32> = row.iter().zip(&mean).map(|(v, mean)| v - mean).collect();
            let products = [
                adapter.backward(&own),
                adapter.forward(before),
                adapter.backward(after),
            ];
            let (first, rest) = out.split_at_mut(units);
            first.copy_from_slice(features);
            for ((out, product), scale) in rest.chunks_mut(units).zip(&products).zip(self.scales) {
                let values = out.iter_mut().zip(product);
                values.for_each(|(out, value)| *out = scale * value);
            }
        }
    }

    /// Adds it to the file of an attack.
    pub fn save(&self, tensors: &mut NamedTensors) {
        let (classes, units) = self.estimate.shape();
        let coefficients = self.estimate.coefficients();
        let shape = [units, coefficients.len() / units];
        tensors.insert("adapter.estimate", &shape, coefficients.to_vec());
        let centres = self.centres.clone();
        tensors.insert("adapter.centres", &[classes, 2 * units], centres);
        let mut numbers = self.scales.to_vec();
        numbers.push(self.rank as f32);
        tensors.insert("adapter.scales", &[numbers.len()], numbers);
    }

    /// Takes it from the file of `attack` on heads of so many classes; `None` where there is none.
    ///
    /// # Errors
    /// If it is not whole.
    pub fn load(
        attack: &'static str,
        classes: usize,
        tensors: &mut NamedTensors,
    ) -> Result<Option<Self>, AttackError> {
        let Some(shape) = tensors.shape("adapter.estimate").map(<[usize]>::to_vec) else {
            return Ok(None);
        };
        let coefficients = tensors.take(attack, "adapter.estimate", &shape)?;
        let units = shape.first().copied().unwrap_or(0);
        let centres = tensors.take(attack, "adapter.centres", &[classes, 2 * units])?;
        let numbers = tensors.take(attack, "adapter.scales", &[PRODUCTS + 1])?;
        let [first, second, third, rank] = numbers[..] else {
            unreachable!("as many as were taken");
        };
        if units == 0 || !(1.0..=units as f32).contains(&rank) {
            return Err(AttackError::Mismatch {
                what: "a file of an attack on adapters",
                expected: format!("a rank from 1 to the width of the layer, {units}"),
                found: rank.to_string(),
            });
        }
        Ok(Some(Self {
            estimate: FeatureEstimate::from_coefficients(classes, coefficients),
            rank: rank as usize,
            centres,
            scales: [first, second, third],
        }))
    }
}

/// Public mean of each class less that of all classes, of the layer's outputs after the ReLU and of its inputs.
fn centres(world: &World<'_>) -> Vec<f32> {
    let (classes, units) = (world.shape.classes, world.shape.units());
    let mut centres = vec![0.0; classes * 2 * units];
    for (class, mean) in centres.chunks_mut(2 * units).enumerate() {
        let members = world.split.public.class(class);
        let share = 1.0 / members.len().max(1) as f32;
        for &member in members {
            let row = world.features.row(member as usize).iter().enumerate();
            for (mean, (at, &value)) in mean.iter_mut().zip(row) {
                let value = if at < units { value.max(0.0) } else { value };
                *mean += share * value;
            }
        }
    }
    for at in 0..2 * units {
        let of_class = |class: usize| class * 2 * units + at;
        let mean = (0..classes).map(|it| centres[of_class(it)]).sum::<f32>() / classes as f32;
        (0..classes).for_each(|it| centres[of_class(it)] -= mean);
    }
    centres
}

#[cfg(test)]
mod tests {
    use datasets::{FeatureSet, StreamKey};
    use rand::RngExt;
    use rand_chacha::ChaCha8Rng;
    use spec::{Null, Optimiser};
    use transfer::{HeadShape, Recipe};

    use super::*;
    use crate::testing::{CLASSES, Data, WIDTH, auc, data, victims};
    use crate::{Unmixing, View, errors, null_scores, victim_scores};

    const RANK: usize = 3;

    fn world<'a>(data: &'a Data, rows: &'a FeatureSet) -> World<'a> {
        let plain = crate::testing::world(data, 1).recipe;
        let recipe = Recipe {
            optimiser: Optimiser::Adam,
            learning_rate: 0.01,
            steps: 100,
            ..plain
        };
        let shape = HeadShape::adapter(WIDTH, RANK, CLASSES);
        let (images, split) = (&data.images, &data.split);
        World::new(
            images,
            rows,
            split,
            shape,
            recipe,
            1,
            StreamKey::from_seed(6),
        )
        .unwrap()
    }

    /// Random numbers in the place of the dense layer, of the adapter, or of both.
    #[derive(Debug)]
    struct Hidden {
        dense: bool,
        adapter: bool,
    }

    impl View for Hidden {
        fn see(
            &self,
            weights: &mut [f32],
            _: &mut [f32],
            rng: &mut ChaCha8Rng,
        ) -> Result<(), AttackError> {
            let (dense, adapter) = weights.split_at_mut(CLASSES * (WIDTH + 1));
            for (part, hidden) in [(dense, self.dense), (adapter, self.adapter)] {
                if hidden {
                    part.iter_mut()
                        .for_each(|it| *it = rng.random_range(-0.5..0.5));
                }
            }
            Ok(())
        }
    }

    fn success(world: &World<'_>) -> f64 {
        let options = spec::Unmixing {
            samples: 3_000,
            ..spec::Unmixing::default()
        };
        let attack = Unmixing::fit(world, &options, |_| {}).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("attack.safetensors");
        attack.save(&path).unwrap();
        assert_eq!(Unmixing::load(&path).unwrap(), attack);
        let mut heads = victims(world, 60);
        world.release(&mut heads, "victims").unwrap();
        let null = null_scores(world, &attack, &heads, Null::Independent, 1_000).unwrap();
        let null: Vec<f64> = errors(&null)
            .concat()
            .into_iter()
            .filter(|it| !it.is_nan())
            .collect();
        auc(
            &errors(&victim_scores(world, &attack, &heads)).concat(),
            &null,
        )
    }

    /// Either part gives images away by itself, and nothing does where both are hidden: what RHE must encrypt is
    /// both.
    #[test]
    fn heads_and_adapters_each_tell_of_their_images() {
        let data = data();
        let rows = data.backbone.around_last_layer(&data.images).unwrap();
        let world = world(&data, &rows);
        let seen = |dense, adapter| {
            let view = Hidden { dense, adapter };
            success(&world.clone().seen_through(&view))
        };
        let (clear, head, adapter, none) = (
            success(&world),
            seen(false, true),
            seen(true, false),
            seen(true, true),
        );
        eprintln!("all {clear}, head {head}, adapter {adapter}, none {none}");
        assert!(clear > 0.8 && head > 0.8, "{clear} {head}");
        assert!(adapter > 0.6, "{adapter}");
        // 240 scores: an AUC has a standard error of about .019, doubled for dependence.
        assert!((none - 0.5).abs() < 0.12, "{none}");
    }

    #[test]
    fn products_of_all_classes_sum_to_nothing() {
        let data = data();
        let rows = data.backbone.around_last_layer(&data.images).unwrap();
        let world = world(&data, &rows);
        let estimate = FeatureEstimate::fit(&world, 200).unwrap();
        let estimate = AdaptedEstimate::fit(&world, estimate, RANK).unwrap();
        let heads = victims(&world, 1);
        let width = estimate.width();
        assert_eq!(width, 4 * WIDTH);
        let mut out = vec![0.0; CLASSES * width];
        estimate.apply(heads.head(0), &mut out);
        // Rows and means of classes are less their mean over the classes, and the products are linear.
        for at in WIDTH..width {
            let values = out.iter().skip(at).step_by(width);
            let (sum, size) = values.fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()));
            assert!(sum.abs() <= 1e-3 * size + 1e-6, "{at}: {sum} of {size}");
        }
        assert!(out[WIDTH..].iter().any(|it| it.abs() > 1e-3));
    }
}
