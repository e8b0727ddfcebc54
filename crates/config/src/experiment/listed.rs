//! Lists that are written as a list or, where they hold a single value, as that value.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use spec::OneOrMany;

/// Reads a list that may be absent: then it is empty.
pub fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let listed = Option::<OneOrMany<T>>::deserialize(deserializer)?;
    Ok(listed.map(|listed| listed.values).unwrap_or_default())
}

/// Reads a list that must be there.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    OneOrMany::deserialize(deserializer).map(|listed| listed.values)
}

/// Writes one value as itself, several as a list.
pub fn shortly<S: Serializer, T: Serialize>(
    values: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match values {
        [one] => one.serialize(serializer),
        many => many.serialize(serializer),
    }
}
