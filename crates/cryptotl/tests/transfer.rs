//! What transfer is worth on real sentence embeddings: YouTube spam learned from a few comments'
//! features, with SMS spam or IMDB sentiment as the source, against logistic regression on the same
//! few comments' plain embeddings.

mod common;

use common::{embeddings, split, subset};
use cryptotl::{Activation, BinaryReport, FineTune, LogisticRegression, LowerShape, SourceRecipe};
use datasets::{FeatureSet, StreamKey};

/// Draws of the few examples, the same for both.
const DRAWS: usize = 10;

/// Accuracies of tuning on `features` minus those of the regression on `target`, a draw each.
fn gaps(target: &FeatureSet, features: &FeatureSet, shots: usize, key: &StreamKey) -> Vec<f64> {
    let mut sums = [0.0; 6];
    let gaps = (0..DRAWS)
        .map(|draw| {
            let key = key.child(&format!("{shots} shots, draw {draw}"));
            let (few, rest) = split(target, shots, &key);
            let tuned = FineTune::default()
                .run(None, &subset(features, &few), &key)
                .unwrap();
            // scikit-learn's default penalty, C = 1.
            let regression = LogisticRegression::fit(target, &few, 1.0).unwrap();
            let truth: Vec<u32> = rest.iter().map(|&row| target.labels()[row]).collect();
            let report = |classify: &dyn Fn(usize) -> u32| {
                let answers: Vec<u32> = rest.iter().map(|&row| classify(row)).collect();
                BinaryReport::new(&truth, &answers, &key).unwrap()
            };
            let ours = report(&|row| tuned.upper.classify(features.row(row)).unwrap());
            let theirs = report(&|row| regression.classify(target.row(row)));
            let values = [
                ours.accuracy,
                ours.f1,
                ours.kappa,
                theirs.accuracy,
                theirs.f1,
                theirs.kappa,
            ];
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value / DRAWS as f64;
            }
            ours.accuracy - theirs.accuracy
        })
        .collect();
    let [accuracy, f1, kappa, their_accuracy, their_f1, their_kappa] = sums;
    println!(
        "{shots} a class: transferred accuracy {accuracy:.4} F1 {f1:.4} kappa {kappa:.4}, \
         regression {their_accuracy:.4} {their_f1:.4} {their_kappa:.4}"
    );
    gaps
}

/// Mean and standard error.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

fn transfer_holds(source: &str, accuracy: f64, sizes: &[usize]) {
    let (source, target) = (embeddings(source), embeddings("youtube-spam"));
    let key = StreamKey::from_seed(1935);
    let trained = SourceRecipe::default()
        .run(
            &source,
            LowerShape::paper(source.width()),
            Activation::cubic(),
            &key.child("source"),
        )
        .unwrap();
    println!(
        "source: {} epochs, held-out accuracy {:.4}",
        trained.epochs, trained.accuracy
    );
    assert!(trained.accuracy > accuracy);
    let features = trained.lower.features(&target).unwrap();
    for &shots in sizes {
        let (gap, error) = mean(&gaps(&target, &features, shots, &key));
        println!("{shots} a class: difference {gap:+.4}, standard error {error:.4}");
        // Two points behind at most, and enough draws to tell.
        assert!(gap >= -0.02, "{shots} a class: {gap}");
        assert!(error <= 0.0125, "{shots} a class: {error}");
    }
}

#[test]
#[ignore = "needs real data below RHEA_DATA"]
fn from_sms_spam() {
    transfer_holds("sms-spam", 0.97, &[10, 50]);
}

#[test]
#[ignore = "needs real data below RHEA_DATA"]
fn from_imdb_sentiment() {
    transfer_holds("imdb-train3k", 0.7, &[10, 50]);
}

#[test]
#[ignore = "needs real data below RHEA_DATA; minutes"]
fn the_whole_ladder() {
    let sizes = [10, 20, 50, 100, 200, 500];
    transfer_holds("sms-spam", 0.97, &sizes);
    transfer_holds("imdb-train3k", 0.7, &sizes);
}
