//! Networks run by ONNX Runtime itself, through a library that the user has.
//!
//! It is loaded when a network asks for it and never needed otherwise. One session is kept a thread
//! that runs at once, each on one thread, so that features are the same bits whatever the number of
//! threads.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::session::Session;
use ort::value::TensorRef;
use rten::Dimension;
use rten_tensor::Tensor;
use rten_tensor::prelude::*;

use super::graph::Cut;
use super::refusal;
use crate::BackboneError;

/// The environment variable that names the library.
const VARIABLE: &str = "ORT_DYLIB_PATH";

/// Where the library lies; the error is a reason.
pub(super) fn place(options: &spec::Onnx) -> Result<PathBuf, String> {
    let named = std::env::var_os(VARIABLE).filter(|name| !name.is_empty());
    let place = options.library.clone().or(named.map(PathBuf::from));
    place.ok_or_else(|| {
        format!(
            "`runtime: onnxruntime` names no library\nhint: set `library`, or the environment \
             variable {VARIABLE}, to ONNX Runtime's (libonnxruntime.so; in Python's package \
             `onnxruntime` it lies in `capi`), or leave `runtime` out"
        )
    })
}

/// A network that ONNX Runtime runs.
pub(super) struct Library {
    environment: Environment,
    bytes: Vec<u8>,
    /// Files of weights by name.
    data: Vec<(String, Arc<[u8]>)>,
    input: String,
    output: String,
    idle: Mutex<Vec<Session>>,
}

impl Library {
    /// Loads what leads to `output`, and tells the dimensions of the input.
    pub fn new(
        mut cut: Cut,
        options: &spec::Onnx,
    ) -> Result<(Self, Option<Vec<Dimension>>), BackboneError> {
        let path = cut.path.clone();
        let refuse = |reason: String| refusal(&path, reason);
        let environment = place(options).and_then(|library| open(&library));
        let environment = environment.map_err(refuse)?;
        let output = options.output.clone();
        let data = std::mem::take(&mut cut.data);
        let nodes = std::mem::take(&mut cut.nodes);
        let bytes = cut.bytes(nodes, &cut.weights_by_name(), &[&cut.input], &[&output]);
        let library = Self {
            environment,
            bytes: bytes.map_err(refuse)?,
            data: data
                .into_iter()
                .map(|(name, it)| (name, it.into()))
                .collect(),
            input: cut.input,
            output,
            idle: Mutex::default(),
        };
        let session = library.session();
        let session = session.map_err(|error| refuse(format!("it cannot be loaded: {error}")))?;
        let input = session
            .inputs()
            .iter()
            .find(|it| it.name() == library.input);
        let shape = input.and_then(|it| it.dtype().tensor_shape());
        let sizes = shape.map(|shape| shape.iter().copied().map(dimension).collect());
        library.keep(session);
        Ok((library, sizes))
    }

    fn session(&self) -> Result<Session, ort::Error> {
        let mut builder = Session::builder(&self.environment)?.with_intra_threads(1)?;
        for (name, content) in &self.data {
            builder =
                builder.with_external_initializer_file_in_memory(name, Arc::clone(content))?;
        }
        builder.commit_from_memory(&self.bytes)
    }

    fn keep(&self, session: Session) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(session);
    }

    /// The output for these images; the error is a reason.
    pub fn run(&self, images: &Tensor<f32>) -> Result<Tensor<f32>, String> {
        let idle = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.pop()
        };
        let mut session = match idle {
            Some(session) => session,
            None => self.session().map_err(|error| error.to_string())?,
        };
        let made = self.run_in(&mut session, images);
        self.keep(session);
        made.map_err(|error| error.to_string())
    }

    fn run_in(
        &self,
        session: &mut Session,
        images: &Tensor<f32>,
    ) -> Result<Tensor<f32>, ort::Error> {
        let shape: Vec<i64> = images.shape().iter().map(|&size| size as i64).collect();
        let pixels = images.data().unwrap_or_default();
        let input = TensorRef::from_array_view((shape, pixels))?;
        let outputs = session.run(ort::inputs![self.input.as_str() => input])?;
        let (shape, values) = outputs[self.output.as_str()].try_extract_tensor::<f32>()?;
        let shape: Vec<usize> = shape.iter().map(|&size| size.max(0) as usize).collect();
        Ok(Tensor::from_data(&shape, values.to_vec()))
    }
}

fn dimension(size: i64) -> Dimension {
    match usize::try_from(size) {
        Ok(size) => Dimension::Fixed(size),
        Err(_) => Dimension::Symbolic("any".into()),
    }
}

/// Loads the library, once a process; the error is a reason.
fn open(library: &Path) -> Result<Environment, String> {
    static OPEN: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    match &*open {
        Some((first, environment)) if first == library => return Ok(environment.clone()),
        Some((first, _)) => {
            return Err(format!(
                "another library of ONNX Runtime is loaded, {}\nhint: name one library in a run",
                first.display()
            ));
        }
        None => {}
    }
    let refuse = |error: &dyn std::fmt::Display| {
        format!(
            "ONNX Runtime's library cannot be used: {error}\nhint: name a file of version 1.18 or \
             later, or leave `runtime` out"
        )
    };
    // A relative path would be looked for beside the command first.
    let found = std::path::absolute(library).map_err(|error| refuse(&error))?;
    let builder = ort::init_from(&found).map_err(|error| refuse(&error))?;
    let environment = builder.with_telemetry(false).build();
    let environment = environment.map_err(|error| refuse(&error))?;
    *open = Some((library.to_owned(), environment.clone()));
    Ok(environment)
}
