//! Lines between images, and extraction by labels.

use transfer::Head;

use super::victim;
use crate::testing::{Data, WIDTH, data, world};
use crate::{
    Boundaries, BoundaryOptions, HeadPrior, LabelExtraction, LabelOptions, World, centred_cosine,
};

const LINES: BoundaryOptions = BoundaryOptions {
    seeds: 100,
    lines: 120,
    steps: 64,
};

fn prepare(data: &Data, world: &World<'_>) -> Boundaries {
    Boundaries::prepare(world, &data.backbone, &LINES, |_| {}).unwrap()
}

fn label(head: &Head, features: &[f32]) -> usize {
    head.predict(features).unwrap()[0] as usize
}

fn share_agreeing(data: &Data, a: &Head, b: &[f32]) -> f64 {
    let b = Head::new(a.shape, b.to_vec()).unwrap();
    let rows = data.split.test.indices();
    let agree: Vec<bool> = rows
        .map(|row| data.features.row(row as usize))
        .map(|row| label(a, row) == label(&b, row))
        .collect();
    agree.iter().filter(|it| **it).count() as f64 / agree.len() as f64
}

#[test]
fn lines_run_from_one_seed_to_another_in_equal_steps() {
    let data = data();
    let world = world(&data, 1);
    let boundaries = prepare(&data, &world);
    assert_eq!((boundaries.seeds(), boundaries.lines()), (100, 120));
    assert_eq!((boundaries.steps(), boundaries.width()), (64, WIDTH));
    for line in 0..boundaries.lines() {
        let (a, b) = boundaries.ends(line);
        assert_ne!(a, b);
        assert_eq!(boundaries.point(line, 0), boundaries.seed(a));
        assert_eq!(boundaries.point(line, 64), boundaries.seed(b));
        // ReLU networks are continuous: neighbouring points are near.
        let length = |from: usize, to: usize| -> f32 {
            let (from, to) = (boundaries.point(line, from), boundaries.point(line, to));
            let squares = from.iter().zip(to).map(|(a, b)| (a - b).powi(2));
            squares.sum::<f32>().sqrt()
        };
        let walked: f32 = (0..64).map(|step| length(step, step + 1)).sum();
        let longest = (0..64)
            .map(|step| length(step, step + 1))
            .fold(0.0, f32::max);
        assert!(walked >= 0.999 * length(0, 64));
        assert!(longest < 0.2 * walked, "{longest} {walked}");
    }
    for steps in [0, 1, 48] {
        let odd = BoundaryOptions { steps, ..LINES };
        assert!(Boundaries::prepare(&world, &data.backbone, &odd, |_| {}).is_err());
    }
}

#[test]
fn labels_bring_a_head_nearer_and_more_of_them_nearer_still() {
    let data = data();
    let world = world(&data, 1);
    let prior = HeadPrior::fit(&world).unwrap();
    let boundaries = prepare(&data, &world);
    let mean: Vec<f32> = prior.mean.iter().map(|&w| w as f32).collect();
    let measure = |queries: usize| {
        let options = LabelOptions { queries };
        let extraction = LabelExtraction::new(&prior, &boundaries, options).unwrap();
        let (mut cosine, mut agree) = (0.0, 0.0);
        for number in 0..6 {
            let head = victim(&world, number);
            let copy = extraction
                .extract(|features| label(&head, features))
                .unwrap();
            assert!(copy.queries <= queries as u64, "{}", copy.queries);
            cosine += centred_cosine(&copy.weights, &head.weights, WIDTH + 1, None) / 6.0;
            agree += share_agreeing(&data, &head, &copy.weights) / 6.0;
        }
        (cosine, agree)
    };
    let agreeing = (0..6)
        .map(|number| share_agreeing(&data, &victim(&world, number), &mean) / 6.0)
        .sum::<f64>();
    let known = (0..6).map(|number| {
        let head = victim(&world, number);
        centred_cosine(&mean, &head.weights, WIDTH + 1, None) / 6.0
    });
    let known: f64 = known.sum();
    let (few, _) = measure(200);
    let (many, agree) = measure(800);
    assert!(known < few && few < many, "{known} {few} {many}");
    assert!(agree > agreeing + 0.1, "{agreeing} {agree}");
}

#[test]
fn the_scale_comes_from_the_recipe_and_answers_without_a_flip_leave_the_mean() {
    let data = data();
    let world = world(&data, 1);
    let prior = HeadPrior::fit(&world).unwrap();
    let boundaries = prepare(&data, &world);
    let options = LabelOptions { queries: 800 };
    let extraction = LabelExtraction::new(&prior, &boundaries, options).unwrap();
    let head = victim(&world, 1);
    // The same labels from a head ten times as large: the same copy.
    let large = head.weights.iter().map(|w| 10.0 * w).collect();
    let large = Head::new(head.shape, large).unwrap();
    let one = extraction
        .extract(|features| label(&head, features))
        .unwrap();
    let other = extraction
        .extract(|features| label(&large, features))
        .unwrap();
    assert_eq!(one, other);
    let constant = extraction.extract(|_| 2).unwrap();
    assert_eq!(constant.queries, 100);
    let mean: Vec<f32> = prior.mean.iter().map(|&w| w as f32).collect();
    let cosine = centred_cosine(&constant.weights, &mean, WIDTH + 1, None);
    assert!(cosine > 0.9999, "{cosine}");
    let few = LabelOptions { queries: 10 };
    assert!(LabelExtraction::new(&prior, &boundaries, few).is_err());
}

#[test]
fn a_budget_is_enough_for_its_seeds_and_bisections() {
    for queries in [500, 1000, 20_000, 50_000] {
        let options = BoundaryOptions::for_budget(queries);
        let bisections = options.steps.ilog2() as usize;
        assert!(options.seeds < queries);
        // Lines to spare, but no more than a half: each is sent through the backbone.
        let spent = options.seeds + options.lines * bisections;
        assert!(spent >= queries - bisections && spent < queries + queries / 2);
    }
}
