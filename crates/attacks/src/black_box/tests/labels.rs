//! Lines between images, and extraction by labels.

use transfer::Head;

use super::super::search::Search;
use super::super::walk::Walk;
use super::victim;
use crate::testing::{Data, WIDTH, data, world};
use crate::{
    Boundaries, BoundaryOptions, HeadPrior, LabelExtraction, Point, World, centred_cosine,
};

const LINES: BoundaryOptions = BoundaryOptions {
    seeds: 100,
    lines: 240,
    steps: 64,
    shared: 16,
};

fn prepare<'a>(data: &'a Data, world: &World<'a>) -> Boundaries<'a> {
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
    assert_eq!((boundaries.seeds(), boundaries.lines()), (100, 240));
    assert_eq!((boundaries.steps(), boundaries.every()), (64, 4));
    let all = BoundaryOptions {
        shared: 64,
        ..LINES
    };
    let all = Boundaries::prepare(&world, &data.backbone, &all, |_| {}).unwrap();
    for line in [0, 17, 100] {
        let (a, b) = boundaries.ends(line);
        assert_ne!(a, b);
        let points: Vec<Point> = (0..=64).map(|step| Point { line, step }).collect();
        let rows = boundaries.features(&points).unwrap();
        let rows: Vec<&[f32]> = rows.chunks(WIDTH).collect();
        assert_eq!(
            (rows[0], rows[64]),
            (boundaries.seed(a), boundaries.seed(b))
        );
        let apart = |a: &[f32], b: &[f32]| -> f32 {
            let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
            squares.sum::<f32>().sqrt()
        };
        // Whether a point is shared or sent when it is asked about makes no difference.
        for (point, row) in points.iter().zip(&rows) {
            let shared = boundaries.shared(*point).is_some();
            assert_eq!(shared, point.step.is_multiple_of(4));
            assert!(apart(all.shared(*point).unwrap(), row) < 1e-4);
        }
        // ReLU networks are continuous: neighbouring points are near.
        let walked: f32 = rows.windows(2).map(|two| apart(two[0], two[1])).sum();
        let longest = rows.windows(2).map(|two| apart(two[0], two[1]));
        let longest = longest.fold(0.0, f32::max);
        assert!(walked >= 0.999 * apart(rows[0], rows[64]));
        assert!(longest < 0.2 * walked, "{longest} {walked}");
    }
    let refused = [(0, 1), (1, 1), (48, 16), (64, 48), (64, 128)];
    for (steps, shared) in refused {
        let odd = BoundaryOptions {
            steps,
            shared,
            ..LINES
        };
        assert!(Boundaries::prepare(&world, &data.backbone, &odd, |_| {}).is_err());
    }
}

#[test]
fn flips_lie_between_neighbours_of_different_labels() {
    let data = data();
    let world = world(&data, 1);
    let boundaries = prepare(&data, &world);
    let search = Search {
        boundaries: &boundaries,
    };
    let [head, other] = [0, 1].map(|number| victim(&world, number));
    // The wrong head's guesses cost queries, but no flip.
    for guess in [None, Some(&head), Some(&other)] {
        let mut walks: Vec<Walk> = (0..200)
            .filter_map(|line| {
                let (a, b) = boundaries.ends(line);
                let ends = [a, b].map(|seed| label(&head, boundaries.seed(seed)));
                (ends[0] != ends[1]).then(|| Walk::new(line, ends, 64))
            })
            .collect();
        assert!(walks.len() > 50);
        if let Some(guess) = guess {
            let weights: Vec<f64> = guess.weights.iter().map(|&w| f64::from(w)).collect();
            search.expect(&mut walks, &weights, 2.0).unwrap();
        }
        let spent = search.walk(&mut walks, 100_000, |row| label(&head, row));
        let each = spent.unwrap() as f64 / walks.len() as f64;
        match guess {
            None => assert_eq!(each, 6.0),
            Some(guess) if guess == &head => assert!(each < 3.2, "{each}"),
            Some(_) => assert!(each < 9.0, "{each}"),
        }
        for walk in &walks {
            let line = walk.line;
            let points = [walk.low, walk.high].map(|step| Point { line, step });
            assert_eq!(walk.high - walk.low, 1);
            let rows = boundaries.features(&points).unwrap();
            let (low, high) = rows.split_at(WIDTH);
            assert_eq!(
                [label(&head, low), label(&head, high)],
                [walk.before, walk.after]
            );
            // So the margin changes its sign within one step of the line.
            let margin = |row: &[f32]| {
                let logits = head.logits(row).unwrap();
                logits[walk.before] - logits[walk.after]
            };
            assert!(margin(low) >= 0.0 && margin(high) <= 0.0);
        }
    }
    // A budget is kept to the last query.
    let mut walks: Vec<Walk> = (0..40).map(|line| Walk::new(line, [0, 1], 64)).collect();
    assert_eq!(search.walk(&mut walks, 77, |_| 0).unwrap(), 77);
}

#[test]
fn labels_bring_a_head_nearer_and_more_of_them_nearer_still() {
    let data = data();
    let world = world(&data, 1);
    let prior = HeadPrior::fit(&world).unwrap();
    let boundaries = prepare(&data, &world);
    let mean: Vec<f32> = prior.mean.iter().map(|&w| w as f32).collect();
    let measure = |queries: usize| {
        let extraction = LabelExtraction::new(&prior, &boundaries, queries).unwrap();
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
    let extraction = LabelExtraction::new(&prior, &boundaries, 800).unwrap();
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
    assert!(LabelExtraction::new(&prior, &boundaries, 10).is_err());
}

#[test]
fn a_budget_is_enough_for_its_seeds_and_lines() {
    for queries in [500, 1000, 20_000, 50_000] {
        for options in [
            BoundaryOptions::for_budget(queries),
            BoundaryOptions::bisecting(queries),
        ] {
            assert!(options.seeds < queries);
            assert!(options.seeds + 2 * options.lines < 2 * queries);
            // Even lines that cost a whole bisection spend it, or there are as many as can be solved.
            let spent = options.seeds + options.lines * options.steps.ilog2() as usize;
            assert!(spent >= queries || options.lines == 6000);
        }
    }
}
