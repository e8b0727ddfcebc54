//! The error type of this crate.

/// The error of an attack that computes the training itself, where that is not plain gradient
/// descent.
pub(crate) fn not_plain(attack: &'static str) -> AttackError {
    AttackError::Unsuited(spec::Unsuited {
        what: attack,
        head: "a head not trained by plain gradient descent",
        hint: "use the attack `unmixing` or `reconstructor`, without `informed`",
    })
}

/// What can go wrong with an attack.
#[derive(Debug, thiserror::Error)]
pub enum AttackError {
    /// An option is out of its bounds.
    #[error(transparent)]
    Option(#[from] spec::OutOfBounds),
    /// Two things that must fit do not.
    #[error("{what}: expected {expected}, found {found}")]
    Mismatch {
        /// What was compared.
        what: &'static str,
        /// What one side asks for.
        expected: String,
        /// What the other side is.
        found: String,
    },
    /// The attack does not exist for this kind of head.
    #[error(transparent)]
    Unsuited(#[from] spec::Unsuited),
    /// A linear system has no stable solution.
    #[error("{attack} cannot be fitted: {reason}\nhint: use more samples")]
    Singular {
        /// The attack.
        attack: &'static str,
        /// Where the system broke down.
        reason: String,
    },
    /// Training left the finite numbers.
    #[error("the {attack} diverged in step {step}\nhint: lower the learning rate")]
    Diverged {
        /// The attack.
        attack: &'static str,
        /// The step, from 0.
        step: u64,
    },
    /// The device that trains does not answer.
    #[error(
        "the {attack} broke off in step {step}: {reason}\nhint: use smaller batches, or train on the CPU (`--device cpu`)"
    )]
    Device {
        /// The attack.
        attack: &'static str,
        /// The step, from 0.
        step: u64,
        /// What the device says.
        reason: String,
    },
    /// A release cannot show a head.
    #[error("cannot release a head: {reason}")]
    View {
        /// Why.
        reason: String,
    },
    /// Shadow heads cannot be trained.
    #[error(transparent)]
    Transfer(#[from] transfer::TransferError),
    /// A pool is too small.
    #[error(transparent)]
    Dataset(#[from] datasets::DatasetError),
    /// A backbone or a file of weights cannot be used.
    #[error(transparent)]
    Backbone(#[from] backbones::BackboneError),
}

/// The error for an `option` that is `value`.
pub(crate) fn option(
    option: &'static str,
    value: impl std::fmt::Display,
    expected: &'static str,
) -> AttackError {
    spec::OutOfBounds::new(option, value, expected).into()
}
