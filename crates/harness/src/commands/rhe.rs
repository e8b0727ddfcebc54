//! `harness rhe`: the life of a protected head.

use std::fmt::Write as _;
use std::path::Path;

use datasets::read_matrix;
use rhe::{
    Activation, Backend, DEFAULT_MAX_NORM, DecisionRange, EncryptedResults, EvaluationKeys, Form,
    LinearClassifier, LinearDecider, PlainHead, Precision, ProtectedDecision, ProtectedHead,
    ProtectedLinear, ProtectedRelu, ProtectedSquare, Ranges, ReluClassifier, RheError, SecretKey,
    SquareClassifier,
};

use crate::cli::{ClassifyArgs, KeygenArgs, ProtectArgs, RevealArgs, RheCommand};
use crate::exit::Exit;
use crate::failure::Failure;

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
    }
}

impl From<RheError> for Failure {
    fn from(error: RheError) -> Self {
        // Settings that cannot be had, and logits of a result that has none, are slips of the
        // command line.
        let exit = match error {
            RheError::NoLogits | RheError::Setting { .. } | RheError::Precision { .. } => {
                Exit::Usage
            }
            _ => Exit::Data,
        };
        Self::new(&error, exit)
    }
}

fn usage(text: String) -> Failure {
    Failure::new(&text, Exit::Usage)
}

/// Refuses to replace a key: what it opened would be lost.
fn must_be_new(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        return Err(usage(format!(
            "{} exists, and keys are never overwritten\nhint: choose another name, or remove it first",
            path.display()
        )));
    }
    Ok(())
}

fn keygen(args: &KeygenArgs) -> Result<String, Failure> {
    must_be_new(&args.key)?;
    if let Some(path) = &args.evaluation_key {
        must_be_new(path)?;
    }
    let key = SecretKey::generate()?;
    key.save(&args.key)?;
    let mut text = format!("secret key {} in {}\n", key.id(), args.key.display());
    if let Some(path) = &args.evaluation_key {
        EvaluationKeys::generate(&key)?.save(path)?;
        let _ = writeln!(text, "evaluation keys in {}", path.display());
    }
    Ok(text)
}

fn protect(args: &ProtectArgs) -> Result<String, Failure> {
    let activation = if args.activation == "square" {
        Activation::Square
    } else {
        Activation::Relu
    };
    let key = SecretKey::load(&args.key)?;
    let head = PlainHead::load(&args.head, activation)?;
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
    let bytes = protected.to_bytes().len();
    protected.save(&args.out)?;
    Ok(format!(
        "{} features to {} outputs, protected in {}, {bytes} bytes\n",
        head.features(),
        head.outputs(),
        args.out.display()
    ))
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
        let protected = ProtectedLinear::protect(head, key, precision, Form::Seeded)?;
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
    Ok(values)
}

fn classify(args: &ClassifyArgs) -> Result<String, Failure> {
    let head = ProtectedHead::load(&args.head)?;
    let rows = features(&args.features, head.features())?;
    let logits = |head| LinearClassifier::new(head, Backend::Detected).classify(&rows);
    let results = match &head {
        ProtectedHead::Linear(_) if args.decision => {
            return Err(usage(format!(
                "{} cannot decide under encryption\nhint: ask its owner for one made by `rhe protect --decision`, or leave --decision out",
                args.head.display()
            )));
        }
        ProtectedHead::Linear(head) => EncryptedResults::Linear(logits(head)?),
        ProtectedHead::Decision(head) if args.decision => {
            let keys = evaluation_keys(args, "to decide takes evaluation keys")?;
            let decider = LinearDecider::new(head, &keys, Backend::Detected)?;
            EncryptedResults::Decision(decider.decide(&rows)?)
        }
        ProtectedHead::Decision(head) => EncryptedResults::Linear(logits(head.linear())?),
        ProtectedHead::Relu(head) => {
            let keys = evaluation_keys(args, "a hidden layer with ReLU takes evaluation keys")?;
            let classifier = ReluClassifier::new(head, &keys, Backend::Detected)?;
            if args.decision {
                EncryptedResults::Decision(classifier.decide(&rows)?)
            } else {
                EncryptedResults::Relu(classifier.classify(&rows)?)
            }
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
    Ok(format!(
        "{} images classified, encrypted results in {}\n",
        results.images(),
        args.out.display()
    ))
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
    let results = EncryptedResults::load(&args.encrypted)?;
    let mut text = String::new();
    if args.logits {
        for logits in key.reveal_logits(&results)? {
            let values: Vec<String> = logits.values.iter().map(|z| format!("{z:.6}")).collect();
            let _ = writeln!(text, "{}\t{}", logits.class, values.join("\t"));
        }
    } else if let EncryptedResults::Decision(results) = &results {
        for class in key.reveal_decisions(results)? {
            let _ = match class {
                Some(class) => writeln!(text, "{class}"),
                None => writeln!(text, "undecided"),
            };
        }
    } else {
        for class in key.reveal(&results)? {
            let _ = writeln!(text, "{class}");
        }
    }
    Ok(text)
}
