//! What is known of the published datasets: their images, files, checksums, sources. Every fact of
//! a dataset stands here, once.
//!
//! A sum stands here only where the publisher, or a framework that has checked it for years, gives
//! it; it is the sum of the unpacked content.

use std::path::Path;

use super::facts::{Content, Description, Images};
use super::files::{Need, Source};
use super::part::{EmnistSplit, Part};

const fn source(url: &'static str) -> Source {
    Source { url, md5: None }
}

const fn checked(url: &'static str, md5: &'static str) -> Source {
    Source {
        url,
        md5: Some(md5),
    }
}

pub(super) const STROKES: Description = Description {
    name: "strokes",
    summary: "procedural handwriting, drawn when needed; 32 x 32 grey",
    sources: &[],
    images: Some(Images {
        content: Content::Drawn,
        channels: Some(1),
        side: 32,
        classes: None,
        examples: [0, 0],
        smallest_class: None,
        tau: None,
    }),
};
pub(super) const MNIST: Description = Description {
    name: "mnist",
    summary: "handwritten digits, 60 000 + 10 000; 28 x 28 grey, padded to 32 x 32",
    sources: &[source("https://ossci-datasets.s3.amazonaws.com/mnist/")],
    images: Some(Images {
        content: Content::Drawn,
        channels: Some(1),
        side: 32,
        classes: Some(10),
        examples: [60_000, 10_000],
        smallest_class: Some([5_421, 892]),
        tau: Some(0.0696),
    }),
};
pub(super) const EMNIST: Description = Description {
    name: "emnist",
    summary: "handwritten letters and digits; 28 x 28 grey, padded to 32 x 32",
    sources: &[checked(
        "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",
        "58c8d27c78d21e728a6bc7b3cc06412e",
    )],
    images: Some(Images {
        content: Content::Drawn,
        channels: Some(1),
        side: 32,
        // By the split.
        classes: None,
        examples: [0, 0],
        smallest_class: None,
        tau: None,
    }),
};
pub(super) const NOTMNIST: Description = Description {
    name: "notmnist",
    summary: "letters A to J from fonts, 60 000 + 10 000; 28 x 28 grey, padded to 32 x 32",
    sources: &[source("https://github.com/davidflanagan/notMNIST-to-MNIST")],
    images: Some(Images {
        content: Content::Drawn,
        channels: Some(1),
        side: 32,
        classes: Some(10),
        examples: [60_000, 10_000],
        smallest_class: None,
        tau: None,
    }),
};
pub(super) const OMNIGLOT: Description = Description {
    name: "omniglot",
    summary: "handwritten characters of 50 alphabets, 20 of each; brought to 32 x 32 grey",
    sources: &[
        checked(
            "https://github.com/brendenlake/omniglot/raw/master/python/images_background.zip",
            "68d2efa1b9178cc56df9314c21c6e718",
        ),
        checked(
            "https://github.com/brendenlake/omniglot/raw/master/python/images_evaluation.zip",
            "6b91aef0f799c5bb55b94e3f2daec811",
        ),
    ],
    images: Some(Images {
        content: Content::Drawn,
        channels: Some(1),
        side: 32,
        classes: None,
        examples: [32_460, 0],
        smallest_class: None,
        tau: None,
    }),
};
pub(super) const CIFAR10: Description = Description {
    name: "cifar10",
    summary: "pictures of 10 kinds of things, 50 000 + 10 000; 32 x 32 RGB",
    sources: &[checked(
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "c32a1d4ab5d03f1284b67883e8d87530",
    )],
    images: Some(Images {
        content: Content::Photographs,
        channels: Some(3),
        side: 32,
        classes: Some(10),
        examples: [50_000, 10_000],
        smallest_class: Some([5_000, 1_000]),
        tau: Some(0.1284),
    }),
};
pub(super) const CIFAR100: Description = Description {
    name: "cifar100",
    summary: "pictures of 100 kinds of things, 50 000 + 10 000; 32 x 32 RGB",
    sources: &[checked(
        "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
        "03b5dce01913d631647c71ecec9e9cb8",
    )],
    images: Some(Images {
        content: Content::Photographs,
        channels: Some(3),
        side: 32,
        classes: Some(100),
        examples: [50_000, 10_000],
        smallest_class: Some([500, 100]),
        tau: None,
    }),
};
pub(super) const TINY_IMAGENET: Description = Description {
    name: "tiny_imagenet32",
    summary: "200 classes of 500 pictures, 64 x 64, brought to 32 x 32 RGB",
    sources: &[checked(
        "http://cs231n.stanford.edu/tiny-imagenet-200.zip",
        "90528d7ca1a48142e341f4ef8d21d0de",
    )],
    images: Some(Images {
        content: Content::Photographs,
        channels: Some(3),
        side: 32,
        classes: None,
        examples: [100_000, 10_000],
        smallest_class: None,
        tau: None,
    }),
};
pub(super) const CELEBA: Description = Description {
    name: "celeba",
    summary: "202 599 faces of 10 177 people with 40 attributes; the middle square, RGB",
    sources: &[source("https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html")],
    images: Some(Images {
        content: Content::Faces,
        channels: Some(3),
        side: 64,
        classes: None,
        examples: [202_599, 0],
        smallest_class: None,
        tau: Some(0.1217),
    }),
};
pub(super) const IMAGE_FOLDER: Description = Description {
    name: "image_folder",
    summary: "your own pictures, one folder a class: PNG, JPEG, GIF, BMP, TIFF, WebP or PNM",
    sources: &[],
    images: Some(Images {
        content: Content::Drawn,
        channels: None,
        side: 32,
        classes: None,
        examples: [10_000, 0],
        smallest_class: None,
        tau: None,
    }),
};
pub(super) const MIXED: Description = Description {
    name: "mixed",
    summary: "several datasets, their classes side by side",
    sources: &[],
    images: None,
};
pub(super) const FEATURES: Description = Description {
    name: "features",
    summary: "features extracted elsewhere: .safetensors, .npy or .csv",
    sources: &[],
    images: None,
};
pub(super) const PAIRED: Description = Description {
    name: "paired",
    summary: "features extracted elsewhere, with their images in the same order",
    sources: &[],
    // Nothing is known of them before they are read.
    images: None,
};
pub(super) const MESSAGES: Description = Description {
    name: "messages",
    summary: "procedural messages or reviews, written when needed",
    sources: &[],
    images: None,
};
pub(super) const SMS: Description = Description {
    name: "sms",
    summary: "SMS Spam Collection: 5 574 messages, 747 of them spam",
    sources: &[source(
        "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip",
    )],
    images: None,
};
pub(super) const YOUTUBE: Description = Description {
    name: "youtube",
    summary: "YouTube Spam Collection: 1 956 comments, 1 005 of them spam",
    sources: &[source(
        "https://archive.ics.uci.edu/static/public/380/youtube+spam+collection.zip",
    )],
    images: None,
};
pub(super) const IMDB: Description = Description {
    name: "imdb",
    summary: "Large Movie Review Dataset: 25 000 + 25 000 reviews",
    sources: &[checked(
        "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
        "7c2ac02c03563afcf9b574c7e56c153a",
    )],
    images: None,
};
pub(super) const EMBEDDINGS: Description = Description {
    name: "embeddings",
    summary: "embeddings computed elsewhere: .safetensors, .npy or .csv",
    sources: &[],
    images: None,
};

impl EmnistSplit {
    /// Examples in the training and in the test part, and those of the smallest class where the
    /// classes are of one size.
    pub(super) fn sizes(self) -> ([usize; 2], Option<[usize; 2]>) {
        match self {
            Self::Letters => ([124_800, 20_800], Some([4_800, 800])),
            Self::Digits => ([240_000, 40_000], Some([24_000, 4_000])),
            Self::Balanced => ([112_800, 18_800], Some([2_400, 400])),
            Self::Mnist => ([60_000, 10_000], Some([6_000, 1_000])),
            Self::ByClass | Self::ByMerge => ([697_932, 116_323], None),
        }
    }
}

/// Images and labels of one part in idx files below `folder`, `prefix` before each name.
fn idx_pair(folder: &str, prefix: &str, part: &str) -> [Need; 2] {
    [("images", "idx3"), ("labels", "idx1")].map(|(what, format)| {
        let dashed = format!("{folder}/{prefix}{part}-{what}-{format}-ubyte");
        let dotted = format!("{folder}/{prefix}{part}-{what}.{format}-ubyte");
        let packed = [format!("{dashed}.gz"), format!("{dotted}.gz")];
        // Some mirrors put each file into a folder of its own name.
        let inside = [&dashed, &dotted].map(|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            format!("{path}/{name}")
        });
        let names = [
            &packed[0], &dashed, &packed[1], &dotted, &inside[0], &inside[1],
        ]
        .map(String::as_str);
        Need::new(&format!("{part} {what}"), &names)
    })
}

fn idx_parts(part: Part) -> &'static [&'static str] {
    match part {
        Part::Train => &["train"],
        Part::Test => &["t10k"],
        Part::All => &["train", "t10k"],
    }
}

/// Pairs of images and labels.
pub(super) fn mnist(part: Part) -> Vec<[Need; 2]> {
    let sums = |part: &str| match part {
        "train" => [
            "6bbc9ace898e44ae57da46a324031adb",
            "a25bea736e30d166cdddb491f175f624",
        ],
        _ => [
            "2646ac647ad5339dbf082846283269ea",
            "27ae3e4e09519cfbb04c329615203637",
        ],
    };
    let pair = |part: &&str| {
        let [images, labels] = idx_pair("mnist", "", part);
        let [first, second] = sums(part);
        [images.md5(first), labels.md5(second)]
    };
    idx_parts(part).iter().map(pair).collect()
}

/// Pairs of images and labels.
pub(super) fn emnist(split: EmnistSplit, part: Part) -> Vec<[Need; 2]> {
    let parts: &[&str] = match part {
        Part::Train => &["train"],
        Part::Test => &["test"],
        Part::All => &["train", "test"],
    };
    let prefix = format!("emnist-{}-", split.name());
    let pair = |part: &&str| {
        let mut pair = idx_pair("emnist", &prefix, part);
        for need in &mut pair {
            // The official zip has a folder of its own.
            let inside: Vec<_> = need
                .names
                .iter()
                .filter_map(|name| {
                    Some(Path::new("emnist/gzip").join(name.strip_prefix("emnist").ok()?))
                })
                .collect();
            need.names.extend(inside);
        }
        pair
    };
    parts.iter().map(pair).collect()
}

/// Pairs of images and labels, of which one pair is enough.
pub(super) fn notmnist(part: Part) -> Vec<[Need; 2]> {
    let all = part == Part::All;
    let pair = |part: &&str| {
        let pair = idx_pair("notmnist", "", part);
        if all { pair.map(Need::optional) } else { pair }
    };
    idx_parts(part).iter().map(pair).collect()
}

pub(super) fn omniglot() -> Vec<Need> {
    let archive = |name: &str| {
        let path = format!("omniglot/{name}.zip");
        Need::new(&format!("{name}.zip"), &[&path]).optional()
    };
    vec![
        archive("images_background").md5("68d2efa1b9178cc56df9314c21c6e718"),
        archive("images_evaluation").md5("6b91aef0f799c5bb55b94e3f2daec811"),
        archive("images_background_small1"),
        archive("images_background_small2"),
    ]
}

/// The five training batches (one is enough) and the test batch.
pub(super) fn cifar10(part: Part) -> Vec<Need> {
    let batch = |name: &str, md5| {
        let path = format!("cifar-10-batches-bin/{name}");
        Need::new(name, &[&path, &format!("{path}.gz")]).md5(md5)
    };
    let train = [
        batch("data_batch_1.bin", "5dd7e06a14cb22eb9f671a540d1b7c25"),
        batch("data_batch_2.bin", "5ea93a67294ea407fff1d09f752e9692"),
        batch("data_batch_3.bin", "942cd6a4bcdd0dd3c604fbe906cb4421"),
        batch("data_batch_4.bin", "ae636b3ba5c66a11e91e8cb52e771fcb"),
        batch("data_batch_5.bin", "53f37980c15c3d472c316c40844f3f0d"),
    ];
    let test = batch("test_batch.bin", "803d5f7f4d78ea53de84dbe85f74fb6d");
    let train = train.map(Need::optional);
    match part {
        Part::Train => train.to_vec(),
        Part::Test => vec![test],
        Part::All => [&train[..], &[test.optional()]].concat(),
    }
}

pub(super) fn cifar100(part: Part) -> Vec<Need> {
    let file = |name: &str| {
        let path = format!("cifar-100-binary/{name}");
        Need::new(name, &[&path, &format!("{path}.gz")])
    };
    match part {
        Part::Train => vec![file("train.bin")],
        Part::Test => vec![file("test.bin")],
        Part::All => vec![file("train.bin"), file("test.bin")],
    }
}

pub(super) fn tiny_imagenet() -> Need {
    Need::new(
        "an archive of class folders",
        &[
            "tinyimagenet32/tiny-imagenet-200.zip",
            "tinyimagenet32/tinyimagenet32.tar.xz",
            "tinyimagenet32/tinyimagenet32-first100classes.tar.xz",
        ],
    )
}

/// Pictures and the table of their labels, official or a part with a table of its own.
pub(super) fn celeba(label: &str) -> [[Need; 2]; 2] {
    let table = if label.eq_ignore_ascii_case("identity") {
        "celeba/identity_CelebA.txt"
    } else {
        "celeba/list_attr_celeba.txt"
    };
    let sum = if label.eq_ignore_ascii_case("identity") {
        "32bd1bd63d3c78cd57e08160ec5ed1e2"
    } else {
        "75e246fa4810816ffd6ee81facbd244c"
    };
    [
        [
            Need::new("the aligned pictures", &["celeba/img_align_celeba.zip"])
                .md5("00d2c5bc6d35e252742224ab0c1e8fcb"),
            Need::new("the table of labels", &[table]).md5(sum),
        ],
        [
            Need::new(
                "the first 10 000 pictures",
                &["celeba/celeba-first10000-89x109.zip"],
            ),
            Need::new(
                "their table of labels",
                &["celeba/celeba-first10000-labels.csv"],
            ),
        ],
    ]
}

pub(super) fn sms() -> Need {
    Need::new(
        "the messages",
        &["text/SMSSpamCollection", "text/SMSSpamCollection.tsv"],
    )
}

pub(super) fn youtube() -> Vec<Need> {
    [
        "01-Psy",
        "02-KatyPerry",
        "03-LMFAO",
        "04-Eminem",
        "05-Shakira",
    ]
    .iter()
    .map(|name| {
        let path = format!("text/youtube/Youtube{name}.csv");
        Need::new(&format!("comments Youtube{name}.csv"), &[&path])
    })
    .collect()
}

pub(super) fn imdb(part: Part) -> Need {
    let name = if part == Part::Test { "test" } else { "train" };
    let tsv = format!("text/imdb-{name}.tsv");
    Need::new(
        &format!("the {name} reviews"),
        &["text/aclImdb_v1.tar.gz", &format!("{tsv}.gz"), &tsv],
    )
}
