//! Heads as people save them: from a file to layers that are known to be all that it says.
//!
//! [`ReadHead::read`] takes the state dict of a PyTorch `Linear` or `Sequential` as safetensors or
//! as `torch.save` writes it (`.pt`, `.pth`: the zip container, the pickle stream before it), and
//! scikit-learn's `coef_` and `intercept_` as `.npy`. A file that holds anything else than the
//! weights and biases of its layers is refused by the names of what would be left out: a head
//! without its norm layer, adapter or scale is another head. What a file does not say (the
//! activation between layers, the order of two that fit either way) is asked for, not guessed.
//!
//! ```no_run
//! use heads::{Asked, ReadHead};
//! let head = ReadHead::read("head.safetensors".as_ref(), &Asked::default())?;
//! println!("{} features to {} logits", head.features(), head.outputs());
//! # Ok::<(), heads::HeadError>(())
//! ```

mod advice;
mod error;
mod head;
mod layers;
mod named;
mod open;
mod order;
mod read;
mod tensor;

pub use error::HeadError;
pub use head::{Asked, Dense, ReadHead};
pub use spec::Activation;
