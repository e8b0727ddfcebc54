//! What the adversary believes about the victims' recipe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};

use crate::bounds::{Options, OutOfBounds};

/// The adversary's beliefs; shadow heads are trained with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Adversary {
    /// Standard deviation of the initial weights.
    pub init_std: Assumed,
    /// Epochs.
    pub epochs: Assumed,
    /// Step size.
    pub learning_rate: Assumed,
}

impl Adversary {
    /// Whether the adversary knows all of the recipe.
    pub fn knows_all(&self) -> bool {
        *self == Self::default()
    }
}

impl Options for Adversary {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        let each = [
            ("init_std", self.init_std, true),
            ("epochs", self.epochs, false),
            ("learning_rate", self.learning_rate, false),
        ];
        for (option, belief, zero) in each {
            let (Assumed::Between(from, to) | Assumed::Times(from, to)) = belief else {
                continue;
            };
            // The values of a span are evenly spaced on a logarithmic axis, which has no 0.
            let point = zero && from == 0.0 && to == 0.0;
            if !(point || (from > 0.0 && from <= to && to.is_finite())) {
                let found = format!("{from} to {to}");
                let expected = "numbers above 0, the smaller one first";
                wrong(OutOfBounds::new(option, found, expected));
            }
        }
    }
}

/// One belief about a number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Assumed {
    /// The truth.
    #[default]
    Known,
    /// Any value from the first to the second; a single value has them equal.
    Between(f64, f64),
    /// The truth times any factor from the first to the second.
    Times(f64, f64),
}

impl Assumed {
    /// Lowest and highest value the adversary trains shadow heads with, where `truth` is the
    /// victims' value.
    pub fn bounds(self, truth: f64) -> (f64, f64) {
        match self {
            Self::Known => (truth, truth),
            Self::Between(from, to) => (from, to),
            Self::Times(from, to) => (truth * from, truth * to),
        }
    }
}

impl Serialize for Assumed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let span =
            |from: f64, to: f64| std::collections::BTreeMap::from([("from", from), ("to", to)]);
        let mut map = match *self {
            Self::Known => return serializer.serialize_str("known"),
            Self::Between(from, to) if from == to => return serializer.serialize_f64(from),
            Self::Between(from, to) => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("from", &from)?;
                map.serialize_entry("to", &to)?;
                return map.end();
            }
            Self::Times(..) => serializer.serialize_map(Some(1))?,
        };
        if let Self::Times(from, to) = *self {
            if from == to {
                map.serialize_entry("times", &from)?;
            } else {
                map.serialize_entry("times", &span(from, to))?;
            }
        }
        map.end()
    }
}
