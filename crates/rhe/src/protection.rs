//! From a head in the clear to a protected one of whatever kind suits it.

use crate::decision::{DecisionRange, ProtectedDecision};
use crate::error::RheError;
use crate::head::{Activation, PlainHead, image_count};
use crate::keys::SecretKey;
use crate::linear::{ProtectedLinear, Scheme};
use crate::private::ProtectedPrivate;
use crate::protected::ProtectedHead;
use crate::quantise::{FeatureScale, Precision};
use crate::relu::{ProtectedRelu, Ranges};
use crate::rows::Form;
use crate::square::{DEFAULT_MAX_NORM, ProtectedSquare};

/// Head room above the largest norm met in a calibration.
const NORM_ROOM: f32 = 1.25;

/// How a head is to be protected. What follows from its layers is not asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Protection<'a> {
    /// How finely a linear head is quantised.
    pub precision: Precision,
    /// What hides the weights of a linear head.
    pub scheme: Scheme,
    /// Whether results of a linear head are to hide the features from the key's owner; takes a
    /// calibration.
    pub private: bool,
    /// Whether who classifies may decide under encryption. A head with a hidden layer of ReLU allows
    /// it without being asked.
    pub decision: bool,
    /// Public features, `rows × d`, like those that will be classified.
    pub calibration: Option<&'a [f32]>,
}

impl ProtectedHead {
    /// Encrypts a head of any kind.
    ///
    /// ```
    /// use rhe::{PlainHead, ProtectedHead, Protection, Scheme, SecretKey};
    /// let head = PlainHead::linear(2, 2, &[1.0, -1.0, 0.0, -1.0, 1.0, 0.5])?;
    /// let key = SecretKey::generate()?;
    /// let how = Protection { scheme: Scheme::Pad, ..Protection::default() };
    /// let protected = ProtectedHead::protect(&head, &key, &how)?;
    /// let results = protected.classify(&[0.0, 3.0], None, false)?;
    /// assert_eq!(key.reveal(&results)?, [1]);
    /// # Ok::<(), rhe::RheError>(())
    /// ```
    ///
    /// # Errors
    /// [`RheError::Setting`] for what a head of its kind does not have; the errors of the kind it
    /// becomes, such as [`ProtectedLinear::protect_as`].
    pub fn protect(
        head: &PlainHead,
        key: &SecretKey,
        how: &Protection<'_>,
    ) -> Result<Self, RheError> {
        if let Some(rows) = how.calibration {
            image_count(rows, head.features())?;
        }
        if head.layers().len() == 1 {
            return linear(head, key, how);
        }
        how.for_hidden_layers()?;
        match head.activation() {
            Activation::Relu => {
                let ranges = match how.calibration {
                    Some(rows) => Ranges::calibrated(head, rows)?,
                    None => Ranges::guaranteed(head)?,
                };
                let protected = ProtectedRelu::protect(head, key, &ranges, Form::Seeded)?;
                Ok(Self::Relu(protected))
            }
            Activation::Square if how.decision => Err(RheError::setting(
                "a decision under encryption",
                "a head with squares has none\nhint: use a linear head or one with --activation \
                 relu, or leave --decision out",
            )),
            Activation::Square => {
                let max_norm = how.calibration.map_or(DEFAULT_MAX_NORM, |rows| {
                    NORM_ROOM * largest_norm(rows, head.features())
                });
                let protected = ProtectedSquare::protect(head, key, max_norm)?;
                Ok(Self::Square(Box::new(protected)))
            }
        }
    }
}

impl Protection<'_> {
    /// Refuses what only a linear head has.
    fn for_hidden_layers(&self) -> Result<(), RheError> {
        let refused = |what: &str, option: &str| {
            Err(RheError::setting(
                what,
                format!(
                    "it is for linear heads, this one has a hidden layer\nhint: leave {option} out"
                ),
            ))
        };
        if self.private {
            return refused("a head whose results hide the features", "--private");
        }
        if self.scheme != Scheme::default() {
            return refused("a pad in the place of lattices", "--scheme");
        }
        Ok(())
    }

    /// Refuses two kinds of linear head at once.
    fn for_one_layer(&self) -> Result<(), RheError> {
        let asked = [
            (self.private, "--private"),
            (self.decision, "--decision"),
            (self.scheme != Scheme::default(), "--scheme"),
        ];
        let asked: Vec<&str> = asked.iter().filter(|it| it.0).map(|it| it.1).collect();
        if asked.len() > 1 {
            return Err(RheError::setting(
                asked.join(" with "),
                "each is another kind of head\nhint: ask for one of them",
            ));
        }
        Ok(())
    }
}

fn linear(
    head: &PlainHead,
    key: &SecretKey,
    how: &Protection<'_>,
) -> Result<ProtectedHead, RheError> {
    how.for_one_layer()?;
    let precision = how.precision;
    if how.decision {
        let range = match how.calibration {
            Some(rows) => DecisionRange::calibrated(head, rows)?,
            None => DecisionRange::guaranteed(head)?,
        };
        let protected = ProtectedDecision::protect(head, key, precision, range, Form::Seeded)?;
        return Ok(ProtectedHead::Decision(protected));
    }
    if how.private {
        let Some(rows) = how.calibration else {
            return Err(RheError::setting(
                "a head whose results hide the features",
                "they take a range that is fixed beforehand\nhint: name public features with \
                 --calibration",
            ));
        };
        let protected = ProtectedPrivate::protect(head, key, precision.weight_bits, rows)?;
        return Ok(ProtectedHead::Private(protected));
    }
    let scale = match how.calibration {
        Some(rows) => FeatureScale::calibrated(head, precision, rows)?,
        None => FeatureScale::none(),
    };
    let protected = ProtectedLinear::protect_as(head, key, precision, scale, how.scheme)?;
    Ok(ProtectedHead::Linear(protected))
}

/// The largest Euclidean norm of rows of `width` values.
fn largest_norm(rows: &[f32], width: usize) -> f32 {
    rows.chunks_exact(width)
        .map(|row| row.iter().map(|x| x * x).sum::<f32>().sqrt())
        .fold(0.0, f32::max)
}
