//! Networks of any origin, from ONNX files: what `torch.onnx.export` and most other frameworks
//! write.
//!
//! The file's graph is cut back to what the wanted output needs and run by rten, a runtime in pure
//! Rust, but for depthwise convolutions, which [`depthwise`] does in a tenth of its time; or, where
//! the user asks for it and has it, by ONNX Runtime's own [`library`].
//! Batches of a fixed number of images are shared out among threads, one thread a batch, so that
//! features are the same bits whatever the number of threads.

mod convolution;
mod depthwise;
mod graph;
mod library;
mod program;
mod run;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datasets::{FeatureSet, ImageSet, ImageShape};
use rten::{Dimension, ThreadPool};
use spec::{Layout, OnnxInput, Options, OutOfBounds, Resize, Runtime};

use crate::BackboneError;
use graph::{Cut, Source};
use library::Library;
use program::Program;
use rten_tensor::Tensor;

/// A frozen network φ from an ONNX file.
pub struct Onnx {
    path: PathBuf,
    options: spec::Onnx,
    engine: Engine,
    /// What the network takes, [`OnnxInput::size`] wide and high.
    shape: ImageShape,
    /// Images a run: the file's own number where it fixes one.
    batch: usize,
    /// Whether every run must hold [`Onnx::batch`] images.
    fixed: bool,
    width: usize,
}

/// What runs the graph.
enum Engine {
    BuiltIn(Program),
    Library(Library),
}

impl Engine {
    /// Of what leads to an output; and the dimensions of the input, where they are told.
    fn new(
        cut: Cut,
        options: &spec::Onnx,
    ) -> Result<(Self, Option<Vec<Dimension>>), BackboneError> {
        match options.runtime {
            Runtime::BuiltIn => {
                let mut program = Program::new(cut, &options.output)?;
                let input = program.input.take();
                Ok((Self::BuiltIn(program), input))
            }
            Runtime::OnnxRuntime => {
                let (library, input) = Library::new(cut, options)?;
                Ok((Self::Library(library), input))
            }
        }
    }

    /// The output for these images; the error is a reason.
    fn run(&self, images: Tensor<f32>, pool: &Arc<ThreadPool>) -> Result<Tensor<f32>, String> {
        match self {
            Self::BuiltIn(program) => program.run(images, pool),
            Self::Library(library) => library.run(&images),
        }
    }
}

impl std::fmt::Debug for Onnx {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Onnx")
            .field("path", &self.path)
            .field("options", &self.options)
            .field("width", &self.width)
            .finish_non_exhaustive()
    }
}

impl Onnx {
    /// Reads the network in `path` (whatever `options.file` says: that is the place in a config) and
    /// tries it on a grey image.
    ///
    /// # Errors
    /// A file that is damaged or holds an operator that the runtime lacks, no output of the wanted
    /// name, an input that is not images of the stated size, features that are not a row an image.
    pub fn load(path: &Path, options: spec::Onnx) -> Result<Self, BackboneError> {
        options
            .check()
            .and_then(|()| options.input.check())
            .map_err(|wrong| refuse_option(path, &wrong))?;
        let source = Source::read(path)?;
        let (engine, input) = Engine::new(source.cut(&options.output)?, &options)?;
        let (shape, fixed) = fit(path, &options.input, input.as_deref())?;
        let mut network = Self {
            path: path.to_owned(),
            batch: fixed.unwrap_or(options.batch),
            fixed: fixed.is_some(),
            options,
            engine,
            shape,
            width: 0,
        };
        network.width = network.try_out()?;
        Ok(network)
    }

    /// The files that the network in `path` lies in: itself, those that hold its weights where they
    /// are kept apart, and the library that runs it where the options name one.
    ///
    /// # Errors
    /// A file that cannot be read or is no ONNX; a library that nothing names.
    pub fn files(path: &Path, options: &spec::Onnx) -> Result<Vec<PathBuf>, BackboneError> {
        let mut files = Source::read(path)?.files()?;
        if options.runtime == Runtime::OnnxRuntime {
            files.push(library::place(options).map_err(|reason| refusal(path, reason))?);
        }
        Ok(files)
    }

    /// Width d of the features.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How images are brought to the network and what is taken from it.
    pub fn options(&self) -> &spec::Onnx {
        &self.options
    }

    /// Features of every image, in order, with the images' labels. `progress` is told how many
    /// images are done.
    ///
    /// # Errors
    /// Images that do not fit the network; features that are not finite.
    pub fn features(
        &self,
        images: &ImageSet,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<FeatureSet, BackboneError> {
        self.check_images(images)?;
        let values = run::all(self, images, progress)?;
        let labels = images.labels().to_vec();
        FeatureSet::new(self.width, values, labels, images.classes()).map_err(|error| match error {
            datasets::DatasetError::NotFinite { row, .. } => self.refuse(format!(
                "its features of image {row} are not finite\nhint: check `mean` and `std`; the \
                 pixels they apply to lie between 0 and 255"
            )),
            other => other.into(),
        })
    }

    fn check_images(&self, images: &ImageSet) -> Result<(), BackboneError> {
        let found = images.shape();
        let size = (self.shape.height, self.shape.width);
        let resized = self.options.input.resize != Resize::None;
        // Grey images are repeated over three channels; colours are not thrown away.
        let channels = found.channels == self.shape.channels || found.channels == 1;
        if !channels || (!resized && (found.height, found.width) != size) {
            return Err(BackboneError::Images {
                architecture: "ONNX network",
                expected: self.shape.to_string(),
                found: found.to_string(),
            });
        }
        Ok(())
    }

    fn refuse(&self, reason: String) -> BackboneError {
        refusal(&self.path, reason)
    }
}

fn refuse_option(path: &Path, wrong: &OutOfBounds) -> BackboneError {
    refusal(path, format!("its option {wrong}"))
}

fn refusal(path: &Path, reason: String) -> BackboneError {
    BackboneError::Onnx {
        path: path.to_owned(),
        reason,
    }
}

/// The images that the network takes, and the size of its batches where the file fixes it.
fn fit(
    path: &Path,
    input: &OnnxInput,
    declared: Option<&[Dimension]>,
) -> Result<(ImageShape, Option<usize>), BackboneError> {
    let [height, width] = input.sides();
    let given = input.channels();
    let Some(declared) = declared else {
        let channels = given.unwrap_or(3);
        return Ok((shape(channels, height, width), None));
    };
    let words: Vec<String> = declared.iter().map(word).collect();
    let taken = words.join(" x ");
    let [batch, rest @ ..] = declared else {
        return Err(refusal(path, "its input is a single number".into()));
    };
    let (channels, spatial) = match (rest, input.layout) {
        ([channels, height, width], Layout::Nchw) => (channels, [height, width]),
        ([height, width, channels], Layout::Nhwc) => (channels, [height, width]),
        _ => {
            return Err(refusal(
                path,
                format!("its input is {taken}, not a batch of images"),
            ));
        }
    };
    let layout = input.layout.word();
    for (what, declared, wanted) in [("height", spatial[0], height), ("width", spatial[1], width)] {
        if fixed(declared).is_some_and(|size| size != wanted) {
            return Err(refusal(
                path,
                format!(
                    "its input is {taken} (`layout: {layout}`), but the {what} in `size` is \
                     {wanted}\nhint: set `size` to what it takes, or `layout` to the other order"
                ),
            ));
        }
    }
    let channels = fixed(channels).or(given).unwrap_or(3);
    if let Some(given) = given.filter(|given| *given != channels) {
        return Err(refusal(
            path,
            format!(
                "its input is {taken} (`layout: {layout}`), but `mean` and `std` are of {given} \
                 channels"
            ),
        ));
    }
    if channels != 1 && channels != 3 {
        return Err(refusal(
            path,
            format!(
                "its input is {taken}: {channels} channels (`layout: {layout}`), images have 1 or 3"
            ),
        ));
    }
    Ok((shape(channels, height, width), fixed(batch)))
}

fn shape(channels: usize, height: usize, width: usize) -> ImageShape {
    ImageShape {
        channels,
        height,
        width,
    }
}

fn fixed(dimension: &Dimension) -> Option<usize> {
    match dimension {
        Dimension::Fixed(size) => Some(*size),
        Dimension::Symbolic(_) => None,
    }
}

fn word(dimension: &Dimension) -> String {
    match dimension {
        Dimension::Fixed(size) => size.to_string(),
        Dimension::Symbolic(name) => name.clone(),
    }
}
