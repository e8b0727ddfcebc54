//! `harness rhe`: the life of a protected head.

use std::fmt::Write as _;
use std::path::Path;

use datasets::read_matrix;
use heads::{Activation, Asked, HeadError, ReadHead};
use rhe::{
    Ask, Backend, DEFAULT_MAX_NORM, DecisionRange, EncryptedResults, EvaluationKeys, FeatureScale,
    Form, LinearClassifier, LinearDecider, PlainHead, Precision, PrivateClassifier,
    ProtectedDecision, ProtectedHead, ProtectedLinear, ProtectedPrivate, ProtectedRelu,
    ProtectedSquare, Ranges, ReluClassifier, RevealCount, RheError, Scheme, SecretKey,
    SquareClassifier, check_outputs, must_be_new,
};

use super::told::Told;
use crate::cli::{ClassifyArgs, CountArgs, KeygenArgs, ProtectArgs, RevealArgs, RheCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::message;

/// Head room above the largest norm met in a calibration.
const NORM_ROOM: f32 = 1.25;

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
    let count = RevealCount::path_of(&args.key);
    let mut outputs = vec![args.key.as_path(), count.as_path()];
    outputs.extend(args.evaluation_key.as_deref());
    outputs.iter().try_for_each(|path| must_be_new(path))?;
    check_outputs(&[], &outputs)?;
    let key = SecretKey::generate()?;
    let evaluation = match &args.evaluation_key {
        Some(path) => Some((EvaluationKeys::generate(&key)?, path)),
        None => None,
    };
    // All or nothing: a key left alone would stand in the way of the next try.
    let mut written = Vec::new();
    let mut write = |path: &Path, written_to: Result<(), RheError>| match written_to {
        Ok(()) => {
            written.push(path.to_path_buf());
            Ok(())
        }
        Err(error) => {
            // What cannot be removed again is what the error leaves behind.
            written
                .iter()
                .for_each(|path| drop(std::fs::remove_file(path)));
            Err(error)
        }
    };
    write(&args.key, key.save(&args.key))?;
    write(&count, RevealCount::begin(&args.key, &key, args.quota))?;
    let mut text = format!("secret key {} in {}\n", key.id(), args.key.display());
    if let Some((keys, path)) = evaluation {
        write(path, keys.save(path))?;
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
    let protected = match (head.layers().len(), head.activation()) {
        (1, _) => protect_linear(args, &head, &key)?,
        (_, Activation::Relu) => {
            let ranges = match &args.calibration {
                Some(path) => Ranges::calibrated(&head, &features(path, head.features())?)?,
                None => Ranges::guaranteed(&head)?,
            };
            ProtectedHead::Relu(ProtectedRelu::protect(&head, &key, &ranges, Form::Seeded)?)
        }
        (_, Activation::Square) => {
            if args.decision {
                return Err(usage(
                    "a head with squares cannot decide under encryption\nhint: use a linear head or one with --activation relu, or leave --decision out".into(),
                ));
            }
            let max_norm = match &args.calibration {
                Some(path) => {
                    NORM_ROOM * largest_norm(&features(path, head.features())?, head.features())
                }
                None => DEFAULT_MAX_NORM,
            };
            let protected = ProtectedSquare::protect(&head, &key, max_norm)?;
            ProtectedHead::Square(Box::new(protected))
        }
    };
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
    let read = ReadHead::read(&args.head, &asked).map_err(|error| {
        let exit = match error {
            HeadError::Unstated { .. } => Exit::Usage,
            _ => Exit::Data,
        };
        Failure::new(&error, exit)
    })?;
    PlainHead::try_from(read)
        .map_err(|error| Failure::new(&format!("{}: {error}", args.head.display()), Exit::Data))
}

fn protect_linear(
    args: &ProtectArgs,
    head: &PlainHead,
    key: &SecretKey,
) -> Result<ProtectedHead, Failure> {
    let precision = Precision {
        weight_bits: args.weight_bits,
        feature_bits: args.feature_bits,
    };
    if !args.decision {
        let rows = match &args.calibration {
            Some(path) => Some(features(path, head.features())?),
            None => None,
        };
        if args.private {
            let Some(rows) = rows else {
                return Err(usage(
                    "results that hide the features take a range that is fixed beforehand\nhint: name public features with --calibration".into(),
                ));
            };
            let protected = ProtectedPrivate::protect(head, key, args.weight_bits, &rows)?;
            return Ok(ProtectedHead::Private(protected));
        }
        let scale = match rows {
            Some(rows) => FeatureScale::calibrated(head, precision, &rows)?,
            None => FeatureScale::none(),
        };
        let scheme = Scheme::from_name(&args.scheme).unwrap_or_default();
        let protected = ProtectedLinear::protect_as(head, key, precision, scale, scheme)?;
        return Ok(ProtectedHead::Linear(protected));
    }
    let range = match &args.calibration {
        Some(path) => DecisionRange::calibrated(head, &features(path, head.features())?)?,
        None => DecisionRange::guaranteed(head)?,
    };
    let protected = ProtectedDecision::protect(head, key, precision, range, Form::Seeded)?;
    Ok(ProtectedHead::Decision(protected))
}

/// The largest Euclidean norm of rows of `width` values.
fn largest_norm(rows: &[f32], width: usize) -> f32 {
    rows.chunks_exact(width)
        .map(|row| row.iter().map(|x| x * x).sum::<f32>().sqrt())
        .fold(0.0, f32::max)
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
    let classified = |images: usize| {
        Ok(format!(
            "{images} images classified, encrypted results in {}\n",
            args.out.display()
        ))
    };
    let logits = |head| {
        let classifier = LinearClassifier::new(head, Backend::Detected);
        classified(classifier.classify_to_file(&rows, &args.out)?)
    };
    let results = match &head {
        ProtectedHead::Linear(_) if args.decision => {
            return Err(usage(format!(
                "{} cannot decide under encryption\nhint: ask its owner for one made by `rhe protect --decision`, or leave --decision out",
                args.head.display()
            )));
        }
        ProtectedHead::Linear(head) => return logits(head),
        ProtectedHead::Decision(head) if args.decision => {
            let keys = evaluation_keys(args, "to decide takes evaluation keys")?;
            let decider = LinearDecider::new(head, &keys, Backend::Detected)?;
            EncryptedResults::Decision(decider.decide(&rows)?)
        }
        ProtectedHead::Decision(head) => return logits(head.linear()),
        ProtectedHead::Relu(head) => {
            let keys = evaluation_keys(args, "a hidden layer with ReLU takes evaluation keys")?;
            let classifier = ReluClassifier::new(head, &keys, Backend::Detected)?;
            if args.decision {
                EncryptedResults::Decision(classifier.decide(&rows)?)
            } else {
                EncryptedResults::Relu(classifier.classify(&rows)?)
            }
        }
        ProtectedHead::Private(_) if args.decision => {
            return Err(usage(format!(
                "{} hides the features and cannot decide under encryption\nhint: leave --decision out",
                args.head.display()
            )));
        }
        ProtectedHead::Private(head) => {
            EncryptedResults::Private(PrivateClassifier::new(head).classify(&rows)?)
        }
        ProtectedHead::Square(_) if args.decision => {
            return Err(usage(format!(
                "{} has squares and cannot decide under encryption\nhint: leave --decision out",
                args.head.display()
            )));
        }
        ProtectedHead::Square(head) => {
            EncryptedResults::Square(SquareClassifier::new(head)?.classify(&rows)?)
        }
        _ => return Err(usage("this kind of head is not known".into())),
    };
    results.save(&args.out)?;
    classified(results.images())
}

fn evaluation_keys(args: &ClassifyArgs, why: &str) -> Result<EvaluationKeys, Failure> {
    let Some(path) = &args.evaluation_key else {
        return Err(usage(format!(
            "{}: {why}\nhint: name the file that `rhe keygen --evaluation-key` wrote with --evaluation-key",
            args.head.display()
        )));
    };
    Ok(EvaluationKeys::load(path)?)
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
