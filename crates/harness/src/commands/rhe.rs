//! `harness rhe`: the life of a protected head.

use std::fmt::Write as _;
use std::path::Path;

use datasets::read_matrix;
use heads::{Asked, ReadHead};
use rhe::{
    Ask, EvaluationKeys, PlainHead, Precision, ProtectedHead, Protection, RevealCount, RheError,
    Scheme, SecretKey, check_outputs,
};

use super::told::Told;
use crate::cli::{ClassifyArgs, CountArgs, KeygenArgs, ProtectArgs, RevealArgs, RheCommand};
use crate::error::HarnessError;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::message;

/// Runs one step; returns what there is to say.
///
/// # Errors
/// For files that are missing, damaged, of other parameters or of another key.
pub fn rhe(command: &RheCommand) -> Result<String, Failure> {
    match command {
        RheCommand::Keygen(args) => keygen(args),
        RheCommand::Protect(args) => protect(args),
        RheCommand::Classify(args) => classify(args),
        RheCommand::Reveal(args) => reveal(args),
        RheCommand::Count(args) => count(args),
    }
}

impl From<RheError> for Failure {
    fn from(error: RheError) -> Self {
        // Settings that cannot be had, outputs that must not be written, and answers that take
        // another option are slips of the command line.
        let exit = match error {
            RheError::NoLogits
            | RheError::Setting { .. }
            | RheError::Precision { .. }
            | RheError::Unauthenticated { .. }
            | RheError::Output { .. } => Exit::Usage,
            _ => Exit::Data,
        };
        Self::new(&error, exit)
    }
}

fn usage(text: String) -> Failure {
    Failure::new(&text, Exit::Usage)
}

fn keygen(args: &KeygenArgs) -> Result<String, Failure> {
    let evaluation = args.evaluation_key.as_deref();
    let key = SecretKey::create(&args.key, args.quota, evaluation)?;
    let mut text = format!("secret key {} in {}\n", key.id(), args.key.display());
    if let Some(path) = evaluation {
        let _ = writeln!(text, "evaluation keys in {}", path.display());
    }
    Ok(text)
}

fn protect(args: &ProtectArgs) -> Result<String, Failure> {
    let mut inputs = vec![args.head.as_path(), args.key.as_path()];
    inputs.extend(args.calibration.as_deref());
    check_outputs(&inputs, &[&args.out])?;
    let key = SecretKey::load(&args.key)?;
    let head = plain_head(args)?;
    let calibration = match &args.calibration {
        Some(path) => Some(features(path, head.features())?),
        None => None,
    };
    let how = Protection {
        precision: Precision {
            weight_bits: args.weight_bits,
            feature_bits: args.feature_bits,
        },
        scheme: Scheme::from_name(&args.scheme).unwrap_or_default(),
        private: args.private,
        decision: args.decision,
        calibration: calibration.as_deref(),
    };
    let protected = ProtectedHead::protect(&head, &key, &how)?;
    let bytes = protected.file_bytes();
    protected.save(&args.out)?;
    Ok(format!(
        "{} features to {} outputs, protected in {}, {bytes} bytes\n",
        head.features(),
        head.outputs(),
        args.out.display()
    ))
}

/// The head in the clear, with what the command line says where its file does not.
fn plain_head(args: &ProtectArgs) -> Result<PlainHead, Failure> {
    let asked = Asked {
        activation: args.activation,
        layers: args.layers.clone(),
    };
    let read = ReadHead::read(&args.head, &asked).map_err(HarnessError::from)?;
    PlainHead::try_from(read)
        .map_err(|error| Failure::new(&format!("{}: {error}", args.head.display()), Exit::Data))
}

/// The rows of a features file, which must be as wide as the head's input.
fn features(path: &Path, width: usize) -> Result<Vec<f32>, Failure> {
    let (found, values) = read_matrix(path).map_err(|error| Failure::new(&error, Exit::Data))?;
    if found != width {
        return Err(Failure::new(
            &format!(
                "{} has {found} columns, the head takes {width} features\nhint: extract the features with the backbone that the head was trained on",
                path.display()
            ),
            Exit::Data,
        ));
    }
    if values.is_empty() {
        return Err(Failure::new(
            &format!(
                "{} holds no rows: there is nothing to classify",
                path.display()
            ),
            Exit::Data,
        ));
    }
    Ok(values)
}

fn classify(args: &ClassifyArgs) -> Result<String, Failure> {
    let mut inputs = vec![args.head.as_path(), args.features.as_path()];
    inputs.extend(args.evaluation_key.as_deref());
    check_outputs(&inputs, &[&args.out])?;
    let head = ProtectedHead::load(&args.head)?;
    let rows = features(&args.features, head.features())?;
    if args.private && !matches!(head, ProtectedHead::Private(_)) {
        return Err(usage(format!(
            "results of {} show the features to the owner of its key\nhint: ask the owner for a head made by `rhe protect --private`, or leave --private out",
            args.head.display()
        )));
    }
    let needed = head.takes_keys(args.decision);
    let keys = match args.evaluation_key.as_ref().filter(|_| needed) {
        Some(path) => Some(EvaluationKeys::load(path)?),
        None => None,
    };
    let images = head
        .classify_to_file(&rows, keys.as_ref(), args.decision, &args.out)
        .map_err(|error| match error {
            RheError::Setting { .. } => usage(format!("{}: {error}", args.head.display())),
            other => other.into(),
        })?;
    Ok(format!(
        "{images} images classified, encrypted results in {}\n",
        args.out.display()
    ))
}

fn reveal(args: &RevealArgs) -> Result<String, Failure> {
    let key = SecretKey::load(&args.key)?;
    let mut count = RevealCount::open(&args.key, &key)?;
    let mut told = Told::new(args.logits);
    let ask = Ask {
        logits: args.logits,
        trusted_classifier: args.trusted_classifier,
    };
    key.reveal_file(&args.encrypted, &mut count, ask, |image| told.add(image))?;
    if count.refused() > 0 {
        message::warning(&format!(
            "{} results files were refused with this key so far; after {} it reveals nothing more",
            count.refused(),
            RevealCount::MAX_REFUSED
        ));
    }
    told.finish(&args.encrypted)
}

fn count(args: &CountArgs) -> Result<String, Failure> {
    let key = SecretKey::load(&args.key)?;
    if args.begin {
        RevealCount::begin(&args.key, &key, args.quota)?;
    }
    let count = RevealCount::open(&args.key, &key)?;
    let quota = match count.quota() {
        Some(quota) => format!(" of {quota}"),
        None => String::new(),
    };
    Ok(format!(
        "key {}: {}{quota} images revealed, {} of {} files refused\n",
        key.id(),
        count.revealed(),
        count.refused(),
        RevealCount::MAX_REFUSED
    ))
}
