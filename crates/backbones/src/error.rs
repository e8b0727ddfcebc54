//! The error type of this crate.

use std::path::PathBuf;

/// What can go wrong with a backbone.
#[derive(Debug, thiserror::Error)]
pub enum BackboneError {
    /// A file cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is damaged or of another format.
    #[error("{} is damaged or of another format: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        reason: String,
    },
    /// A tensor of the architecture is missing, of another shape, or one too many.
    #[error("the weights do not fit the {architecture}: {reason}")]
    Weights {
        /// The architecture they were meant for.
        architecture: &'static str,
        /// Which tensor, what was expected and what was found.
        reason: String,
    },
    /// An option is out of range.
    #[error(transparent)]
    Option(#[from] spec::OutOfBounds),
    /// Images do not fit the network.
    #[error(
        "the {architecture} takes images of {expected}, found {found}\nhint: resize the images or choose another backbone"
    )]
    Images {
        /// The architecture.
        architecture: &'static str,
        /// The shape it takes.
        expected: String,
        /// The shape of the images.
        found: String,
    },
    /// An adapter has no layer to stand on.
    #[error(
        "the {architecture} does not end in a linear layer that an adapter could be added to\nhint: use the backbone `vgg_tiny`, or `head: linear`"
    )]
    NoLastLayer {
        /// The architecture.
        architecture: &'static str,
    },
    /// An ONNX file cannot be used.
    #[error("{} cannot be used as a backbone: {reason}", path.display())]
    Onnx {
        /// The file.
        path: PathBuf,
        /// Why not, and the mend.
        reason: String,
    },
    /// There is no card to train on.
    #[error(
        "no card can be used by `{card}`: {reason}\nhint: leave out `--device {card}` to train on the CPU"
    )]
    Card {
        /// How it was to be reached.
        card: &'static str,
        /// Why it cannot be.
        reason: String,
    },
    /// Training left the finite numbers.
    #[error(
        "pre-training diverged in step {step}: the loss is {loss}\nhint: lower the learning rate"
    )]
    Diverged {
        /// The step, from 0.
        step: usize,
        /// The loss there.
        loss: f32,
    },
    /// Images could not be labelled or features not be assembled.
    #[error(transparent)]
    Dataset(#[from] datasets::DatasetError),
}
