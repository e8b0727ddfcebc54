//! May this head be released?

use std::path::PathBuf;

use config::experiment::Experiment;
use harness::audit::{AuditOptions, Audited, of, run, stands_out};
use harness::context::{Context, data_folder};
use harness::error::HarnessError;
use harness::failure::Failure;
use harness::heads::given::{Finding, Record, Saved};
use heads::Asked;
use numpy::{IntoPyArray, PyArray4, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{Config, source};
use crate::error::{raised, refused};

/// What a config that is no file is called in messages.
const NAME: &str = "config";

/// What was found of a head.
#[pyclass(frozen, module = "rhea")]
pub struct Audit {
    audited: Audited,
    folder: PathBuf,
}

#[pymethods]
impl Audit {
    /// `leaks`, `undecided` or `nothing_found`.
    #[getter]
    fn level(&self) -> &'static str {
        self.audited.verdict.level.word()
    }

    /// The answer in words.
    #[getter]
    fn sentence(&self) -> &str {
        &self.audited.verdict.sentence
    }

    /// Why.
    #[getter]
    fn reasons(&self) -> Vec<String> {
        self.audited.verdict.reasons.clone()
    }

    /// What is held against `max_tpr`.
    #[getter]
    fn measured(&self) -> f64 {
        self.audited.verdict.measured
    }

    /// Whether it passes; none where no `max_tpr` was given.
    #[getter]
    fn passes(&self) -> Option<bool> {
        self.audited.verdict.passes
    }

    /// Cells of heads like it that could not be measured.
    #[getter]
    fn failed(&self) -> usize {
        self.audited.counts.failed
    }

    /// The folder of `report.html`, `audit.json` and the tables.
    #[getter]
    fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    /// The owner's records, those most at risk first: a column a name, as `pandas.DataFrame` takes them.
    #[getter]
    fn records<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let records = &self.finding().records;
        let table = PyDict::new(py);
        let index = |of: fn(&Record) -> usize| -> Vec<i64> {
            records.iter().map(|it| of(it) as i64).collect()
        };
        let number = |of: fn(&Record) -> f64| -> Vec<f64> { records.iter().map(of).collect() };
        let called = |p: fn(&Record) -> f64| -> Vec<bool> {
            records.iter().map(|it| stands_out(p(it))).collect()
        };
        let add = |name: &str, values: Bound<'py, PyAny>| table.set_item(name, values);
        add("record", index(|it| it.index).into_pyarray(py).into_any())?;
        add("class", index(|it| it.class).into_pyarray(py).into_any())?;
        add("target", index(|it| it.target).into_pyarray(py).into_any())?;
        let numbers: [(&str, fn(&Record) -> f64); 7] = [
            ("error", |it| it.error),
            ("error_null", |it| it.error_null),
            ("p", |it| it.p),
            ("p_adjusted", |it| it.adjusted),
            ("membership", |it| it.membership),
            ("membership_p", |it| it.membership_p),
            ("membership_p_adjusted", |it| it.membership_adjusted),
        ];
        for (name, of) in numbers {
            add(name, number(of).into_pyarray(py).into_any())?;
        }
        let read_back = called(|it| it.adjusted).into_pyarray(py).into_any();
        add("read_back", read_back)?;
        let recognised = called(|it| it.membership_adjusted);
        add("recognised", recognised.into_pyarray(py).into_any())?;
        Ok(table)
    }

    /// The records' images in the order of `records`: records × channels × height × width, in [-1, 1].
    #[getter]
    fn originals<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray4<f32>>> {
        let pixels = self.finding().records.iter().map(|it| &it.original[..]);
        self.images(py, pixels)
    }

    /// What the attack gives, one image a target: targets × channels × height × width, in [-1, 1].
    #[getter]
    fn reconstructions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray4<f32>>> {
        let targets = self.finding().targets.iter();
        self.images(py, targets.map(|it| &it.reconstruction[..]))
    }

    /// The error at or under which a reconstruction counts as read back.
    #[getter]
    fn tau(&self) -> f64 {
        self.finding().tau
    }

    fn __repr__(&self) -> String {
        format!("<Audit: {}>", self.audited.verdict.line)
    }

    fn __str__(&self) -> &str {
        &self.audited.verdict.line
    }
}

impl Audit {
    fn finding(&self) -> &Finding {
        &self.audited.finding
    }

    fn images<'py, 'a>(
        &self,
        py: Python<'py>,
        images: impl ExactSizeIterator<Item = &'a [f32]>,
    ) -> PyResult<Bound<'py, PyArray4<f32>>> {
        let shape = self.finding().shape;
        let count = images.len();
        let pixels: Vec<f32> = images.flatten().copied().collect();
        let shape = [count, shape.channels, shape.height, shape.width];
        pixels.into_pyarray(py).reshape(shape)
    }
}

/// Attacks one trained head, and heads like it beside it.
#[pyfunction]
#[pyo3(signature = (config, head=None, *, max_tpr=None, classes=None, activation=None, layers=None,
    overrides=None, out=None, results=None, cache=None, data=None, quiet=true))]
pub fn audit(
    py: Python<'_>,
    config: &Bound<'_, PyAny>,
    head: Option<&Bound<'_, PyAny>>,
    max_tpr: Option<f64>,
    classes: Option<Vec<usize>>,
    activation: Option<&str>,
    layers: Option<Vec<String>>,
    overrides: Option<Vec<String>>,
    out: Option<PathBuf>,
    results: Option<PathBuf>,
    cache: Option<PathBuf>,
    data: Option<PathBuf>,
    quiet: bool,
) -> PyResult<Audit> {
    let config = Config::new(config)?;
    let asked = Asked {
        activation: activation
            .map(|text| text.parse().map_err(refused))
            .transpose()?,
        layers: layers.unwrap_or_default(),
    };
    let classes = classes.unwrap_or_default();
    let head = match head {
        Some(head) => Some(Saved {
            source: source(head)?,
            asked,
            classes,
        }),
        None if asked.activation.is_some() || !asked.layers.is_empty() || !classes.is_empty() => {
            return Err(refused(
                "`activation`, `layers` and `classes` are of a head\nhint: give `head` too",
            ));
        }
        None => None,
    };
    let how = AuditOptions {
        head,
        max_tpr,
        only_kept: false,
    };
    let audited = py.detach(|| -> Result<Audit, Failure> {
        let (experiment, path) = checked(config, &overrides.unwrap_or_default())?;
        let audit = of(&experiment, &path)?;
        let context = Context::new(
            results.unwrap_or_else(|| Context::RESULTS.into()),
            &cache.unwrap_or_else(|| Context::CACHE.into()),
            data.unwrap_or_else(data_folder),
            quiet,
        );
        let folder = out.unwrap_or_else(|| context.results.join(&experiment.name));
        context.store.sweep();
        let audited = run(&context, &experiment, audit, &folder, &how)?;
        Ok(Audit { audited, folder })
    });
    audited.map_err(raised)
}

fn checked(config: Config, overrides: &[String]) -> Result<(Experiment, PathBuf), Failure> {
    match config {
        Config::Text(text) => {
            let path = PathBuf::from(NAME);
            Ok((config::from_text(&text, &path, overrides)?, path))
        }
        Config::File(path) => {
            let mut loaded = config::load(&[path], overrides)?;
            let first = loaded.pop().ok_or_else(|| {
                Failure::from(HarnessError::Setting {
                    place: NAME.into(),
                    reason: "nothing was read of it".into(),
                })
            })?;
            Ok((first.experiment, first.path))
        }
    }
}
