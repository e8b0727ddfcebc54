//! Extraction by scores.

use spec::{ScoreKind, Scores, Then};
use transfer::Head;

use super::{arbitrary, softmax, victim};
use crate::testing::{Data, WIDTH, data, world};
use crate::{HeadPrior, ScoreExtraction, centred_cosine};

fn options(kind: ScoreKind, decimals: Option<u32>) -> Scores {
    Scores {
        queries: WIDTH + 12,
        kind,
        decimals,
        then: Then::default(),
    }
}

fn answer(head: &Head, kind: ScoreKind, features: &[f32]) -> Vec<f32> {
    let logits = head.logits(features).unwrap();
    match kind {
        ScoreKind::Logits => logits,
        ScoreKind::Probabilities => softmax(&logits),
    }
}

/// Cosine of the extracted to the true head over the columns that queries reach.
fn cosine(data: &Data, head: &Head, options: Scores) -> f64 {
    let world = world(data, 1);
    let prior = HeadPrior::fit(&world).unwrap();
    let extraction = ScoreExtraction::new(&world, &prior, Some(&data.backbone), options).unwrap();
    let copy = extraction
        .extract(|features| answer(head, options.kind, features))
        .unwrap();
    assert_eq!(copy.queries, options.queries as u64);
    let columns = Some(extraction.activated());
    centred_cosine(&copy.weights, &head.weights, WIDTH + 1, columns)
}

#[test]
fn exact_scores_give_any_linear_head_up_to_its_common_row() {
    let data = data();
    for kind in [ScoreKind::Logits, ScoreKind::Probabilities] {
        // A head far from the law of shadow heads, whose answers are not near certainty.
        let strange = arbitrary(3);
        let small = strange.weights.iter().map(|w| 0.05 * w).collect();
        let strange = Head::new(strange.shape, small).unwrap();
        for head in [strange, victim(&world(&data, 1), 5)] {
            let cosine = cosine(&data, &head, options(kind, None));
            assert!(cosine > 0.9999, "{kind:?} {cosine}");
        }
    }
}

#[test]
fn fewer_decimals_say_less() {
    let data = data();
    let world = world(&data, 1);
    let mean = |decimals| {
        let cosines = (0..4).map(|number| {
            let options = options(ScoreKind::Probabilities, Some(decimals));
            cosine(&data, &victim(&world, number), options)
        });
        cosines.sum::<f64>() / 4.0
    };
    let [one, two, four] = [1, 2, 4].map(mean);
    assert!(one < two && two < four, "{one} {two} {four}");
    assert!(four > 0.95 && one > 0.0, "{one} {two} {four}");
}

#[test]
fn strange_images_reach_coordinates_that_public_ones_do_not() {
    let data = data();
    let world = world(&data, 1);
    let prior = HeadPrior::fit(&world).unwrap();
    let count = |backbone| {
        let options = options(ScoreKind::Logits, None);
        let extraction = ScoreExtraction::new(&world, &prior, backbone, options).unwrap();
        extraction.activated().iter().filter(|it| **it).count()
    };
    let (known, any) = (count(None), count(Some(&data.backbone)));
    assert!(known < any && any <= WIDTH + 1, "{known} {any}");
}

#[test]
fn more_queries_than_images_are_refused() {
    let data = data();
    let world = world(&data, 1);
    let prior = HeadPrior::fit(&world).unwrap();
    for queries in [0, 100_000] {
        let options = Scores {
            queries,
            ..options(ScoreKind::Logits, Some(2))
        };
        assert!(ScoreExtraction::new(&world, &prior, None, options).is_err());
    }
}
