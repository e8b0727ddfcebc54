//! Fitting on a small world whose network is random.

use datasets::Split;
use rand::RngExt;
use rand::seq::SliceRandom;
use transfer::{Activation, Head, HeadShape};

use super::*;
use crate::testing::{self, Data, WIDTH};
use crate::{BoundaryOptions, World};

const HIDDEN: usize = 6;
const LINES: BoundaryOptions = BoundaryOptions {
    seeds: 100,
    lines: 200,
    steps: 64,
    shared: 64,
};

/// The small world with heads of `classes` classes with a hidden layer, trained until they tell
/// the classes apart.
fn world(data: &Data, activation: Activation, classes: usize) -> World<'_> {
    let mut world = testing::world(data, 1);
    world.shape = HeadShape::mlp(WIDTH, HIDDEN, activation, classes);
    let values = data.features.values();
    let power = values.iter().map(|x| x * x).sum::<f32>() / data.features.len() as f32;
    let norm = power.sqrt();
    // Weights of either layer end near √(3 / |f|); the loss then curves by about 1.5 |f|.
    let (rate, steps) = match activation {
        Activation::Relu => (0.4, 200),
        Activation::Square => (0.1, 600),
    };
    world.recipe.learning_rate = rate / norm;
    world.recipe.init_std = 0.3 * (3.0 / norm / WIDTH as f32).sqrt();
    world.recipe.steps = steps;
    world.assumed = vec![world.recipe];
    world
}

/// Two classes in the place of four.
fn binary() -> Data {
    let mut data = testing::data();
    let labels: Vec<u32> = data.images.labels().iter().map(|label| label / 2).collect();
    let key = datasets::StreamKey::from_seed(3);
    data.split = Split::new(&labels, 2, 0.3, 0.1, key);
    data.images = data.images.with_labels(labels.clone(), 2).unwrap();
    data.features = data.features.with_labels(labels, 2).unwrap();
    data
}

fn victim(world: &World<'_>, number: u64) -> Head {
    let (weights, _) = world.victims().unwrap().head(number).unwrap();
    Head::new(world.shape, weights).unwrap()
}

fn label(head: &Head, features: &[f32]) -> usize {
    head.predict(features).unwrap()[0] as usize
}

/// Share of the test images on which two heads agree.
fn share_agreeing(data: &Data, a: &Head, b: &[f32]) -> f64 {
    let b = Head::new(a.shape, b.to_vec()).unwrap();
    let rows: Vec<u32> = data.split.test.indices().collect();
    let agree = rows.iter().filter(|row| {
        let features = data.features.row(**row as usize);
        label(a, features) == label(&b, features)
    });
    agree.count() as f64 / rows.len() as f64
}

/// Mean agreement and cosine of six victims' copies after so many queries; of the law's mean where
/// there are none.
fn measure(data: &Data, world: &World<'_>, budgets: &[usize]) -> Vec<(f64, f64)> {
    let law = HiddenLaw::fit(world).unwrap();
    let lines = Boundaries::prepare(world, &data.backbone, &LINES, |_| {}).unwrap();
    let each = budgets.iter().map(|&queries| {
        let (mut agree, mut cosine) = (0.0, 0.0);
        for number in 0..6 {
            let head = victim(world, number);
            let copy = match queries {
                0 => law.mean.clone(),
                queries => {
                    let extraction = FittedExtraction::new(&law, &lines, queries).unwrap();
                    let copy = extraction
                        .extract(|features| label(&head, features))
                        .unwrap();
                    assert!(copy.queries <= queries as u64, "{}", copy.queries);
                    copy.weights
                }
            };
            agree += share_agreeing(data, &head, &copy) / 6.0;
            cosine += law.cosine(&copy, &head.weights) / 6.0;
        }
        (agree, cosine)
    });
    each.collect()
}

#[test]
fn copies_agree_with_their_victims_and_more_so_after_more_queries() {
    let data = testing::data();
    for activation in [Activation::Relu, Activation::Square] {
        let found = measure(&data, &world(&data, activation, 4), &[0, 130, 1100]);
        let [(mean, blind), (few, _), (many, cosine)] = found[..] else {
            unreachable!("three budgets")
        };
        assert!(mean + 0.05 < many && few < many, "{activation:?} {found:?}");
        assert!(many > 0.8, "{activation:?} {found:?}");
        assert!(blind < cosine, "{activation:?} {found:?}");
    }
}

#[test]
fn a_head_with_one_logit_is_fitted_too() {
    let data = binary();
    let found = measure(&data, &world(&data, Activation::Relu, 2), &[0, 130, 1100]);
    let [(mean, blind), (few, _), (many, cosine)] = found[..] else {
        unreachable!("three budgets")
    };
    assert!(mean < many && few < many && many > 0.85, "{found:?}");
    assert!(blind < cosine, "{found:?}");
}

#[test]
fn neither_order_nor_balance_nor_scale_of_a_victim_changes_its_copy_or_its_cosine() {
    let data = testing::data();
    let mut rng = datasets::StreamKey::from_seed(8).rng(0);
    for activation in [Activation::Relu, Activation::Square] {
        let world = world(&data, activation, 4);
        let law = HiddenLaw::fit(&world).unwrap();
        let head = victim(&world, 2);
        let mut order: Vec<usize> = (0..HIDDEN).collect();
        order.shuffle(&mut rng);
        let mut other = head.weights.clone();
        let at = HIDDEN * (WIDTH + 1);
        for (to, &from) in order.iter().enumerate() {
            let mut factor = 0.5 + rng.random::<f32>();
            let back = match activation {
                Activation::Relu => 1.0 / factor,
                Activation::Square => factor.powi(-2),
            };
            if activation == Activation::Square && rng.random::<bool>() {
                factor = -factor;
            }
            for i in 0..=WIDTH {
                other[to * (WIDTH + 1) + i] = factor * head.weights[from * (WIDTH + 1) + i];
            }
            for k in 0..4 {
                let row = at + k * (HIDDEN + 1);
                other[row + to] = back * head.weights[row + from] + 0.1 * to as f32;
            }
        }
        // The last loop also gave all classes a common row; now the scale.
        other[at..].iter_mut().for_each(|w| *w *= 3.0);
        let other = Head::new(world.shape, other).unwrap();
        let same = share_agreeing(&data, &head, &other.weights);
        assert!(same > 0.99, "{activation:?} {same}");
        let cosine = law.cosine(&head.weights, &other.weights);
        assert!((cosine - 1.0).abs() < 1e-4, "{activation:?} {cosine}");
        let mut formed = [head.weights.clone(), other.weights.clone()];
        formed.iter_mut().for_each(|head| law.normal_form(head));
        let off = formed[0].iter().zip(&formed[1]).map(|(a, b)| (a - b).abs());
        let most = formed[0].iter().fold(0.0_f32, |max, w| max.max(w.abs()));
        assert!(off.fold(0.0, f32::max) < 1e-3 * most, "{activation:?}");
        assert!(share_agreeing(&data, &head, &formed[0]) > 0.99);
        let strange = victim(&world, 3);
        assert!(law.cosine(&head.weights, &strange.weights) < 0.99);
    }
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let data = testing::data();
    let linear = testing::world(&data, 1);
    let error = HiddenLaw::fit(&linear).unwrap_err().to_string();
    assert!(error.contains("a linear head"), "{error}");

    let mut world = world(&data, Activation::Relu, 4);
    let mut law = HiddenLaw::fit(&world).unwrap();
    let lines = BoundaryOptions { lines: 16, ..LINES };
    let lines = Boundaries::prepare(&world, &data.backbone, &lines, |_| {}).unwrap();
    let error = FittedExtraction::new(&law, &lines, 99).err().unwrap();
    assert!(error.to_string().starts_with("queries is 99"), "{error}");
    law.shape.features += 1;
    let error = FittedExtraction::new(&law, &lines, 150).err().unwrap();
    assert!(error.to_string().contains("query images"), "{error}");

    // Heads that fell silent have no form.
    world.recipe.learning_rate = 1e30;
    world.assumed = vec![world.recipe];
    assert!(HiddenLaw::fit(&world).is_err());
}

#[test]
fn a_victim_that_always_answers_alike_still_gets_a_finite_copy() {
    let data = testing::data();
    let world = world(&data, Activation::Relu, 4);
    let law = HiddenLaw::fit(&world).unwrap();
    let lines = BoundaryOptions { lines: 16, ..LINES };
    let lines = Boundaries::prepare(&world, &data.backbone, &lines, |_| {}).unwrap();
    let extraction = FittedExtraction::new(&law, &lines, 500).unwrap();
    let copy = extraction.extract(|_| 2).unwrap();
    assert_eq!(copy.queries, 100);
    assert_eq!(copy.weights.len(), world.shape.weight_len());
    let head = Head::new(world.shape, copy.weights).unwrap();
    let seeds: Vec<usize> = (0..100).map(|at| label(&head, lines.seed(at))).collect();
    let right = seeds.iter().filter(|it| **it == 2).count();
    assert!(right > 60, "{right}");
    let again = extraction.extract(|_| 2).unwrap();
    assert_eq!(again.weights, head.weights);
}
