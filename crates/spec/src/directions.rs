//! The public directions of feature space.

use crate::word::words;

words! {
    /// The directions of feature space that a private head is made in.
    #[derive(Default)]
    pub enum Directions of "directions" {
        /// The leading principal directions of the public features: no labels.
        #[default]
        Principal = "principal",
        /// Those that tell the source task's classes apart (linear discriminants of its images).
        SourceLabels = "source_labels",
        /// Those that tell the head's own classes apart, by labels of public images: such data can
        /// solve the task without any private example.
        ClassLabels = "class_labels",
    }
}
