//! Deep features f = φ(x) with their labels: what heads are trained on.

use crate::DatasetError;

/// `n` labelled feature vectors of width `d`, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureSet {
    width: usize,
    values: Vec<f32>,
    labels: Vec<u32>,
    classes: usize,
}

impl FeatureSet {
    /// Checks that `values` is `labels.len()` rows of `width` finite numbers and that every label
    /// is below `classes`.
    pub fn new(
        width: usize,
        values: Vec<f32>,
        labels: Vec<u32>,
        classes: usize,
    ) -> Result<Self, DatasetError> {
        if width == 0 || values.len() != labels.len() * width {
            return Err(DatasetError::Shape {
                what: "features".into(),
                expected: format!("{} x {width}", labels.len()),
                found: format!("{} values", values.len()),
            });
        }
        if let Some(&label) = labels.iter().find(|&&label| label as usize >= classes) {
            return Err(DatasetError::Label { label, classes });
        }
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(DatasetError::NotFinite {
                row: at / width,
                column: at % width,
            });
        }
        Ok(Self {
            width,
            values,
            labels,
            classes,
        })
    }

    /// The same features with other labels.
    ///
    /// # Errors
    /// If there are more or fewer labels than rows, or one is not below `classes`.
    pub fn with_labels(self, labels: Vec<u32>, classes: usize) -> Result<Self, DatasetError> {
        Self::new(self.width, self.values, labels, classes)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Feature width d.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of classes (labels are below it).
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// All labels.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// All values, row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The values alone.
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }

    /// The features of example `index`.
    ///
    /// # Panics
    /// If `index` is not below [`FeatureSet::len`].
    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.width..(index + 1) * self.width]
    }
}
