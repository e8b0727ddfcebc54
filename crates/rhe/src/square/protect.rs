//! From a square head in the clear to one that can be given away.

use super::SquareShape;
use crate::error::RheError;
use crate::head::{Dense, PlainHead};
use crate::keys::{Identity, SealedBytes, SealedNumbers, SecretKey};
use ckks::{Complex64, Context, EvaluationKeys, Plaintext, SeededCiphertext};

/// A square head under encryption, with the public keys that evaluate it. Its CKKS secret is its
/// own; it is stored sealed, for the owner of the secret key alone.
#[derive(Clone)]
pub struct ProtectedSquare {
    pub(crate) key: Identity,
    pub(crate) id: Identity,
    pub(crate) shape: SquareShape,
    pub(crate) context: Context,
    /// First layer, one ciphertext a chunk.
    pub(crate) weights: Vec<SeededCiphertext>,
    /// Its biases.
    pub(crate) bias: SeededCiphertext,
    /// Second layer and its biases, where there are three.
    pub(crate) middle: Option<(SeededCiphertext, SeededCiphertext)>,
    /// The last layer's biases.
    pub(crate) last: SeededCiphertext,
    pub(crate) keys: EvaluationKeys,
    pub(crate) secret: SealedBytes,
    pub(crate) scale: SealedNumbers,
}

impl ProtectedSquare {
    /// Encrypts a head of two or three layers with the square between them, for features of norm up
    /// to `max_norm` (public; [`super::DEFAULT_MAX_NORM`]): the smaller, the more precise.
    pub fn protect(head: &PlainHead, key: &SecretKey, max_norm: f32) -> Result<Self, RheError> {
        let shape = SquareShape::of(head, max_norm)?;
        let context = shape.context()?;
        let secret = ckks::SecretKey::generate(&context)?;
        let rotations = shape.rotations(context.slots());
        let keys = secret
            .evaluation_keys()
            .relinearisation()
            .rotations(rotations.into_iter().flatten())
            .build()?;
        let plain = Encoded::new(head, &shape, &context)?;
        let encrypt = |plain: &Plaintext| secret.encrypt_seeded(plain).map_err(RheError::from);
        let id = Identity::random()?;
        Ok(Self {
            key: key.id(),
            id,
            weights: plain
                .weights
                .iter()
                .map(encrypt)
                .collect::<Result<_, _>>()?,
            bias: encrypt(&plain.bias)?,
            middle: match &plain.middle {
                Some((matrix, biases)) => Some((encrypt(matrix)?, encrypt(biases)?)),
                None => None,
            },
            last: encrypt(&plain.last)?,
            keys,
            secret: SealedBytes::seal(&secret.to_bytes(), key, id),
            scale: SealedNumbers::seal(&[1.0 / plain.scale], key, id),
            shape,
            context,
        })
    }

    /// d, the number of features.
    pub fn features(&self) -> usize {
        self.shape.features
    }

    /// The number of logits.
    pub fn outputs(&self) -> usize {
        self.shape.outputs()
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

/// A square head as messages in their slots: what is encrypted.
pub(crate) struct Encoded {
    /// c, which brings logits into range; a secret.
    pub(crate) scale: f64,
    /// First layer, one message a chunk.
    pub(crate) weights: Vec<Plaintext>,
    /// Its biases.
    pub(crate) bias: Plaintext,
    /// Second layer and its biases, where there are three.
    pub(crate) middle: Option<(Plaintext, Plaintext)>,
    /// The last layer's biases.
    pub(crate) last: Plaintext,
}

impl Encoded {
    /// Folds the last layer into the rows before it and lays the rows into slots.
    pub(crate) fn new(
        head: &PlainHead,
        shape: &SquareShape,
        context: &Context,
    ) -> Result<Self, RheError> {
        let c = secret_scale(head, shape);
        let layers = head.layers();
        let last = &layers[layers.len() - 1];
        let root = |o: usize, i: usize| Complex64::from(c * f64::from(last.row(o)[i])).sqrt();
        let encode = |slots: Vec<Complex64>, level: usize, scale: f64| {
            context.encode(&slots, level, scale).map_err(RheError::from)
        };
        let scales = Scales::new(context, shape)?;
        let top = context.max_level();
        let periodic = |value: &dyn Fn(usize, usize, usize) -> Complex64| {
            let period: Vec<Complex64> = (0..shape.period())
                .map(|m| {
                    let (i, k, o) = shape.path(m);
                    value(i, k, o)
                })
                .collect();
            let slots = period.iter().copied().cycle().take(context.slots());
            slots.collect::<Vec<_>>()
        };
        // What a row of the first layer is multiplied by on path (i, k, o), if there is such a path.
        let factor = |i: usize, k: usize, o: usize| match layers {
            [first, second] => (i < first.outputs && o < second.outputs).then(|| root(o, i)),
            [first, second, third] => {
                let exists = i < first.outputs && k < second.outputs && o < third.outputs;
                exists.then(|| Complex64::from(1.0))
            }
            _ => None,
        };
        let on_path = |value: &dyn Fn(&Dense, usize) -> f32, i: usize, k: usize, o: usize| {
            let zero = Complex64::from(0.0);
            factor(i, k, o).map_or(zero, |factor| factor * f64::from(value(&layers[0], i)))
        };
        let (length, chunks) = shape.chunks(context.slots());
        let weights = (0..chunks)
            .map(|chunk| {
                let mut slots = Vec::with_capacity(context.slots());
                for j in chunk * length..(chunk + 1) * length {
                    for m in 0..shape.period() {
                        let (i, k, o) = shape.path(m);
                        let weight =
                            |layer: &Dense, i: usize| layer.row(i).get(j).copied().unwrap_or(0.0);
                        slots.push(on_path(&weight, i, k, o));
                    }
                }
                encode(slots, top, scales.weights)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let bias_slots = periodic(&|i, k, o| on_path(&|layer, i| layer.bias(i), i, k, o));
        let bias = encode(bias_slots, top - 1, scales.hidden)?;
        let middle = match layers {
            [_, second, third] => {
                let exists = |k: usize, o: usize| k < second.outputs && o < third.outputs;
                let entry = |k: usize, o: usize, value: f32| root(o, k) * f64::from(value);
                let zero = Complex64::from(0.0);
                let matrix = periodic(
                    &|i, k, o| match second.row(k.min(second.outputs - 1)).get(i) {
                        Some(&weight) if exists(k, o) => entry(k, o, weight),
                        _ => zero,
                    },
                );
                let biases = periodic(&|_, k, o| {
                    if exists(k, o) {
                        entry(k, o, second.bias(k))
                    } else {
                        zero
                    }
                });
                Some((
                    encode(matrix, top - 2, scales.middle)?,
                    encode(biases, top - 3, scales.second)?,
                ))
            }
            _ => None,
        };
        let outputs = periodic(&|_, _, o| {
            let bias = if o < last.outputs { last.bias(o) } else { 0.0 };
            Complex64::from(c * f64::from(bias))
        });
        Ok(Self {
            scale: c,
            weights,
            bias,
            middle,
            last: encode(outputs, 0, scales.output)?,
        })
    }
}

/// The scales that encodings and products have, in the order of evaluation; every one follows from
/// the parameters, so that both sides compute the same floating-point numbers.
pub(crate) struct Scales {
    pub(crate) weights: f64,
    pub(crate) features: f64,
    /// After the first layer.
    pub(crate) hidden: f64,
    /// Of the second layer's matrix.
    pub(crate) middle: f64,
    /// After the second layer.
    pub(crate) second: f64,
    /// Of the logits.
    pub(crate) output: f64,
}

impl Scales {
    pub(crate) fn new(context: &Context, shape: &SquareShape) -> Result<Self, RheError> {
        let (scale, top) = (context.scale(), context.max_level());
        let hidden = scale * scale / context.prime(top)?;
        let square =
            |value: f64, level: usize| Ok::<f64, RheError>(value * value / context.prime(level)?);
        let squared = square(hidden, top - 1)?;
        let (middle, second, output) = if shape.widths.len() == 3 {
            let second = squared * scale / context.prime(top - 2)?;
            (scale, second, square(second, top - 3)?)
        } else {
            (scale, squared, squared)
        };
        Ok(Self {
            weights: scale,
            features: scale,
            hidden,
            middle,
            second,
            output,
        })
    }
}

/// Where c stops growing: the smallest logits are then lost in the noise, and reported as such.
const LARGEST_SCALE: f64 = (1u64 << 40) as f64;

/// c: brings the largest logit that features of the stated norm can have, by Cauchy-Schwarz, to the
/// shape's largest.
fn secret_scale(head: &PlainHead, shape: &SquareShape) -> f64 {
    let layers = head.layers();
    let mut bounds: Vec<f64> = Vec::new();
    for (depth, layer) in layers.iter().enumerate() {
        bounds = (0..layer.outputs)
            .map(|k| {
                let row = layer.row(k).iter().map(|&w| f64::from(w));
                let sum = if depth == 0 {
                    row.map(|w| w * w).sum::<f64>().sqrt() * f64::from(shape.max_norm)
                } else {
                    row.zip(&bounds).map(|(w, b)| w.abs() * b * b).sum::<f64>()
                };
                sum + f64::from(layer.bias(k)).abs()
            })
            .collect();
    }
    let largest = bounds.into_iter().fold(0.0, f64::max);
    // A head of zeros needs none.
    (shape.largest_logit() / largest).min(LARGEST_SCALE)
}
