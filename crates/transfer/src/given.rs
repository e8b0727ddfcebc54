//! Heads that others trained, each with the examples it was trained on: what stands in for the
//! shadow stream where the recipe cannot be followed here.

use std::path::{Path, PathBuf};

use datasets::Pool;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::{HeadKind, HeadShape, ShadowBatch, TransferError};

/// Heads below which attacks have nothing to learn from.
pub const LEAST_GIVEN: usize = 500;
/// Of so many heads one is kept from fits, for thresholds that are set afterwards.
const KEPT: usize = 5;

/// S heads of one shape with their training sets.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenHeads {
    path: PathBuf,
    shape: HeadShape,
    shots: usize,
    /// S × weight length.
    weights: Vec<f32>,
    /// S × N: class 0's shots, then class 1's, and so on.
    members: Vec<u32>,
}

impl GivenHeads {
    /// Reads heads of `shape` on `shots` examples a class from a safetensors file:
    ///
    /// - `members` (S × N integers): the numbers of each head's training examples, the rows of the
    ///   dataset from 0 on, in any order;
    /// - `weights` (S × anything, as long as [`HeadShape`] says and laid out so), or for linear heads
    ///   `weight` (S × K × d) and `bias` (S × K; 0 where it is left out): PyTorch's state dicts
    ///   stacked.
    ///
    /// `labels` are those of all examples. Training sets must be balanced and lie within `public`.
    ///
    /// # Errors
    /// A damaged file, tensors of another name, type or shape, numbers that are not finite, fewer
    /// than [`LEAST_GIVEN`] heads, training sets that are not of `shots` examples a class or hold an
    /// example that is not public.
    pub fn load(
        path: &Path,
        shape: HeadShape,
        shots: usize,
        labels: &[u32],
        public: &Pool,
    ) -> Result<Self, TransferError> {
        shape.check()?;
        let bytes = std::fs::read(path).map_err(|source| TransferError::File {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        let file = Tensors::new(path, &bytes)?;
        let weights = file.weights(&shape)?;
        let count = weights.len() / shape.weight_len();
        if count < LEAST_GIVEN {
            return Err(file.refuse(format!(
                "it holds {count} heads, attacks are fitted on {LEAST_GIVEN} or more\nhint: train \
                 more of them, each on another draw of public examples"
            )));
        }
        if let Some(at) = weights.iter().position(|weight| !weight.is_finite()) {
            let head = at / shape.weight_len();
            return Err(file.refuse(format!("the weights of head {head} are not finite")));
        }
        let n = shape.classes * shots;
        let members = file.members(count, n)?;
        let members = sorted(&members, n, shots, labels, public);
        Ok(Self {
            path: path.to_owned(),
            shape,
            shots,
            weights,
            members: members.map_err(|reason| file.refuse(reason))?,
        })
    }

    /// Number of heads S.
    pub fn len(&self) -> usize {
        self.weights.len() / self.shape.weight_len()
    }

    /// Whether there is no head.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Shape of every head.
    pub fn shape(&self) -> HeadShape {
        self.shape
    }

    /// Shots c.
    pub fn shots(&self) -> usize {
        self.shots
    }

    /// Number of heads for fits, or of those that are kept from them.
    pub fn part_len(&self, kept: bool) -> usize {
        let kept_len = self.len().div_ceil(KEPT);
        if kept {
            kept_len
        } else {
            self.len() - kept_len
        }
    }

    /// An empty batch to be filled with `heads` heads.
    pub fn batch(&self, heads: usize) -> ShadowBatch {
        ShadowBatch {
            heads,
            weights: vec![0.0; heads * self.shape.weight_len()],
            members: vec![0; heads * self.shape.classes * self.shots],
        }
    }

    /// Fills `batch` with the heads from number `start` on of those for fits, or of those that are
    /// `kept` from them; after the last one comes the first again.
    pub fn fill(&self, start: u64, kept: bool, batch: &mut ShadowBatch) {
        let (length, n) = (self.shape.weight_len(), self.shape.classes * self.shots);
        batch.weights.resize(batch.heads * length, 0.0);
        batch.members.resize(batch.heads * n, 0);
        let part = self.part_len(kept) as u64;
        let each = batch.weights.chunks_exact_mut(length);
        for (i, (weights, members)) in each.zip(batch.members.chunks_exact_mut(n)).enumerate() {
            let at = ((start + i as u64) % part) as usize;
            // Every KEPT-th head is kept, from the first on.
            let head = match kept {
                true => at * KEPT,
                false => at / (KEPT - 1) * KEPT + at % (KEPT - 1) + 1,
            };
            weights.copy_from_slice(&self.weights[head * length..][..length]);
            members.copy_from_slice(&self.members[head * n..][..n]);
        }
    }
}

/// Training sets, each class by class.
fn sorted(
    members: &[u32],
    n: usize,
    shots: usize,
    labels: &[u32],
    public: &Pool,
) -> Result<Vec<u32>, String> {
    let mut is_public = vec![false; labels.len()];
    for index in public.indices() {
        if let Some(public) = is_public.get_mut(index as usize) {
            *public = true;
        }
    }
    let mut sorted = Vec::with_capacity(members.len());
    for (head, members) in members.chunks_exact(n).enumerate() {
        let mut by_class = vec![Vec::with_capacity(shots); n / shots];
        for &member in members {
            let Some(&label) = labels.get(member as usize) else {
                return Err(format!(
                    "head {head} was trained on example {member}, the dataset has {}",
                    labels.len()
                ));
            };
            if !is_public[member as usize] {
                return Err(format!(
                    "head {head} was trained on example {member}, which is not among the public \
                     ones\nhint: train shadow heads on the examples that the split calls public"
                ));
            }
            by_class[label as usize].push(member);
        }
        if let Some(class) = by_class.iter().position(|of_class| of_class.len() != shots) {
            return Err(format!(
                "head {head} was trained on {} examples of class {class}, expected {shots}\nhint: \
                 set `shots` to what the heads were trained on, the same for every class",
                by_class[class].len()
            ));
        }
        sorted.extend(by_class.into_iter().flatten());
    }
    Ok(sorted)
}

struct Tensors<'a> {
    path: &'a Path,
    file: SafeTensors<'a>,
}

impl<'a> Tensors<'a> {
    fn new(path: &'a Path, bytes: &'a [u8]) -> Result<Self, TransferError> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| TransferError::Given {
            path: path.to_owned(),
            reason: format!("it is no whole safetensors file ({error})"),
        })?;
        Ok(Self { path, file })
    }

    fn refuse(&self, reason: String) -> TransferError {
        TransferError::Given {
            path: self.path.to_owned(),
            reason,
        }
    }

    /// S × weight length.
    fn weights(&self, shape: &HeadShape) -> Result<Vec<f32>, TransferError> {
        let length = shape.weight_len();
        if let Ok(weights) = self.file.tensor("weights") {
            let values = self.floats("weights", &weights)?;
            let rest: usize = weights.shape().iter().skip(1).product();
            if weights.shape().len() < 2 || rest != length {
                return Err(self.refuse(format!(
                    "`weights` is {:?}, expected S x {length}: rows that end in their bias",
                    weights.shape()
                )));
            }
            return Ok(values);
        }
        let (Ok(weight), HeadKind::Linear) = (self.file.tensor("weight"), shape.kind) else {
            let mut names = self.file.names();
            names.sort_unstable();
            let names = names.join(", ");
            return Err(self.refuse(format!(
                "it has no tensor `weights` (nor, for linear heads, `weight` and `bias`); there \
                 are: {names}"
            )));
        };
        let (classes, width) = (shape.classes, shape.features);
        let &[count, rows, columns] = weight.shape() else {
            return Err(self.refuse(format!("`weight` is {:?}, not S x K x d", weight.shape())));
        };
        if (rows, columns) != (classes, width) {
            return Err(self.refuse(format!(
                "`weight` is {count} x {rows} x {columns}, expected S x {classes} x {width}"
            )));
        }
        let bias = match self.file.tensor("bias") {
            Ok(bias) if bias.shape() == [count, classes] => self.floats("bias", &bias)?,
            Ok(bias) => {
                return Err(self.refuse(format!(
                    "`bias` is {:?}, expected {count} x {classes}",
                    bias.shape()
                )));
            }
            Err(_) => vec![0.0; count * classes],
        };
        let values = self.floats("weight", &weight)?;
        let rows = values.chunks_exact(width).zip(bias);
        Ok(rows
            .flat_map(|(row, bias)| row.iter().copied().chain([bias]))
            .collect())
    }

    /// S × n.
    fn members(&self, count: usize, n: usize) -> Result<Vec<u32>, TransferError> {
        let tensor = self.file.tensor("members").map_err(|_| {
            self.refuse("it has no tensor `members`: each head's training examples, S x N".into())
        })?;
        if tensor.shape() != [count, n] {
            return Err(self.refuse(format!(
                "`members` is {:?}, expected {count} x {n}: a row a head",
                tensor.shape()
            )));
        }
        let numbers = integers(&tensor).ok_or_else(|| {
            self.refuse(format!(
                "`members` is of type {:?}, expected I64 or I32",
                tensor.dtype()
            ))
        })?;
        let mut numbers = numbers.into_iter().enumerate();
        let whole = numbers.try_fold(Vec::new(), |mut all, (at, number)| {
            all.push(u32::try_from(number).map_err(|_| at)?);
            Ok(all)
        });
        whole.map_err(|at: usize| {
            self.refuse(format!("`members` of head {} are not row numbers", at / n))
        })
    }

    fn floats(&self, name: &str, tensor: &TensorView<'_>) -> Result<Vec<f32>, TransferError> {
        let data = tensor.data();
        match tensor.dtype() {
            Dtype::F32 => Ok(data
                .as_chunks()
                .0
                .iter()
                .map(|&it| f32::from_le_bytes(it))
                .collect()),
            Dtype::F64 => {
                let values = data.as_chunks().0.iter();
                Ok(values.map(|&it| f64::from_le_bytes(it) as f32).collect())
            }
            other => Err(self.refuse(format!(
                "`{name}` is of type {other:?}, expected F32 or F64"
            ))),
        }
    }
}

fn integers(tensor: &TensorView<'_>) -> Option<Vec<i64>> {
    let data = tensor.data();
    Some(match tensor.dtype() {
        Dtype::I64 => data
            .as_chunks()
            .0
            .iter()
            .map(|&it| i64::from_le_bytes(it))
            .collect(),
        Dtype::I32 => data
            .as_chunks()
            .0
            .iter()
            .map(|&it| i32::from_le_bytes(it).into())
            .collect(),
        Dtype::U32 => data
            .as_chunks()
            .0
            .iter()
            .map(|&it| u32::from_le_bytes(it).into())
            .collect(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
