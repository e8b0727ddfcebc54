//! Everything that a dishonest classifier was found to be able to send, as files that must be
//! refused; and what each of them is worth against a `reveal` that does not check.
//!
//! That unchecked `reveal` is this test's own ([`format`]): it reads files and decrypts them by the
//! documented format alone, and shares no code with the crate.

mod decisions;
mod format;
mod linear;
mod pad;
mod tampering;

use format::{HeadFile, Image, Opened, ResultsFile};
use rhe::{
    Backend, EncryptedResults, FeatureScale, LinearClassifier, LinearResults, PlainHead, Precision,
    ProtectedLinear, RheError, Scheme, SecretKey,
};

/// What every refusal says.
const REFUSAL: &str = "the results are refused: they are damaged or altered, or no head of this \
    key made them\nhint: classify again with the protected head, and reveal with the key that \
    protected it";

/// An owner's key and head, and what a classifier has of it.
struct World {
    key: SecretKey,
    plain: PlainHead,
    protected: ProtectedLinear,
    head: HeadFile,
}

impl World {
    fn new(features: usize, classes: usize) -> Self {
        Self::hidden(features, classes, Scheme::Lattice)
    }

    fn hidden(features: usize, classes: usize, scheme: Scheme) -> Self {
        let weights: Vec<f32> = (0..classes * (features + 1))
            .map(|i| (i as f32 * 0.37).sin())
            .collect();
        let plain = PlainHead::linear(features, classes, &weights).unwrap();
        let key = SecretKey::generate().unwrap();
        let scale = FeatureScale::none();
        let protected =
            ProtectedLinear::protect_as(&plain, &key, Precision::default(), scale, scheme).unwrap();
        Self {
            head: HeadFile::parse(&protected.to_bytes()),
            key,
            plain,
            protected,
        }
    }

    /// Honest results of some images.
    fn honest(&self, images: usize) -> ResultsFile {
        let features = self.plain.features();
        let rows: Vec<f32> = (0..images * features)
            .map(|i| (i as f32 * 0.91).sin().max(0.0))
            .collect();
        let classifier = LinearClassifier::new(&self.protected, Backend::Detected);
        ResultsFile::parse(&classifier.classify(&rows).unwrap().to_bytes())
    }

    /// Reveals as the owner does.
    fn reveal(&self, bytes: &[u8]) -> Result<Vec<usize>, RheError> {
        self.key.reveal(&EncryptedResults::from_bytes(bytes)?)
    }

    /// Reveals a file of these images as the owner does, and asserts that nothing is told.
    fn refuses(&self, images: Vec<Image>) {
        let forged = ResultsFile {
            bound: self.head.bound.clone(),
            images,
        };
        refused(self.reveal(&forged.to_bytes()));
    }

    /// An owner who decrypts whatever comes.
    fn unchecked(&self) -> Opened {
        Opened::new(&self.key, &self.head.bound)
    }
}

/// That an answer is the constant refusal.
fn refused<T: std::fmt::Debug>(answer: Result<T, RheError>) {
    let error = answer.expect_err("a forgery was taken");
    assert!(matches!(error, RheError::Refused), "{error}");
    assert_eq!(error.to_string(), REFUSAL);
}

#[test]
fn honest_results_open_and_mean_the_same_to_an_independent_reader() {
    for (features, classes) in [(1023, 2), (60, 3), (5, 1)] {
        let world = World::new(features, classes);
        let results = world.honest(5);
        let revealed = world.reveal(&results.to_bytes()).unwrap();
        let opened = world.unchecked();
        let read: Vec<usize> = results.images.iter().map(|i| opened.class(i)).collect();
        assert_eq!(revealed, read);
        assert_eq!(
            LinearResults::from_bytes(&results.to_bytes())
                .unwrap()
                .to_bytes(),
            results.to_bytes()
        );
    }
}
