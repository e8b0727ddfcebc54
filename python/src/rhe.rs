//! Heads whose weights are encrypted and whose inputs are not.

use std::path::PathBuf;

use harness::error::HarnessError;
use harness::heads::given::Source;
use heads::Asked;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rhe::{Ask, Doubts, PlainHead, Precision, Protection, RevealCount, Revealed, RheError, Scheme};

use crate::arrays::{Rows, rows, source};
use crate::error::{DataError, raised, refused};

/// The class of an image that three or more classes are too close to have.
const UNDECIDED: i64 = -1;

/// The owner's secret key, in a file with the count of its uses beside it.
#[pyclass(frozen, module = "rhea")]
pub struct SecretKey {
    key: rhe::SecretKey,
    path: PathBuf,
}

#[pymethods]
impl SecretKey {
    /// Reads a key's file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let key = py.detach(|| rhe::SecretKey::load(&path)).map_err(raised)?;
        Ok(Self { key, path })
    }

    /// Its public name, 32 hexadecimal digits.
    #[getter]
    fn id(&self) -> String {
        self.key.id().to_string()
    }

    /// Its file.
    #[getter]
    fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// Images that may ever be revealed with it.
    #[getter]
    fn quota(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        Ok(self.count(py)?.quota())
    }

    /// Images that were.
    #[getter]
    fn revealed(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.count(py)?.revealed())
    }

    /// Results that were refused.
    #[getter]
    fn refused(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.count(py)?.refused())
    }

    fn __repr__(&self) -> String {
        format!("<SecretKey {} in {}>", self.key.id(), self.path.display())
    }
}

impl SecretKey {
    /// Waits where another holds the count.
    fn count(&self, py: Python<'_>) -> PyResult<RevealCount> {
        py.detach(|| RevealCount::open(&self.path, &self.key))
            .map_err(raised)
    }

    /// Opens results, counting first.
    fn open(
        &self,
        py: Python<'_>,
        results: &EncryptedResults,
        ask: Ask,
    ) -> PyResult<Vec<Revealed>> {
        let opened = py.detach(|| -> Result<_, RheError> {
            let mut count = RevealCount::open(&self.path, &self.key)?;
            let revealed = self.key.reveal_counted(&results.0, &mut count, ask)?;
            let mut doubts = Doubts::default();
            revealed.iter().for_each(|image| doubts.add(image));
            Ok((revealed, doubts))
        });
        let (revealed, doubts) = opened.map_err(raised)?;
        if doubts.most() {
            return Err(DataError::new_err(format!(
                "{doubts}\nhint: {}",
                Doubts::MEND
            )));
        }
        if doubts.any() {
            let category = py.get_type::<PyUserWarning>();
            let text = std::ffi::CString::new(doubts.to_string())?;
            PyErr::warn(py, &category, &text, 1)?;
        }
        Ok(revealed)
    }
}

/// Makes a key, in a new file.
#[pyfunction]
#[pyo3(signature = (path, *, quota=None, evaluation_key=None))]
pub fn keygen(
    py: Python<'_>,
    path: PathBuf,
    quota: Option<u64>,
    evaluation_key: Option<PathBuf>,
) -> PyResult<SecretKey> {
    let made = py.detach(|| rhe::SecretKey::create(&path, quota, evaluation_key.as_deref()));
    Ok(SecretKey {
        key: made.map_err(raised)?,
        path,
    })
}

/// What it takes to classify with a hidden layer of ReLU, or to decide under encryption. No secret.
#[pyclass(frozen, module = "rhea")]
pub struct EvaluationKeys(rhe::EvaluationKeys);

#[pymethods]
impl EvaluationKeys {
    /// Reads their file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let keys = py.detach(|| rhe::EvaluationKeys::load(&path));
        keys.map(Self).map_err(raised)
    }
}

/// Files of heads and results: reading, writing, bytes.
macro_rules! stored {
    ($name:ident, $what:literal, $(#[$doc:meta])* { $($more:tt)* }) => {
        $(#[$doc])*
        #[pyclass(frozen, module = "rhea")]
        pub struct $name(rhe::$name);

        #[pymethods]
        impl $name {
            #[doc = concat!("Reads the file of ", $what, ".")]
            #[staticmethod]
            fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
                py.detach(|| rhe::$name::load(&path)).map(Self).map_err(raised)
            }

            #[doc = concat!("Reads the content of a file of ", $what, ".")]
            #[staticmethod]
            fn from_bytes(py: Python<'_>, content: &[u8]) -> PyResult<Self> {
                py.detach(|| rhe::$name::from_bytes(content)).map(Self).map_err(raised)
            }

            /// Writes a file, in the place of what is there unless that is a key.
            fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
                py.detach(|| self.0.save(&path)).map_err(raised)
            }

            /// The content of its file.
            fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
                let bytes = py.detach(|| self.0.to_bytes());
                PyBytes::new(py, &bytes)
            }

            $($more)*
        }
    };
}

stored!(
    ProtectedHead,
    "a protected head",
    /// A head whose weights are encrypted: useless without its key, except to classify into encrypted
    /// results.
    {
        /// Number of features that it takes.
        #[getter]
        fn features(&self) -> usize {
            self.0.features()
        }

        /// Whether its results hide the features from the key's owner.
        #[getter]
        fn hides_features(&self) -> bool {
            matches!(self.0, rhe::ProtectedHead::Private(_))
        }

        /// The name of the key that opens its results.
        #[getter]
        fn key_id(&self) -> String {
            self.0.key_id().to_string()
        }
    }
);

stored!(
    EncryptedResults,
    "encrypted results",
    /// Encrypted logits or classes.
    {
        fn __len__(&self) -> usize {
            self.0.images()
        }
    }
);

/// Encrypts a trained head.
#[pyfunction]
#[pyo3(signature = (head, key, *, calibration=None, weight_bits=None, feature_bits=None, scheme=None,
    private=false, decision=false, activation=None, layers=None))]
pub fn protect(
    py: Python<'_>,
    head: &Bound<'_, PyAny>,
    key: &SecretKey,
    calibration: Option<Rows<'_>>,
    weight_bits: Option<u32>,
    feature_bits: Option<u32>,
    scheme: Option<&str>,
    private: bool,
    decision: bool,
    activation: Option<&str>,
    layers: Option<Vec<String>>,
) -> PyResult<ProtectedHead> {
    let standard = Precision::default();
    let precision = Precision {
        weight_bits: weight_bits.unwrap_or(standard.weight_bits),
        feature_bits: feature_bits.unwrap_or(standard.feature_bits),
    };
    let scheme = match scheme {
        None => Scheme::default(),
        Some(name) => Scheme::from_name(name).ok_or_else(|| {
            let known = Scheme::ALL.map(Scheme::name).join(", ");
            refused(format!("unknown scheme `{name}`\nhint: use one of {known}"))
        })?,
    };
    let asked = Asked {
        activation: activation
            .map(|text| text.parse().map_err(refused))
            .transpose()?,
        layers: layers.unwrap_or_default(),
    };
    let head = plain(&source(head)?, &asked)?;
    let calibration = match &calibration {
        Some(given) => Some(rows("calibration", given, head.features())?),
        None => None,
    };
    let protected = py.detach(|| {
        let how = Protection {
            precision,
            scheme,
            private,
            decision,
            calibration: calibration.as_deref(),
        };
        rhe::ProtectedHead::protect(&head, &key.key, &how)
    });
    protected.map(ProtectedHead).map_err(raised)
}

fn plain(source: &Source, asked: &Asked) -> PyResult<PlainHead> {
    let head = source.read(asked).map_err(HarnessError::from);
    let head = PlainHead::try_from(head.map_err(raised)?);
    head.map_err(|error| DataError::new_err(format!("{}: {error}", source.path().display())))
}

/// Classifies rows of features with an encrypted head.
#[pyfunction]
#[pyo3(signature = (head, features, *, evaluation_key=None, decision=false))]
pub fn classify(
    py: Python<'_>,
    head: &ProtectedHead,
    features: Rows<'_>,
    evaluation_key: Option<&EvaluationKeys>,
    decision: bool,
) -> PyResult<EncryptedResults> {
    let features = rows("features", &features, head.0.features())?;
    let keys = evaluation_key.map(|keys| &keys.0);
    let results = py.detach(|| head.0.classify(&features, keys, decision));
    results.map(EncryptedResults).map_err(raised)
}

/// The class of each image, for the key's owner.
#[pyfunction]
#[pyo3(signature = (results, key, *, trusted_classifier=false))]
pub fn reveal<'py>(
    py: Python<'py>,
    results: &EncryptedResults,
    key: &SecretKey,
    trusted_classifier: bool,
) -> PyResult<Bound<'py, PyArray1<i64>>> {
    let ask = Ask {
        logits: false,
        trusted_classifier,
    };
    let class = |image: Revealed| match image {
        Revealed::Logits(logits) => logits.class as i64,
        Revealed::Decision(class) => class.map_or(UNDECIDED, |class| class as i64),
    };
    let classes: Vec<i64> = key.open(py, results, ask)?.into_iter().map(class).collect();
    Ok(classes.into_pyarray(py))
}

/// The logits of each image, for the key's owner alone.
#[pyfunction]
#[pyo3(signature = (results, key, *, trusted_classifier=false))]
pub fn reveal_logits<'py>(
    py: Python<'py>,
    results: &EncryptedResults,
    key: &SecretKey,
    trusted_classifier: bool,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let ask = Ask {
        logits: true,
        trusted_classifier,
    };
    let images = key.open(py, results, ask)?;
    let rows = images.len();
    let logits: Vec<f64> = images
        .into_iter()
        .flat_map(|image| match image {
            Revealed::Logits(logits) => logits.values,
            // Those have none, and were refused.
            Revealed::Decision(_) => Vec::new(),
        })
        .collect();
    let columns = logits.len() / rows.max(1);
    logits.into_pyarray(py).reshape([rows, columns])
}
