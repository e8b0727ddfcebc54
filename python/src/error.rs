//! Errors as Python's exceptions, with the command's messages.

use harness::exit::Exit;
use harness::failure::Failure;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::{PyErr, create_exception};

create_exception!(rhea, RheaError, PyException, "Something cannot be done.");
create_exception!(
    rhea,
    DataError,
    RheaError,
    "Data, a head or a file is missing, damaged or refused."
);

/// The exception for what ends the command with the same exit code.
pub fn raised(failure: impl Into<Failure>) -> PyErr {
    let Failure { message, exit } = failure.into();
    match exit {
        Exit::Usage => PyValueError::new_err(message),
        Exit::Data => DataError::new_err(message),
        _ => RheaError::new_err(message),
    }
}

/// An argument that cannot be used.
pub fn refused(message: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(message.to_string())
}

/// The word that an argument is, or its default.
pub fn word<T: spec::Word + Default>(text: Option<&str>) -> Result<T, PyErr> {
    text.map_or(Ok(T::default()), |text| T::read(text).map_err(refused))
}
