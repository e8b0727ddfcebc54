//! A public scale of the features, so that their rounding loses little.
//!
//! Features are rounded with one step an image. A column that is small beside the others, and that
//! large weights make count, would round to nothing. So the columns may be divided by powers of two
//! before they are rounded, and the weights multiplied by them before they are encrypted: the logits
//! are the same. The powers follow from *calibration features*, never from weights, because they
//! are stored in the clear.

use super::{Precision, QuantisedFeatures, QuantisedLinear, Rounding, uncertain};
use crate::error::RheError;
use crate::head::{Dense, PlainHead, class_of, image_count};

/// The largest share of calibration images whose class rounding may change, or put in doubt.
const MOST_CHANGED: f64 = 0.005;

/// Exponents beyond which a column is left as it is: what is left out is below f32's resolution.
const MOST_EXPONENT: f32 = 60.0;

/// Feature j is divided by 2^e_j before it is rounded. Public.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeatureScale {
    /// e_j; empty where all are zero.
    pub(crate) exponents: Vec<i8>,
}

/// What rounding does to the classes of calibration features.
#[derive(Clone, Debug, PartialEq)]
struct Loss {
    changed: usize,
    /// Images whose class changes, or could: another is as close as rounding reaches.
    doubtful: usize,
    images: usize,
    /// The class from which the most images are lost, and how many.
    class: (usize, usize),
}

impl FeatureScale {
    /// Features as they are.
    pub fn none() -> Self {
        Self::default()
    }

    /// The scale for a linear head by `features` (`rows × d`), public ones like those that will be
    /// classified: none, or one for all columns, or one a column, the first of the three under which
    /// rounding puts few classes in doubt, or the best. (Which one is all that shows of the weights.)
    ///
    /// # Errors
    /// [`RheError::Rounding`] where the class of more than one image in 200 changes under each.
    pub fn calibrated(
        head: &PlainHead,
        precision: Precision,
        features: &[f32],
    ) -> Result<Self, RheError> {
        let space = precision.space(head.features())?;
        Self::best(head, precision, features, 0, |row, rounded, image| {
            rounded.fill(row, row.len(), &space, image)
        })
    }

    /// As [`FeatureScale::calibrated`] for features that are all rounded with one step by `round`:
    /// the largest of all, or of each column, is brought below one.
    pub(crate) fn fixed(
        head: &PlainHead,
        precision: Precision,
        features: &[f32],
        round: impl Fn(&[f32], &mut QuantisedFeatures, usize) -> Result<(), RheError>,
    ) -> Result<Self, RheError> {
        Self::best(head, precision, features, 1, round)
    }

    /// The first of the candidates from `first` on that puts few classes in doubt, or the best.
    fn best(
        head: &PlainHead,
        precision: Precision,
        features: &[f32],
        first: usize,
        round: impl Fn(&[f32], &mut QuantisedFeatures, usize) -> Result<(), RheError>,
    ) -> Result<Self, RheError> {
        let [layer] = head.layers() else {
            return Err(RheError::head("a scale of features is for linear heads"));
        };
        image_count(features, layer.inputs)?;
        let mut largest = vec![0f32; layer.inputs];
        for row in features.chunks_exact(layer.inputs) {
            for (largest, &f) in largest.iter_mut().zip(row) {
                *largest = largest.max(f.abs());
            }
        }
        let all = largest.iter().copied().fold(0.0, f32::max);
        let candidates = [
            Self::none(),
            Self::of(largest.iter().map(|_| exponent(all))),
            Self::of(largest.iter().map(|&column| exponent(column))),
        ];
        let mut best: Option<(Loss, Self)> = None;
        for scale in candidates.into_iter().skip(first) {
            let loss = scale.loss(head, precision, features, &round)?;
            let enough = loss.doubtful as f64 <= MOST_CHANGED * loss.images as f64;
            if best
                .as_ref()
                .is_none_or(|(least, _)| loss.doubtful < least.doubtful)
            {
                best = Some((loss, scale));
            }
            if enough {
                break;
            }
        }
        match best {
            Some((loss, scale)) if loss.changed as f64 <= MOST_CHANGED * loss.images as f64 => {
                Ok(scale)
            }
            Some((loss, _)) => Err(RheError::Rounding {
                changed: loss.changed,
                images: loss.images,
                reason: format!(
                    "class {} loses {} of them; {}",
                    loss.class.0,
                    loss.class.1,
                    spread(layer, &largest)
                ),
            }),
            None => Ok(Self::none()),
        }
    }

    fn of(exponents: impl Iterator<Item = i8>) -> Self {
        let exponents: Vec<i8> = exponents.collect();
        match exponents.iter().any(|&e| e != 0) {
            true => Self { exponents },
            false => Self::none(),
        }
    }

    /// Whether features are left as they are.
    pub fn is_none(&self) -> bool {
        self.exponents.is_empty()
    }

    /// The features as they are to be rounded; `out` is scratch.
    pub(crate) fn apply<'a>(&self, row: &'a [f32], out: &'a mut Vec<f32>) -> &'a [f32] {
        // A row of another width is refused by who rounds it.
        if self.is_none() || row.len() != self.exponents.len() {
            return row;
        }
        out.clear();
        let scaled = row.iter().zip(&self.exponents);
        out.extend(scaled.map(|(f, &e)| f * power(-i32::from(e))));
        out
    }

    /// The layer for features so scaled.
    pub(crate) fn fold(&self, layer: &Dense) -> Result<Dense, RheError> {
        let mut layer = layer.clone();
        for row in layer.weights.chunks_exact_mut(layer.inputs + 1) {
            for (w, &e) in row.iter_mut().zip(&self.exponents) {
                *w *= power(i32::from(e));
            }
        }
        if layer.weights.iter().any(|w| !w.is_finite()) {
            return Err(RheError::head(
                "its weights times the scale of the calibration features are too large",
            ));
        }
        Ok(layer)
    }

    fn loss(
        &self,
        head: &PlainHead,
        precision: Precision,
        features: &[f32],
        round: impl Fn(&[f32], &mut QuantisedFeatures, usize) -> Result<(), RheError>,
    ) -> Result<Loss, RheError> {
        let layer = self.fold(&head.layers()[0])?;
        let quantised = QuantisedLinear::new(&layer, precision)?;
        let rounding = Rounding::new(&layer, &quantised);
        let (mut rounded, mut scratch) = (QuantisedFeatures::default(), Vec::new());
        let mut by_class = vec![0; layer.outputs.max(2)];
        let (mut images, mut doubtful) = (0, 0);
        for (image, row) in features.chunks_exact(layer.inputs).enumerate() {
            let class = head.predict(row)?;
            let scaled = self.apply(row, &mut scratch);
            // What does not fit the steps at all is lost.
            let fits = round(scaled, &mut rounded, image).is_ok();
            let values = if fits {
                quantised.values(&rounded)
            } else {
                Vec::new()
            };
            let kept = fits && class_of(&values) == class;
            by_class[class] += usize::from(!kept);
            let sure = kept && {
                let deviations = rounding.deviations(rounded.scale, rounded.norm());
                !uncertain(&values, &deviations)
            };
            doubtful += usize::from(!sure);
            images += 1;
        }
        let worst = by_class.iter().enumerate().max_by_key(|(_, lost)| **lost);
        Ok(Loss {
            changed: by_class.iter().sum(),
            doubtful,
            images,
            class: worst.map_or((0, 0), |(class, &lost)| (class, lost)),
        })
    }
}

fn power(exponent: i32) -> f32 {
    2f32.powi(exponent)
}

/// ⌈log2⌉ of a column's largest value; 0 where there is nothing to scale.
fn exponent(largest: f32) -> i8 {
    if largest == 0.0 || !largest.is_finite() {
        return 0;
    }
    largest.log2().ceil().clamp(-MOST_EXPONENT, MOST_EXPONENT) as i8
}

/// Where the range goes: the widest and the narrowest column, and a bias that dwarfs its row.
fn spread(layer: &Dense, largest: &[f32]) -> String {
    let used = largest
        .iter()
        .enumerate()
        .filter(|(_, value)| **value > 0.0);
    let by_size = |a: &(usize, &f32), b: &(usize, &f32)| a.1.total_cmp(b.1);
    let (widest, narrowest) = (used.clone().max_by(by_size), used.min_by(by_size));
    let mut text = match (widest, narrowest) {
        (Some((wide, most)), Some((narrow, least))) => {
            format!("features reach {most} in column {wide} and {least} in column {narrow}")
        }
        _ => "all features are zero".to_owned(),
    };
    let ratio = |k: usize| {
        let row = layer.row(k).iter().zip(largest);
        let reach: f32 = row.map(|(w, f)| (w * f).abs()).sum();
        layer.bias(k).abs() / reach.max(f32::MIN_POSITIVE)
    };
    let dwarfed = (0..layer.outputs).max_by(|&a, &b| ratio(a).total_cmp(&ratio(b)));
    if let Some(k) = dwarfed.filter(|&k| ratio(k) > 16.0) {
        text.push_str(&format!(
            "; the bias of class {k}, {}, is {:.0} times what its weights can add",
            layer.bias(k),
            ratio(k)
        ));
    }
    text
}
