//! Errors as the exceptions of `kithkin.errors`, by who can mend them.

use kithkin::{Blame, ChatError, EngineError, Error};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// The exception of this name, with a message.
pub(crate) fn exception(py: Python<'_>, name: &str, message: String) -> PyErr {
    let made = py.import("kithkin.errors").and_then(|errors| errors.getattr(name)?.call1((&message,)));
    made.map_or_else(|_| PyRuntimeError::new_err(message), PyErr::from_value)
}

/// The input is wrong.
pub(crate) fn input(py: Python<'_>, why: impl ToString) -> PyErr {
    exception(py, "InputError", why.to_string())
}

/// The exception of a call of the facade that failed.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    let name = match error {
        Error::NoSuch { .. }
        | Error::NoEntry { .. }
        | Error::Engine(EngineError::NoPerson { .. } | EngineError::UnknownMethod { .. }) => "NotFoundError",
        Error::Engine(EngineError::Chat(ChatError::Spent { .. })) => "BudgetError",
        _ => match error.blame() {
            Blame::User => "InputError",
            Blame::Missing => "MissingError",
            Blame::Conflict => "ConflictError",
            Blame::Store => "StoreError",
            Blame::Model => "ModelError",
            Blame::Internal => "InternalError",
        },
    };
    exception(py, name, error.to_string())
}

/// What the handler of a signal raises, such as `KeyboardInterrupt`: what takes long asks from time to time.
pub(crate) fn signalled() -> PyResult<()> {
    Python::attach(|py| py.check_signals())
}
