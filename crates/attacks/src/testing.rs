//! A small world with a backbone, for tests: blobs as images, features of a random network.

use backbones::{Backbone, VggTinyConfig};
use datasets::{FeatureSet, ImageSet, ImageShape, Split, StreamKey};
use rand::RngExt;
use transfer::{HeadShape, Recipe, ShadowBatch};

use crate::{Unmixing, World};

pub const CLASSES: usize = 4;
pub const WIDTH: usize = 48;
pub const SHAPE: ImageShape = ImageShape {
    channels: 1,
    height: 16,
    width: 16,
};
const IMAGES: usize = 1200;

/// Images, their features, their owners, and the network.
pub struct Data {
    pub images: ImageSet,
    pub features: FeatureSet,
    pub split: Split,
    pub backbone: Backbone,
    /// Whether an image's blob is bright; classes do not tell.
    pub bright: Vec<bool>,
}

/// Each image has a blob whose place and width are random, in the quarter that its class gives; it
/// is bright or faint whatever the class.
pub fn data() -> Data {
    let key = StreamKey::from_seed(11);
    let mut rng = key.child("data").rng(0);
    let labels: Vec<u32> = (0..IMAGES as u32).map(|i| i % CLASSES as u32).collect();
    let mut pixels = Vec::with_capacity(IMAGES * SHAPE.len());
    let mut bright = Vec::with_capacity(IMAGES);
    for &label in &labels {
        let place = |half: u32, rng: &mut rand_chacha::ChaCha8Rng| {
            half as f32 * 8.0 + 2.0 + 4.0 * rng.random::<f32>()
        };
        let (x, y) = (place(label % 2, &mut rng), place(label / 2, &mut rng));
        let radius = 3.0 + 6.0 * rng.random::<f32>();
        bright.push(rng.random::<bool>());
        let height = if bright[bright.len() - 1] { 2.0 } else { 1.0 };
        for at in 0..SHAPE.len() {
            let (i, j) = ((at / 16) as f32, (at % 16) as f32);
            let bump = (-((i - x).powi(2) + (j - y).powi(2)) / radius).exp();
            pixels.push((height * bump - 1.0).clamp(-1.0, 1.0));
        }
    }
    let config = VggTinyConfig {
        width: 4,
        features: WIDTH,
    };
    let images = ImageSet::new(SHAPE, pixels, labels, CLASSES).unwrap();
    let backbone = Backbone::random(config, SHAPE, key.child("backbone")).unwrap();
    let features = backbone.features(&images).unwrap();
    let split = Split::new(images.labels(), CLASSES, 0.3, 0.1, key.child("split"));
    Data {
        images,
        features,
        split,
        backbone,
        bright,
    }
}

/// Linear heads of the paper's recipe, with a rate that suits the small features.
pub fn world(data: &Data, shots: usize) -> World<'_> {
    let power = data.features.values().iter().map(|x| x * x).sum::<f32>();
    let power = power / data.features.len() as f32;
    let recipe = Recipe {
        // In units of 1 / |f|²: below where descent on four examples begins to swing.
        learning_rate: 8.0 / power,
        init_std: 0.01 / power.sqrt(),
        ..Recipe::mnist(shots)
    };
    let shape = HeadShape::linear(WIDTH, data.split.public.classes());
    let key = StreamKey::from_seed(12);
    World::new(
        &data.images,
        &data.features,
        &data.split,
        shape,
        recipe,
        shots,
        key,
    )
    .unwrap()
}

/// Victims of a world.
pub fn victims(world: &World<'_>, heads: usize) -> ShadowBatch {
    let stream = world.victims().unwrap();
    let mut batch = stream.batch(heads);
    stream.fill(0, &mut batch).unwrap();
    batch
}

/// Area under the ROC of scores of which small ones say "positive".
pub fn auc(positive: &[f64], negative: &[f64]) -> f64 {
    let mut wins = 0.0;
    for p in positive {
        for n in negative {
            wins += match p.total_cmp(n) {
                std::cmp::Ordering::Less => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Greater => 0.0,
            };
        }
    }
    wins / (positive.len() * negative.len()) as f64
}

/// `unmixing`, fitted to few heads.
pub fn unmix(world: &World<'_>) -> Unmixing {
    Unmixing::fit(
        world,
        &spec::Unmixing {
            samples: 2000,
            ..spec::Unmixing::default()
        },
        |_| {},
    )
    .unwrap()
}
