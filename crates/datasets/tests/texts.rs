//! Texts: procedural messages can be learned but not at once; readers read the real files.

mod support;

use std::path::PathBuf;

use datasets::*;
use support::put;

/// Accuracy on rows `train..` of logistic regression fitted to the first `train` rows.
fn accuracy(features: &FeatureSet, train: usize) -> f64 {
    let width = features.width();
    let mut weights = vec![0.0_f32; width + 1];
    let logit = |weights: &[f32], row: &[f32]| {
        let sum: f32 = row.iter().zip(weights).map(|(x, w)| x * w).sum();
        sum + weights[width]
    };
    for _ in 0..400 {
        let mut step = vec![0.0; width + 1];
        for i in 0..train {
            let row = features.row(i);
            let error = 1.0 / (1.0 + (-logit(&weights, row)).exp()) - features.labels()[i] as f32;
            step.iter_mut().zip(row).for_each(|(s, x)| *s += error * x);
            step[width] += error;
        }
        let rate = 12.0 / train as f32;
        for (weight, step) in weights.iter_mut().zip(step) {
            *weight -= rate * step + 2e-4 * *weight;
        }
    }
    let test = train..features.len();
    let total = test.len() as f64;
    let right =
        test.filter(|&i| (logit(&weights, features.row(i)) > 0.0) == (features.labels()[i] == 1));
    right.count() as f64 / total
}

fn messages(topic: Topic, count: usize, seed: u64) -> TextSet {
    Messages { topic, count }
        .generate(StreamKey::from_seed(seed))
        .unwrap()
}

#[test]
fn messages_are_learnable_but_not_trivial() {
    for (topic, few, many) in [
        (Topic::Spam, 0.70..0.96, 0.90..0.998),
        (Topic::Sentiment, 0.53..0.90, 0.83..0.98),
    ] {
        let embedder = HashingEmbedder::default();
        let all = messages(topic, 3000, 4).embed(&embedder).unwrap();
        let (with_few, with_many) = (accuracy(&all, 40), accuracy(&all, 2000));
        println!("{topic:?}: {with_few:.3} from 40, {with_many:.3} from 2000");
        assert!(few.contains(&with_few), "{topic:?}: {with_few} from 40");
        assert!(
            many.contains(&with_many),
            "{topic:?}: {with_many} from 2000"
        );
    }
}

#[test]
fn messages_differ_and_depend_on_key_and_number_alone() {
    for topic in [Topic::Spam, Topic::Sentiment] {
        let all = messages(topic, 2000, 4);
        assert_eq!(all.texts()[..50], *messages(topic, 50, 4).texts());
        assert_ne!(all.texts()[..50], *messages(topic, 50, 5).texts());
        let distinct: std::collections::HashSet<&String> = all.texts().iter().collect();
        assert!(
            distinct.len() > 1850,
            "{topic:?}: {} of 2000",
            distinct.len()
        );
        assert_eq!(all.labels().iter().sum::<u32>(), 1000);
        let marks = |text: &&String| text.contains(['{', '}', '#']);
        assert_eq!(all.texts().iter().find(marks), None);
        let words: std::collections::HashSet<&str> =
            all.texts().iter().flat_map(|t| t.split(' ')).collect();
        println!("{topic:?}: {} words; {:?}", words.len(), &all.texts()[..8]);
    }
    for count in [0, usize::MAX] {
        let topic = Topic::Spam;
        assert!(
            Messages { topic, count }
                .generate(StreamKey::from_seed(1))
                .is_err()
        );
    }
}

#[test]
fn small_files_of_every_kind() {
    let folder = tempfile::tempdir().unwrap();
    let sms = "ham\tHi there\tagain\nspam\tWIN\n\n";
    let sms = read_sms(&put(folder.path(), "sms", sms), &mut Reading::default()).unwrap();
    assert_eq!(sms.texts(), ["Hi there\tagain", "WIN"]);
    assert_eq!(sms.labels(), [0, 1]);
    let csvs = [
        "\u{feff}ID,CONTENT,CLASS\n1,\"a,\nb\",1\n",
        "CONTENT,tag\nc,0\n",
    ];
    let csvs = [0, 1].map(|i| put(folder.path(), &format!("{i}.csv"), csvs[i]));
    let comments = read_youtube(&csvs, &mut Reading::default()).unwrap();
    assert_eq!(comments.texts(), ["a,\nb", "c"]);
    assert_eq!(comments.labels(), [1, 0]);
    let reviews = support::gzip(b"pos\t9\t1\tfine\nneg\t2\t2\tbad\n");
    let reviews = read_imdb(
        &put(folder.path(), "r.tsv.gz", reviews),
        "train",
        &mut Reading::default(),
    )
    .unwrap();
    assert_eq!(reviews.labels(), [1, 0]);
    let official = support::gzip(&support::tar(&[
        ("aclImdb/train/neg/1_2.txt", b"bad".to_vec()),
        ("aclImdb/train/pos/2_9.txt", b"fine".to_vec()),
        ("aclImdb/train/unsup/3_0.txt", b"?".to_vec()),
        ("aclImdb/test/pos/4_9.txt", b"good".to_vec()),
        ("aclImdb/README", b"x".to_vec()),
    ]));
    let official = put(folder.path(), "aclImdb_v1.tar.gz", official);
    let train = read_imdb(&official, "train", &mut Reading::default()).unwrap();
    assert_eq!(
        (train.texts(), train.labels()),
        (&["bad".into(), "fine".into()][..], &[0, 1][..])
    );
    assert_eq!(
        read_imdb(&official, "test", &mut Reading::default())
            .unwrap()
            .texts(),
        ["good"]
    );
}

#[test]
fn broken_files() {
    let folder = tempfile::tempdir().unwrap();
    let told = |result: Result<TextSet, DatasetError>, part: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(part), "no `{part}` in: {message}");
        assert!(
            message.contains(folder.path().to_str().unwrap()),
            "{message}"
        );
    };
    let write = |text: &[u8]| put(folder.path(), "f.csv", text);
    told(
        read_sms(&write(b"ham\tx\nmaybe\ty\n"), &mut Reading::default()),
        "line 2",
    );
    told(
        read_sms(&write(b""), &mut Reading::default()),
        "holds no text",
    );
    told(
        read_sms(&write(b"ham\t\xff\n"), &mut Reading::default()),
        "UTF-8",
    );
    told(
        read_youtube(&[write(b"ID,CONTENT\n1,x\n")], &mut Reading::default()),
        "CLASS or label or TAG",
    );
    told(
        read_youtube(&[write(b"CONTENT,CLASS\nx,2\n")], &mut Reading::default()),
        "row 1",
    );
    told(
        read_youtube(&[write(b"CONTENT,CLASS\nx\n")], &mut Reading::default()),
        "row 1",
    );
    told(
        read_youtube(&[write(b"CONTENT,CLASS\n")], &mut Reading::default()),
        "no comment",
    );
    told(
        read_imdb(&write(b"pos\t9\t1\n"), "train", &mut Reading::default()),
        "line 1",
    );
    told(
        read_imdb(&write(b"good\t9\t1\tx\n"), "train", &mut Reading::default()),
        "line 1",
    );
    told(
        read_imdb(
            &put(folder.path(), "a.tar.gz", b"no tar"),
            "train",
            &mut Reading::default(),
        ),
        "a.tar.gz",
    );
    let cut = support::gzip(b"pos\t9\t1\tfine\n");
    told(
        read_imdb(
            &put(folder.path(), "r.tsv.gz", &cut[..14]),
            "train",
            &mut Reading::default(),
        ),
        "hint: ",
    );
}

#[test]
#[ignore = "needs real data below RHEA_DATA"]
fn real_files() {
    let folder = support::data_folder();
    let embedder = HashingEmbedder::default();
    let sms = folder.join("text/SMSSpamCollection");
    if sms.exists() {
        let sms = read_sms(&sms, &mut Reading::default()).unwrap();
        assert_eq!((sms.len(), sms.labels().iter().sum::<u32>()), (5574, 747));
        let score = accuracy(&sms.embed(&embedder).unwrap(), 1500);
        println!("SMS: {score:.3} from 1500");
        assert!(score > 0.95, "{score}");
    }
    let names = ["1-Psy", "2-KatyPerry", "3-LMFAO", "4-Eminem", "5-Shakira"];
    let files: Vec<PathBuf> = names
        .iter()
        .map(|name| folder.join(format!("text/youtube/Youtube0{name}.csv")))
        .collect();
    if files.iter().all(|file| file.exists()) {
        let comments = read_youtube(&files, &mut Reading::default()).unwrap();
        assert_eq!(
            (comments.len(), comments.labels().iter().sum::<u32>()),
            (1956, 1005)
        );
        let score = accuracy(&comments.embed(&embedder).unwrap(), 1000);
        println!("YouTube, first 1000 against the other videos: {score:.3}");
        assert!(score > 0.85, "{score}");
    }
    let reviews = folder.join("text/imdb-train.tsv.gz");
    if reviews.exists() {
        let reviews = read_imdb(&reviews, "train", &mut Reading::default()).unwrap();
        assert_eq!(
            (reviews.len(), reviews.labels().iter().sum::<u32>()),
            (25_000, 12_500)
        );
    }
}
