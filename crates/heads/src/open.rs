//! From a path to a head.

use std::path::Path;

use crate::error::HeadError;
use crate::head::{Asked, ReadHead};
use crate::layers::layers;
use crate::read::contents;
use crate::tensor::{Contents, Shown, Tensor};

impl ReadHead {
    /// Reads a head's file: `.pt`, `.pth` and `.bin` as PyTorch's, `.npy` as scikit-learn's,
    /// anything else as safetensors.
    ///
    /// # Errors
    /// [`HeadError`] names the file, the tensor and a mend.
    pub fn read(path: &Path, asked: &Asked) -> Result<Self, HeadError> {
        let contents = contents(path)?;
        layers(&contents, asked).map_err(|fault| fault.at(path))
    }

    /// Takes tensors that are at hand, named as in a state dict, for a head; messages call it `name`.
    ///
    /// ```
    /// use heads::{Asked, ReadHead};
    /// let tensors = [
    ///     ("weight".to_owned(), vec![2, 3], vec![1.0, 0.0, -1.0, 0.5, 0.5, 0.5]),
    ///     ("bias".to_owned(), vec![2], vec![0.0, 1.0]),
    /// ];
    /// let head = ReadHead::from_tensors("head", tensors, &Asked::default())?;
    /// assert_eq!((head.features(), head.outputs()), (3, 2));
    /// # Ok::<(), heads::HeadError>(())
    /// ```
    ///
    /// # Errors
    /// [`HeadError`] names the tensor and a mend; also where a tensor has another number of values
    /// than its shape.
    pub fn from_tensors(
        name: &str,
        tensors: impl IntoIterator<Item = (String, Vec<usize>, Vec<f64>)>,
        asked: &Asked,
    ) -> Result<Self, HeadError> {
        let path = Path::new(name);
        let mut contents = Contents::default();
        for (tensor, shape, values) in tensors {
            let expected = shape
                .iter()
                .try_fold(1_usize, |all, &side| all.checked_mul(side));
            if expected != Some(values.len()) {
                return Err(HeadError::format(
                    path,
                    format!(
                        "{} has shape {shape:?} and {} values",
                        Shown(&tensor),
                        values.len()
                    ),
                ));
            }
            contents.tensors.insert(
                tensor,
                Tensor {
                    shape,
                    values: Ok(values),
                },
            );
        }
        layers(&contents, asked).map_err(|fault| fault.at(path))
    }
}
