//! From a ReLU head in the clear to one that can be given away.

use super::budget::{ReluBudget, torus_scales};
use super::calibrate::{Ranges, two_layers};
use crate::bootstrap::EncryptedTable;
use crate::decision::MAX_CLASSES;
use crate::error::RheError;
use crate::head::{Dense, PlainHead};
use crate::keys::{Identity, SealedNumbers, SecretKey};
use crate::modular::from_signed;
use crate::packing::Packing;
use crate::parameters::{MAX_LOG2_FAILURE, MODULUS, POLYNOMIAL_SIZE};
use crate::randomness::{fill_from_system, system_generator};
use crate::rows::{EncryptedRows, Encryptor, Form};
use crate::transform::{Backend, Transform};

/// A head with one hidden ReLU layer under encryption; needs [`crate::EvaluationKeys`] to classify.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtectedRelu {
    pub(crate) key: Identity,
    pub(crate) id: Identity,
    pub(crate) hidden: usize,
    pub(crate) outputs: usize,
    /// The hidden units' rows, then the outputs' linear parts.
    pub(crate) rows: EncryptedRows,
    /// `outputs × hidden` accumulators.
    pub(crate) tables: Vec<EncryptedTable>,
    /// 1/λ, then C_o = ½·Σ_i w2_oi·B_i/2 of each output, then the standard deviation of its noise
    /// for features of norm one.
    pub(crate) scales: SealedNumbers,
    /// λ·C_o, encrypted: coefficient o of one polynomial.
    pub(crate) offsets: Option<EncryptedTable>,
}

impl ProtectedRelu {
    /// Encrypts a head with one hidden layer and ReLU. `ranges` set the torus's scale: see
    /// [`Ranges::guaranteed`] and, more precise, [`Ranges::calibrated`].
    pub fn protect(
        head: &PlainHead,
        key: &SecretKey,
        ranges: &Ranges,
        form: Form,
    ) -> Result<Self, RheError> {
        let (first, second) = two_layers(head)?;
        if ranges.hidden.len() != first.outputs {
            let reason = format!("its ranges are for {} hidden units", ranges.hidden.len());
            return Err(RheError::head(reason));
        }
        let budget = ReluBudget::new(head, ranges)?;
        if budget.log2_failure > MAX_LOG2_FAILURE {
            return Err(RheError::Precision {
                log2_failure: budget.log2_failure,
                reason: "noise of the bootstraps is too close to the output's range".into(),
            });
        }
        let (bounds, lambda) = torus_scales(ranges);
        let id = Identity::random()?;
        let offsets = (0..second.outputs).map(|o| {
            let terms = second.row(o).iter().zip(&bounds);
            terms.map(|(&w, &b)| 0.25 * f64::from(w) * b).sum::<f64>()
        });
        let offsets: Vec<f64> = offsets.collect();
        let deviations = budget.input_deviation.iter();
        let deviations = deviations.map(|d| d.hypot(budget.output_deviation));
        let numbers: Vec<f64> = std::iter::once(1.0 / lambda)
            .chain(offsets.iter().copied())
            .chain(deviations)
            .collect();
        Ok(Self {
            key: key.id(),
            id,
            hidden: first.outputs,
            outputs: second.outputs,
            rows: encrypt_rows(first, second, key, &bounds, lambda)?.into_form(form),
            tables: encrypt_tables(second, key, &bounds, lambda)?,
            scales: SealedNumbers::seal(&numbers, key, id),
            offsets: encrypt_offsets(&offsets, key, lambda)?,
        })
    }

    /// d, the number of features.
    pub fn features(&self) -> usize {
        self.rows.packing.features
    }

    /// Width of the hidden layer.
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    /// The number of logits.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The name of the key that opens its results.
    pub fn key_id(&self) -> Identity {
        self.key
    }

    /// Its own name, drawn at random.
    pub fn id(&self) -> Identity {
        self.id
    }
}

/// A part of a turn, modulo one, as a residue modulo q.
pub(crate) fn residue(turns: f64) -> u64 {
    from_signed(((turns - turns.round()) * MODULUS as f64) as i64)
}

/// A part of a turn, modulo one, on the torus of 2^64.
fn torus(turns: f64) -> u64 {
    ((turns - turns.round()) * 2f64.powi(64)) as i64 as u64
}

/// What is encrypted row by row, as residues: the hidden units' rows, then the outputs' linear
/// parts; weights and biases.
pub(crate) fn row_messages(
    first: &Dense,
    second: &Dense,
    bounds: &[f64],
    lambda: f64,
) -> (Vec<u64>, Vec<u64>) {
    let (mut weights, mut biases) = (Vec::new(), Vec::new());
    for (i, &bound) in bounds.iter().enumerate() {
        let row = first.row(i).iter();
        weights.extend(row.map(|&w| residue(f64::from(w) / (2.0 * bound))));
        biases.push(residue(f64::from(first.bias(i)) / (2.0 * bound)));
    }
    for o in 0..second.outputs {
        let mut linear = vec![0f64; first.inputs];
        let mut bias = f64::from(second.bias(o));
        for (i, &w2) in second.row(o).iter().enumerate() {
            let half = 0.5 * f64::from(w2);
            for (sum, &w1) in linear.iter_mut().zip(first.row(i)) {
                *sum += half * f64::from(w1);
            }
            bias += half * f64::from(first.bias(i));
        }
        weights.extend(linear.into_iter().map(|w| residue(w * lambda)));
        biases.push(residue(bias * lambda));
    }
    (weights, biases)
}

/// Entry i of the table of a unit of range `bound` and weight `w2`.
pub(crate) fn table_entry(w2: f32, bound: f64, lambda: f64, i: usize) -> u64 {
    // The switch to 2N values rounds down: entry i serves the middle of its step.
    let z = (i as f64 + 0.5) / POLYNOMIAL_SIZE as f64 * bound;
    torus(lambda * 0.5 * f64::from(w2) * (z - bound / 2.0))
}

fn encrypt_rows(
    first: &Dense,
    second: &Dense,
    key: &SecretKey,
    bounds: &[f64],
    lambda: f64,
) -> Result<EncryptedRows, RheError> {
    let packing = Packing::new(first.inputs, first.outputs + second.outputs)?;
    let (weights, biases) = row_messages(first, second, bounds, lambda);
    let mut seed = [0; 32];
    fill_from_system(&mut seed)?;
    let mut noise = system_generator()?;
    let transform = Transform::new(Backend::Detected);
    let mut encryptor = Encryptor::new(&transform, key.values(), &seed, &mut noise);
    Ok(EncryptedRows::encrypt(
        &mut encryptor,
        seed,
        packing,
        &weights,
        &biases,
    ))
}

fn encrypt_tables(
    second: &Dense,
    key: &SecretKey,
    bounds: &[f64],
    lambda: f64,
) -> Result<Vec<EncryptedTable>, RheError> {
    let units = (0..second.outputs).flat_map(|o| second.row(o).iter().zip(bounds));
    let tables = units.map(|(&w2, &bound)| {
        let entry = |i: usize| table_entry(w2, bound, lambda, i);
        (0..POLYNOMIAL_SIZE).map(entry).collect()
    });
    EncryptedTable::encrypt_all(key, tables)
}

/// The constants that the owner adds on revealing, for who decides without revealing; none where
/// there are more outputs than a decision takes.
fn encrypt_offsets(
    offsets: &[f64],
    key: &SecretKey,
    lambda: f64,
) -> Result<Option<EncryptedTable>, RheError> {
    if offsets.len() > MAX_CLASSES {
        return Ok(None);
    }
    let message: Vec<u64> = offsets.iter().map(|c| torus(c * lambda)).collect();
    let mut tables = EncryptedTable::encrypt_all(key, std::iter::once(message))?;
    Ok(tables.pop())
}
